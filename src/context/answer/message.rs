//! An agent's final message, taken apart.

use super::text::{is_blank, is_nothing, nothing, text_of, too_large};
use super::{LIMIT, Left};
use crate::context::contract::{HANDOFF, OUT, TASKS, VERDICT, required_files};
use crate::context::fences::{Cut, cut_labelled, cut_last_json};
use crate::context::handoff;
use crate::model::{Contract, Failure};

/// The final message, its labelled blocks cut out, and the remarks so far.
pub(super) struct Message {
    rest: String,
    pub(super) handoff: Option<String>,
    verdict: Option<String>,
    tasks: Option<String>,
    /// What an agent is told to end with.
    closing: Option<&'static str>,
    pub(super) remarks: Vec<String>,
}

/// Where structured data was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    File,
    /// In a block of the final message with its name.
    Block,
    Prose,
}

/// Structured data as it was left, and where.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) from: From,
}

impl Message {
    /// The message that an agent left. Only the blocks that the contract asks for are cut out of it: others belong to the text.
    pub(super) fn of(left: &Left, contract: &Contract) -> Result<Self, Failure> {
        let mut text = left.final_message.as_deref().unwrap_or_default();
        if text.len() > LIMIT {
            let answer = match contract {
                Contract::Document => &left.deliverable,
                Contract::Judgement { .. } | Contract::Audit => &left.verdict,
                Contract::Tasks(_) => &left.tasks,
                Contract::Edits | Contract::Handoff => &left.handoff,
            };
            // It is needed only where the answer is in no file.
            if is_blank(answer.as_deref()) {
                return Err(too_large("the final message", text.len()));
            }
            text = "";
        }
        let mut message = Self {
            rest: text.to_owned(),
            handoff: None,
            verdict: None,
            tasks: None,
            closing: required_files(contract).last().copied(),
            remarks: Vec::new(),
        };
        message.handoff = message.cut(HANDOFF);
        let required = required_files(contract);
        if required.contains(&VERDICT) {
            message.verdict = message.cut(VERDICT);
        }
        if required.contains(&TASKS) {
            message.tasks = message.cut(TASKS);
        }
        Ok(message)
    }

    fn cut(&mut self, name: &str) -> Option<String> {
        let Cut { rest, block } = cut_labelled(&self.rest, name)?;
        self.rest = rest;
        Some(block)
    }

    /// A handoff that ends the message without being named so.
    pub(super) fn cut_plain_handoff(&mut self) -> Option<String> {
        let cut =
            cut_last_json(&self.rest).filter(|cut| handoff::is_plainly_handoff(&cut.block))?;
        self.rest = cut.rest;
        Some(cut.block)
    }

    /// What is left of the message, if it has any text.
    pub(super) fn document(&self) -> Option<String> {
        let text = self.rest.trim_matches(is_nothing);
        (!text.is_empty()).then(|| format!("{text}\n"))
    }

    /// Something odd, as a sentence.
    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The structured data of that name: its file, else its block, else whatever the message holds.
    /// `what` begins the remark that it was no file, where it should have been one.
    pub(super) fn find(
        &mut self,
        file: Option<&[u8]>,
        name: &'static str,
        what: &str,
    ) -> Result<Found, Failure> {
        if let Some(text) = text_of(file, name)? {
            return Ok(Found {
                text,
                from: From::File,
            });
        }
        let block = match name {
            HANDOFF => &self.handoff,
            TASKS => &self.tasks,
            _ => &self.verdict,
        };
        let (found, expected) = match block {
            Some(block) => {
                let text = block.clone();
                let from = From::Block;
                (Found { text, from }, self.closing == Some(name))
            }
            None => {
                let text = self.document().ok_or_else(|| nothing(name))?;
                let from = From::Prose;
                (Found { text, from }, false)
            }
        };
        if !expected {
            self.remark(format!(
                "{what} taken from the final message, because `{OUT}/{name}` is missing or empty"
            ));
        }
        Ok(found)
    }
}
