//! Decoding what an agent left: files first, else its final message.
//!
//! A document's bytes are kept exactly as they are in the file. What is odd but usable becomes a
//! remark; what is wrong in structured data becomes an answer that can be repaired; only what leaves
//! nothing to go on with is a failure.

use super::contract::{DELIVERABLE, HANDOFF, OUT, VERDICT};
use super::fences::{Cut, cut_labelled, cut_last_json};
use super::handoff;
use crate::judge;
use crate::model::{
    Answer, Contract, Decision, Failure, FailureKind, HandoffWords, Judgement, Label,
};

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
    /// The agent's last message.
    pub final_message: Option<String>,
}

/// The agent's handoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandoffLeft {
    /// There is none, or none was owed.
    Absent,
    /// Valid words, not yet held to their limit.
    Valid(HandoffWords),
    /// There is one that cannot be used: one error a line.
    Invalid(Vec<String>),
}

/// What an agent left, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The document: of a judge only if it synthesizes. Never blank.
    pub deliverable: Option<String>,
    /// The handoff.
    pub handoff: HandoffLeft,
    /// The answer.
    pub answer: Answer,
    /// The structured text as it was left, valid or not; of a judge only.
    pub structured: Option<String>,
    /// What is odd, one sentence each.
    pub remarks: Vec<String>,
}

/// Decodes what an agent left.
///
/// # Errors
///
/// `NoDeliverable` if there is nothing that was asked for, `BadOutput` if what there is cannot be
/// read as text or is larger than [`LIMIT`].
pub fn decode_answer(contract: &Contract, left: &Left) -> Result<Decoded, Failure> {
    let answer = match contract {
        Contract::Document => &left.deliverable,
        Contract::Judgement { .. } => &left.verdict,
    };
    let mut message = Message::of(left, is_blank(answer.as_deref()))?;
    match contract {
        Contract::Document => document(left, &mut message),
        Contract::Judgement { labels } => judgement(left, &mut message, labels),
    }
}

fn document(left: &Left, message: &mut Message) -> Result<Decoded, Failure> {
    let handoff = handoff(left, message, Unlabelled::AtTheEnd);
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

fn judgement(left: &Left, message: &mut Message, labels: &[Label]) -> Result<Decoded, Failure> {
    let handoff = handoff(left, message, Unlabelled::Ignored);
    let (structured, from) = match text_of(left.verdict.as_deref(), VERDICT)? {
        Some(text) => (text, From::File),
        None => match &message.verdict {
            Some(block) => (block.clone(), From::Block),
            None => (
                message.document().ok_or_else(|| nothing(VERDICT))?,
                From::Prose,
            ),
        },
    };
    if from != From::File {
        message.remark(format!(
            "the verdict was taken from the final message, because `{OUT}/{VERDICT}` is missing or \
             empty"
        ));
    }
    let mut decoded = Decoded {
        deliverable: None,
        handoff: HandoffLeft::Absent,
        answer: Answer::Document,
        structured: None,
        remarks: Vec::new(),
    };
    decoded.answer = match judge::read(&structured, labels) {
        Err(errors) => Answer::Invalid { errors },
        Ok(read) => {
            message.remarks.extend(read.remarks);
            let written = text_of(left.deliverable.as_deref(), DELIVERABLE)?;
            let written = match from {
                // An agent that writes files writes the document too: its message is chatter then.
                From::File | From::Prose => written,
                From::Block => written.or_else(|| message.document()),
            };
            synthesis(read.judgement, written, handoff, &mut decoded, message)
        }
    };
    decoded.structured = Some(structured);
    decoded.remarks = std::mem::take(&mut message.remarks);
    Ok(decoded)
}

/// Brings a judgement and the document that may belong to it together.
fn synthesis(
    judgement: Judgement,
    written: Option<String>,
    handoff: HandoffLeft,
    decoded: &mut Decoded,
    message: &mut Message,
) -> Answer {
    match (judgement.decision, written) {
        (Decision::Synthesize, None) => {
            let error = format!(
                "decision is `synthesize`, but the document `{OUT}/{DELIVERABLE}` is missing or \
                 empty"
            );
            return Answer::Invalid {
                errors: vec![error],
            };
        }
        (Decision::Synthesize, Some(document)) => {
            decoded.deliverable = Some(document);
            decoded.handoff = handoff;
        }
        (Decision::Pick | Decision::None, Some(_)) => {
            message.remark(
                "the judge wrote a document without synthesizing; it is not used".to_owned(),
            );
        }
        (Decision::Pick | Decision::None, None) => {}
    }
    Answer::Judgement(judgement)
}

/// Where a verdict was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    File,
    Block,
    Prose,
}

/// What a JSON block without a file name at the end of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unlabelled {
    /// The handoff, if it has a handoff's members and no others.
    AtTheEnd,
    /// Not a handoff: a judge may end with its verdict like that.
    Ignored,
}

fn handoff(left: &Left, message: &mut Message, unlabelled: Unlabelled) -> HandoffLeft {
    let text = match text_of(left.handoff.as_deref(), HANDOFF) {
        Err(failure) => return HandoffLeft::Invalid(vec![failure.message]),
        Ok(Some(text)) => text,
        Ok(None) => {
            let block = message.handoff.clone().or_else(|| match unlabelled {
                Unlabelled::AtTheEnd => message.cut_plain_handoff(),
                Unlabelled::Ignored => None,
            });
            match block {
                Some(block) => block,
                None => return HandoffLeft::Absent,
            }
        }
    };
    match handoff::parse(&text) {
        Ok(parsed) => {
            message.remarks.extend(parsed.remarks);
            HandoffLeft::Valid(parsed.words)
        }
        Err(errors) => HandoffLeft::Invalid(errors),
    }
}

/// The final message, its labelled blocks cut out, and the remarks so far.
struct Message {
    rest: String,
    handoff: Option<String>,
    verdict: Option<String>,
    remarks: Vec<String>,
}

impl Message {
    /// `needed` says that the answer has to be in it, because it is in no file.
    fn of(left: &Left, needed: bool) -> Result<Self, Failure> {
        let mut text = left.final_message.as_deref().unwrap_or_default();
        if text.len() > LIMIT {
            if needed {
                return Err(too_large("the final message", text.len()));
            }
            text = "";
        }
        let mut message = Self {
            rest: text.to_owned(),
            handoff: None,
            verdict: None,
            remarks: Vec::new(),
        };
        message.handoff = message.cut(HANDOFF);
        message.verdict = message.cut(VERDICT);
        Ok(message)
    }

    fn cut(&mut self, name: &str) -> Option<String> {
        let Cut { rest, block } = cut_labelled(&self.rest, name)?;
        self.rest = rest;
        Some(block)
    }

    fn cut_plain_handoff(&mut self) -> Option<String> {
        let cut =
            cut_last_json(&self.rest).filter(|cut| handoff::is_plainly_handoff(&cut.block))?;
        self.rest = cut.rest;
        Some(cut.block)
    }

    /// What is left of the message, if it has any text.
    fn document(&self) -> Option<String> {
        let text = self.rest.trim_matches(is_nothing);
        (!text.is_empty()).then(|| format!("{text}\n"))
    }

    fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }
}

/// A file's text exactly as it is; `None` if it is not there or blank.
fn text_of(bytes: Option<&[u8]>, name: &str) -> Result<Option<String>, Failure> {
    let Some(bytes) = bytes.filter(|bytes| !is_blank(Some(bytes))) else {
        return Ok(None);
    };
    let path = format!("`{OUT}/{name}`");
    if bytes.len() > LIMIT {
        return Err(too_large(&path, bytes.len()));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => {
            let what = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                "is UTF-16; UTF-8 is expected".to_owned()
            } else {
                format!("is not UTF-8 (byte {})", error.valid_up_to() + 1)
            };
            Err(Failure::new(
                FailureKind::BadOutput,
                format!("{path} {what}"),
            ))
        }
    }
}

fn is_blank(bytes: Option<&[u8]>) -> bool {
    bytes.is_none_or(|bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_nothing))
    })
}

fn is_nothing(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\0')
}

fn too_large(what: &str, bytes: usize) -> Failure {
    let message = format!("{what} is too large: {bytes} bytes, {LIMIT} are allowed");
    Failure::new(FailureKind::BadOutput, message)
}

fn nothing(name: &str) -> Failure {
    let message = format!(
        "the agent left no text: `{OUT}/{name}` is missing or empty, and so is its final message"
    );
    Failure::new(FailureKind::NoDeliverable, message)
}

#[cfg(test)]
mod tests;
