//! What attempts used of what limits count.

use std::collections::BTreeMap;

use crate::model::{MicroUsd, ModelName, PhaseName, Purpose, Usage};

use super::{CallState, RunState, Spent};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    pub tokens: u64,
    pub cost: MicroUsd,
}

impl Use {
    pub fn of(usage: Usage) -> Self {
        Self {
            tokens: usage.tokens(),
            cost: usage.cost,
        }
    }

    /// The mean of a request, once it has told what it used. Who tells no requests made one.
    pub fn step(usage: Usage) -> Option<Self> {
        let used = Self::of(usage);
        let requests = usage.requests.max(1);
        (used != Self::default()).then(|| Self {
            tokens: used.tokens.div_ceil(requests),
            cost: MicroUsd(used.cost.0.div_ceil(requests)),
        })
    }

    fn each(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            tokens: of(self.tokens, other.tokens),
            cost: MicroUsd(of(self.cost.0, other.cost.0)),
        }
    }

    /// The larger one of each.
    pub fn max(self, other: Self) -> Self {
        self.each(other, u64::max)
    }

    pub fn minus(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    pub fn plus(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }
}

/// Attempts for a purpose: of a phase or of all, of a model or of all.
type Kind = (Purpose, Option<PhaseName>, Option<ModelName>);

/// What calls used: sums, and the largest of what attempts may be expected to use.
#[derive(Debug, Clone, Default)]
pub(super) struct Used {
    pub own: Spent,
    pub own_by_phase: BTreeMap<PhaseName, Spent>,
    attempts: BTreeMap<Kind, Use>,
    steps: BTreeMap<ModelName, Use>,
    prompts: BTreeMap<(Purpose, PhaseName), u64>,
}

impl Used {
    pub fn add(&mut self, call: &CallState) {
        let (purpose, phase) = (call.spec.purpose, &call.spec.phase);
        let own = Spent::by(call.own_attempts());
        let of_phase = self.own_by_phase.entry(phase.clone()).or_default();
        (self.own, *of_phase) = (self.own + own, *of_phase + own);
        for attempt in &call.attempts {
            let model = &attempt.model;
            if let Some(step) = Use::step(attempt.usage) {
                raise(&mut self.steps, model.clone(), step);
            }
            if attempt.came_to_something() {
                let used = Use::of(attempt.usage);
                for (phase, model) in [
                    (Some(phase), Some(model)),
                    (None, Some(model)),
                    (None, None),
                ] {
                    let kind = (purpose, phase.cloned(), model.cloned());
                    raise(&mut self.attempts, kind, used);
                }
            }
            let longest = self.prompts.entry((purpose, phase.clone())).or_default();
            *longest = attempt.prompt_tokens.unwrap_or(0).max(*longest);
        }
    }
}

fn raise<K: Ord>(most: &mut BTreeMap<K, Use>, of: K, used: Use) {
    let known = most.entry(of).or_default();
    *known = known.max(used);
}

impl RunState {
    /// Everything that this run itself used so far, by attempts under way too: that is what its limits are about.
    pub fn own_spent(&self) -> Spent {
        let (used, rest) = self.calls.used();
        used.own + Spent::by(rest.flat_map(CallState::own_attempts))
    }

    /// The same of one phase, in all its rounds.
    pub fn own_spent_by(&self, phase: &PhaseName) -> Spent {
        let (used, rest) = self.calls.used();
        let rest = rest.filter(|call| &call.spec.phase == phase);
        let settled = used.own_by_phase.get(phase).copied().unwrap_or_default();
        settled + Spent::by(rest.flat_map(CallState::own_attempts))
    }

    /// The most that an attempt for a purpose used which ended well: of a phase or of all, of a model or of all.
    pub fn most_used(
        &self,
        purpose: Purpose,
        (phase, model): (Option<&PhaseName>, Option<&ModelName>),
    ) -> Option<Use> {
        let (used, rest) = self.calls.used();
        let kind = (purpose, phase.cloned(), model.cloned());
        let same = rest.filter(|call| {
            call.spec.purpose == purpose && phase.is_none_or(|phase| &call.spec.phase == phase)
        });
        let attempts = same.flat_map(|call| &call.attempts);
        let like = attempts
            .filter(|one| one.came_to_something() && model.is_none_or(|model| &one.model == model));
        let like = like.map(|one| Use::of(one.usage));
        like.chain(used.attempts.get(&kind).copied())
            .reduce(Use::max)
    }

    /// The largest mean step of a model's attempts, if it has told any.
    pub fn largest_step(&self, model: &ModelName) -> Option<Use> {
        let (used, rest) = self.calls.used();
        let attempts = rest.flat_map(|call| &call.attempts);
        let same = attempts.filter(|one| &one.model == model);
        let steps = same.filter_map(|one| Use::step(one.usage));
        steps.chain(used.steps.get(model).copied()).reduce(Use::max)
    }

    /// The longest prompt of a phase's calls for a purpose, in tokens.
    pub fn longest_prompt(&self, phase: &PhaseName, purpose: Purpose) -> Option<u64> {
        let (used, rest) = self.calls.used();
        let known = used.prompts.get(&(purpose, phase.clone())).copied();
        let same = rest.filter(|call| (&call.spec.phase, call.spec.purpose) == (phase, purpose));
        let attempts = same.flat_map(|call| &call.attempts);
        attempts
            .filter_map(|one| one.prompt_tokens)
            .chain(known)
            .max()
    }
}
