//! What an agent leaves beside its edits. The edits themselves are captured from the workspace.

use super::message::Message;
use super::text::{nothing, text_of};
use super::words::{Unlabelled, handoff};
use super::{Decoded, HandoffLeft, Left};
use crate::context::contract::{DELIVERABLE, HANDOFF, OUT};
use crate::context::handoff as handoffs;
use crate::model::{Answer, Failure, Sections};

/// Decodes the report on edits: the document, else the handoff's words. A final message is the report
/// only where there is neither, because an agent's last sentence is mostly chatter.
pub(super) fn edits(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
) -> Result<Decoded, Failure> {
    let handoff = handoff(left, sections, message, Unlabelled::AtTheEnd);
    let written = text_of(left.deliverable.as_deref(), DELIVERABLE)?;
    let deliverable = match (written, &handoff) {
        (Some(text), _) => text,
        (None, HandoffLeft::Valid(words)) => handoffs::render_words(words),
        (None, HandoffLeft::Absent | HandoffLeft::Invalid(_)) => {
            let text = message.document().ok_or_else(|| nothing(HANDOFF))?;
            message.remark(format!(
                "the report was taken from the final message, because there is no usable \
                 `{OUT}/{HANDOFF}`"
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
