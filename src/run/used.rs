//! What attempts used of what limits count.

use std::collections::BTreeMap;

use crate::model::{MicroUsd, ModelName, PhaseName, Purpose, Usage};

use super::{CallState, Spent};

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
    pub attempts: BTreeMap<Kind, Use>,
    pub steps: BTreeMap<ModelName, Use>,
    pub prompts: BTreeMap<(Purpose, PhaseName), u64>,
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
