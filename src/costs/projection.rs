//! What a run will cost, as far as its plan and earlier runs tell.

use std::array;
use std::collections::BTreeMap;

use serde::Serialize;

use super::assumed::{Assumed, Assumptions, SENT_BACK, TASKS, TRIED_AGAIN, usage};
use super::history::{History, is_over};
use crate::model::{Budget, MicroUsd, ModelName, PhaseName, Purpose};
use crate::plan::{Expected, PhasePlan, Plan, Step, count, float, rounds, steps, whole};
use crate::run::{PhaseState, RunState, Spent};

/// The least if nothing fails, what is to be expected, and the most that the plan and its limits allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Span {
    pub low: u64,
    pub expected: u64,
    /// Nothing bounds it if there is none.
    pub high: Option<u64>,
}

impl Span {
    /// What stops a run before it has done what is expected, if anything does.
    pub fn limit(self) -> Option<u64> {
        self.high.filter(|most| *most < self.expected)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// None of all phases together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseName>,
    pub calls: Span,
    pub tokens: Span,
    /// Of the calls with a price, in micro-dollars; none if no price is known.
    pub cost_micro_usd: Option<Span>,
    pub some_price_unknown: bool,
}

impl Estimate {
    /// Calls, tokens and micro-dollars.
    pub fn expected(&self) -> [u64; 3] {
        let cost = self.cost_micro_usd.unwrap_or_default();
        [self.calls, self.tokens, cost].map(|span| span.expected)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Projection {
    pub phases: Vec<Estimate>,
    pub total: Estimate,
    /// How many earlier runs it was learned from.
    pub runs: u64,
    /// Whether they tell what each of the calls uses that are expected.
    #[serde(skip)]
    pub is_learned: bool,
    /// What is assumed where they do not tell, a sentence each.
    pub assumptions: Vec<String>,
    /// What an attempt uses, by phase, purpose and model.
    #[serde(skip)]
    pub expected: Vec<Expected>,
}

impl Projection {
    /// What is still to come of a run; all of it before its first event.
    pub fn of(plan: &Plan, state: &RunState, history: &History) -> Self {
        let mut projector = Projector {
            plan,
            state,
            history,
            expected: BTreeMap::new(),
            assumed: Assumptions::default(),
        };
        let of_run = left(state.limits(plan.limits).budget(), state.own_spent());
        let mut total = Sums::default();
        let phases = plan.phases.iter().filter(|phase| !is_over(state, phase));
        let phases = phases.map(|phase| {
            let sums = projector.project(phase);
            total.add(&sums);
            let own = state.budget(&phase.name, phase.budget);
            let own = left(own, state.own_spent_by(&phase.name));
            sums.estimate(Some(&phase.name), [own, of_run])
        });
        Self {
            phases: phases.collect(),
            total: total.estimate(None, [of_run; 2]),
            runs: history.runs,
            is_learned: !projector.assumed.has(Assumed::Usage),
            assumptions: projector.assumed.sentences(),
            expected: projector.expected.into_values().collect(),
        }
    }
}

/// Calls, tokens and money: of each the least, the expected and the most, not rounded; infinite if nothing bounds it.
#[derive(Default)]
struct Sums {
    of: [[f64; 3]; 3],
    is_priced: bool,
    is_unpriced: bool,
}

impl Sums {
    fn add(&mut self, more: &Self) {
        let sums = self.of.as_flattened_mut().iter_mut();
        sums.zip(more.of.as_flattened())
            .for_each(|(sum, more)| *sum += more);
        self.is_priced |= more.is_priced;
        self.is_unpriced |= more.is_unpriced;
    }

    /// None of it uses more than its own limits and those of the run allow.
    fn estimate(&self, phase: Option<&PhaseName>, limits: [Amounts; 2]) -> Estimate {
        let [calls, tokens, cost] = array::from_fn(|at| {
            let [low, expected, high] = self.of[at];
            let high = high.is_finite().then(|| whole(high));
            let limits = limits.iter().filter_map(|limit| limit[at]);
            Span {
                low: whole(low),
                expected: whole(expected),
                high: high.into_iter().chain(limits).min(),
            }
        });
        Estimate {
            phase: phase.cloned(),
            calls,
            tokens,
            cost_micro_usd: self.is_priced.then_some(cost),
            some_price_unknown: self.is_unpriced,
        }
    }
}

/// What is left of calls, tokens and micro-dollars.
type Amounts = [Option<u64>; 3];

fn left(budget: Budget, spent: Spent) -> Amounts {
    let used = [spent.attempts, spent.usage.tokens(), spent.usage.cost.0];
    let each = budget.each().into_iter().zip(used);
    let mut left = each.map(|(most, used)| most.map(|most| most.saturating_sub(used)));
    array::from_fn(|_| left.next().flatten())
}

struct Projector<'a> {
    plan: &'a Plan,
    state: &'a RunState,
    history: &'a History,
    expected: BTreeMap<(PhaseName, Purpose, ModelName), Expected>,
    assumed: Assumptions,
}

/// What one attempt uses, how far the tokens of such attempts go apart, and whether its cost is known.
struct Attempt {
    expected: Expected,
    tokens: [u64; 3],
    is_priced: bool,
}

impl Projector<'_> {
    fn project(&mut self, phase: &PhasePlan) -> Sums {
        let mut sums = Sums::default();
        let (steps, most_rounds) = (steps(phase), rounds(self.plan, &phase.name));
        let mut done: BTreeMap<Purpose, [f64; 3]> = BTreeMap::new();
        for call in self.state.calls_of(&phase.name).filter(|one| one.is_over()) {
            let known = self.state.phase(&phase.name).map_or(0, PhaseState::round);
            if !call.superseded && call.spec.id.round() == known {
                let done = done.entry(call.spec.purpose).or_default();
                *done = done.map(|calls| calls + 1.0);
            }
        }
        for step in &steps {
            let others = match step.purpose {
                Purpose::Propose => phase.substitutes.as_slice(),
                _ => &[],
            };
            let attempts = step.chain.iter().chain(others).map(|model| {
                let model = self.state.in_place_of(model);
                let attempt = self.attempt(phase, step, model);
                let key = (phase.name.clone(), step.purpose, model.clone());
                self.expected
                    .entry(key)
                    .or_insert_with(|| attempt.expected.clone());
                attempt
            });
            // Fallbacks and substitutes are used where something fails.
            let Some(attempt) = attempts.collect::<Vec<_>>().into_iter().next() else {
                continue;
            };
            let same = steps.iter().filter(|one| one.purpose == step.purpose);
            let expected = match self.history.ratio(&phase.name, step.purpose) {
                Some(ratio) if step.usual > 0.0 => step.usual * ratio,
                Some(ratio) => ratio / count(same.count()),
                None => self.assumed_calls(phase, step, most_rounds),
            };
            let low = phase.when.is_none().then_some(step.least);
            let models = count(step.chain.len() + others.len());
            let tries = f64::from(1 + phase.limits.retries) * models * most_rounds;
            let most = step.most.filter(|_| phase.checkpoint.is_none());
            let most = most.unwrap_or(f64::INFINITY) * tries;
            let mut calls = [low.unwrap_or_default(), expected.min(most), most];
            if let Some(done) = done.get_mut(&step.purpose) {
                for (calls, done) in calls.iter_mut().zip(done) {
                    let less = done.min(*calls);
                    (*calls, *done) = (*calls - less, *done - less);
                }
            }
            let expected = calls[1];
            if expected > 0.0 && attempt.expected.learned_from == 0 {
                self.assumed.add(Assumed::Usage, phase.name.as_str());
            }
            if expected > 0.0 && !attempt.is_priced {
                let model = attempt.expected.model.as_str();
                self.assumed.add(Assumed::NoPrice, model);
            }
            let usage = &attempt.expected.usage;
            let each = float(usage.cost.0) / float(usage.tokens()).max(1.0);
            let tokens = array::from_fn(|at| calls[at] * float(attempt.tokens[at]));
            sums.add(&Sums {
                of: [calls, tokens, tokens.map(|tokens| tokens * each)],
                is_priced: attempt.is_priced,
                // What is not expected at all does not make a sum unknown.
                is_unpriced: !attempt.is_priced && expected > 0.0,
            });
        }
        sums
    }

    fn assumed_calls(&mut self, phase: &PhasePlan, step: &Step<'_>, most_rounds: f64) -> f64 {
        self.assumed.add(Assumed::Again, "");
        let mut calls = step.usual * (1.0 + 1.0 / TRIED_AGAIN);
        if step.purpose == Purpose::Task {
            self.assumed.add(Assumed::Tasks, phase.name.as_str());
            calls *= TASKS;
        }
        if most_rounds > 1.0 {
            self.assumed.add(Assumed::SentBack, "");
            calls *= 1.0 + SENT_BACK;
        }
        calls
    }

    fn attempt(&self, phase: &PhasePlan, step: &Step<'_>, model: &ModelName) -> Attempt {
        let spec = self.plan.models.get(model);
        let seen = |model: String| self.history.seen(&phase.name, step.purpose, model);
        let seen = spec.and_then(|spec| seen(spec.to_string()));
        let mut usage = match seen {
            Some(seen) => seen.sum.mean(seen.attempts),
            None => usage(step.purpose, phase.edits, step.prompt, &self.plan.request),
        };
        let price = spec.and_then(|spec| spec.price);
        usage.cost = price.map_or(usage.cost, |price| price.of(&usage));
        let mean = usage.tokens().max(1);
        Attempt {
            is_priced: price.is_some() || usage.cost > MicroUsd(0),
            tokens: match seen {
                Some(seen) => [seen.fewest_tokens, mean, seen.most_tokens],
                None => [mean / 2, mean, mean * 3],
            },
            expected: Expected {
                phase: phase.name.clone(),
                purpose: step.purpose,
                model: model.clone(),
                usage,
                learned_from: seen.map_or(0, |seen| seen.attempts),
            },
        }
    }
}
