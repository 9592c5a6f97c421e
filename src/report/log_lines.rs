//! The wording of events, shared by plain lines and the live display. The wording is stable:
//! people grep it.

use crate::model::{
    AccountName, CallId, Closing, Decider, FailureKind, Label, PersonAnswer, PhaseName, Question,
    RunEnd, Timestamp,
};
use crate::run::{Event, PhaseEvent, Record, RunEvent};

use super::evidence::picked;
use super::log_line::{LogLine, Tone, because, failed};
use super::log_lines_of_calls::of_call;
use super::log_lines_of_work::{
    applied, looped_back, task_done, task_failed, verified, verify_started,
};
use super::sections::contradictions;
use super::view::{RunView, short_name};
use super::words::{clean, clock, counted, kind_words, spent, title, word};

/// The record in words, if it is worth a line. `view` has taken it in already.
pub(super) fn log_line(view: &RunView, record: &Record) -> Option<LogLine> {
    let at = record.at;
    match &record.event {
        Event::Run(event) => of_run(view, event, at),
        Event::Phase { phase, event } => of_phase(view, phase, event, at),
        Event::Call { call, event } => of_call(view, call, event, at),
    }
}

fn of_run(view: &RunView, event: &RunEvent, at: Timestamp) -> Option<LogLine> {
    let (tone, text) = match event {
        RunEvent::Started {
            run,
            workflow,
            sandbox,
            ..
        } => {
            let text = format!("run {run} of workflow {} started", clean(workflow));
            let log_line = LogLine::new(Vec::new(), Tone::Calm, text);
            let log_line = log_line.note(format!("sandbox: {sandbox}"));
            return Some(rehearsed(view).into_iter().fold(log_line, LogLine::note));
        }
        RunEvent::Resumed { sandbox, .. } => {
            let log_line = LogLine::new(Vec::new(), Tone::Calm, resumed(view));
            return Some(log_line.note(format!("sandbox: {sandbox}")));
        }
        RunEvent::LoopedBack { from, to, round } => {
            return Some(looped_back(view, from, to, *round));
        }
        RunEvent::LimitReached { limit } => (Tone::Odd, format!("limit reached: {}", clean(limit))),
        RunEvent::LimitsRaised { .. } => (Tone::Calm, "limits changed".to_owned()),
        RunEvent::ModelReplaced { model, by, .. } => {
            let (model, by) = (clean(model), clean(by));
            (Tone::Calm, format!("{by} is used in the place of {model}"))
        }
        RunEvent::AccountParked {
            account,
            until,
            why,
            ..
        } => (Tone::Odd, account_parked(account, *why, *until, at)),
        RunEvent::AccountFreed { account } => {
            (Tone::Good, format!("{} serves again", clean(account)))
        }
        RunEvent::ClockJumped { by } => {
            let text =
                format!("the machine slept for {by}, or its clock was set: that does not count");
            (Tone::Odd, text)
        }
        RunEvent::Paused { .. } => (Tone::Odd, "paused: no further call starts".to_owned()),
        RunEvent::Continued { .. } => (Tone::Calm, "continued".to_owned()),
        RunEvent::TakenOver { run, from } => {
            let (run, from) = (clean(run), clean(from));
            let text = format!("from run {run}: all before phase {from} is taken over");
            (Tone::Calm, text)
        }
        RunEvent::Noted { text } => noted(text),
        RunEvent::Interrupted { signal } => {
            let signal = clean(signal);
            let text = match signal.as_str() {
                "stop" => "stopped by a person: ending what runs".to_owned(),
                _ => format!("interrupted by {signal}: ending what runs (once more to kill it)"),
            };
            (Tone::Odd, text)
        }
        RunEvent::ChangesApplied {
            to, files, held, ..
        } => return Some(applied(to, *files, held)),
        RunEvent::ChangesKept { reason, .. } => {
            let what = view.results_word();
            let text = format!("the {what} were not applied{}", because(reason));
            let kept = format!("the run keeps the {what}; {}", view.of_project());
            return Some(LogLine::new(Vec::new(), Tone::Odd, text).note(kept));
        }
        RunEvent::ChangesUndone { .. } => {
            let text = "undone: the run's changes are out of your project";
            (Tone::Good, text.to_owned())
        }
        RunEvent::Ended { end } => return Some(run_ended(view, *end, at)),
    };
    Some(LogLine::new(Vec::new(), tone, text))
}

fn account_parked(
    account: &AccountName,
    why: FailureKind,
    until: Timestamp,
    at: Timestamp,
) -> String {
    let account = clean(account);
    match why {
        FailureKind::RateLimit => {
            let wait = until.since(at);
            format!("{account} asks for patience: nothing is sent to it for {wait}")
        }
        _ => {
            let until = clock(until, at);
            format!(
                "{account} is parked until {until}: no quota is left, and nothing is sent to it"
            )
        }
    }
}

fn noted(text: &str) -> (Tone, String) {
    (
        Tone::Calm,
        format!("a person notes: {}", clean(text.trim())),
    )
}

fn of_phase(
    view: &RunView,
    phase: &PhaseName,
    event: &PhaseEvent,
    at: Timestamp,
) -> Option<LogLine> {
    let scope = vec![clean(phase)];
    let (tone, text) = match event {
        PhaseEvent::Started => (Tone::Calm, phase_started(view, phase)),
        PhaseEvent::Skipped { condition } => {
            let text = format!("skipped: `{}` does not hold", clean(condition));
            (Tone::Calm, text)
        }
        PhaseEvent::CallCreated { .. } => return None,
        PhaseEvent::CallReused { call, from } => {
            let scope = vec![clean(phase), short(view, &call.id)];
            return Some(LogLine::new(
                scope,
                Tone::Good,
                format!("took the result of {from}"),
            ));
        }
        PhaseEvent::QuorumReached { until } => {
            let left = until.since(at);
            (
                Tone::Calm,
                format!("quorum reached, the others have {left} more"),
            )
        }
        PhaseEvent::StragglersDropped { .. } => {
            let text = "a person does not wait for the others";
            (Tone::Odd, text.to_owned())
        }
        PhaseEvent::ProposalsSealed { labels } => (Tone::Calm, sealed(view, labels)),
        // Where there was nothing to choose from, there is nothing to say.
        PhaseEvent::WinnerChosen {
            label: None,
            by: Decider::Only,
            ..
        } => return None,
        PhaseEvent::WinnerChosen { call, label, by } => {
            (Tone::Good, winner(view, phase, (call, label.as_ref()), by))
        }
        PhaseEvent::Closed { closing } => return Some(phase_closed(view, phase, closing, at)),
        PhaseEvent::Failed { failure } => return Some(failed(scope, "failed", failure)),
        PhaseEvent::PersonAsked { question } => return Some(person_asked(phase, question)),
        PhaseEvent::PersonAnswered { answer, because } => person_answered(answer, because),
        PhaseEvent::Noted { text } => noted(text),
        PhaseEvent::DocumentEdited { closing, .. } => {
            let published = closing.published.as_ref();
            let place = clean(published.unwrap_or(&closing.deliverable.path));
            (
                Tone::Calm,
                format!("a person changed the document: {place}"),
            )
        }
        PhaseEvent::LimitReached { limit } => {
            (Tone::Odd, format!("budget used up: {}", clean(limit)))
        }
        PhaseEvent::Rated { best, because: why } => {
            let text = match best {
                Some(label) => format!("a person finds {label} the best{}", because(why)),
                None => format!("a person finds none better than the others{}", because(why)),
            };
            (Tone::Calm, text)
        }
        PhaseEvent::RoundsAdded { rounds } => {
            let text = format!("may send the run back {rounds} more times");
            (Tone::Calm, text)
        }
        PhaseEvent::VerifyStarted { task, command, .. } => {
            return Some(verify_started(view, phase, task.as_ref(), command));
        }
        PhaseEvent::Verified {
            task,
            tree,
            verification,
            tests_of,
        } => {
            let on = (tree, tests_of.as_ref());
            return Some(verified(view, (phase, task.as_ref()), on, verification));
        }
        PhaseEvent::TaskDone { task, .. } => return Some(task_done(view, phase, task)),
        PhaseEvent::TaskFailed { task, failure } => {
            return Some(task_failed(view, phase, task, failure));
        }
    };
    Some(LogLine::new(scope, tone, text))
}

/// What a rehearsal does about the user's project, if the run is one.
pub(super) fn rehearsed(view: &RunView) -> Option<&'static str> {
    let rehearsal = view.plan.rehearsal.as_ref()?;
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

pub(super) fn short(view: &RunView, id: &CallId) -> String {
    let call = view.call(id);
    call.map_or_else(|| clean(id), |call| title(&short_name(call)))
}

fn resumed(view: &RunView) -> String {
    let calls = view.state.calls();
    let finished = calls.filter(|call| call.result().is_some()).count();
    let run = view.run();
    format!(
        "run {run} resumed; {} kept",
        counted(finished as u64, "finished call")
    )
}

fn run_ended(view: &RunView, end: RunEnd, at: Timestamp) -> LogLine {
    let totals = view.totals(at);
    let tone = match end {
        RunEnd::Done => Tone::Good,
        RunEnd::Failed | RunEnd::AuditFailed => Tone::Bad,
        RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => Tone::Odd,
    };
    let text = format!(
        "run {}: {}, {}",
        word(end),
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt")
    );
    // A live display leaves the last word to the summary that follows.
    LogLine::new(Vec::new(), tone, text).passing()
}

fn phase_started(view: &RunView, name: &PhaseName) -> String {
    let Some((number, phase)) = (1..).zip(view.phases()).find(|(_, one)| one.name() == name) else {
        return "started".to_owned();
    };
    let again = match phase.state.round() {
        1 => String::new(),
        round => format!(" again, round {round}"),
    };
    format!(
        "phase {number} of {} started{again} ({})",
        view.plan.phases.len(),
        kind_words(&phase.plan.kind)
    )
}

fn sealed(view: &RunView, labels: &[(Label, CallId)]) -> String {
    let named: Vec<String> = labels
        .iter()
        .map(|(label, call)| format!("{label} is {}", short(view, call)))
        .collect();
    format!(
        "{} closed and blinded: {}",
        counted(labels.len() as u64, "proposal"),
        named.join(", ")
    )
}

fn winner(
    view: &RunView,
    phase: &PhaseName,
    (call, label): (&CallId, Option<&Label>),
    by: &Decider,
) -> String {
    let name = short(view, call);
    let model = view
        .model_of(call)
        .map_or_else(|| name.clone(), |model| format!("{name}, {}", clean(model)));
    match (by, label) {
        (Decider::Judge(_), Some(label)) => format!("the judge picked {label} ({model})"),
        (Decider::Judge(_), None) => format!("the judge's synthesis wins ({model})"),
        (Decider::Only, _) => format!("{model} is the only one"),
        (by, Some(label)) => format!("{label} wins ({model}){}", picked(view, phase, by)),
        (by, None) => format!("{model} wins{}", picked(view, phase, by)),
    }
}

fn phase_closed(view: &RunView, name: &PhaseName, closing: &Closing, at: Timestamp) -> LogLine {
    let time = view
        .phase(name)
        .and_then(|phase| phase.state.round_time(view.state.worked(at)))
        .unwrap_or_default();
    let scope = vec![clean(name)];
    let log_line = match view.published(closing) {
        Some(path) => {
            let log_line = LogLine::new(
                scope,
                Tone::Good,
                format!("closed after {time}, published {}", clean(path)),
            );
            match &closing.previous {
                Some(kept) => log_line.note(format!(
                    "what was there before is kept in the run folder: {}",
                    clean(kept)
                )),
                None => log_line,
            }
        }
        None => LogLine::new(scope, Tone::Good, format!("closed after {time}")),
    };
    contradictions(closing).fold(log_line, LogLine::note)
}

fn person_asked(phase: &PhaseName, question: &Question) -> LogLine {
    let text = match question {
        Question::PickWinner { reason, .. } => format!("a person has to pick: {}", clean(reason)),
        Question::Approve { text } => {
            format!("a person has to approve that it begins: {}", clean(text))
        }
        Question::RunCommands { commands } => {
            let text = "a model wrote commands that nothing allows yet".to_owned();
            let log_line = LogLine::new(vec![clean(phase)], Tone::Odd, text);
            return commands.iter().map(clean).fold(log_line, LogLine::note);
        }
    };
    LogLine::new(vec![clean(phase)], Tone::Odd, text)
}

fn person_answered(answer: &PersonAnswer, words: &str) -> (Tone, String) {
    let (tone, did, words) = match answer {
        PersonAnswer::Picked(label) => (Tone::Calm, format!("picked {label}"), words),
        PersonAnswer::SentBack => (Tone::Odd, "sent the proposers back".to_owned(), words),
        PersonAnswer::Again => (Tone::Odd, "sent the work back".to_owned(), words),
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
