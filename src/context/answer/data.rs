//! What an agent leaves as data: tasks, an audit's verdict, a handoff that was asked for by itself.
//! The document is rendered from it.

use super::message::{Found, Message};
use super::text::text_of;
use super::words::{Unlabelled, handoff};
use super::{Decoded, HandoffLeft, Left};
use crate::context::contract::{DELIVERABLE, HANDOFF, TASKS, VERDICT};
use crate::context::{handoff as handoffs, tasks as decomposition};
use crate::judge;
use crate::model::{Answer, Categories, Failure, Sections};

pub(super) fn tasks(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
    categories: &Categories,
) -> Result<Decoded, Failure> {
    let handoff = handoff(left, sections, message, Unlabelled::AtTheEnd);
    let Found { text, .. } = message.find(left.tasks.as_deref(), TASKS, "the tasks were")?;
    let (answer, deliverable) = match decomposition::read(&text, categories) {
        Err(errors) => (Answer::Invalid { errors }, None),
        Ok(read) => {
            message.remarks.extend(read.remarks);
            let document = decomposition::render(&read.tasks);
            (Answer::Tasks(read.tasks), Some(document))
        }
    };
    if text_of(left.deliverable.as_deref(), DELIVERABLE)?.is_some() {
        let remark =
            "the agent wrote a document too; it is not used, because the tasks are rendered";
        message.remark(remark.to_owned());
    }
    Ok(Decoded {
        deliverable,
        handoff,
        answer,
        structured: Some(text),
        remarks: std::mem::take(&mut message.remarks),
    })
}

/// Decodes an audit. The document is the auditor's own, if there is one, else the rendered verdict.
pub(super) fn audit(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
) -> Result<Decoded, Failure> {
    let handoff = handoff(left, sections, message, Unlabelled::AtTheEnd);
    let Found { text, .. } = message.find(left.verdict.as_deref(), VERDICT, "the verdict was")?;
    let (answer, deliverable) = match judge::audit::read(&text) {
        Err(errors) => (Answer::Invalid { errors }, None),
        Ok(read) => {
            message.remarks.extend(read.remarks);
            let written = text_of(left.deliverable.as_deref(), DELIVERABLE)?;
            let document = written.unwrap_or_else(|| judge::audit::render(&read.audit));
            (Answer::Audit(read.audit), Some(document))
        }
    };
    Ok(Decoded {
        deliverable,
        handoff,
        answer,
        structured: Some(text),
        remarks: std::mem::take(&mut message.remarks),
    })
}

/// Decodes the handoff of a call that was asked for nothing else.
pub(super) fn distilled(
    left: &Left,
    sections: &Sections,
    message: &mut Message,
) -> Result<Decoded, Failure> {
    let found = message.find(left.handoff.as_deref(), HANDOFF, "the handoff was")?;
    let (answer, handoff) = match handoffs::parse(&found.text, sections) {
        Err(errors) => (
            Answer::Invalid {
                errors: errors.clone(),
            },
            HandoffLeft::Invalid(errors),
        ),
        Ok(parsed) => {
            message.remarks.extend(parsed.remarks);
            (Answer::Document, HandoffLeft::Valid(Box::new(parsed.words)))
        }
    };
    Ok(Decoded {
        deliverable: None,
        handoff,
        answer,
        structured: Some(found.text),
        remarks: std::mem::take(&mut message.remarks),
    })
}
