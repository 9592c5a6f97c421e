//! The output contract: what a call must leave, in words for the agent, and whether it is there.
//!
//! The last file of each contract is its closing mark: the agent is told to write it last, so its
//! presence says that the work is done, also where the agent's process does not end.

use std::fmt::Write as _;

use crate::judge;
use crate::model::{Contract, Decision, Label};
use crate::plan::Distill;

use super::handoff;

/// The output folder, relative to the workspace.
pub const OUT: &str = ".tipstaff/out";
/// The document's name in the output folder.
pub const DELIVERABLE: &str = "deliverable.md";
/// The handoff's name in the output folder.
pub const HANDOFF: &str = "handoff.json";
/// The verdict's name in the output folder.
pub const VERDICT: &str = "verdict.json";

/// The contents of a call's output folder; `None` for a file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutFiles<'a> {
    /// `deliverable.md`.
    pub deliverable: Option<&'a [u8]>,
    /// `handoff.json`.
    pub handoff: Option<&'a [u8]>,
    /// `verdict.json`.
    pub verdict: Option<&'a [u8]>,
}

/// Whether everything that a contract asks for is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// These files are not there, empty, or not finished (JSON that is cut off).
    Missing(Vec<&'static str>),
    /// All is there, the closing mark included. Whether the files are still being written is for
    /// the watcher to see.
    Complete,
}

/// The files that a contract always asks for; the last one is the closing mark. A judge that
/// synthesizes owes the document besides, see [`completeness`].
pub fn required_files(contract: &Contract) -> &'static [&'static str] {
    match contract {
        Contract::Document => &[DELIVERABLE, HANDOFF],
        Contract::Judgement { .. } => &[VERDICT],
        _ => unreachable!("SOON"),
    }
}

/// Whether `files` hold everything that `contract` asks for. A verdict that makes no sense counts as
/// there: it is finished, if wrong, and to be repaired.
pub fn completeness(contract: &Contract, files: &OutFiles<'_>) -> Completeness {
    let mut missing = Vec::new();
    let mut require = |name: &'static str, is_there: bool| {
        if !is_there {
            missing.push(name);
        }
    };
    match contract {
        Contract::Document => {
            require(DELIVERABLE, has_text(files.deliverable));
            require(HANDOFF, has_object(files.handoff));
        }
        Contract::Judgement { labels } => {
            require(VERDICT, has_object(files.verdict));
            if synthesizes(files.verdict, labels) {
                require(DELIVERABLE, has_text(files.deliverable));
            }
        }
        _ => unreachable!("SOON"),
    }
    if missing.is_empty() {
        Completeness::Complete
    } else {
        Completeness::Missing(missing)
    }
}

fn has_text(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| bytes.iter().any(|byte| !byte.is_ascii_whitespace()))
}

fn has_object(bytes: Option<&[u8]>) -> bool {
    bytes
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .is_some_and(|text| judge::read_object(text).is_ok())
}

fn synthesizes(verdict: Option<&[u8]>, labels: &[Label]) -> bool {
    verdict
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| judge::decode(text, labels).ok())
        .is_some_and(|judgement| match judgement.decision {
            Decision::Synthesize => true,
            Decision::Pick | Decision::None => false,
        })
}

/// The contract in words, as the last part of a prompt.
pub(super) fn text(contract: &Contract, distill: &Distill) -> String {
    match contract {
        Contract::Document => document(distill),
        Contract::Judgement { labels } => judgement(labels),
        _ => unreachable!("SOON"),
    }
}

const WHERE: &str = "Leave your result in files by exactly these paths, relative to your working \
                     directory. A document that stands elsewhere is not found.\n\n";

fn document(distill: &Distill) -> String {
    let mut out = WHERE.to_owned();
    let _ = writeln!(
        out,
        "1. `{OUT}/{DELIVERABLE}`: the document that was asked for, whole, in Markdown. Only the \
         document: no preamble, no report on your work, no signature, nothing about who you are.\n\
         2. `{OUT}/{HANDOFF}`: {}\n",
        handoff_words(distill)
    );
    let _ = write!(
        out,
        "Write `{HANDOFF}` LAST; writing it says that you are finished. Then end with one short \
         sentence.\n\n\
         If you cannot write files, make the document your final message and end it with the JSON \
         in a fenced block whose first line is ```` ```json {HANDOFF} ````.\n"
    );
    out
}

fn handoff_words(distill: &Distill) -> String {
    match distill {
        Distill::Agent => format!(
            "what whoever goes on must know. They see this and not your document, so be \
             specific: names, paths, numbers. One JSON object:\n\n{}\n\n\
             Only `summary` is required; leave out what you have nothing for. At most {} tokens.",
            handoff::EXAMPLE,
            handoff::LIMIT
        ),
        Distill::Nobody => "one line, as the sign that you are finished: {\"summary\": \"what you \
                            did, in one sentence\"}"
            .to_owned(),
        _ => unreachable!("SOON"),
        _ => unreachable!("SOON"),
    }
}

/// A verdict's form. It names no label and no likely score: judges copy from examples.
const VERDICT_EXAMPLE: &str = r#"{"decision": "pick", "winner": "LABEL", "scores": {"LABEL": {"correctness": 0, "completeness": 0,
 "fit": 0, "clarity": 0, "restraint": 0}}, "rationale": "…"}"#;

fn judgement(labels: &[Label]) -> String {
    let known = labels
        .iter()
        .map(Label::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let mut out = WHERE.to_owned();
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
    let _ = write!(
        out,
        "Write `{VERDICT}` LAST; writing it says that you are finished. Then end with one short \
         sentence.\n\n\
         If you cannot write files, put each JSON into a fenced block of your final message, whose \
         first line is ```` ```json {VERDICT} ```` or ```` ```json {HANDOFF} ````; what stands \
         before the blocks is taken as the document of a synthesis.\n"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judging() -> Contract {
        Contract::Judgement {
            labels: vec!["A".into(), "B".into()],
        }
    }

    fn check(contract: &Contract, deliverable: &str, handoff: &str, verdict: &str) -> Completeness {
        let some = |text: &'static str| Some(text.as_bytes());
        let leak = |text: &str| some(Box::leak(text.to_owned().into_boxed_str()));
        completeness(
            contract,
            &OutFiles {
                deliverable: leak(deliverable),
                handoff: leak(handoff),
                verdict: leak(verdict),
            },
        )
    }

    #[test]
    fn a_document_is_complete_with_its_closing_mark_only() {
        let done = check(&Contract::Document, "# Plan", r#"{"summary": "x"}"#, "");
        assert_eq!(done, Completeness::Complete);
        let cut = check(&Contract::Document, " \n", r#"{"summary": "x"#, "");
        assert_eq!(cut, Completeness::Missing(vec![DELIVERABLE, HANDOFF]));
        assert_eq!(
            completeness(&Contract::Document, &OutFiles::default()),
            Completeness::Missing(required_files(&Contract::Document).to_vec())
        );
    }

    #[test]
    fn a_synthesis_owes_its_document() {
        let pick = r#"{"decision": "pick", "winner": "A", "rationale": "x"}"#;
        assert_eq!(check(&judging(), "", "", pick), Completeness::Complete);
        let synthesis = r#"{"decision": "synthesize", "rationale": "x"}"#;
        assert_eq!(
            check(&judging(), "", "", synthesis),
            Completeness::Missing(vec![DELIVERABLE])
        );
        assert_eq!(
            check(&judging(), "# P", "", synthesis),
            Completeness::Complete
        );
        assert_eq!(
            check(&judging(), "", "", "{"),
            Completeness::Missing(vec![VERDICT])
        );
    }

    #[test]
    fn a_wrong_verdict_is_finished_all_the_same() {
        let wrong = r#"{"decision": "pick", "winner": "D", "rationale": "x"}"#;
        assert_eq!(check(&judging(), "", "", wrong), Completeness::Complete);
    }

    #[test]
    fn words_are_tight_and_name_every_file() {
        let contracts = [
            (Contract::Document, Distill::Agent),
            (Contract::Document, Distill::Nobody),
            (judging(), Distill::Agent),
        ];
        for (contract, distill) in contracts {
            let text = text(&contract, &distill);
            assert!(text.len() <= 1500, "{} bytes:\n{text}", text.len());
            for file in required_files(&contract) {
                assert!(
                    text.contains(&format!("`{OUT}/{file}`")),
                    "{file} is not in:\n{text}"
                );
            }
            let last = required_files(&contract).last().expect("never empty");
            assert!(text.contains(&format!("Write `{last}` LAST")));
        }
    }

    #[test]
    fn examples_in_the_words_are_valid() {
        judge::decode(VERDICT_EXAMPLE, &["LABEL".into()]).expect("valid");
        handoff::parse(handoff::EXAMPLE).expect("valid");
    }
}
