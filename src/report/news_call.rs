//! The wording of what happens to calls and their attempts.

use crate::model::{
    Answer, CallId, CallResult, Decision, Event, Failure, FailureKind, Millis, Record, Timestamp,
    Usage,
};

use super::fold::RunView;
use super::news::{News, Tone, failed, short};
use super::view::{AttemptState, CallView};
use super::words::{clean, failure_word, spent};

/// A record about a call in words, if it is worth a line.
pub(super) fn news_of_call(view: &RunView, record: &Record) -> Option<News> {
    match &record.event {
        Event::CallReused { call, from } => Some(News::new(
            vec![
                clean(call.phase.as_str()),
                short(view, &call.id, Some(call)),
            ],
            Tone::Good,
            format!("took the result of {from}"),
        )),
        Event::AttemptStarted { call, attempt, .. } => {
            Some(News::new(scope(view, call), Tone::Calm, started(*attempt)).passing())
        }
        Event::AttemptSucceeded {
            call,
            attempt,
            result,
        } => Some(attempt_succeeded(view, call, *attempt, result, record.at)),
        Event::AttemptFailed {
            call,
            attempt,
            failure,
            usage,
        } => Some(attempt_failed(
            view, call, *attempt, failure, usage, record.at,
        )),
        Event::RetryScheduled { call, until } => Some(
            News::new(
                scope(view, call),
                Tone::Calm,
                format!("next attempt in {}", until.since(record.at)),
            )
            .passing(),
        ),
        Event::CallFailed { call, failure } => call_failed(view, call, failure),
        Event::CallCreated { .. }
        | Event::AttemptSpawned { .. }
        | Event::AttemptProgressed { .. }
        | Event::RunStarted { .. }
        | Event::RunResumed { .. }
        | Event::PhaseStarted { .. }
        | Event::QuorumReached { .. }
        | Event::ProposalsSealed { .. }
        | Event::WinnerChosen { .. }
        | Event::PhaseClosed { .. }
        | Event::PhaseFailed { .. }
        | Event::PersonAsked { .. }
        | Event::PersonAnswered { .. }
        | Event::LimitReached { .. }
        | Event::LimitsRaised { .. }
        | Event::RunInterrupted { .. }
        | Event::RunEnded { .. } => None,
        _ => unreachable!("SOON"),
    }
}

fn scope(view: &RunView, id: &CallId) -> Vec<String> {
    let Some(call) = view.call(id) else {
        return vec![clean(id.as_str())];
    };
    let mut scope = vec![clean(call.phase.as_str()), clean(call.short_name())];
    scope.extend(call.model().map(|model| clean(model.as_str())));
    scope
}

fn started(attempt: u32) -> String {
    match attempt {
        0 | 1 => "started".to_owned(),
        _ => format!("started, attempt {attempt}"),
    }
}

fn time_of(call: Option<&CallView>, attempt: u32, at: Timestamp) -> Millis {
    call.and_then(|call| call.attempts.iter().find(|one| one.number == attempt))
        .map_or(Millis::default(), |attempt| attempt.time(at))
}

fn attempt_succeeded(
    view: &RunView,
    call: &CallId,
    attempt: u32,
    result: &CallResult,
    at: Timestamp,
) -> News {
    let spent = spent(time_of(view.call(call), attempt, at), &result.usage);
    let (tone, text) = match &result.answer {
        Answer::Document => (Tone::Good, format!("done in {spent}")),
        Answer::Judgement(judgement) => {
            let decided = match (judgement.decision, &judgement.winner) {
                (Decision::Pick, Some(label)) => format!("picks {label}"),
                (Decision::Pick, None) => "picks without a name".to_owned(),
                (Decision::Synthesize, _) => "synthesizes".to_owned(),
                (Decision::None, _) => "finds none good enough".to_owned(),
            };
            (Tone::Good, format!("done in {spent}: {decided}"))
        }
        Answer::Invalid { errors } => (
            Tone::Odd,
            format!(
                "done in {spent}, but the answer is not valid: {}",
                errors.first().map_or_else(String::new, |text| clean(text))
            ),
        ),
        _ => unreachable!("SOON"),
    };
    let mut news = News::new(scope(view, call), tone, text);
    for remark in &result.remarks {
        news = news.note(clean(remark));
    }
    news
}

fn attempt_failed(
    view: &RunView,
    call: &CallId,
    attempt: u32,
    failure: &Failure,
    usage: &Usage,
    at: Timestamp,
) -> News {
    let spent = spent(time_of(view.call(call), attempt, at), usage);
    if failure.kind == FailureKind::Cancelled {
        return News::new(
            scope(view, call),
            Tone::Odd,
            format!("cancelled after {spent}: {}", clean(&failure.message)),
        );
    }
    // The hint comes with the end of the call, once: an attempt may yet be followed by another.
    News::new(
        scope(view, call),
        Tone::Odd,
        format!(
            "attempt {attempt} failed after {spent}: {}: {}",
            failure_word(failure.kind),
            clean(&failure.message)
        ),
    )
}

fn call_failed(view: &RunView, call: &CallId, failure: &Failure) -> Option<News> {
    let attempted = view
        .call(call)
        .is_some_and(|call| !call.attempts.is_empty());
    if failure.kind == FailureKind::Cancelled {
        // The cancelled attempt has said so already.
        return (!attempted).then(|| {
            News::new(
                scope(view, call),
                Tone::Odd,
                format!("cancelled before it started: {}", clean(&failure.message)),
            )
        });
    }
    let last = view.call(call).and_then(|call| call.attempts.last());
    let news = failed(scope(view, call), "given up", failure);
    // The last attempt has said why, one line above.
    Some(match last.map(|attempt| &attempt.state) {
        Some(AttemptState::Failed(told)) if told == failure => News {
            text: "given up".to_owned(),
            ..news
        },
        _ => news,
    })
}
