//! What a judge leaves: a verdict, and a document if it synthesizes.

use super::message::{Found, From, Message};
use super::text::text_of;
use super::words::{Unlabelled, handoff};
use super::{Decoded, HandoffLeft, Left};
use crate::context::contract::{DELIVERABLE, OUT, VERDICT};
use crate::judge;
use crate::model::{Answer, Decision, Failure, Judgement, Label, Sections, VerdictRules};

/// Decodes a judge's verdict, and the document that belongs to a synthesis.
pub(super) fn judgement(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
    (labels, rules): (&[Label], &VerdictRules),
) -> Result<Decoded, Failure> {
    let handoff = handoff(left, sections, message, Unlabelled::Ignored);
    let Found {
        text: structured,
        from,
    } = message.find(left.verdict.as_deref(), VERDICT, "the verdict was")?;
    let mut decoded = Decoded {
        deliverable: None,
        handoff: HandoffLeft::Absent,
        answer: Answer::Document,
        structured: None,
        remarks: Vec::new(),
    };
    decoded.answer = match judge::read(&structured, labels, rules) {
        Err(errors) => Answer::Invalid { errors },
        Ok(read) => {
            message.remarks.extend(read.remarks);
            let written = text_of(left.deliverable.as_deref(), DELIVERABLE)?;
            let written = match (from, read.judgement.decision) {
                // What is before the block may be the document, where there has to be one.
                (From::Block, Decision::Synthesize) => written.or_else(|| message.document()),
                // Otherwise it is chatter, as is all that an agent says that writes files.
                (From::Block | From::File | From::Prose, _) => written,
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
                errors: error.into(),
            };
        }
        (Decision::Synthesize, Some(document)) => {
            decoded.deliverable = Some(document);
            decoded.handoff = handoff;
        }
        (Decision::Pick | Decision::None | Decision::Abstain, Some(_)) => {
            message.remark(
                "the judge wrote a document without synthesizing; it is not used".to_owned(),
            );
        }
        (Decision::Pick | Decision::None | Decision::Abstain, None) => {}
    }
    Answer::Judgement(judgement)
}
