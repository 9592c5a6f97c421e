//! The wording of what happens to calls and their attempts.

use std::collections::BTreeMap;

use crate::model::{
    Answer, AuditVerdict, CallId, CallResult, Decision, Failure, FailureKind, Finding, Millis,
    Task, Timestamp, Usage,
};
use crate::run::{Attempt, AttemptEnd, CallEvent, CallState};

use super::log_line::{LogLine, Tone, failed};
use super::view::{RunView, model, short_name};
use super::words::{clean, counted, failure_word, spent, title, token_count, word};
use super::words_work::{changes_words, finding_place, findings_words, worst_first};

/// Findings that a line of progress names; the summary has them all.
const FINDINGS_SHOWN: usize = 3;

/// What happened to a call in words, if it is worth a line.
pub(super) fn of_call(
    view: &RunView,
    call: &CallId,
    event: &CallEvent,
    at: Timestamp,
) -> Option<LogLine> {
    match event {
        CallEvent::AttemptStarted { attempt, .. } => {
            let mut text = match attempt {
                0 | 1 => "started".to_owned(),
                _ => format!("started, attempt {attempt}"),
            };
            if let Some(of) = view.in_place_of(call) {
                text.push_str(&format!(", {of}"));
            }
            Some(LogLine::new(scope(view, call), Tone::Calm, text).passing())
        }
        CallEvent::AttemptSpawned { on: Some(on), .. } => {
            let (node, by, waited) = (clean(&on.node), clean(&on.executor), on.waited_ms);
            let text = format!("runs on {node} (executor {by}, waited {waited})");
            Some(LogLine::new(scope(view, call), Tone::Calm, text).passing())
        }
        CallEvent::AttemptSpawned { .. } | CallEvent::AttemptProgressed { .. } => None,
        CallEvent::AttemptSucceeded { attempt, result } => {
            Some(attempt_succeeded(view, (call, *attempt), result, at))
        }
        CallEvent::AttemptFailed {
            attempt,
            failure,
            usage,
        } => Some(attempt_failed(view, (call, *attempt), failure, usage, at)),
        CallEvent::RetryScheduled { until } => {
            let text = format!("next attempt in {}", until.since(at));
            Some(LogLine::new(scope(view, call), Tone::Calm, text).passing())
        }
        CallEvent::EndedByPerson { .. } => {
            let text = "a person ends it";
            Some(LogLine::new(scope(view, call), Tone::Odd, text))
        }
        CallEvent::Failed { failure } => call_failed(view, call, failure),
    }
}

pub(super) fn scope(view: &RunView, id: &CallId) -> Vec<String> {
    let Some(call) = view.call(id) else {
        return vec![clean(id)];
    };
    let mut scope = vec![clean(&call.spec.phase), title(&short_name(call))];
    scope.extend(model(call).map(clean));
    scope
}

fn time_of(call: Option<&CallState>, attempt: u32, at: Timestamp) -> Millis {
    let attempt = call.zip(
        usize::try_from(attempt)
            .ok()
            .and_then(|number| number.checked_sub(1)),
    );
    let attempt = attempt.and_then(|(call, index)| call.attempts.get(index));
    attempt.map_or(Millis::default(), |attempt| attempt.time(at))
}

fn attempt_succeeded(
    view: &RunView,
    (call, attempt): (&CallId, u32),
    result: &CallResult,
    at: Timestamp,
) -> LogLine {
    let spent = spent(time_of(view.call(call), attempt, at), &result.usage);
    let (tone, text) = match &result.answer {
        Answer::Document => (Tone::Good, format!("done in {spent}{}", changed(result))),
        Answer::Tasks(list) => (
            Tone::Good,
            format!("done in {spent}: {}", tasks_words(&list.tasks)),
        ),
        Answer::Audit(audit) => {
            let tone = match audit.verdict {
                AuditVerdict::Pass => Tone::Good,
                AuditVerdict::Fail => Tone::Odd,
            };
            let verdict = word(audit.verdict);
            let findings = findings_words(&audit.findings);
            (tone, format!("done in {spent}: says {verdict}, {findings}"))
        }
        Answer::Judgement(own) => {
            let known = view.call(call).map(|call| call.spec.unblinded(own));
            let judgement = known.unwrap_or_else(|| own.clone());
            let decided = match (judgement.decision, &judgement.winner) {
                (Decision::Pick, Some(label)) => format!("picks {label}"),
                (Decision::Pick, None) => "picks without a name".to_owned(),
                (Decision::Synthesize, _) => "synthesizes".to_owned(),
                (Decision::None, _) => "finds none good enough".to_owned(),
                (Decision::Abstain, _) => "abstains".to_owned(),
            };
            (Tone::Good, format!("done in {spent}: {decided}"))
        }
        Answer::Unfinished(stopped) => (
            Tone::Calm,
            format!(
                "stopped at its checkpoint after {spent}, with a context of {} tokens{}",
                token_count(stopped.context),
                changed(result)
            ),
        ),
        Answer::Invalid { errors } => (
            Tone::Odd,
            format!(
                "done in {spent}, but the answer is not valid: {}",
                first_of(errors)
            ),
        ),
    };
    let notes = findings(&result.answer)
        .into_iter()
        .chain(refused(result))
        .chain(result.remarks.iter().map(clean));
    notes.fold(LogLine::new(scope(view, call), tone, text), LogLine::note)
}

/// The first error, and how many more there are.
fn first_of(errors: &[String]) -> String {
    let first = errors.first().map_or_else(String::new, clean);
    match errors.len() {
        0 | 1 => first,
        all => format!("{first} (and {} more)", all - 1),
    }
}

/// `: 2 files, +40 -3`, if the call was to change anything.
fn changed(result: &CallResult) -> String {
    result.changes.as_ref().map_or_else(String::new, |changes| {
        format!(": {}", changes_words(&changes.files))
    })
}

/// `4 tasks (backend 3, test 1)`.
fn tasks_words(tasks: &[Task]) -> String {
    let mut categories: BTreeMap<&str, u64> = BTreeMap::new();
    for task in tasks {
        *categories.entry(&task.category).or_default() += 1;
    }
    let words: Vec<String> = categories
        .iter()
        .map(|(category, count)| format!("{} {count}", clean(category)))
        .collect();
    let count = counted(tasks.len() as u64, "task");
    format!("{count} ({})", words.join(", "))
}

/// An audit's worst findings, a line each.
fn findings(answer: &Answer) -> Vec<String> {
    let Answer::Audit(audit) = answer else {
        return Vec::new();
    };
    let line = |finding: &Finding| {
        let place = match &finding.file {
            Some(_) => format!(", {}", finding_place(finding)),
            None => String::new(),
        };
        let severity = word(finding.severity);
        format!("{severity}{place}: {}", clean(&finding.problem))
    };
    let worst = worst_first(&audit.findings);
    let shown = worst.iter().take(FINDINGS_SHOWN).map(|one| line(one));
    let more = worst.len().saturating_sub(FINDINGS_SHOWN);
    let rest = (more > 0).then(|| format!("and {more} more"));
    shown.chain(rest).collect()
}

/// The edits that were not taken over, a line each.
fn refused(result: &CallResult) -> impl Iterator<Item = String> + '_ {
    let refused = result.changes.iter().flat_map(|changes| &changes.refused);
    refused.map(|change| {
        format!(
            "not taken over: {} ({})",
            clean(&change.path),
            clean(&change.reason)
        )
    })
}

fn attempt_failed(
    view: &RunView,
    (call, attempt): (&CallId, u32),
    failure: &Failure,
    usage: &Usage,
    at: Timestamp,
) -> LogLine {
    let spent = spent(time_of(view.call(call), attempt, at), usage);
    if failure.kind == FailureKind::Cancelled {
        return LogLine::new(
            scope(view, call),
            Tone::Odd,
            format!("cancelled after {spent}: {}", clean(&failure.message)),
        );
    }
    // The hint comes with the end of the call, once: an attempt may yet be followed by another.
    LogLine::new(
        scope(view, call),
        Tone::Odd,
        format!(
            "attempt {attempt} failed after {spent}: {}: {}",
            failure_word(failure.kind),
            clean(&failure.message)
        ),
    )
}

fn call_failed(view: &RunView, call: &CallId, failure: &Failure) -> Option<LogLine> {
    let attempted = view
        .call(call)
        .is_some_and(|call| !call.attempts.is_empty());
    if failure.kind == FailureKind::Cancelled {
        // The cancelled attempt has said so already.
        return (!attempted).then(|| {
            LogLine::new(
                scope(view, call),
                Tone::Odd,
                format!("cancelled before it started: {}", clean(&failure.message)),
            )
        });
    }
    let last = view.call(call).and_then(|call| call.attempts.last());
    let log_line = failed(scope(view, call), "given up", failure);
    // The last attempt has said why, one line above.
    Some(match last.and_then(Attempt::end) {
        Some(AttemptEnd::Failed(known)) if known == failure => LogLine {
            text: "given up".to_owned(),
            ..log_line
        },
        _ => log_line,
    })
}
