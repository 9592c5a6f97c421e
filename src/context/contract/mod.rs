//! The output contract: what a call must leave, in words for the agent, and whether it is there.
//!
//! The last file of each contract is its closing mark: the agent is told to give it last, so its
//! presence says that the work is done, also where the agent's process does not end. It is asked for as
//! the final message, because each use of a tool costs a request; as a file it counts as well.

mod words;

use crate::judge;
use crate::model::{Contract, Decision, Label, VerdictRules};

pub(super) use words::{Handoffs, text};

/// The output folder, relative to the workspace.
pub const OUT: &str = ".tipstaff/out";
/// The document's name in the output folder.
pub const DELIVERABLE: &str = "deliverable.md";
/// The handoff's name in the output folder.
pub const HANDOFF: &str = "handoff.json";
/// The verdict's name in the output folder.
pub const VERDICT: &str = "verdict.json";

/// The tasks' name in the output folder.
pub const TASKS: &str = "tasks.json";

/// The contents of a call's output folder; `None` for a file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutFiles<'a> {
    /// `deliverable.md`.
    pub deliverable: Option<&'a [u8]>,
    /// `handoff.json`.
    pub handoff: Option<&'a [u8]>,
    /// `verdict.json`.
    pub verdict: Option<&'a [u8]>,
    /// `tasks.json`.
    pub tasks: Option<&'a [u8]>,
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
        Contract::Tasks(_) => &[TASKS, HANDOFF],
        Contract::Audit => &[VERDICT, HANDOFF],
        Contract::Edits | Contract::Handoff => &[HANDOFF],
    }
}

/// Whether `files` hold everything that `contract` asks for. Data that make no sense count as
/// there: they are finished, if wrong, and to be repaired.
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
        Contract::Judgement { labels, rules } => {
            require(VERDICT, has_object(files.verdict));
            if synthesizes(files.verdict, labels, rules) {
                require(DELIVERABLE, has_text(files.deliverable));
            }
        }
        Contract::Tasks(_) => {
            require(TASKS, has_object(files.tasks));
            require(HANDOFF, has_object(files.handoff));
        }
        Contract::Audit => {
            require(VERDICT, has_object(files.verdict));
            require(HANDOFF, has_object(files.handoff));
        }
        Contract::Edits | Contract::Handoff => require(HANDOFF, has_object(files.handoff)),
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

fn synthesizes(verdict: Option<&[u8]>, labels: &[Label], rules: &VerdictRules) -> bool {
    verdict
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| judge::decode(text, labels, rules).ok())
        .is_some_and(|judgement| match judgement.decision {
            Decision::Synthesize => true,
            Decision::Pick | Decision::None | Decision::Abstain => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Categories;

    fn judging() -> Contract {
        Contract::Judgement {
            labels: vec!["A".into(), "B".into()],
            rules: VerdictRules::default(),
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
                tasks: None,
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
    fn every_contract_is_complete_with_its_closing_mark_and_not_before() {
        let handoff = Some(&br#"{"summary": "x"}"#[..]);
        let data = Some(&br#"{"anything": 1}"#[..]);
        let contracts = [
            Contract::Tasks(Categories::default()),
            Contract::Audit,
            Contract::Edits,
            Contract::Handoff,
        ];
        for contract in contracts {
            let mut files = OutFiles {
                verdict: data,
                tasks: data,
                ..OutFiles::default()
            };
            assert_eq!(
                completeness(&contract, &files),
                Completeness::Missing(vec![HANDOFF])
            );
            files.handoff = handoff;
            assert_eq!(completeness(&contract, &files), Completeness::Complete);
            assert_eq!(required_files(&contract).last(), Some(&HANDOFF));
            assert_eq!(
                completeness(&contract, &OutFiles::default()),
                Completeness::Missing(required_files(&contract).to_vec())
            );
        }
    }
}
