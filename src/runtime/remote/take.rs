//! From what a node left to the attempt's report, as if the attempt had ended here.

use std::error::Error;
use std::io;
use std::path::Path;

use crate::files;
use crate::model::{Artifact, CallResult, Failure, FailureKind};
use crate::run::CallEvent;
use crate::workspace;

use super::super::attempt::Attempt;
use super::super::collect::pin_name;
use super::super::failure::{chain, machine};
use super::JobFolder;
use super::order::Done;

/// No file of an attempt's folder is larger, in bytes.
const LARGEST: u64 = 64 << 20;

impl Attempt {
    /// Takes over what an attempt came to on a node. Blocks.
    ///
    /// # Errors
    /// [`FailureKind::Lost`] if something is missing or is not what was sent.
    pub(super) fn take(&self, job: &JobFolder, done: Done) -> Result<CallEvent, Failure> {
        let context = &self.context;
        let folder = context.attempt_folder(&self.call, self.number);
        let mut kept = Vec::new();
        for (name, digest) in &done.files {
            let from = job.root().join("out");
            let bytes = files::read_below(&from, Path::new(name), LARGEST);
            let bytes = bytes.map_err(not_whole)?;
            if blake3::hash(&bytes).to_hex().as_str() != digest.as_str() {
                return Err(not_whole(io::Error::other(format!("`{name}` is damaged"))));
            }
            let clean = context.redactor.clean(&bytes);
            let artifact = context
                .folder
                .write_artifact(&format!("{folder}/{name}"), &clean);
            kept.push(artifact.map_err(machine)?);
        }
        let mut event = done.event;
        if let CallEvent::AttemptSucceeded { result, .. } = &mut event {
            let mut whole = (**result).clone();
            take_artifacts(&mut whole, &kept);
            if let Some(changes) = &whole.changes {
                let (store, packs) = (context.store(), done.pack.as_slice());
                workspace::receive(job.root(), &store, packs).map_err(not_whole)?;
                let name = pin_name(&self.call, self.number);
                workspace::pin(&store, &name, &changes.tree).map_err(machine)?;
            }
            *result = context.redactor.redact_data(whole).into();
        }
        Ok(event)
    }
}

/// The files of a result as they are kept here: what is known to be secret may not be the same on both machines.
fn take_artifacts(result: &mut CallResult, kept: &[Artifact]) {
    let changes = result
        .changes
        .as_mut()
        .and_then(|changes| changes.patch.as_mut());
    let named = [
        &mut result.deliverable,
        &mut result.handoff,
        &mut result.structured,
    ];
    for artifact in named.into_iter().flatten().chain(changes) {
        if let Some(here) = kept.iter().find(|here| here.path == artifact.path) {
            artifact.clone_from(here);
        }
    }
}

/// What comes over the shared folder and is not there, or is something else: the next attempt sends it again.
pub fn not_whole(error: impl Error) -> Failure {
    let message = format!("something did not arrive whole: {}", chain(&error));
    Failure::new(FailureKind::Lost, message)
}
