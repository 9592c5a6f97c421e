//! `tipstaff show RUN --json`: the same as data. Times are RFC 3339 in UTC, lengths in
//! milliseconds, money in millionths of a US dollar; names of fields are stable.

use serde_json::{Value, json};

use crate::model::{Failure, Timestamp, Usage};

use super::fold::RunView;
use super::next::next_commands;
use super::show::{Shown, known_until};
use super::show_json_work as work;
use super::view::{AttemptState, AttemptView, CallState, CallView, PhaseState, PhaseView};
use super::words::{call_word, phase_word, run_word};

/// The run as one JSON object.
pub fn show_json(shown: &Shown<'_>) -> Value {
    let view = shown.view;
    let now = known_until(view, shown.supervisor, shown.now);
    let totals = view.totals(now);
    let next: Vec<String> = next_commands(view, shown.supervisor)
        .into_iter()
        .map(|(command, _)| command)
        .collect();
    let ledgers: serde_json::Map<String, Value> = shown
        .ledgers
        .iter()
        .map(|(call, context)| (call.to_string(), context.clone()))
        .collect();
    json!({
        "run": view.run,
        "workflow": view.workflow,
        "request": view.request,
        "state": key(run_word(view.state, shown.supervisor)),
        "rehearsal": view.rehearsal.as_ref().map(|rehearsal| &rehearsal.scenario),
        "folder": shown.folder,
        "started": view.started.map(Timestamp::rfc3339),
        "last": view.last.map(Timestamp::rfc3339),
        "wall_ms": totals.wall,
        "attempts": totals.attempts,
        "tokens": totals.usage.tokens(),
        "usage": totals.usage,
        "limit": view.limit.as_ref().map(|reached| &reached.limit),
        "limit_phase": view.limit.as_ref().and_then(|reached| reached.phase.as_ref()),
        "signal": view.signal,
        "phases": view.phases.iter().map(|one| phase(shown, one, now)).collect::<Vec<_>>(),
        "calls": view.calls.iter().map(|one| call(view, one, now)).collect::<Vec<_>>(),
        "loops": work::loops(view),
        "changes": work::changes(view),
        "context": ledgers,
        "next": next,
    })
}

/// A state's words as a program compares them: `audit_failed`.
fn key(words: &str) -> String {
    words.replace(' ', "_")
}

fn phase(shown: &Shown<'_>, phase: &PhaseView, now: Timestamp) -> Value {
    let view = shown.view;
    let (failure, question) = match &phase.state {
        PhaseState::Failed(failure) => (Some(failure), None),
        PhaseState::Asking(question) => (None, Some(question)),
        PhaseState::Waiting
        | PhaseState::Running
        | PhaseState::Closed(_)
        | PhaseState::Skipped(_) => (None, None),
    };
    let audit = view.audits(phase).last();
    let verdict = view.verdict(phase);
    let labels: Vec<Value> = phase
        .labels
        .iter()
        .map(|(label, call)| json!({"label": label, "call": call, "model": view.model_of(call)}))
        .collect();
    let winner = phase.winner.as_ref().map(|winner| {
        json!({
            "call": winner.call,
            "label": winner.label,
            "model": view.model_of(&winner.call),
            "by": winner.by,
        })
    });
    json!({
        "name": phase.name,
        "state": key(phase_word(&phase.state, shown.supervisor)),
        "folder": phase.folder,
        "started": phase.started.map(Timestamp::rfc3339),
        "ended": phase.ended.map(Timestamp::rfc3339),
        "time_ms": phase.time(now),
        "labels": labels,
        "winner": winner,
        "judge": verdict.map(|(judge, _)| &judge.id),
        "judgement": verdict.map(|(_, judgement)| judgement),
        "auditor": audit.map(|(auditor, _)| &auditor.id),
        "audit": audit.map(|(_, audit)| audit),
        "round": phase.round(),
        "tasks": work::tasks(view, phase),
        "verified": work::verified(phase),
        "closing": phase.closing(),
        "failure": failure,
        "question": question,
    })
}

fn call(view: &RunView, call: &CallView, now: Timestamp) -> Value {
    let (until, from, failure) = match &call.state {
        CallState::Retrying(until) => (Some(until.rfc3339()), None, None),
        CallState::Reused(from) => (None, Some(from), None),
        CallState::Failed(failure) | CallState::Cancelled(failure) => (None, None, Some(failure)),
        CallState::Waiting | CallState::Running | CallState::Done(_) => (None, None, None),
    };
    let attempts: Vec<Value> = call.attempts.iter().map(|one| attempt(one, now)).collect();
    json!({
        "id": call.id,
        "phase": call.phase,
        "purpose": call.purpose,
        "slot": call.slot,
        "task": call.task.as_ref().map(|task| &task.id),
        "round": call.round,
        "continues": call.continues,
        "chain": call.chain,
        "model": view.model_of(&call.id),
        "state": call_word(&call.state),
        "until": until,
        "reused_from": from,
        "failure": failure,
        "result": view.result(call),
        "attempts": attempts,
    })
}

fn attempt(attempt: &AttemptView, now: Timestamp) -> Value {
    let (state, failure, context): (&str, Option<&Failure>, Option<u64>) = match &attempt.state {
        AttemptState::Starting => ("starting", None, None),
        AttemptState::Running => ("running", None, None),
        AttemptState::Succeeded => ("succeeded", None, None),
        AttemptState::Stopped(context) => ("stopped", None, Some(*context)),
        AttemptState::Failed(failure) => ("failed", Some(failure), None),
        AttemptState::Lost => ("interrupted", None, None),
    };
    let usage: &Usage = &attempt.usage;
    json!({
        "number": attempt.number,
        "model": attempt.model,
        "agent": attempt.agent,
        "state": state,
        "started": attempt.started.rfc3339(),
        "ended": attempt.ended.map(Timestamp::rfc3339),
        "time_ms": attempt.time(now),
        "prompt_tokens": attempt.prompt_tokens,
        "context_tokens": context,
        "tokens": usage.tokens(),
        "usage": usage,
        "failure": failure,
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::report::view::Supervisor;
    use crate::report::{sample, sample_build};

    #[test]
    fn an_audited_build_as_data() {
        let history = sample_build::build_that_failed_its_audit();
        let view = RunView::replay(&history.plan, &history.records);
        let shown = show_json(&Shown {
            view: &view,
            folder: ".tipstaff/runs/x",
            supervisor: Supervisor::Gone,
            now: Timestamp(0),
            zone: &TimeZone::UTC,
            ledgers: &[],
        });
        assert_eq!(shown["state"], "audit_failed");
        assert_eq!(shown["changes"]["state"], "kept");
        assert_eq!(shown["changes"]["files"][0]["path"], "public/app.js");
        assert_eq!(shown["loops"][0]["to"], "execute");
        let execute = &shown["phases"][2];
        assert_eq!(execute["round"], 2);
        assert_eq!(execute["tasks"][0]["id"], "T1");
        assert_eq!(execute["tasks"][0]["call"], "execute.task-T1@2");
        assert_eq!(execute["tasks"][2]["state"], "done");
        assert_eq!(execute["verified"][1]["result"]["outcome"], "failed");
        assert_eq!(shown["phases"][4]["audit"]["verdict"], "fail");
        assert_eq!(shown["next"][2], "tipstaff apply 20261122-154501-plan-3f");
    }

    #[test]
    fn the_decisive_facts_stand_where_programs_look() {
        let history = sample::waiting();
        let view = RunView::replay(&history.plan, &history.records);
        let shown = show_json(&Shown {
            view: &view,
            folder: ".tipstaff/runs/x",
            supervisor: Supervisor::Gone,
            now: Timestamp(0),
            zone: &TimeZone::UTC,
            ledgers: &[],
        });
        assert_eq!(shown["state"], "waiting");
        assert_eq!(shown["phases"][0]["state"], "asking");
        assert_eq!(
            shown["next"][0],
            "tipstaff pick 20261122-154501-plan-3f plan A"
        );
        assert_eq!(shown["calls"][0]["attempts"][0]["state"], "succeeded");
        assert_eq!(shown["calls"][0]["tokens"], Value::Null);
    }
}
