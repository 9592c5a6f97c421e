//! `tipstaff show RUN --json`: the same as data. Times are RFC 3339 in UTC, lengths in
//! milliseconds, money in millionths of a US dollar; names of fields are stable.

use serde_json::{Value, json};

use crate::costs::of_rehearsal;
use crate::model::{Failure, Timestamp, Usage};
use crate::run::{Attempt, AttemptEnd, CallState};

use super::costs::sum_json;
use super::evidence::cross_tests;
use super::next::next_commands;
use super::show::Shown;
use super::show_json_work as work;
use super::verdict::made_of_winner;
use super::view::{CallProgress, PhaseStatus, PhaseView, RunView, progress};
use super::words::{call_word, phase_word, run_word};

/// The run as one JSON object.
pub fn show_json(shown: &Shown<'_>) -> Value {
    let view = shown.view;
    let now = shown.until();
    let totals = view.totals(now);
    let viewer = shown.viewer.elsewhere(view);
    let next: Vec<String> = next_commands(view, shown.supervisor, &viewer)
        .into_iter()
        .map(|(command, _)| command)
        .collect();
    let ledgers: serde_json::Map<String, Value> = shown
        .ledgers
        .iter()
        .map(|(call, context)| (call.to_string(), context.clone()))
        .collect();
    let mut json = json!({
        "run": view.state.id,
        "workflow": view.plan.workflow,
        "request": view.plan.request,
        "state": key(&run_word(view, shown.supervisor)),
        "rehearsal": view.plan.rehearsal.as_ref().map(|rehearsal| &rehearsal.scenario),
        "folder": shown.folder,
        "sandbox": view.state.sandbox,
        "started": view.state.started.map(Timestamp::rfc3339),
        "last": view.state.last.map(Timestamp::rfc3339),
        "wall_ms": totals.wall,
        "attempts": totals.attempts,
        "tokens": totals.usage.tokens(),
        "usage": totals.usage,
        "parked_until": view.parked_until().map(Timestamp::rfc3339),
        "limit": view.state.limit().as_ref().map(|reached| &reached.limit),
        "limit_phase": view.state.limit().as_ref().and_then(|reached| reached.phase.as_ref()),
        "signal": view.state.interrupted(),
        "phases": view.phases().map(|one| phase(shown, one, now)).collect::<Vec<_>>(),
        "calls": view.state.calls().map(|one| call(view, one, now)).collect::<Vec<_>>(),
        "loops": work::loops(view),
        "changes": work::changes(view),
        "context": ledgers,
        "next": next,
    });
    if let Some(sum) = of_rehearsal(&view.plan, &view.state) {
        json["would_have_cost"] = sum_json(&sum);
    }
    if let Some(run) = &view.state.from_run {
        json["from_run"] = json!(run);
        json["own_usage"] = json!(view.state.own_spent().usage);
    }
    json
}

/// A state's words as a program compares them: `audit_failed`.
fn key(words: &str) -> String {
    words.replace(' ', "_")
}

fn phase(shown: &Shown<'_>, phase: PhaseView<'_>, now: Timestamp) -> Value {
    let view = shown.view;
    let (failure, question) = match phase.status() {
        PhaseStatus::Failed(failure) => (Some(failure), None),
        PhaseStatus::Asking(question) => (None, Some(question)),
        _ => (None, None),
    };
    let state = phase.state;
    let began = state.begun().map(|round| round.began);
    let audit = view.audits(phase).last();
    let verdict = view.verdict(phase);
    let verdicts = view.verdicts(phase);
    let labels: Vec<Value> = phase
        .labels()
        .iter()
        .map(|(label, call)| json!({"label": label, "call": call, "model": view.model_of(call)}))
        .collect();
    let winner = state.winner().map(|winner| {
        json!({
            "call": winner.call,
            "label": winner.label,
            "model": view.model_of(&winner.call),
            "by": winner.by,
        })
    });
    let mut shown = json!({
        "name": phase.name(),
        "state": key(phase_word(phase.status(), shown.supervisor)),
        "folder": view.plan.phase_folder(phase.name()),
        "started": began.map(|began| began.at.rfc3339()),
        "ended": state.ended().map(|ended| ended.at.rfc3339()),
        "time_ms": state.time(view.state.worked(now)),
        "labels": labels,
        "winner": winner,
        "judge": verdict.as_ref().map(|one| &one.call.spec.id),
        "judgement": verdict.as_ref().map(|one| &one.judgement),
        "auditor": audit.map(|(auditor, _)| &auditor.spec.id),
        "audit": audit.map(|(_, audit)| audit),
        "round": state.round(),
        "tasks": work::tasks(view, phase),
        "verified": work::verified(view, phase),
        "closing": state.closing(),
        "failure": failure,
        "question": question,
    });
    if let Some(words) = made_of_winner(view, phase) {
        shown["made_of_winner"] = words.into();
    }
    let cross_tests = cross_tests(view, phase);
    if !cross_tests.is_empty() {
        shown["cross_tests"] = cross_tests.into();
    }
    // Of one alone, or of a repair, everything is said above.
    if verdicts.iter().any(|one| one.call.spec.ballot.is_some()) {
        let each = verdicts.iter().map(|one| {
            json!({
                "call": one.call.spec.id,
                "model": view.model_of(&one.call.spec.id),
                "order": one.order,
                "decision": one.judgement.decision,
                "winner": one.judgement.winner,
            })
        });
        shown["verdicts"] = each.collect();
    }
    shown
}

fn call(view: &RunView, call: &CallState, now: Timestamp) -> Value {
    let until = match progress(call) {
        CallProgress::Retrying(until) => Some(until.rfc3339()),
        _ => None,
    };
    let attempts = (1..).zip(&call.attempts);
    let attempts: Vec<Value> = attempts
        .map(|(number, one)| attempt(number, one, now))
        .collect();
    let spec = &call.spec;
    json!({
        "id": spec.id,
        "phase": spec.phase,
        "purpose": spec.purpose,
        "slot": spec.slot,
        "task": spec.task.as_ref().map(|task| &task.id),
        "round": spec.id.round(),
        "continues": spec.continues,
        "chain": spec.chain,
        "model": view.model_of(&spec.id),
        "state": call_word(call),
        "until": until,
        "reused_from": call.reused,
        "failure": call.failure(),
        "result": call.result(),
        "attempts": attempts,
    })
}

fn attempt(number: u32, attempt: &Attempt, now: Timestamp) -> Value {
    let (state, failure, context): (&str, Option<&Failure>, Option<u64>) = match attempt.end() {
        None if attempt.prompt_tokens.is_none() => ("starting", None, None),
        None => ("running", None, None),
        Some(AttemptEnd::Succeeded) => ("succeeded", None, None),
        Some(AttemptEnd::Stopped(context)) => ("stopped", None, Some(*context)),
        Some(AttemptEnd::Failed(failure)) => ("failed", Some(failure), None),
        Some(AttemptEnd::Lost) => ("interrupted", None, None),
    };
    let usage: &Usage = &attempt.usage;
    json!({
        "number": number,
        "model": attempt.model,
        "agent": attempt.agent,
        "on": attempt.placed,
        "state": state,
        "started": attempt.started.rfc3339(),
        "ended": attempt.ended().map(Timestamp::rfc3339),
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
    use crate::report::viewer::Viewer;
    use crate::report::{sample, sample_build};

    #[test]
    fn an_audited_build_as_data() {
        let history = sample_build::build_that_failed_its_audit();
        let view = RunView::replay(&history.plan, &history.records);
        let shown = show_json(&Shown {
            view: &view,
            folder: ".tipstaff/runs/x",
            viewer: &Viewer::anywhere(&view),
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
            viewer: &Viewer::anywhere(&view),
            supervisor: Supervisor::Gone,
            now: Timestamp(0),
            zone: &TimeZone::UTC,
            ledgers: &[],
        });
        assert_eq!(shown["state"], "waiting");
        assert_eq!(shown["phases"][0]["state"], "asking");
        assert_eq!(shown["next"][1], "tipstaff pick 20261122-154501-plan-3f A");
        assert_eq!(shown["calls"][0]["attempts"][0]["state"], "succeeded");
        assert_eq!(shown["calls"][0]["tokens"], Value::Null);
    }
}
