//! Each attempt that a run paid for, with all that costs are asked by.

use std::collections::BTreeSet;

use crate::model::{
    AgentName, Billed, CallId, MicroUsd, ModelName, PhaseName, Purpose, RunId, Timestamp, Usage,
};
use crate::plan::{Plan, Price};
use crate::run::{Attempt, AttemptEnd, CallState, Round, RunState};

/// What money went into. Each attempt counts for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    Work,
    /// Proposals that another one won against.
    LosingProposals,
    Judging,
    /// Mending answers, and distilling what their authors left undistilled.
    Repairs,
    /// Attempts that failed, or that nobody was there to see the end of.
    FailedAttempts,
}

impl Spending {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::LosingProposals => "losing proposals",
            Self::Judging => "judging",
            Self::Repairs => "repairs",
            Self::FailedAttempts => "failed attempts",
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Paid {
    pub run: RunId,
    pub project: String,
    pub phase: PhaseName,
    pub model: ModelName,
    pub agent: AgentName,
    /// The other machine that carried it out.
    pub node: Option<String>,
    pub at: Timestamp,
    pub spending: Spending,
    pub usage: Usage,
    /// Of the plan.
    pub price: Option<Price>,
    /// Whether its cost is known.
    pub is_known: bool,
}

/// The attempts of any number of runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Costs {
    pub runs: u64,
    /// Their models were scripted: they cost nothing and count nowhere.
    pub rehearsals: u64,
    pub paid: Vec<Paid>,
    /// What was not asked for again, because its result was there: calls, and what they had cost.
    pub reused: (u64, MicroUsd),
}

impl Costs {
    /// Takes one more run in.
    pub fn add(&mut self, project: &str, run: &RunId, plan: &Plan, state: &RunState) {
        if plan.rehearsal.is_some() {
            self.rehearsals += 1;
            return;
        }
        self.take(project, run, plan, state);
    }

    pub(super) fn take(&mut self, project: &str, run: &RunId, plan: &Plan, state: &RunState) {
        self.runs += 1;
        let losers = losers(state);
        for call in state.calls() {
            let source = call.reused.as_ref().and_then(|from| state.any_call(from));
            let (own, before): (Vec<&Attempt>, Vec<_>) = call
                .attempts
                .iter()
                .partition(|attempt| !attempt.taken_over);
            let not_again = source.and_then(|call| call.attempts.last());
            for attempt in before.into_iter().chain(not_again) {
                self.reused.0 += 1;
                self.reused.1 = self.reused.1 + attempt.usage.cost;
            }
            let own = own.into_iter().filter(|one| !one.was_never_sent());
            self.paid.extend(own.map(|attempt| {
                let price = plan
                    .models
                    .get(&attempt.model)
                    .and_then(|model| model.price);
                Paid {
                    run: run.clone(),
                    project: project.to_owned(),
                    phase: call.spec.phase.clone(),
                    model: attempt.model.clone(),
                    agent: attempt.agent.clone(),
                    node: attempt.placed.as_ref().map(|on| on.node.clone()),
                    at: attempt.started,
                    spending: spending(call, attempt, &losers),
                    usage: attempt.usage,
                    price,
                    is_known: is_known(attempt, price),
                }
            }));
        }
    }
}

/// An attempt that told no cost has one if its tokens have a price, and none if it came to no model.
fn is_known(attempt: &Attempt, price: Option<Price>) -> bool {
    let used = attempt.usage.tokens() > 0;
    let came_to_none = match attempt.end() {
        _ if attempt.spawned.is_none() => true,
        Some(AttemptEnd::Failed(failure)) => failure.kind.rule().billed == Billed::No,
        // Some agents tell of tokens at their end only.
        Some(AttemptEnd::Succeeded | AttemptEnd::Stopped(_) | AttemptEnd::Lost) => false,
        None => true,
    };
    let has_price = price.is_some_and(|price| used || price.is_free());
    attempt.usage.cost > MicroUsd(0) || has_price || (!used && came_to_none)
}

fn spending(call: &CallState, attempt: &Attempt, losers: &BTreeSet<&CallId>) -> Spending {
    match (attempt.end(), call.spec.purpose) {
        (Some(AttemptEnd::Failed(_) | AttemptEnd::Lost), _) => Spending::FailedAttempts,
        (_, Purpose::Judge) => Spending::Judging,
        (_, Purpose::Repair | Purpose::Distill) => Spending::Repairs,
        (_, Purpose::Propose) if losers.contains(&call.spec.id) => Spending::LosingProposals,
        (_, Purpose::Work | Purpose::Task | Purpose::Lens | Purpose::Propose) => Spending::Work,
    }
}

/// The proposals that lost. What the winner was made of, by parts or by refining it, did not.
fn losers(state: &RunState) -> BTreeSet<&CallId> {
    let mut losers = BTreeSet::new();
    for call in state.calls() {
        let spec = &call.spec;
        let Some(winner) = round(state, call).and_then(Round::winner) else {
            continue;
        };
        let won = state.any_call(&winner.call).map(|winner| &winner.spec);
        let won = won.is_some_and(|won| {
            won.slot == spec.slot && (spec.refines().is_none() || won.refines().is_some())
        });
        // What has no letter was made of several.
        if winner.label.is_some() && spec.purpose == Purpose::Propose && !won {
            losers.insert(&spec.id);
        }
    }
    losers
}

fn round<'a>(state: &'a RunState, call: &CallState) -> Option<&'a Round> {
    let phase = state.phase(&call.spec.phase)?;
    let past = phase.past.iter().map(|past| &*past.round);
    let index = usize::try_from(call.spec.id.round()).ok()?.checked_sub(1)?;
    past.chain(phase.begun()).nth(index)
}
