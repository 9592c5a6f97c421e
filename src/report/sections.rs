//! The parts that the summary and `show` have in common. Each ends with a line feed or is empty.

use console::measure_text_width;
use serde_json::Value;

use crate::model::{CallId, Closing, Failure, Question, RunEnd, Timestamp};
use crate::run::{Attempt, AttemptEnd, CallState};

use super::audit::render_audit;
use super::ledger::render_ledger;
use super::table::Table;
use super::verdict::render_verdict;
use super::view::{CallProgress, RunStatus, RunView, Totals, progress};
use super::view_work::DeliveryState;
use super::viewer::Viewer;
use super::words::{
    self, attempt_word, call_word, clean, failure_word, or_nothing, title, token_count,
};

/// A heading and its body, with an empty line above; nothing if the body is empty.
pub(super) fn section(heading: &str, body: &str) -> String {
    match body {
        "" => String::new(),
        body => format!("\n{heading}\n{body}"),
    }
}

/// One line a closed phase: where its document is, for the user and in the run folder.
pub(super) fn documents(view: &RunView, folder: &str, viewer: &Viewer) -> String {
    let mut text = String::new();
    for phase in view.phases() {
        if let Some(closing) = phase.state.closing() {
            let document = viewer.place(&view.document(closing, folder));
            text.push_str(&format!("  {}: {document}\n", clean(phase.name())));
            if let Some(previous) = &closing.previous {
                let previous = viewer.place(&format!("{folder}/{previous}"));
                text.push_str(&format!("    what was there before: {previous}\n"));
            }
        }
    }
    text
}

pub(super) fn verdicts(view: &RunView, width: usize) -> String {
    view.phases()
        .filter_map(|phase| {
            let judged = render_verdict(view, phase, width);
            let body = [judged, render_audit(view, phase, width)];
            let body = body.into_iter().flatten().reduce(|all, more| all + &more)?;
            let heading = format!("verdict of {}", clean(phase.name()));
            Some(section(&heading, &body))
        })
        .collect()
}

/// A line an attempt, oldest call first; calls without an attempt have a line too.
pub(super) fn attempts(view: &RunView, now: Timestamp, width: usize) -> String {
    let mut table = Table::new(
        2,
        &[
            "call", "?>try", "model", "?agent", "state", ">time", "?>prompt", ">tokens", ">cost",
        ],
    );
    for call in view.state.calls() {
        if call.attempts.is_empty() {
            table.row(unattempted(view, call));
        }
        for (number, attempt) in (1..).zip(&call.attempts) {
            table.row([
                clean(&call.spec.id),
                i32::to_string(&number),
                clean(&attempt.model),
                clean(&attempt.agent),
                state_of(attempt),
                attempt.time(now).to_string(),
                or_nothing(attempt.prompt_tokens.map(token_count)),
                tokens(attempt.usage.tokens()),
                or_nothing(words::cost(attempt.usage.cost)),
            ]);
        }
    }
    if table.is_empty() {
        return String::new();
    }
    table.row(sums(view.totals(now)));
    table.within(width).to_string()
}

/// An attempt's state; of one that was stopped, with how much context.
fn state_of(attempt: &Attempt) -> String {
    let word = attempt_word(attempt);
    match attempt.end() {
        Some(AttemptEnd::Stopped(context)) => format!("{word} at {}", token_count(*context)),
        _ => word.to_owned(),
    }
}

fn unattempted(view: &RunView, call: &CallState) -> [String; 5] {
    let state = match progress(call) {
        CallProgress::Reused(from) => format!("took the result of {from}"),
        _ => call_word(call).to_owned(),
    };
    let model = view.model_of(&call.spec.id).map(clean);
    [
        clean(&call.spec.id),
        String::new(),
        model.unwrap_or_default(),
        String::new(),
        state,
    ]
}

fn sums(totals: Totals) -> [String; 9] {
    let empty = String::new;
    [
        "in all".to_owned(),
        totals.attempts.to_string(),
        empty(),
        empty(),
        empty(),
        totals.wall.to_string(),
        empty(),
        tokens(totals.usage.tokens()),
        or_nothing(words::cost(totals.usage.cost)),
    ]
}

fn tokens(tokens: u64) -> String {
    or_nothing((tokens > 0).then(|| token_count(tokens)))
}

/// The context ledgers, each under its call's name.
pub(super) fn ledgers(ledgers: &[(CallId, Value)], width: usize) -> String {
    ledgers
        .iter()
        .filter_map(|(call, context)| {
            let table = render_ledger(context, width)?;
            Some(format!("  {}\n{table}", clean(call)))
        })
        .collect()
}

/// What failed for good, with hints; and what was odd about attempts that succeeded.
pub(super) fn failures(view: &RunView) -> String {
    let mut text = String::new();
    for phase in view.phases() {
        if let Some(failure) = phase.state.failure() {
            text.push_str(&failure_lines(phase.name().as_str(), failure));
        }
        for (task, failure) in phase.state.failed_tasks() {
            if !view.is_said_of_a_call(phase.name(), failure) {
                let task = view.task_name(phase.name(), task);
                text.push_str(&failure_lines(&title(&task), failure));
            }
        }
    }
    for call in view.state.calls() {
        if let CallProgress::Failed(failure) = progress(call) {
            text.push_str(&failure_lines(call.spec.id.as_str(), failure));
        }
    }
    text
}

/// Remarks of tipstaff about attempts that succeeded, and about what phases handed off.
pub(super) fn remarks(view: &RunView) -> String {
    let mut text = String::new();
    for phase in view.phases() {
        let closing = phase.state.closing();
        let remarks = closing.iter().flat_map(|closing| closing.remarks.iter());
        let remarks = remarks.map(clean);
        let contradictions = closing.iter().flat_map(|closing| contradictions(closing));
        for line in contradictions.chain(remarks) {
            text.push_str(&format!("  {}: {line}\n", clean(phase.name())));
        }
    }
    for call in view.state.calls() {
        if let Some(result) = call.result().filter(|_| call.reused.is_none()) {
            for remark in result.remarks.iter() {
                text.push_str(&format!("  {}: {}\n", clean(&call.spec.id), clean(remark)));
            }
        }
    }
    text
}

/// Where the words that a phase handed off contradict the facts, a line each.
pub(super) fn contradictions(closing: &Closing) -> impl Iterator<Item = String> {
    let found = closing.contradictions.iter();
    found.map(|found| format!("the agent's words contradict the facts: {}", clean(found)))
}

fn failure_lines(name: &str, failure: &Failure) -> String {
    let mut text = format!(
        "  {}: {}: {}\n",
        clean(name),
        failure_word(failure.kind),
        clean(&failure.message)
    );
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("    hint: {}\n", clean(hint)));
    }
    text
}

/// What the run waits for: a person, a limit, or a `resume`.
pub(super) fn waits_for(view: &RunView) -> String {
    let mut text = String::new();
    for (phase, question) in view.questions() {
        match question {
            Question::PickWinner { reason, .. } => text.push_str(&format!(
                "  a person has to pick the proposal of {} that wins: {}\n",
                clean(phase.name()),
                clean(reason)
            )),
            Question::Approve { text: asked } => text.push_str(&format!(
                "  a person has to approve that {} begins: {}\n",
                clean(phase.name()),
                clean(asked)
            )),
            Question::RunCommands { commands } => {
                text.push_str("  a person has to say whether these commands of a model may run:\n");
                for command in commands {
                    text.push_str(&format!("    {}\n", clean(command)));
                }
            }
        }
    }
    if let DeliveryState::Blocked { reason } = view.delivery_state() {
        text.push_str(&format!(
            "  the {} could not be applied: {}\n",
            view.results_word(),
            clean(&reason)
        ));
    }
    match (view.status(), view.state.limit(), view.state.interrupted()) {
        (RunStatus::Ended(RunEnd::Limited), Some(reached), _) => {
            let limit = clean(&reached.limit);
            text.push_str(&match &reached.phase {
                Some(phase) => format!("  the budget of {} is used up: {limit}\n", clean(phase)),
                None => format!("  the limit {limit} was reached\n"),
            });
        }
        (RunStatus::Ended(RunEnd::Interrupted), _, Some(signal)) => {
            text.push_str(&match signal {
                "stop" => "  a person stopped it\n".to_owned(),
                signal => format!("  it was interrupted by {}\n", clean(signal)),
            });
        }
        (RunStatus::Planned | RunStatus::UnderWay | RunStatus::Ended(_), _, _) => {}
    }
    text
}

/// Commands, aligned; what each is for where there is room for it.
pub(super) fn command_lines(commands: &[(String, String)], room: usize) -> Vec<String> {
    let widths = commands
        .iter()
        .map(|(command, _)| measure_text_width(command));
    let widest = widths.max().unwrap_or(0);
    let line =
        |(command, why): &(String, String)| match widest + measure_text_width(why) + 4 <= room {
            true => format!("{command:<widest$}  # {why}"),
            false => command.clone(),
        };
    commands.iter().map(line).collect()
}

/// The same as lines of text behind a margin.
pub(super) fn commands(commands: &[(String, String)], width: usize) -> String {
    let lines = command_lines(commands, width.saturating_sub(2)).into_iter();
    lines.map(|line| format!("  {line}\n")).collect()
}
