//! Decoding what an agent left: files first, else its final message.
//!
//! A document's bytes are kept exactly as they are in the file. What is odd but usable becomes a
//! remark; what is wrong in structured data becomes an answer that can be repaired; only what leaves
//! nothing to go on with is a failure.

mod data;
mod edits;
mod judgement;
mod message;
mod text;
mod words;

use self::message::Message;
use self::text::{nothing, text_of};
use self::words::{Unlabelled, handoff};
use super::contract::{DELIVERABLE, OUT};
use crate::model::{Answer, Contract, Failure, Faults, HandoffWords, Sections};

/// The largest document that is taken, in bytes.
pub const LIMIT: usize = 8 * 1024 * 1024;

/// What an agent left. Files that are not there are `None`.
///
/// Of a repair call, `deliverable` falls back to the document of the answer that is being repaired:
/// the repair mends the form and does not write the document again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Left {
    /// `deliverable.md`.
    pub deliverable: Option<Vec<u8>>,
    /// `handoff.json`.
    pub handoff: Option<Vec<u8>>,
    /// `verdict.json`.
    pub verdict: Option<Vec<u8>>,
    /// `tasks.json`.
    pub tasks: Option<Vec<u8>>,
    pub final_message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandoffLeft {
    /// There is none, or none was owed.
    Absent,
    /// Valid words, not yet held to their limit.
    Valid(Box<HandoffWords>),
    /// There is one that cannot be used: one error a line.
    Invalid(Faults),
}

/// What an agent left, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The document: of a judge only if it synthesizes, of a decomposition rendered from its tasks.
    /// Never blank.
    pub deliverable: Option<String>,
    pub handoff: HandoffLeft,
    pub answer: Answer,
    /// The structured text as it was left, valid or not, where the contract asks for one.
    pub structured: Option<String>,
    /// What is odd, one sentence each.
    pub remarks: Vec<String>,
}

/// Decodes what an agent left; of its handoff, the sections that its phase keeps.
///
/// # Errors
///
/// `NoDeliverable` if there is nothing that was asked for, `BadOutput` if what there is cannot be
/// read as text or is larger than [`LIMIT`].
pub fn decode_answer(
    contract: &Contract,
    sections: &Sections,
    left: &Left,
) -> Result<Decoded, Failure> {
    let message = &mut Message::of(left, contract)?;
    match contract {
        Contract::Document => document(left, sections, message),
        Contract::Judgement { labels, rules } => {
            judgement::judgement(left, sections, message, (labels, rules))
        }
        Contract::Tasks(categories) => data::tasks(left, sections, message, categories),
        Contract::Audit => data::audit(left, sections, message),
        Contract::Edits => edits::edits(left, sections, message),
        Contract::Handoff => data::distilled(left, sections, message),
    }
}

fn document(left: &Left, sections: &Sections, message: &mut Message) -> Result<Decoded, Failure> {
    let handoff = handoff(left, sections, message, Unlabelled::AtTheEnd);
    let deliverable = match text_of(left.deliverable.as_deref(), DELIVERABLE)? {
        Some(text) => text,
        None => {
            let text = message.document().ok_or_else(|| nothing(DELIVERABLE))?;
            message.remark(format!(
                "the document was taken from the final message, because `{OUT}/{DELIVERABLE}` is \
                 missing or empty"
            ));
            text
        }
    };
    Ok(Decoded {
        deliverable: Some(deliverable),
        handoff,
        answer: Answer::Document,
        structured: None,
        remarks: std::mem::take(&mut message.remarks),
    })
}

#[cfg(test)]
mod tests;
