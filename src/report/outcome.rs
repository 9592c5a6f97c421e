//! The outcome of a run in one sentence, and why it is what it is.

use crate::model::{AuditVerdict, Question, RunEnd};
use crate::plan::PhaseKind;

use super::sections::{failures, waits_for};
use super::show::Shown;
use super::view::{PhaseStatus, RunStatus, RunView, Supervisor};
use super::viewer::PROSE;
use super::words::{clean, counted, parked, undecided_words, word, wrap};
use super::words_work::{finding_place, findings_words, worst_first};

/// Lines of a failure's message or hint that are shown.
const LINES: usize = 3;

/// `✓ plan-3f2a is done: 3 of 3 models proposed, claude-opus judged · 46.6 s`.
pub(super) fn outcome(shown: &Shown<'_>) -> Vec<String> {
    let wall = shown.view.totals(shown.until()).wall;
    let (symbol, words) = outcome_words(shown.view, shown.supervisor);
    let line = format!("{symbol} {} {words} · {wall}", shown.viewer.run);
    wrap(&line, shown.viewer.width.clamp(20, PROSE))
}

/// A sign and a sentence without its subject.
pub(super) fn outcome_words(view: &RunView, supervisor: Supervisor) -> (&'static str, String) {
    let at = |status: fn(PhaseStatus<'_>) -> bool| {
        let mut phases = view.phases();
        let phase = phases.find(|phase| status(phase.status()));
        phase.map_or_else(String::new, |phase| format!(" in {}", clean(phase.name())))
    };
    let under_way = || at(|status| matches!(status, PhaseStatus::Running));
    match view.status() {
        RunStatus::Ended(RunEnd::Done) => ("✓", format!("is done: {}", done(view))),
        RunStatus::Ended(RunEnd::Failed) => {
            let at = at(|status| matches!(status, PhaseStatus::Failed(_)));
            ("✗", format!("failed{at}"))
        }
        RunStatus::Ended(RunEnd::AuditFailed) => ("✗", "ended, but the audit says fail".to_owned()),
        RunStatus::Ended(RunEnd::Waiting) => ("!", format!("waits for a person{}", asked(view))),
        RunStatus::Ended(RunEnd::Limited) => match parked(view) {
            Some(parked) => ("!", format!("is {parked}")),
            None => ("!", format!("stopped by a limit{}", under_way())),
        },
        RunStatus::Ended(RunEnd::Interrupted) => ("!", format!("was interrupted{}", under_way())),
        RunStatus::Planned => ("!", "has not begun".to_owned()),
        RunStatus::UnderWay if view.questions().next().is_some() => {
            ("!", format!("waits for a person{}", asked(view)))
        }
        RunStatus::UnderWay => match supervisor {
            Supervisor::Alive if view.state.is_paused() => ("…", "is paused".to_owned()),
            Supervisor::Alive => match parked(view) {
                Some(parked) => ("…", format!("is {parked}")),
                None => ("…", format!("is running{}", under_way())),
            },
            Supervisor::Gone => (
                "!",
                format!("was interrupted{}: its process is gone", under_way()),
            ),
        },
    }
}

/// How many did what.
fn done(view: &RunView) -> String {
    let phases: Vec<_> = view.phases().collect();
    if let [phase] = phases.as_slice()
        && let PhaseKind::Ensemble { proposers, .. } = &phase.plan.kind
    {
        let mut judges: Vec<String> = Vec::new();
        for verdict in view.verdicts(*phase) {
            let model = view.model_words(&verdict.call.spec.id);
            if !judges.contains(&model) {
                judges.push(model);
            }
        }
        let judged = match judges.is_empty() {
            true => String::new(),
            false => format!(", {} judged", judges.join(" and ")),
        };
        let all = counted(proposers.len() as u64, "model");
        let calls = phase.labels().iter();
        let calls = calls.filter_map(|(_, call)| view.call(call));
        let own = calls.filter(|call| call.spec.refines().is_none()).count();
        return format!("{own} of {all} proposed{judged}");
    }
    let closed = phases
        .iter()
        .filter(|phase| phase.state.closing().is_some());
    let closed = counted(closed.count() as u64, "phase");
    let skipped = phases
        .iter()
        .filter(|phase| matches!(phase.status(), PhaseStatus::Skipped(_)));
    match skipped.count() {
        0 => closed,
        skipped => format!("{closed}, {skipped} skipped"),
    }
}

fn asked(view: &RunView) -> String {
    let asked = view.questions().next().map(|(phase, question)| {
        let phase = clean(phase.name());
        match question {
            Question::PickWinner { kind, .. } => {
                let why = undecided_words(*kind);
                format!(": which proposal of {phase} wins?{why}")
            }
            Question::Approve { .. } => format!(": may {phase} begin?"),
            Question::RunCommands { .. } => format!(": may {phase} run these commands?"),
        }
    });
    asked.unwrap_or_default()
}

/// What a person or a limit has to do with it.
pub(super) fn waits(shown: &Shown<'_>) -> Vec<String> {
    let waits = waits_for(shown.view);
    waits
        .lines()
        .flat_map(|line| shown.viewer.prose(line.trim(), LINES))
        .collect()
}

/// What failed for good, each with its hint.
pub(super) fn cause(shown: &Shown<'_>) -> Vec<String> {
    let failures = failures(shown.view);
    failures
        .lines()
        .flat_map(|line| shown.viewer.prose(line.trim(), LINES))
        .collect()
}

/// The last audit of each phase: its verdict, and of a fail the worst it found.
pub(super) fn audits(shown: &Shown<'_>) -> Vec<String> {
    let view = shown.view;
    let mut lines = Vec::new();
    for phase in view.phases() {
        let Some((call, audit)) = view.audits(phase).last() else {
            continue;
        };
        let (model, says) = (view.model_words(&call.spec.id), word(audit.verdict));
        let found = findings_words(&audit.findings);
        lines.push(format!("{model} says {says}, {found}"));
        if audit.verdict == AuditVerdict::Fail {
            for finding in worst_first(&audit.findings) {
                let place = finding.file.as_ref().map(|_| finding_place(finding) + " ");
                let (severity, place) = (word(finding.severity), place.unwrap_or_default());
                let problem = format!("{severity} {place}{}", finding.problem);
                lines.extend(shown.viewer.prose(&problem, 2));
            }
            if audit.findings.is_empty() {
                lines.extend(shown.viewer.prose(&audit.summary, LINES));
            }
        }
    }
    lines
}
