//! The wording of events, shared by plain lines and the live display. The wording is stable:
//! people grep it.

use crate::model::{
    Answer, CallId, CallResult, CallSpec, Closing, Decider, Decision, Event, Failure, FailureKind,
    Label, Millis, PersonAnswer, PhaseName, Question, Record, RunEnd, Timestamp, Usage,
};

use super::fold::RunView;
use super::next::next_commands;
use super::view::{CallView, PhaseView, Supervisor};
use super::words::{clean, counted, end_word, failure_word, kind_words, spent};

/// How an event is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Something worked.
    Good,
    /// Something failed.
    Bad,
    /// Something to look at.
    Odd,
    /// Something began or went on.
    Calm,
}

/// How long an event is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    /// For good: a line of its own on every display.
    Lasting,
    /// Until the next event: a live display shows the state instead.
    Passing,
}

/// An event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// Phase, call and model, as far as the event is about them.
    pub(super) scope: Vec<String>,
    /// What happened.
    pub(super) text: String,
    /// More, a line each.
    pub(super) notes: Vec<String>,
    /// How it is meant.
    pub(super) tone: Tone,
    /// How long it matters.
    pub(super) interest: Interest,
}

impl News {
    fn new(scope: Vec<String>, tone: Tone, text: impl Into<String>) -> Self {
        Self {
            scope,
            text: text.into(),
            notes: Vec::new(),
            tone,
            interest: Interest::Lasting,
        }
    }

    fn passing(mut self) -> Self {
        self.interest = Interest::Passing;
        self
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The record in words, if it is worth a line. `view` has taken it in already.
pub(super) fn news(view: &RunView, record: &Record) -> Option<News> {
    let on_run = |tone, text: String| Some(News::new(Vec::new(), tone, text));
    let on_phase = |phase: &PhaseName, tone, text: String| {
        Some(News::new(vec![clean(phase.as_str())], tone, text))
    };
    match &record.event {
        Event::RunStarted { run, workflow, .. } => on_run(
            Tone::Calm,
            format!("run {run} of workflow {} started", clean(workflow)),
        ),
        Event::RunResumed { .. } => on_run(Tone::Calm, resumed(view)),
        Event::LimitReached { limit } => {
            on_run(Tone::Odd, format!("limit reached: {}", clean(limit)))
        }
        Event::LimitsRaised { .. } => on_run(Tone::Calm, "limits changed".to_owned()),
        Event::RunInterrupted { signal } => {
            on_run(Tone::Odd, format!("interrupted by {}", clean(signal)))
        }
        Event::RunEnded { end } => Some(run_ended(view, *end, record.at)),
        Event::PhaseStarted { phase } => on_phase(phase, Tone::Calm, phase_started(view, phase)),
        Event::QuorumReached { phase, until } => on_phase(
            phase,
            Tone::Calm,
            format!(
                "quorum reached, the others have {} more",
                until.since(record.at)
            ),
        ),
        Event::ProposalsSealed { phase, labels } => {
            on_phase(phase, Tone::Calm, sealed(view, labels))
        }
        Event::WinnerChosen {
            phase,
            call,
            label,
            by,
        } => on_phase(phase, Tone::Good, winner(view, call, label.as_ref(), by)),
        Event::PhaseClosed { phase, closing } => Some(phase_closed(view, phase, closing)),
        Event::PhaseFailed { phase, failure } => {
            Some(failed(vec![clean(phase.as_str())], "failed", failure))
        }
        Event::PersonAsked { phase, question } => Some(person_asked(phase, question)),
        Event::PersonAnswered { phase, answer } => match answer {
            PersonAnswer::Picked(label) => {
                on_phase(phase, Tone::Calm, format!("a person picked {label}"))
            }
        },
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
        | Event::AttemptProgressed { .. } => None,
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

fn short(view: &RunView, id: &CallId, spec: Option<&CallSpec>) -> String {
    view.call(id)
        .map(|call| clean(call.short_name()))
        .or_else(|| spec.map(|spec| clean(spec.id.as_str())))
        .unwrap_or_else(|| clean(id.as_str()))
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

fn resumed(view: &RunView) -> String {
    let finished = view
        .calls
        .iter()
        .filter(|call| view.result(call).is_some())
        .count();
    let run = view.run.as_ref().map_or("", |run| run.as_str());
    format!(
        "run {run} resumed; {} kept",
        counted(finished as u64, "finished call")
    )
}

fn run_ended(view: &RunView, end: RunEnd, at: Timestamp) -> News {
    let totals = view.totals(at);
    let tone = match end {
        RunEnd::Done => Tone::Good,
        RunEnd::Failed => Tone::Bad,
        RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => Tone::Odd,
    };
    let text = format!(
        "run {}: {}, {}",
        end_word(end),
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt")
    );
    let mut news = News::new(Vec::new(), tone, text);
    if end != RunEnd::Done {
        for (command, why) in next_commands(view, Supervisor::Gone) {
            news = news.note(format!("{command}   # {why}"));
        }
    }
    news
}

fn phase_started(view: &RunView, name: &PhaseName) -> String {
    let position = view.phases.iter().position(|phase| &phase.name == name);
    let Some(phase) = position.and_then(|index| view.phases.get(index)) else {
        return "started".to_owned();
    };
    let number = position.unwrap_or(0) + 1;
    format!(
        "phase {number} of {} started ({})",
        view.phases.len(),
        kind_words(&phase.kind)
    )
}

fn sealed(view: &RunView, labels: &[(Label, CallId)]) -> String {
    let named: Vec<String> = labels
        .iter()
        .map(|(label, call)| format!("{label} is {}", short(view, call, None)))
        .collect();
    format!(
        "{} closed and blinded: {}",
        counted(labels.len() as u64, "proposal"),
        named.join(", ")
    )
}

fn winner(view: &RunView, call: &CallId, label: Option<&Label>, by: &Decider) -> String {
    let name = short(view, call, None);
    let model = view.model_of(call).map_or_else(
        || name.clone(),
        |model| format!("{name}, {}", clean(model.as_str())),
    );
    match (by, label) {
        (Decider::Judge(_), Some(label)) => format!("the judge picked {label} ({model})"),
        (Decider::Judge(_), None) => format!("the judge's synthesis wins ({model})"),
        (Decider::Person, Some(label)) => format!("{label} wins ({model}), picked by a person"),
        (Decider::Person, None) => format!("{model} wins, picked by a person"),
        (Decider::Only, _) => format!("{model} is the only one"),
    }
}

fn phase_closed(view: &RunView, name: &PhaseName, closing: &Closing) -> News {
    let time = view.phase(name).map_or(Millis::default(), phase_time);
    let scope = vec![clean(name.as_str())];
    match &closing.published {
        Some(path) => {
            let news = News::new(
                scope,
                Tone::Good,
                format!("closed after {time}, published {}", clean(path)),
            );
            match &closing.previous {
                Some(kept) => news.note(format!("what stood there before: {}", clean(kept))),
                None => news,
            }
        }
        None => News::new(scope, Tone::Good, format!("closed after {time}")),
    }
}

/// How long a phase took, from its first start to its end.
pub(super) fn phase_time(phase: &PhaseView) -> Millis {
    match (phase.started, phase.ended) {
        (Some(started), Some(ended)) => ended.since(started),
        (Some(_) | None, None) | (None, Some(_)) => Millis::default(),
    }
}

fn person_asked(phase: &PhaseName, question: &Question) -> News {
    match question {
        Question::PickWinner { reason } => News::new(
            vec![clean(phase.as_str())],
            Tone::Odd,
            format!("a person has to pick: {}", clean(reason)),
        ),
    }
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
    Some(failed(scope(view, call), "given up", failure))
}

fn failed(scope: Vec<String>, what: &str, failure: &Failure) -> News {
    let news = News::new(
        scope,
        Tone::Bad,
        format!(
            "{what}: {}: {}",
            failure_word(failure.kind),
            clean(&failure.message)
        ),
    );
    match &failure.hint {
        Some(hint) => news.note(format!("hint: {}", clean(hint))),
        None => news,
    }
}
