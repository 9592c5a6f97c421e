//! The output contract in words: which files a call has to leave, and their form.

use std::fmt::Write as _;

use super::{DELIVERABLE, HANDOFF, OUT, TASKS, VERDICT, required_files};
use crate::context::{handoff, tasks};
use crate::model::{Contract, Label};
use crate::plan::Distill;

/// The contract in words, as the last part of a prompt.
pub(in crate::context) fn text(contract: &Contract, distill: &Distill) -> String {
    let mut out = WHERE.to_owned();
    match contract {
        Contract::Document => document(&mut out, distill),
        Contract::Judgement { labels } => judgement(&mut out, labels),
        Contract::Tasks { categories } => decomposition(&mut out, categories, distill),
        Contract::Audit => audit(&mut out, distill),
        Contract::Edits => edits(&mut out, distill),
        Contract::Handoff => {
            let _ = writeln!(
                out,
                "- `{OUT}/{HANDOFF}`: {}\n",
                handoff_words(&Distill::Agent)
            );
        }
    }
    out.push_str(&ending(contract));
    out
}

const WHERE: &str = "Leave your result in files by exactly these paths, relative to your working \
                     directory. A document that stands elsewhere is not found.\n\n";

fn document(out: &mut String, distill: &Distill) {
    let _ = writeln!(
        out,
        "1. `{OUT}/{DELIVERABLE}`: the document that was asked for, whole, in Markdown. Only the \
         document: no preamble, no report on your work, no signature, nothing about who you are.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        handoff_words(distill)
    );
}

fn handoff_words(distill: &Distill) -> String {
    match distill {
        Distill::Agent | Distill::Model(_) => format!(
            "what whoever goes on must know. They see this and not your document, so be \
             specific: names, paths, numbers. One JSON object:\n\n{}\n\n\
             Only `summary` is required; leave out what you have nothing for. At most {} tokens.",
            handoff::EXAMPLE,
            handoff::LIMIT
        ),
        Distill::Nobody => "one line, as the sign that you are finished: {\"summary\": \"what you \
                            did, in one sentence\"}"
            .to_owned(),
    }
}

/// A verdict's form. It names no label and no likely score: judges copy from examples.
const VERDICT_EXAMPLE: &str = r#"{"decision": "pick", "winner": "LABEL", "scores": {"LABEL": {"correctness": 0, "completeness": 0,
 "fit": 0, "clarity": 0, "restraint": 0}}, "rationale": "…"}"#;

fn judgement(out: &mut String, labels: &[Label]) {
    let known: Vec<&str> = labels.iter().map(Label::as_str).collect();
    let known = known.join(", ");
    let _ = write!(
        out,
        "- `{OUT}/{VERDICT}`: one JSON object:\n\n\
         {VERDICT_EXAMPLE}\n\n\
         `decision` is `pick`, `synthesize` or `none`. LABEL stands for one of {known}; `winner` is \
         null for `none`, `scores` has each of them with numbers from 0 to 10. `rationale` is never \
         empty.\n\
         - Only with `synthesize`: `{OUT}/{DELIVERABLE}`, the whole document in Markdown, and \
         `{OUT}/{HANDOFF}`, what whoever goes on must know, as one JSON object:\n\n{}\n\n",
        handoff::EXAMPLE
    );
}

fn decomposition(out: &mut String, categories: &[String], distill: &Distill) {
    let category = if categories.is_empty() {
        "a word for the specialist that does it".to_owned()
    } else {
        format!("one of {}", categories.join(", "))
    };
    let _ = writeln!(
        out,
        "1. `{OUT}/{TASKS}`: one JSON object:\n\n{}\n\n\
         `category` is {category}. Paths are relative to the project; `edit` names the files to \
         create as well. `depends_on` names ids. Tasks that edit the same file need an order \
         between them. `verify` is optional, and run for you on the whole project.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        tasks::EXAMPLE,
        handoff_words(distill)
    );
}

/// An audit's form. It leans neither way: auditors copy from examples too.
const AUDIT_EXAMPLE: &str = r#"{"verdict": "pass|fail", "summary": "why, in a few sentences", "findings": [{"severity":
 "blocker|major|minor", "file": "src/a.rs", "line": 1, "problem": "…", "fix": "…"}]}"#;

fn audit(out: &mut String, distill: &Distill) {
    let _ = writeln!(
        out,
        "1. `{OUT}/{VERDICT}`: one JSON object:\n\n{AUDIT_EXAMPLE}\n\n\
         `fail` needs at least one finding, and `pass` has no blocker. `file`, `line` and `fix` may \
         be null.\n\
         2. Only if there is more to say: `{OUT}/{DELIVERABLE}`, a report in Markdown; otherwise one \
         is made from the verdict.\n\
         3. `{OUT}/{HANDOFF}`: {}\n",
        handoff_words(distill)
    );
}

fn edits(out: &mut String, distill: &Distill) {
    let _ = writeln!(
        out,
        "Edit the project's files where they stand; your edits are the work. Then write:\n\n\
         1. Only if the instructions ask for a document: `{OUT}/{DELIVERABLE}`, in Markdown.\n\
         2. `{OUT}/{HANDOFF}`: {}\n\n\
         `changes` names every file that you changed, and no other.\n",
        handoff_words(distill)
    );
}

/// How an agent ends: with the closing mark as its final message. Written by a tool it would cost one
/// request more, with all that the conversation holds by then, for a word of farewell.
fn ending(contract: &Contract) -> String {
    let block = |name: &str| format!("```` ```json {name} ````");
    let last = required_files(contract).last().copied().unwrap_or(HANDOFF);
    let mut out = format!(
        "Give `{last}` LAST, and as your final message rather than by a tool: one fenced block whose \
         first line is {}, and nothing else. It says that you are finished. (The file counts as \
         well, but takes a step more.)",
        block(last)
    );
    let without_files = match contract {
        Contract::Document => "put the document before that block".to_owned(),
        Contract::Judgement { .. } => format!(
            "put the document of a synthesis before that block, and its handoff into another one, {}",
            block(HANDOFF)
        ),
        Contract::Tasks { .. } => format!("put the tasks into a block before it, {}", block(TASKS)),
        Contract::Audit => format!("put the verdict into a block before it, {}", block(VERDICT)),
        Contract::Edits | Contract::Handoff => {
            out.push('\n');
            return out;
        }
    };
    let _ = writeln!(out, " If you cannot write files, {without_files}.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;

    fn contracts() -> Vec<(Contract, usize)> {
        let categories = vec!["backend".to_owned(), "frontend".to_owned()];
        let labels = vec!["A".into(), "B".into()];
        vec![
            (Contract::Document, 1500),
            (Contract::Judgement { labels }, 1500),
            (Contract::Tasks { categories }, 2000),
            (Contract::Audit, 1800),
            (Contract::Edits, 1500),
            (Contract::Handoff, 1200),
        ]
    }

    #[test]
    fn words_are_tight_and_name_every_file() {
        for distill in [Distill::Agent, Distill::Model(Vec::new()), Distill::Nobody] {
            for (contract, most) in contracts() {
                let text = text(&contract, &distill);
                assert!(text.len() <= most, "{} bytes:\n{text}", text.len());
                for file in required_files(&contract) {
                    assert!(
                        text.contains(&format!("`{OUT}/{file}`")),
                        "{file} is not in:\n{text}"
                    );
                    assert!(text.contains(&format!("```json {file}")) || *file == DELIVERABLE);
                }
                let last = required_files(&contract).last().expect("never empty");
                assert!(text.contains(&format!("Give `{last}` LAST")));
            }
        }
    }

    #[test]
    fn a_decomposition_is_told_its_categories() {
        let (contract, _) = contracts().remove(2);
        assert!(text(&contract, &Distill::Agent).contains("one of backend, frontend."));
        let any = Contract::Tasks {
            categories: Vec::new(),
        };
        assert!(text(&any, &Distill::Agent).contains("a word for the specialist"));
    }

    #[test]
    fn examples_in_the_words_are_valid() {
        judge::decode(VERDICT_EXAMPLE, &["LABEL".into()]).expect("valid");
        handoff::parse(handoff::EXAMPLE).expect("valid");
        for (verdict, severity) in [("pass", "minor"), ("fail", "blocker")] {
            let example = AUDIT_EXAMPLE
                .replace("pass|fail", verdict)
                .replace("blocker|major|minor", severity);
            judge::audit::decode(&example).expect("valid");
        }
    }
}
