//! What one run adds to the board.

use std::collections::BTreeMap;

use super::board::{Board, Model};
use crate::model::{CallId, Label, Millis, PhaseName, Purpose, RunEnd, VerifyOutcome};
use crate::plan::Plan;
use crate::run::{CallState, Round, RunState, TaskEnd};

/// A round of a phase with all that its results are measured by.
pub(super) struct Seen<'a> {
    pub plan: &'a Plan,
    pub state: &'a RunState,
    pub phase: &'a PhaseName,
    pub round: &'a Round,
    /// Its own work was found lacking.
    sent_back: bool,
    /// The phase could not go on.
    failed: bool,
    /// Whether no other one followed.
    is_last: bool,
    pub calls: &'a [&'a CallState],
}

/// One of several proposals of a round.
pub(super) struct Candidate<'a> {
    pub label: &'a Label,
    pub call: &'a CallState,
    pub model: Model,
    pub passed: Option<bool>,
}

impl Board {
    /// Takes one more run in.
    pub fn add(&mut self, plan: &Plan, state: &RunState) {
        if plan.rehearsal.is_some() {
            self.rehearsals += 1;
            return;
        }
        self.runs += 1;
        let mut calls: BTreeMap<(&PhaseName, u32), Vec<&CallState>> = BTreeMap::new();
        for call in state.calls() {
            self.spend(plan, state, call);
            if !call.superseded {
                let place = (&call.spec.phase, call.spec.id.round());
                calls.entry(place).or_default().push(call);
            }
        }
        for phase in plan.phases.iter().map(|phase| &phase.name) {
            let Some(known) = state.phase(phase) else {
                continue;
            };
            let past = known.past.iter().map(|past| (&*past.round, past.sent_back));
            let rounds = past.chain(known.begun().map(|round| (round, false)));
            for ((round, sent_back), number) in rounds.zip(1..) {
                let is_last = number == known.round();
                // What another run did counts there.
                if state.from_run.is_some() && Some(round.began.at) < state.started {
                    continue;
                }
                self.add_round(&Seen {
                    plan,
                    state,
                    phase,
                    round,
                    sent_back,
                    failed: is_last && known.failed.is_some(),
                    is_last,
                    calls: calls.get(&(phase, number)).map_or(&[], Vec::as_slice),
                });
            }
        }
    }

    /// Failed attempts cost as well.
    fn spend(&mut self, plan: &Plan, state: &RunState, call: &CallState) {
        let spec = &call.spec;
        let category = spec.task.as_ref().map(|task| task.category.as_str());
        for attempt in call.attempts.iter().filter(|one| !one.taken_over) {
            let model = Model::of(plan, &attempt.model);
            if is_work(spec.purpose) {
                let time = attempt.time(state.last.unwrap_or(attempt.started));
                let row = self.row(&spec.phase, category, &model);
                row.cost = row.cost + attempt.usage.cost;
                row.time = Millis(row.time.0.saturating_add(time.0));
            } else if spec.purpose == Purpose::Judge {
                let judge = self.judge(&model);
                judge.cost = judge.cost + attempt.usage.cost;
            }
        }
    }

    fn add_round(&mut self, seen: &Seen<'_>) {
        let is_result = |call: &&&CallState| {
            let left = call.result().filter(|left| left.stopped().is_none());
            let is_own = call.spec.refines().is_none();
            left.is_some() && call.reused.is_none() && is_work(call.spec.purpose) && is_own
        };
        for call in seen.calls.iter().filter(is_result) {
            let Some(model) = seen.author(call) else {
                continue;
            };
            let category = call.spec.task.as_ref().map(|task| task.category.as_str());
            let row = self.row(seen.phase, category, &model);
            row.results += 1;
            if let Some(passed) = seen.passed(call) {
                row.passed.add(passed);
            }
            if let Some(accepted) = seen.accepted(call) {
                row.accepted.add(accepted);
                row.edited += u64::from(accepted && seen.round.edited);
            }
        }
        let refined = seen
            .calls
            .iter()
            .filter(|call| call.spec.refines().is_some());
        for call in refined.filter(|call| call.reused.is_none()) {
            if let Some(winner) = seen.round.winner() {
                self.refined.add(winner.call == call.spec.id);
            }
        }
        let candidates = seen.candidates();
        if candidates.len() > 1 {
            self.add_choice(seen, &candidates);
            self.add_verdicts(seen, &candidates);
        }
    }

    fn add_choice(&mut self, seen: &Seen<'_>, candidates: &[Candidate<'_>]) {
        let first = candidates.first().map(|one| &one.model);
        let alone = first.filter(|first| candidates.iter().all(|one| &one.model == *first));
        let of_run = seen.went_well().filter(|_| seen.is_last);
        if let Some(well) = of_run {
            let lineup = self.lineup(seen.phase, alone);
            lineup.went_well.add(well);
            lineup.cost = lineup.cost + seen.state.own_spent().usage.cost;
        }
        let Some(chosen) = seen.chosen() else {
            return;
        };
        let tied = candidates
            .iter()
            .filter(|one| one.passed == Some(true))
            .count()
            > 1;
        for one in candidates {
            let wins = chosen == Some(&one.call.spec.id);
            self.nth(seen.phase, one.call.spec.slot).wins.add(wins);
            // Who is alone cannot lose.
            if alone.is_none() {
                let row = self.row(seen.phase, None, &one.model);
                row.wins.add(wins);
                if tied && one.passed == Some(true) {
                    row.wins_tied.add(wins);
                }
            }
        }
    }
}

impl<'a> Seen<'a> {
    /// Whose result it is: of the model that ended it.
    pub fn author(&self, call: &CallState) -> Option<Model> {
        let from = call
            .reused
            .as_ref()
            .and_then(|from| self.state.any_call(from));
        let name = call.model().or_else(|| from?.model())?;
        Some(Model::of(self.plan, name))
    }

    fn candidates(&self) -> Vec<Candidate<'a>> {
        let sealed = self.round.sealed.as_deref().unwrap_or_default().iter();
        let known = sealed.filter_map(|(label, id)| {
            let call = self.state.any_call(id)?;
            if call.spec.refines().is_some() {
                return None;
            }
            Some(Candidate {
                label,
                call,
                model: self.author(call)?,
                passed: self.passed(call),
            })
        });
        known.collect()
    }

    /// The proposal that was chosen, or none of them: a person's word counts more than a judge's. Nothing if nobody
    /// chose, or a person found none better than the others.
    fn chosen(&self) -> Option<Option<&'a CallId>> {
        let sealed = self.round.sealed.as_deref()?;
        match &self.round.rated {
            Some(best) => {
                let best = best.as_ref()?;
                let found = sealed.iter().find(|(label, _)| label == best);
                Some(found.map(|(_, call)| self.origin(call)))
            }
            None => {
                let winner = self.round.winner()?;
                Some(winner.label.as_ref().map(|_| self.origin(&winner.call)))
            }
        }
    }

    /// The proposal that this one was made of, or it itself: its author won the choice.
    fn origin(&self, call: &'a CallId) -> &'a CallId {
        let parent = self
            .state
            .any_call(call)
            .and_then(|call| call.spec.refines());
        let mut sealed = self.round.sealed.iter().flatten();
        let parent = parent.and_then(|parent| sealed.find(|(label, _)| label == parent));
        parent.map_or(call, |(_, parent)| parent)
    }

    /// Which proposal a person chose, if one did.
    pub fn persons(&self) -> Option<&'a Label> {
        use crate::model::Decider;
        let picked = self
            .round
            .winner()
            .filter(|winner| winner.by == Decider::Person);
        match &self.round.rated {
            Some(best) => best.as_ref(),
            None => picked?.label.as_ref(),
        }
    }

    /// What the commands say of a call's changes, as far as they say anything.
    fn passed(&self, call: &CallState) -> Option<bool> {
        let changes = call.result()?.changes.as_ref()?;
        let task = call.spec.task.as_ref().map(|task| &task.id);
        let about = self.state.verified.iter().filter(|seen| {
            &seen.phase == self.phase
                && seen.tree == changes.tree
                && (seen.task.is_none() || seen.task.as_ref() == task)
        });
        let (mut good, mut bad) = (false, false);
        for seen in about {
            good |= seen.verification.outcome == VerifyOutcome::Passed;
            bad |= seen.verification.is_bad();
        }
        (good || bad).then_some(!bad)
    }

    /// Whether a result was kept; nothing while that is open.
    fn accepted(&self, call: &CallState) -> Option<bool> {
        let id = &call.spec.id;
        let kept = match (&call.spec.task, call.spec.purpose) {
            // Whose fault it was that all of them were sent back nobody knows.
            (Some(_), _) if self.sent_back => return None,
            (Some(task), _) => match self.round.tasks.get(&task.id)? {
                TaskEnd::Done(by) => by == id,
                TaskEnd::Failed(_) => false,
            },
            (None, Purpose::Lens) => self
                .round
                .closed()
                .map(|_| true)
                .or(self.failed.then_some(false))?,
            (None, _) => match self.round.winner() {
                Some(winner) => self.origin(&winner.call) == id,
                None if self.sent_back || self.failed => false,
                None => return None,
            },
        };
        let undone = self.state.undone && call.result().is_some_and(|left| left.has_changed());
        Some(kept && !self.sent_back && !undone)
    }

    /// Whether all of the run went well; nothing as long as it goes on.
    fn went_well(&self) -> Option<bool> {
        match self.state.ended()? {
            RunEnd::Done => Some(self.state.loops.is_empty() && !self.state.undone),
            RunEnd::Failed | RunEnd::AuditFailed => Some(false),
            RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => None,
        }
    }
}

fn is_work(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Work | Purpose::Task | Purpose::Lens | Purpose::Propose => true,
        Purpose::Judge | Purpose::Repair | Purpose::Distill => false,
    }
}
