//! What a person changed in the documents of closed phases while a gate waited.

use std::path::Path;

use crate::context::handoff;
use crate::files;
use crate::journal::JournalError;
use crate::model::{Closing, Decider, Digest, Document, Handoff};
use crate::run::{Event, PhaseEvent, PhaseState, RunState};
use crate::workspace;

use super::deliver::publish;
use super::{RunContext, RuntimeError};

/// A document that is larger than this was not written by hand, in bytes.
const LARGEST: u64 = 16 << 20;

/// The documents that are not as their phases left them, taken into the run folder as the person's.
///
/// # Errors
/// The run folder or the project cannot be written, or a handoff was changed.
pub fn edited(context: &RunContext, state: &RunState) -> Result<Vec<Event>, RuntimeError> {
    let mut events = Vec::new();
    for phase in context.plan.phases.iter().map(|phase| &phase.name) {
        let closing = state.phase(phase).and_then(PhaseState::closed);
        if let Some(closing) = closing
            && let Some(text) = changed(context, closing)
        {
            events.push(Event::Phase {
                phase: phase.clone(),
                event: PhaseEvent::DocumentEdited {
                    by: Decider::Person,
                    closing: Box::new(Closing {
                        document: store(context, state, closing, &text)?,
                        ..take(context, closing, &text)?
                    }),
                },
            });
        }
    }
    Ok(events)
}

/// What is in the project, else in the run folder, if it differs. A document that was removed is not
/// changed: the run still has it.
fn changed(context: &RunContext, closing: &Closing) -> Option<Vec<u8>> {
    let published = closing.published.as_ref();
    let published = published.map(|path| (context.project.root.as_path(), path));
    let own = (context.folder.root(), &closing.deliverable.path);
    let texts = published.into_iter().chain([own]);
    let mut texts =
        texts.filter_map(|(root, path)| files::read_below(root, path.as_ref(), LARGEST).ok());
    texts.find(|text| {
        let kept = context.redactor.redact_bytes(text);
        digest(&kept) != closing.deliverable.digest
    })
}

fn digest(text: &[u8]) -> Digest {
    Digest::new(blake3::hash(text).to_hex().as_str())
}

/// The document among the results. Where it was changed in the run folder, it is published.
fn store(
    context: &RunContext,
    state: &RunState,
    closing: &Closing,
    text: &[u8],
) -> Result<Option<Document>, RuntimeError> {
    let Some(Document { path, .. }) = &closing.document else {
        return Ok(None);
    };
    let document = Document {
        path: path.clone(),
        object: workspace::store_document(&context.store(), text.to_vec())?,
    };
    if closing.published.is_some() {
        let kept = context.folder.path(&closing.deliverable.path);
        let kept = kept.with_file_name("previous").join(path);
        publish(context, state, &document, text, &kept)?;
    }
    Ok(Some(document))
}

/// Repeated after a crash, it gives the same but for the words of a document whose old text is lost.
fn take(context: &RunContext, closing: &Closing, text: &[u8]) -> Result<Closing, JournalError> {
    let folder = &context.folder;
    let before = folder.read_artifact(&closing.deliverable).ok();
    let before = before.as_deref().map(String::from_utf8_lossy);
    let json = folder.read_artifact(&closing.handoff)?;
    let changed = || JournalError::ArtifactChanged {
        path: folder.path(&closing.handoff.path),
    };
    let old: Handoff = serde_json::from_slice(&json).map_err(|_| changed())?;
    let kept = context.redactor.redact_bytes(text);
    let mut new = handoff::edited(old, before.as_deref(), &String::from_utf8_lossy(&kept));
    let write =
        |path: &str, bytes: &[u8]| folder.write_artifact(path, &context.redactor.clean(bytes));
    let deliverable = write(&closing.deliverable.path, text)?;
    new.facts.deliverable = Some(deliverable.clone());
    let json = serde_json::to_vec_pretty(&new).map_err(|_| changed())?;
    let artifact = write(&closing.handoff.path, &json)?;
    let page = Path::new(&closing.handoff.path).with_extension("md");
    write(&page.to_string_lossy(), handoff::render(&new).as_bytes())?;
    Ok(Closing {
        deliverable,
        handoff: artifact,
        origin: new.facts.origin,
        remarks: new.facts.remarks.clone(),
        ..closing.clone()
    })
}
