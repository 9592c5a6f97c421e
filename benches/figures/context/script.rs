//! What the models do, as scenarios: the same work, once as one conversation and once as the calls of
//! `feature-build`.

use serde_json::{Value, json};

use super::work::{Task, Work};

/// What a user says in the session, and what the model answers to it.
pub struct Exchange {
    pub prompt: String,
    turns: Vec<Value>,
}

/// The linear flow: plan, each task, audit, in one session.
pub fn exchanges(work: Work) -> Vec<Exchange> {
    let plan = Exchange {
        prompt: format!(
            "{}\n\nPlan this before you change anything: read what you need, then write the plan.",
            work.request()
        ),
        turns: vec![read(&work.read_for_planning()), reply(&work.plan())],
    };
    let tasks = work.tasks().map(|task| Exchange {
        prompt: format!(
            "Carry out step {} of the plan: {}.\n\n{}",
            task.id, task.title, task.instructions
        ),
        turns: [change(&task), vec![reply(&task.report)]].concat(),
    });
    let audit = Exchange {
        prompt:
            "Audit the work: look at all that was changed, run the tests, and decide whether it \
                 may go in."
                .to_owned(),
        turns: vec![
            json!({ "acts": [bash("git diff"), bash(&work.tests())] }),
            reply(VERDICT),
        ],
    };
    std::iter::once(plan).chain(tasks).chain([audit]).collect()
}

/// The scenario of the linear flow: one long conversation.
pub fn of_session(exchanges: &[Exchange]) -> Value {
    let turns: Vec<&Value> = exchanges.iter().flat_map(|said| &said.turns).collect();
    json!({ "name": "session", "rules": [{ "then": turns }] })
}

/// The scenario of `feature-build`. Each call ends as its prompt says: with its last JSON as the final
/// message.
pub fn of_workflow(work: Work) -> Value {
    let overview = read(&["README.md".to_owned()]);
    let planning = read(&work.read_for_planning());
    let planned = json!({ "summary": PLAN_IN_SHORT, "decisions": DECISIONS, "risks": RISKS });
    let directed = json!({ "summary": DIRECTION_IN_SHORT, "decisions": DECISIONS, "risks": RISKS });
    let mut rules = vec![
        rule(
            json!({ "phase": "workshop", "purpose": "propose" }),
            [overview.clone(), document(DIRECTION), handoff(&directed)],
        ),
        rule(
            json!({ "phase": "plan", "purpose": "propose" }),
            [planning.clone(), document(&work.plan()), handoff(&planned)],
        ),
        rule(json!({ "purpose": "judge" }), [overview, judgement()]),
        rule(
            json!({ "phase": "decompose" }),
            [
                planning,
                leave("tasks.json", &tasks(work)),
                handoff(&json!({ "summary": DECOMPOSED })),
            ],
        ),
    ];
    rules.extend(work.tasks().map(|task| {
        let turns = [change(&task), vec![handoff(&report(&task))]].concat();
        rule(json!({ "phase": "execute", "task": task.id }), turns)
    }));
    rules.push(rule(
        json!({ "phase": "integrate" }),
        [
            bash(&work.tests()),
            handoff(&json!({ "summary": INTEGRATED })),
        ],
    ));
    let verdict = json!({ "verdict": "pass", "summary": VERDICT, "findings": [] });
    rules.push(rule(
        json!({ "phase": "audit" }),
        [
            leave("verdict.json", &verdict),
            handoff(&json!({ "summary": VERDICT })),
        ],
    ));
    json!({ "name": "workflow", "rules": rules })
}

fn rule(when: Value, then: impl Into<Vec<Value>>) -> Value {
    json!({ "when": when, "then": then.into() })
}

fn reply(text: &str) -> Value {
    json!({ "reply": text })
}

fn read(files: &[String]) -> Value {
    let acts: Vec<Value> = files
        .iter()
        .map(|path| json!({ "read": { "path": path } }))
        .collect();
    json!({ "acts": acts })
}

fn bash(command: &str) -> Value {
    json!({ "bash": { "command": command } })
}

/// A task's own work, turn by turn: the same in both flows.
fn change(task: &Task) -> Vec<Value> {
    vec![
        read(std::slice::from_ref(&task.source)),
        json!({ "edit": { "path": task.source, "old": task.old, "new": task.new } }),
        bash(&format!("node --test {}", task.test)),
    ]
}

/// A file of the output contract.
fn leave(name: &str, content: &Value) -> Value {
    json!({ "write": { "path": format!(".tipstaff/out/{name}"), "json": content } })
}

fn document(text: &str) -> Value {
    json!({ "write": { "path": ".tipstaff/out/deliverable.md", "text": text } })
}

/// A final message that is this JSON and nothing else.
fn end(name: &str, content: &Value) -> Value {
    reply(&format!("```json {name}\n{content:#}\n```"))
}

fn handoff(words: &Value) -> Value {
    end("handoff.json", words)
}

fn judgement() -> Value {
    let scores =
        json!({ "correctness": 8, "completeness": 8, "fit": 9, "clarity": 8, "restraint": 9 });
    let verdict = json!({
        "decision": "pick",
        "winner": "{first_label}",
        "scores": { "{first_label}": scores },
        "rationale": "It names the one place through which every record passes and adds nothing else. \
                      The others say the same with more words.",
    });
    end("verdict.json", &verdict)
}

fn tasks(work: Work) -> Value {
    let tasks = work.tasks().map(|task| {
        json!({
            "id": task.id,
            "title": task.title,
            "category": "backend",
            "instructions": task.instructions,
            "files": { "edit": [task.source], "read": [task.test] },
            "depends_on": [],
            "acceptance": [format!("`node --test {}` passes.", task.test)],
            "verify": format!("node --test {}", task.test),
        })
    });
    json!({ "tasks": tasks.collect::<Vec<_>>() })
}

fn report(task: &Task) -> Value {
    let change = json!({
        "path": task.source,
        "what": "normalize() checks the amount first",
        "why": "records without a proper amount must not get in",
    });
    json!({ "summary": task.report, "changes": [change] })
}

const DIRECTION: &str = "# Direction: no record without a proper amount

## Goal

A record whose amount is missing or negative is refused where it enters, with an error that says which
module refused which record. Operators see from a counter how often that happens.

## What exists

Each module has `normalize`, through which every record passes, and counters, of which `refused` is
unused. The tests of the refusal are there and fail.

## Scope

In: the named modules. Out: reading and writing, the shape of the records, other fields.

## Behaviour

`normalize({ id: 7, amount: -1 })` throws `RangeError: billing: the amount -1 is not allowed in 7` and
adds one to `counters.refused`. `normalize({ id: 7, amount: 3 })` is as before.

## Options

1. A check in each module: eight times five lines, no coupling. Recommended.
2. A shared helper: shorter, but the first import between modules.

## Done when

The tests of the named modules pass.
";
const DIRECTION_IN_SHORT: &str = "Refuse records without a proper amount in normalize() of each named \
     module, with a RangeError and the counter that is there already.";
const PLAN_IN_SHORT: &str = "One step a module: normalize() checks the amount first, throws a RangeError \
     that begins with the module's name, and counts what it refused. No step depends on another.";
const DECISIONS: [&str; 2] = [
    "A RangeError that begins with the module's name and ends with the record's id.",
    "The check is written out in each module; no shared helper.",
];
const RISKS: [&str; 1] = ["A caller may pass amounts as text; they are refused now."];
const DECOMPOSED: &str = "One task for each module; none depends on another.";
const INTEGRATED: &str = "The pieces fit: the modules share nothing but the words of their error. All \
     tests pass; nothing had to be changed.";
const VERDICT: &str = "Every named module refuses a record whose amount is missing, not finite or \
     negative, with a RangeError that names module and record, and counts it. The tests that failed \
     before pass. No other function was changed.";
