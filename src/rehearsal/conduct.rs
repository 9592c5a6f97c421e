//! The default conduct: what a model does where the scenario says nothing, so that any workflow can
//! be rehearsed. It fulfils the call's contract in one answer and says so in a second one.

use serde_json::Value;

use super::scenario::Content;
use super::{Act, RehearsedCall, Turn, documents};
use crate::model::{Contract, Purpose};

const DELIVERABLE: &str = ".tipstaff/out/deliverable.md";
const HANDOFF: &str = ".tipstaff/out/handoff.json";
const VERDICT: &str = ".tipstaff/out/verdict.json";

/// The answer of that turn, from 1.
pub(super) fn turn(call: &RehearsedCall, seed: u64, turn: u32) -> Turn {
    if turn > 1 {
        return closing(call, seed, turn);
    }
    let (text, acts) = match (call.purpose, &call.contract) {
        (Purpose::Repair, Contract::Judgement { labels }) => {
            let verdict = documents::verdict(call, labels, seed);
            (
                "Here is the verdict, mended.",
                vec![write_json(VERDICT, verdict)],
            )
        }
        (Purpose::Repair, Contract::Document) => {
            let handoff = documents::handoff(call);
            (
                "Here is the handoff, mended.",
                vec![write_json(HANDOFF, handoff)],
            )
        }
        (Purpose::Judge | Purpose::Propose | Purpose::Work, Contract::Judgement { labels }) => {
            let verdict = documents::verdict(call, labels, seed);
            let handoff = documents::judges_handoff(call, labels, seed);
            let acts = vec![write_json(VERDICT, verdict), write_json(HANDOFF, handoff)];
            (
                "I have compared the proposals and write down the verdict.",
                acts,
            )
        }
        (Purpose::Judge | Purpose::Propose | Purpose::Work, Contract::Document) => {
            let document = Act::Write {
                path: DELIVERABLE.to_owned(),
                content: Content::Text(documents::deliverable(call)),
            };
            let acts = vec![document, write_json(HANDOFF, documents::handoff(call))];
            ("I know enough. I write the document and its handoff.", acts)
        }
        _ => unreachable!("SOON"),
        _ => unreachable!("SOON"),
    };
    Turn {
        text: text.to_owned(),
        acts,
        ..Turn::default()
    }
}

/// The last words, once the files are written; a repair repeats its JSON there.
fn closing(call: &RehearsedCall, seed: u64, turn: u32) -> Turn {
    if turn > 2 {
        return last_words();
    }
    let text = match (call.purpose, &call.contract) {
        (Purpose::Repair, Contract::Judgement { labels }) => {
            fenced(&documents::verdict(call, labels, seed))
        }
        (Purpose::Repair, Contract::Document) => fenced(&documents::handoff(call)),
        (Purpose::Judge | Purpose::Propose | Purpose::Work, Contract::Judgement { .. }) => {
            format!("The verdict is in `{VERDICT}`, its handoff in `{HANDOFF}`.")
        }
        (Purpose::Judge | Purpose::Propose | Purpose::Work, Contract::Document) => {
            format!("The document is in `{DELIVERABLE}`, its handoff in `{HANDOFF}`.")
        }
        _ => unreachable!("SOON"),
        _ => unreachable!("SOON"),
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

fn write_json(path: &str, json: Value) -> Act {
    Act::Write {
        path: path.to_owned(),
        content: Content::Json(json),
    }
}
