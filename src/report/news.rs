//! The wording of events, shared by plain lines and the live display. The wording is stable:
//! people grep it.

use crate::model::{
    CallId, CallSpec, Closing, Decider, Event, Failure, Label, PersonAnswer, PhaseName, Question,
    Record, RunEnd, Timestamp,
};

use super::fold::RunView;
use super::news_call::news_of_call;
use super::news_work::news_of_work;
use super::sections::contradictions;
use super::words::{clean, counted, end_word, failure_word, kind_words, spent, title};

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
    pub(super) fn new(scope: Vec<String>, tone: Tone, text: impl Into<String>) -> Self {
        Self {
            scope,
            text: text.into(),
            notes: Vec::new(),
            tone,
            interest: Interest::Lasting,
        }
    }

    pub(super) fn passing(mut self) -> Self {
        self.interest = Interest::Passing;
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
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
        Event::RunStarted { run, workflow, .. } => {
            let text = format!("run {run} of workflow {} started", clean(workflow));
            let news = News::new(Vec::new(), Tone::Calm, text);
            Some(rehearsed(view).into_iter().fold(news, News::note))
        }
        Event::RunResumed { .. } => on_run(Tone::Calm, resumed(view)),
        Event::LimitReached { limit, phase } => {
            let limit = clean(limit);
            match phase {
                Some(phase) => on_phase(phase, Tone::Odd, format!("budget used up: {limit}")),
                None => on_run(Tone::Odd, format!("limit reached: {limit}")),
            }
        }
        Event::LimitsRaised { .. } => on_run(Tone::Calm, "limits changed".to_owned()),
        Event::RunInterrupted { signal } => {
            let text = format!(
                "interrupted by {}: ending what runs (once more to kill it)",
                clean(signal)
            );
            on_run(Tone::Odd, text)
        }
        Event::RunEnded { end } => Some(run_ended(view, *end, record.at)),
        Event::PhaseStarted { phase } => on_phase(phase, Tone::Calm, phase_started(view, phase)),
        Event::PhaseSkipped { phase, condition } => on_phase(
            phase,
            Tone::Calm,
            format!("skipped: `{}` does not hold", clean(condition)),
        ),
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
        } => {
            // Where there was nothing to choose from, there is nothing to say.
            let chosen = *by != Decider::Only || label.is_some();
            let text = winner(view, call, label.as_ref(), by);
            chosen.then(|| News::new(vec![clean(phase.as_str())], Tone::Good, text))
        }
        Event::PhaseClosed { phase, closing } => {
            Some(phase_closed(view, phase, closing, record.at))
        }
        Event::PhaseFailed { phase, failure } => {
            Some(failed(vec![clean(phase.as_str())], "failed", failure))
        }
        Event::PersonAsked { .. }
        | Event::PersonAnswered { .. }
        | Event::DocumentEdited { .. }
        | Event::RoundsAdded { .. }
        | Event::ModelReplaced { .. } => news_of_person(&record.event),
        Event::VerifyStarted { .. }
        | Event::Verified { .. }
        | Event::TaskDone { .. }
        | Event::TaskFailed { .. }
        | Event::LoopedBack { .. }
        | Event::ChangesApplied { .. }
        | Event::ChangesKept { .. }
        | Event::ChangesUndone { .. } => news_of_work(view, record),
        Event::CallCreated { .. }
        | Event::CallReused { .. }
        | Event::CallFailed { .. }
        | Event::RetryScheduled { .. }
        | Event::AttemptStarted { .. }
        | Event::AttemptSpawned { .. }
        | Event::AttemptProgressed { .. }
        | Event::AttemptSucceeded { .. }
        | Event::AttemptFailed { .. } => news_of_call(view, record),
    }
}

/// What a rehearsal does about the user's project, if the run is one.
pub(super) fn rehearsed(view: &RunView) -> Option<&'static str> {
    let rehearsal = view.rehearsal.as_ref()?;
    Some(match rehearsal.publishes {
        true => {
            "rehearsal with --publish: the models are scripted, the results go into your project"
        }
        false => {
            "rehearsal: the models are scripted, nothing is put into your project; \
             the results are in the run folder"
        }
    })
}

pub(super) fn short(view: &RunView, id: &CallId, spec: Option<&CallSpec>) -> String {
    view.call(id)
        .map(|call| title(&call.short_name()))
        .or_else(|| spec.map(|spec| clean(spec.id.as_str())))
        .unwrap_or_else(|| clean(id.as_str()))
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
        RunEnd::Failed | RunEnd::AuditFailed => Tone::Bad,
        RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => Tone::Odd,
    };
    let text = format!(
        "run {}: {}, {}",
        end_word(end),
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt")
    );
    // A live display leaves the last word to the summary that follows.
    News::new(Vec::new(), tone, text).passing()
}

fn phase_started(view: &RunView, name: &PhaseName) -> String {
    let position = view.phases.iter().position(|phase| &phase.name == name);
    let Some(phase) = position.and_then(|index| view.phases.get(index)) else {
        return "started".to_owned();
    };
    let number = position.unwrap_or(0) + 1;
    let again = match phase.round() {
        1 => String::new(),
        round => format!(" again, round {round}"),
    };
    format!(
        "phase {number} of {} started{again} ({})",
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

fn phase_closed(view: &RunView, name: &PhaseName, closing: &Closing, at: Timestamp) -> News {
    let time = view
        .phase(name)
        .and_then(|phase| phase.round_time(at))
        .unwrap_or_default();
    let scope = vec![clean(name.as_str())];
    let news = match view.published(closing) {
        Some(path) => {
            let news = News::new(
                scope,
                Tone::Good,
                format!("closed after {time}, published {}", clean(path)),
            );
            match &closing.previous {
                Some(kept) => news.note(format!(
                    "what stood there before is kept in the run folder: {}",
                    clean(kept)
                )),
                None => news,
            }
        }
        None => News::new(scope, Tone::Good, format!("closed after {time}")),
    };
    contradictions(closing).fold(news, News::note)
}

/// What is asked of a person, and what a person does.
fn news_of_person(event: &Event) -> Option<News> {
    let on_phase = |phase: &PhaseName, tone, text: String| {
        Some(News::new(vec![clean(phase.as_str())], tone, text))
    };
    match event {
        Event::PersonAsked { phase, question } => Some(person_asked(phase, question)),
        Event::PersonAnswered {
            phase,
            answer,
            because,
        } => {
            let (tone, text) = person_answered(answer, because);
            on_phase(phase, tone, text)
        }
        Event::DocumentEdited { phase, closing, .. } => {
            let place = closing
                .published
                .as_ref()
                .unwrap_or(&closing.deliverable.path);
            let text = format!("a person changed the document: {}", clean(place));
            on_phase(phase, Tone::Calm, text)
        }
        Event::RoundsAdded { phase, rounds } => on_phase(
            phase,
            Tone::Calm,
            format!("may send the run back {rounds} more times"),
        ),
        Event::ModelReplaced { model, by, .. } => {
            let (model, by) = (clean(model.as_str()), clean(by.as_str()));
            let text = format!("{by} is used in the place of {model}");
            Some(News::new(Vec::new(), Tone::Calm, text))
        }
        _ => None,
    }
}

fn person_asked(phase: &PhaseName, question: &Question) -> News {
    let text = match question {
        Question::PickWinner { reason } => format!("a person has to pick: {}", clean(reason)),
        Question::Approve { text } => {
            format!("a person has to approve that it begins: {}", clean(text))
        }
        Question::RunCommands { commands } => {
            let text = "a model wrote commands that nothing allows yet".to_owned();
            let news = News::new(vec![clean(phase.as_str())], Tone::Odd, text);
            return commands.iter().map(|c| clean(c)).fold(news, News::note);
        }
    };
    News::new(vec![clean(phase.as_str())], Tone::Odd, text)
}

fn person_answered(answer: &PersonAnswer, words: &str) -> (Tone, String) {
    let (tone, did, words) = match answer {
        PersonAnswer::Picked(label) => (Tone::Calm, format!("picked {label}"), words),
        PersonAnswer::SentBack => (Tone::Odd, "sent the proposers back".to_owned(), words),
        PersonAnswer::Approved => (Tone::Calm, "approved it".to_owned(), words),
        PersonAnswer::Rejected { reason } => (Tone::Bad, "rejected it".to_owned(), reason.as_str()),
        PersonAnswer::Commands { run: true, .. } => {
            (Tone::Calm, "lets these commands run".to_owned(), "")
        }
        PersonAnswer::Commands { reason, .. } => {
            let text = format!(
                "these commands are not run{}; `verify_allow` of your configuration allows them",
                because(reason.as_deref().unwrap_or_default())
            );
            return (Tone::Odd, text);
        }
    };
    (tone, format!("a person {did}{}", because(words)))
}

/// `: REASON`, if there is one.
pub(super) fn because(reason: &str) -> String {
    match clean(reason) {
        reason if reason.is_empty() => String::new(),
        reason => format!(": {reason}"),
    }
}

pub(super) fn failed(scope: Vec<String>, what: &str, failure: &Failure) -> News {
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
