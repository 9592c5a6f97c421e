//! The handoff beside the work.

use super::message::Message;
use super::text::text_of;
use super::{HandoffLeft, Left};
use crate::context::contract::HANDOFF;
use crate::context::handoff;
use crate::model::Sections;

/// What a JSON block without a file name at the end of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlabelled {
    /// The handoff, if it has a handoff's members and no others.
    AtTheEnd,
    /// Not a handoff: a judge may end with its verdict like that.
    Ignored,
}

/// The handoff that goes with whatever else was asked for.
pub(super) fn handoff(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
    unlabelled: Unlabelled,
) -> HandoffLeft {
    let text = match text_of(left.handoff.as_deref(), HANDOFF) {
        Err(failure) => return HandoffLeft::Invalid(failure.message.into()),
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
    match handoff::parse(&text, sections) {
        Ok(parsed) => {
            message.remarks.extend(parsed.remarks);
            HandoffLeft::Valid(Box::new(parsed.words))
        }
        Err(errors) => HandoffLeft::Invalid(errors),
    }
}
