//! The default behaviour: what a model does where the scenario says nothing, so that any workflow can
//! be rehearsed. It fulfils the call's contract in one answer and says so in a second one.

use serde_json::Value;

use super::scenario::Content;
use super::{Act, RehearsedCall, Turn, documents, work};
use crate::model::{Contract, Purpose};

const DELIVERABLE: &str = ".tipstaff/out/deliverable.md";
const HANDOFF: &str = ".tipstaff/out/handoff.json";
const VERDICT: &str = ".tipstaff/out/verdict.json";
const TASKS: &str = ".tipstaff/out/tasks.json";

/// The answer of that turn, from 1.
pub(super) fn turn(call: &RehearsedCall, seed: u64, turn: u32) -> Turn {
    match (turn, mends(call)) {
        (1, true) => Turn {
            text: "Here it is, mended.".to_owned(),
            acts: data(call, seed)
                .into_iter()
                .map(|(path, json)| write_json(path, json))
                .collect(),
            ..Turn::default()
        },
        (1, false) => working(call, seed),
        (2, _) => closing(call, seed),
        (_, _) => last_words(),
    }
}

/// Whether the call mends an answer of which only the data are wanted.
fn mends(call: &RehearsedCall) -> bool {
    call.purpose == Purpose::Repair
}

/// The JSON that the contract is about, with its file.
fn data(call: &RehearsedCall, seed: u64) -> Option<(&'static str, Value)> {
    match &call.contract {
        Contract::Judgement { labels, rules } => {
            Some((VERDICT, documents::verdict(call, (labels, rules), seed)))
        }
        Contract::Tasks(categories) => Some((TASKS, work::tasks(call, categories))),
        Contract::Audit => Some((VERDICT, work::audit(call))),
        Contract::Document | Contract::Handoff => Some((HANDOFF, documents::handoff(call))),
        Contract::Edits => Some((HANDOFF, work::handoff(call))),
    }
}

/// What a call does that starts from nothing.
fn working(call: &RehearsedCall, seed: u64) -> Turn {
    let mut acts = Vec::new();
    let text = match &call.contract {
        Contract::Judgement { .. } => "I have compared the proposals and write down the verdict.",
        Contract::Document => {
            acts.push(write(DELIVERABLE, documents::deliverable(call)));
            "I know enough. I write the document and its handoff."
        }
        Contract::Tasks(_) => "I cut the plan into tasks.",
        Contract::Audit => "I have seen enough to decide.",
        Contract::Edits => {
            acts.extend(work::file(call).map(|path| write(&path, work::note(call))));
            "I do the work and hand it over."
        }
        Contract::Handoff => "I distill the document.",
    };
    acts.extend(data(call, seed).map(|(path, json)| write_json(path, json)));
    let handoff = match &call.contract {
        Contract::Judgement { labels, rules } => {
            Some(documents::judges_handoff(call, (labels, rules), seed))
        }
        Contract::Tasks(_) | Contract::Audit => Some(documents::handoff(call)),
        // Theirs is written already.
        Contract::Document | Contract::Edits | Contract::Handoff => None,
    };
    acts.extend(handoff.map(|json| write_json(HANDOFF, json)));
    Turn {
        text: text.to_owned(),
        acts,
        ..Turn::default()
    }
}

/// The last words, once the files are written; a repair repeats its JSON there.
fn closing(call: &RehearsedCall, seed: u64) -> Turn {
    let mended = data(call, seed).filter(|_| mends(call));
    let text = match (mended, &call.contract) {
        (Some((_, json)), _) => fenced(&json),
        (None, Contract::Judgement { .. } | Contract::Audit) => {
            format!("The verdict is in `{VERDICT}`, its handoff in `{HANDOFF}`.")
        }
        (None, Contract::Document) => {
            format!("The document is in `{DELIVERABLE}`, its handoff in `{HANDOFF}`.")
        }
        (None, Contract::Tasks(_)) => {
            format!("The tasks are in `{TASKS}`, their handoff in `{HANDOFF}`.")
        }
        (None, Contract::Edits) => format!("The work is done; its handoff is in `{HANDOFF}`."),
        (None, Contract::Handoff) => format!("The handoff is in `{HANDOFF}`."),
    };
    Turn {
        text,
        ..Turn::default()
    }
}

/// What a model says when its script has ended.
pub(super) fn last_words() -> Turn {
    Turn {
        text: "That is all.".to_owned(),
        ..Turn::default()
    }
}

/// What a model says to an agent's own business: a title, a summary.
pub(super) fn aside(call: &RehearsedCall) -> Turn {
    Turn {
        text: format!("Rehearsal of {}", call.phase),
        ..Turn::default()
    }
}

/// JSON as one fenced block, the way an agent that cannot write hands it in.
pub(super) fn fenced(json: &Value) -> String {
    format!("```json\n{json:#}\n```")
}

fn write(path: &str, text: String) -> Act {
    Act::Write {
        path: path.to_owned(),
        content: Content::Text(text),
    }
}

fn write_json(path: &str, json: Value) -> Act {
    Act::Write {
        path: path.to_owned(),
        content: Content::Json(json),
    }
}
