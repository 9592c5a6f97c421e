//! What a phase changed, as tree, patch and list, and what its commands said of it.

use crate::context;
use crate::model::{Artifact, ChangedFile, TreeId, Verification, VerifyOutcome};
use crate::plan::PhaseKind;
use crate::workspace;

use super::{CloseError, Phase};

pub struct PhaseChanges {
    /// The run's tree at its end, if it may edit.
    pub tree: Option<TreeId>,
    /// The difference to the tree at its beginning, if there is any.
    pub patch: Option<Artifact>,
    pub files: Vec<ChangedFile>,
    /// The result of each of its commands.
    pub verifications: Vec<Verification>,
    /// The same, readable, with what the commands printed.
    pub tests: Option<Artifact>,
}

impl Phase<'_> {
    /// The changes of the phase; nothing for one that may not edit.
    pub(super) fn changes(&self) -> Result<PhaseChanges, CloseError> {
        let verifications = self.verifications();
        let tests = self.tests(&verifications)?;
        let mut changes = PhaseChanges {
            tree: None,
            patch: None,
            files: Vec::new(),
            verifications,
            tests,
        };
        if !self.plan.edits {
            return Ok(changes);
        }
        let after = self.tree_after();
        let (from, to) = (self.tree_before(), &after);
        let store = self.context.store();
        workspace::pin(&store, self.plan.name.as_str(), to)?;
        let (files, patch) = workspace::files_and_patch(&store, from, to)?;
        if !files.is_empty() {
            changes.patch = Some(self.write("changes.patch", &patch)?);
        }
        changes.files = files;
        changes.tree = Some(after);
        Ok(changes)
    }

    fn is_routed(&self) -> bool {
        matches!(self.plan.kind, PhaseKind::Routed { .. })
    }

    fn tree_before(&self) -> &TreeId {
        let earlier = self
            .context
            .plan
            .phases
            .iter()
            .take_while(|phase| phase.name != self.plan.name);
        let trees =
            earlier.filter_map(|phase| self.run.phase(&phase.name)?.closed()?.tree.as_ref());
        trees.last().unwrap_or_else(|| self.run.base())
    }

    fn tree_after(&self) -> TreeId {
        let own = self.result.changes.as_ref();
        let own = own.filter(|_| !self.is_routed());
        own.map_or(self.run.tree(), |changes| &changes.tree).clone()
    }

    /// The result of each command on the work as it is now, else its last one, in the order in which
    /// they were first run. What is known of a tree is not run again.
    fn verifications(&self) -> Vec<Verification> {
        let now = self.tree_after();
        let own = || {
            let verified = self.run.verified();
            verified.filter(|seen| seen.phase == self.plan.name)
        };
        // What was said of another candidate is nothing that the winner left; what is flaky was run on none.
        let many = matches!(self.plan.kind, PhaseKind::Ensemble { .. });
        let first = own().filter(|seen| !many || seen.verification.outcome == VerifyOutcome::Flaky);
        let mut last: Vec<Verification> = Vec::new();
        for seen in first.chain(own().filter(|seen| seen.tree == now)) {
            match last
                .iter_mut()
                .find(|known| known.command == seen.verification.command)
            {
                Some(known) => known.clone_from(&seen.verification),
                None => last.push(seen.verification.clone()),
            }
        }
        last
    }

    fn tests(&self, verifications: &[Verification]) -> Result<Option<Artifact>, CloseError> {
        let not_run: Vec<&str> = match self.is_routed() {
            true => self.run.refused_commands().collect(),
            false => Vec::new(),
        };
        if verifications.is_empty() && not_run.is_empty() {
            return Ok(None);
        }
        let printed: Vec<String> = verifications
            .iter()
            .map(|result| {
                let output = self.read(&result.output)?;
                Ok(String::from_utf8_lossy(&output).into_owned())
            })
            .collect::<Result<_, CloseError>>()?;
        let printed = printed.iter().map(String::as_str);
        let results: Vec<_> = verifications.iter().zip(printed).collect();
        let text = context::render_verifications(&results, &not_run);
        Ok(Some(self.write("verify.md", text.as_bytes())?))
    }
}
