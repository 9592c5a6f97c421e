//! `tipstaff show RUN`: a run as it stands.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::model::{Artifact, CallId, CallResult, Timestamp};
use crate::run::AttemptEnd;

use super::costs::would_have_cost;
use super::next::next_commands;
use super::sections::{
    attempts, commands, failures, ledgers, remarks, section, verdicts, waits_for,
};
use super::sections_work::work;
use super::table::Table;
use super::view::{PhaseStatus, PhaseView, RunView, Supervisor};
use super::viewer::Viewer;
use super::words::{
    NOTHING, attempt_word, clean, counted, folded, kind_words, or_nothing, phase_word, run_word,
    spent, title, wrap,
};

/// A run, and where the user stands who looks at it.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// The run after all its records.
    pub view: &'a RunView,
    /// The run's folder relative to the project, for example `.tipstaff/runs/ID`.
    pub folder: &'a str,
    pub viewer: &'a Viewer,
    pub supervisor: Supervisor,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    /// `context.json` of the calls to account for, in order. May be empty.
    pub ledgers: &'a [(CallId, Value)],
}

impl Shown<'_> {
    /// Up to when times count.
    pub(super) fn until(&self) -> Timestamp {
        known_until(self.view, self.supervisor, self.now)
    }
}

/// What is asked for beyond the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowPart {
    Timeline,
    Calls,
    Verdict,
    Context,
    Files,
}

impl ShowPart {
    pub const ALL: [Self; 5] = [
        Self::Timeline,
        Self::Files,
        Self::Calls,
        Self::Verdict,
        Self::Context,
    ];
}

/// These parts of the run as plain text; of all parts, also what the run waits for and how to go on.
pub fn render_show(shown: &Shown<'_>, parts: &[ShowPart]) -> String {
    let (view, viewer) = (shown.view, shown.viewer);
    let (now, width) = (shown.until(), viewer.width);
    let mut text = header(shown, now);
    for part in parts {
        text.push_str(&match part {
            ShowPart::Timeline => {
                section("phases", &phases(shown, now)) + &section("timeline", &timeline(shown, now))
            }
            ShowPart::Calls => {
                section("calls", &attempts(view, now, width))
                    + &section("failures", &failures(view))
            }
            ShowPart::Verdict => verdicts(view, width),
            ShowPart::Context => section(
                "context: what each call saw",
                &ledgers(shown.ledgers, width),
            ),
            ShowPart::Files => work(view, shown.folder, viewer) + &section("files", &files(shown)),
        });
    }
    if parts.len() == ShowPart::ALL.len() {
        let next = next_commands(view, shown.supervisor, viewer);
        text.push_str(&section("remarks", &remarks(view)));
        text.push_str(&section("waits", &waits_for(view)));
        text.push_str(&section("next", &commands(&next, width)));
    }
    folded(&text, width)
}

/// When each attempt ran: dots before it began, and a bar as long as it took.
pub(super) fn timeline(shown: &Shown<'_>, now: Timestamp) -> String {
    let Some(began) = shown.view.state.started else {
        return String::new();
    };
    let all = now.since(began).0.max(1);
    let width = shown.viewer.width.min(100).saturating_sub(40).clamp(10, 60) as u64;
    let at = |time: Timestamp| usize::try_from(time.since(began).0 * width / all).unwrap_or(0);
    let mut table = Table::new(2, &["call", "from start to end", ">began", ">time"]);
    for call in shown.view.state.calls() {
        for attempt in &call.attempts {
            let (from, to) = (at(attempt.started), at(attempt.ended().unwrap_or(now)));
            let bar = "·".repeat(from) + &"█".repeat(to.saturating_sub(from).max(1));
            table.row([
                title(&clean(&call.spec.id)),
                bar,
                attempt.started.since(began).to_string(),
                attempt.time(now).to_string(),
            ]);
        }
    }
    table.within(shown.viewer.width).to_string()
}

/// Up to when times count: without a supervisor, or while a question is open, nothing goes on.
pub(super) fn known_until(view: &RunView, supervisor: Supervisor, now: Timestamp) -> Timestamp {
    match supervisor {
        Supervisor::Alive if view.questions().next().is_none() => now,
        Supervisor::Alive | Supervisor::Gone => view.state.last.unwrap_or(now),
    }
}

/// A point in time as the user's calendar has it, to the minute.
pub(super) fn minute(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.instant().to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

fn header(shown: &Shown<'_>, now: Timestamp) -> String {
    let view = shown.view;
    let totals = view.totals(now);
    let run = view.state.id.as_ref().map_or(NOTHING, |run| run.as_str());
    let started = or_nothing(view.state.started.map(|at| minute(at, shown.zone)));
    let mut text = format!(
        "run       {run}\nworkflow  {}\nstate     {}\nstarted   {started}\nsandbox   {}\nused      {}, {}\n",
        clean(&view.plan.workflow),
        run_word(view, shown.supervisor),
        view.state.sandbox,
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt"),
    );
    if let Some(run) = &view.state.from_run {
        text.push_str(&format!("from      {}\n", clean(run)));
    }
    if let Some(rehearsal) = &view.plan.rehearsal {
        let scenario = clean(&rehearsal.scenario);
        let would = would_have_cost(view).unwrap_or_default();
        text.push_str(&format!(
            "rehearsed with the scenario {scenario}; {would}\n"
        ));
    }
    for (index, line) in wrap(&view.plan.request, shown.viewer.width.clamp(40, 90) - 10)
        .iter()
        .enumerate()
        .take(6)
    {
        let head = if index == 0 {
            "request   "
        } else {
            "          "
        };
        text.push_str(format!("{head}{line}").trim_end());
        text.push('\n');
    }
    text
}

fn phases(shown: &Shown<'_>, now: Timestamp) -> String {
    let mut table = Table::new(2, &["phase", "state", ">time", "type", "document"]);
    for phase in shown.view.phases() {
        let time = phase.state.time(shown.view.state.worked(now));
        let document = phase.state.closing();
        table.row([
            clean(phase.name()),
            state_words(phase, shown.supervisor),
            or_nothing(time.map(|time| time.to_string())),
            kind_words(&phase.plan.kind),
            or_nothing(document.map(|closing| {
                shown
                    .viewer
                    .place(&shown.view.document(closing, shown.folder))
            })),
        ]);
    }
    table.within(shown.viewer.width).to_string()
}

/// `closed`; `closed, round 2`; `skipped: …`.
pub(super) fn state_words(phase: PhaseView<'_>, supervisor: Supervisor) -> String {
    let word = phase_word(phase.status(), supervisor);
    match (phase.status(), phase.state.round()) {
        (PhaseStatus::Skipped(condition), _) => format!("{word}: {}", clean(condition)),
        (_, 1) => word.to_owned(),
        (_, round) => format!("{word}, round {round}"),
    }
}

/// The files that matter: what phases left, and the folders of attempts that failed.
fn files(shown: &Shown<'_>) -> String {
    let mut paths: Vec<(String, String)> = vec![
        ("plan.json".to_owned(), "the plan, frozen".to_owned()),
        ("journal.jsonl".to_owned(), "what happened".to_owned()),
    ];
    for phase in shown.view.phases() {
        let name = clean(phase.name());
        if let Some(closing) = phase.state.closing() {
            paths.push((
                closing.deliverable.path.clone(),
                format!("{name}: document"),
            ));
            paths.push((closing.handoff.path.clone(), format!("{name}: handoff")));
            for (artifact, what) in [(&closing.patch, "changes"), (&closing.tests, "verified")] {
                if let Some(artifact) = artifact {
                    paths.push((artifact.path.clone(), format!("{name}: {what}")));
                }
            }
            if let Some(previous) = &closing.previous {
                paths.push((clean(previous), format!("{name}: what was there before")));
            }
        }
        let folder = shown
            .view
            .plan
            .phase_folder(phase.name())
            .unwrap_or_default();
        for call in shown.view.calls_of(phase.name()) {
            if let Some(result) = call.result()
                && call.attempts.last().is_some()
                && let Some((document, what)) = left(result)
            {
                paths.push((document.path.clone(), clean(&call.spec.id) + what));
            }
            for (number, attempt) in (1..).zip(&call.attempts) {
                if let Some(AttemptEnd::Failed(_) | AttemptEnd::Lost) = attempt.end() {
                    paths.push((
                        format!("{folder}/calls/{}/attempt-{number}", call.spec.id),
                        format!("{}: {}", clean(&call.spec.id), attempt_word(attempt)),
                    ));
                }
            }
        }
    }
    let folder = shown.viewer.place(shown.folder);
    let mut table = Table::new(4, &["", "?"]);
    for (path, what) in paths {
        table.row([clean(&path), what]);
    }
    format!("  {folder}\n{}", table.within(shown.viewer.width))
}

/// The file of a call that matters most, and what it is.
fn left(result: &CallResult) -> Option<(&Artifact, &'static str)> {
    match result.stopped() {
        Some(stopped) => Some((&stopped.worklog, ": the work until it was stopped")),
        None => {
            let document = result.deliverable.as_ref().or(result.structured.as_ref());
            document.map(|document| (document, ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::report::{sample, sample_build};

    fn show(history: &sample::History, supervisor: Supervisor) -> String {
        let view = RunView::replay(&history.plan, &history.records);
        let shown = Shown {
            view: &view,
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            viewer: &Viewer::anywhere(&view),
            supervisor,
            now: view
                .state
                .last
                .unwrap_or_default()
                .after(Millis::seconds(10)),
            zone: &TimeZone::UTC,
            ledgers: &[],
        };
        render_show(&shown, &ShowPart::ALL)
    }

    #[test]
    fn no_line_is_wider_than_a_narrow_terminal_where_its_words_can_be_parted() {
        let history = sample::ensemble();
        let view = RunView::replay(&history.plan, &history.records);
        let viewer = Viewer {
            width: 44,
            ..Viewer::anywhere(&view)
        };
        let shown = Shown {
            view: &view,
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            viewer: &viewer,
            supervisor: Supervisor::Gone,
            now: view.state.last.unwrap_or_default(),
            zone: &TimeZone::UTC,
            ledgers: &[],
        };
        for parts in [&[ShowPart::Verdict][..], &[ShowPart::Files]] {
            for line in render_show(&shown, parts).lines() {
                assert!(console::measure_text_width(line) <= 44, "{line}");
            }
        }
    }

    #[test]
    fn an_ensemble() {
        insta::assert_snapshot!(show(&sample::ensemble(), Supervisor::Gone));
    }

    #[test]
    fn a_feature_build_with_a_loop() {
        insta::assert_snapshot!(show(&sample_build::build(), Supervisor::Gone));
    }

    #[test]
    fn a_build_whose_first_task_goes_on_in_a_fresh_process() {
        let history = sample_build::build_in_parts();
        insta::assert_snapshot!(show(&history, Supervisor::Alive));
    }

    #[test]
    fn nothing_said_by_a_model_drives_the_terminal() {
        let text = show(&sample_build::hostile_build(), Supervisor::Gone);
        assert!(text.contains("evil"), "{text}");
        assert!(!text.chars().any(|char| char.is_control() && char != '\n'));
    }

    #[test]
    fn a_failed_run() {
        insta::assert_snapshot!(show(&sample::failed(), Supervisor::Gone));
    }

    #[test]
    fn a_waiting_run_names_the_commands_to_pick_with() {
        insta::assert_snapshot!(show(&sample::waiting(), Supervisor::Gone));
    }

    #[test]
    fn a_killed_run_says_how_to_go_on_and_a_living_one_does_not() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("quorum_reached"));
        let killed = show(&history, Supervisor::Gone);
        assert!(killed.contains("state     interrupted"), "{killed}");
        assert!(killed.contains("tipstaff resume 20261122-"), "{killed}");
        let living = show(&history, Supervisor::Alive);
        assert!(living.contains("state     running"), "{living}");
        assert!(!living.contains("tipstaff resume"), "{living}");
    }
}
