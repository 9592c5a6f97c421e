//! The candidates of an ensemble that edits, and what the commands leave of them.

use crate::model::{
    CallId, CallSpec, Changes, Label, PhaseName, Purpose, TreeId, Verification, VerifyOutcome,
};

use super::{PhaseState, RunState, Verified};

/// A proposal that is changes to files.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub label: &'a Label,
    pub call: &'a CallId,
    pub changes: &'a Changes,
    /// Why it cannot win, as far as that is known.
    pub out: Option<Out<'a>>,
    /// The proposal that won and that this one was made of, if it was.
    pub made_of: Option<&'a Label>,
    /// The command that it passes only with tests, or ways to run them, that it changed itself.
    pub weakened: Option<&'a Verification>,
    /// How many commands pass on it that failed before: it speaks for a candidate, and where judges are undecided it
    /// decides; it never shuts another one out.
    pub mends: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Out<'a> {
    /// The proposal of this label, which comes first, left the very same files.
    SameAs(&'a Label),
    /// It fails this command, which passed on the tree that all started from.
    Fails(&'a Verification),
}

impl RunState {
    /// The sealed candidates of a phase; none if its proposals are documents.
    pub fn candidates<'a>(&'a self, phase: &'a PhaseName) -> Vec<Candidate<'a>> {
        let Some(state) = self.phase(phase) else {
            return Vec::new();
        };
        let sealed = state.sealed().unwrap_or_default();
        let mut all: Vec<Candidate<'a>> = Vec::new();
        for (label, call) in sealed {
            let Some(known) = self.call(call) else {
                continue;
            };
            let Some(changes) = known.result().and_then(|result| result.changes.as_ref()) else {
                continue;
            };
            let twin = all.iter().find(|known| known.changes.tree == changes.tree);
            let same = twin.map(|known| Out::SameAs(known.label));
            let made_of = known.spec.refines();
            let weakened = self.weakened_by(phase, &changes.tree);
            // What is made of a winner passes what that one passes: the project's tests as they were, too.
            let mut known = all.iter();
            let parent = known.find(|one| Some(one.label) == made_of);
            let kept = parent.is_some_and(|parent| parent.weakened.is_none());
            let fails = || {
                let failed = self.failed_by(phase, &changes.tree);
                failed.or(weakened.filter(|_| kept)).map(Out::Fails)
            };
            let out = same.or_else(fails);
            all.push(Candidate {
                label,
                call,
                changes,
                out,
                made_of,
                weakened,
                mends: self.mended_by(phase, &changes.tree),
            });
        }
        all
    }

    /// What the changes of a proposal are compared with, if it is one: it may start from an earlier try.
    pub fn ground_of(&self, call: &CallSpec) -> Option<&TreeId> {
        let round = self.phase(&call.phase)?.begun()?;
        (call.purpose == Purpose::Propose).then_some(&round.ground)
    }

    /// The results of commands on what the run holds: without those on candidates that did not win.
    pub fn proved(&self) -> impl Iterator<Item = &Verified> {
        self.verified().filter(|seen| {
            let winner = self.phase(&seen.phase).and_then(PhaseState::winner);
            let won = winner.and_then(|winner| self.call(&winner.call)?.result()?.changes.as_ref());
            let is_winners = won.is_none_or(|changes| changes.tree == seen.tree);
            let flaky = seen.verification.outcome == VerifyOutcome::Flaky;
            is_winners || flaky || self.candidates(&seen.phase).is_empty()
        })
    }

    /// What a command of a phase said of the tree that its candidates start from.
    pub fn on_ground(&self, phase: &PhaseName, command: &str) -> Option<&Verification> {
        let ground = &self.phase(phase)?.begun()?.ground;
        let known = self.verifications(phase, None, ground).into_iter();
        known.rev().find(|result| result.command == command)
    }

    /// The command that a tree fails and that passed before, or that could be run before: what failed before, or is
    /// flaky, counts for nobody.
    fn failed_by(&self, phase: &PhaseName, tree: &TreeId) -> Option<&Verification> {
        let passed = |result: &&Verification| {
            let before = self.on_ground(phase, &result.command);
            before.is_some_and(|before| before.outcome == VerifyOutcome::Passed)
        };
        let mut results = self.verifications(phase, None, tree).into_iter();
        results.find(|result| {
            let worse = result.outcome == VerifyOutcome::Failed || passed(result);
            result.is_bad() && worse
        })
    }

    /// The command that a tree fails with the project's tests as they were.
    fn weakened_by<'a>(
        &'a self,
        phase: &'a PhaseName,
        tree: &'a TreeId,
    ) -> Option<&'a Verification> {
        let ground = &self.phase(phase)?.begun()?.ground;
        let mut crossed = self.crossed(phase, tree, ground);
        crossed.find(|result| result.is_bad())
    }

    fn mended_by(&self, phase: &PhaseName, tree: &TreeId) -> usize {
        let mended = |result: &&Verification| {
            let before = self.on_ground(phase, &result.command);
            let failed = before.is_some_and(|before| before.outcome != VerifyOutcome::Passed);
            let weakened = self.weakened_by(phase, tree);
            let by_its_tests = weakened.is_some_and(|one| one.command == result.command);
            result.outcome == VerifyOutcome::Passed && failed && !by_its_tests
        };
        let results = self.verifications(phase, None, tree).into_iter();
        results.filter(mended).count()
    }
}
