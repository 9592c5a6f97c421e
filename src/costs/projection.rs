//! What a run will cost, as far as its plan and earlier runs tell.

use std::collections::BTreeSet;
use std::ops::{Add, Mul};

use serde::Serialize;

use super::assumed::{self, SENT_BACK, TASKS, TRIED_AGAIN};
use super::history::History;
use super::steps::{Step, count, rounds, steps};
use crate::model::{Budget, MicroUsd, ModelName, PhaseName, Purpose, Usage};
use crate::plan::{Expected, PhasePlan, Plan};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Estimate {
    pub calls: Span,
    pub tokens: Span,
    /// Of the calls with a price, in micro-dollars.
    pub cost_micro_usd: Span,
    /// Whether no price is known of any of its calls, or of some.
    pub no_price: bool,
    pub some_price_unknown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Projection {
    pub phases: Vec<(PhaseName, Estimate)>,
    pub total: Estimate,
    /// How many earlier runs it was learned from.
    pub runs: u64,
    /// What is assumed where they do not tell, a sentence each.
    pub assumptions: Vec<String>,
    /// What an attempt uses, by phase, purpose and model.
    #[serde(skip)]
    pub expected: Vec<Expected>,
}

/// The same, not rounded; infinite if nothing bounds it.
type Sums = [f64; 3];

/// One attempt: what it is expected to use, how far the tokens of such attempts go apart, and whether its cost is known.
struct Attempt {
    expected: Expected,
    tokens: (f64, f64),
    is_priced: bool,
}

impl Projection {
    pub fn of(plan: &Plan, history: &History) -> Self {
        let mut assumptions = Assumptions::default();
        let mut all = Vec::new();
        let (mut phases, mut total) = (Vec::new(), Parts::default());
        for phase in &plan.phases {
            let parts = project(plan, phase, history, &mut all, &mut assumptions);
            total.add(&parts);
            phases.push((phase.name.clone(), parts.estimate(plan, phase.budget)));
        }
        Self {
            phases,
            total: total.estimate(plan, plan.limits.budget()),
            runs: history.runs,
            assumptions: assumptions.sentences(),
            expected: all,
        }
    }
}

#[derive(Default)]
struct Parts {
    calls: Sums,
    tokens: Sums,
    cost: Sums,
    priced: bool,
    unpriced: bool,
}

/// What was assumed, as far as anything was.
#[derive(Default)]
struct Assumptions {
    usage: BTreeSet<PhaseName>,
    again: bool,
    tasks: BTreeSet<PhaseName>,
    sent_back: bool,
    no_price: BTreeSet<ModelName>,
}

fn project(
    plan: &Plan,
    phase: &PhasePlan,
    history: &History,
    all: &mut Vec<Expected>,
    assumptions: &mut Assumptions,
) -> Parts {
    let mut parts = Parts::default();
    let (steps, most_rounds) = (steps(phase), rounds(plan, &phase.name));
    let like = |step: &Step<'_>| {
        steps
            .iter()
            .filter(|one| one.purpose == step.purpose)
            .count()
    };
    for step in &steps {
        let mut first = None;
        for model in step.chain {
            let attempt = attempt(plan, phase, step, model, history);
            if attempt.expected.learned_from == 0 {
                assumptions.usage.insert(phase.name.clone());
            }
            let known = &attempt.expected;
            let is_it = |one: &Expected| {
                (&one.phase, one.purpose, &one.model) == (&known.phase, known.purpose, &known.model)
            };
            if !all.iter().any(is_it) {
                all.push(known.clone());
            }
            first = first.or(Some(attempt));
        }
        let Some(attempt) = first else {
            continue;
        };
        let low = if phase.when.is_some() {
            0.0
        } else {
            step.least
        };
        let expected = match history.ratio(&phase.name, step.purpose) {
            Some(ratio) if step.usual > 0.0 => step.usual * ratio,
            Some(ratio) => ratio / count(like(step)),
            None => assumed_calls(phase, step, most_rounds, assumptions),
        };
        let tries = f64::from(1 + phase.limits.retries) * count(step.chain.len()) * most_rounds;
        let most = step.most.filter(|_| phase.checkpoint.is_none());
        let calls = [low, expected, most.unwrap_or(f64::INFINITY) * tries];
        if expected > 0.0 && !attempt.is_priced {
            assumptions.no_price.insert(attempt.expected.model.clone());
        }
        parts.add_step(calls, &attempt);
    }
    parts
}

fn assumed_calls(
    phase: &PhasePlan,
    step: &Step<'_>,
    most_rounds: f64,
    assumptions: &mut Assumptions,
) -> f64 {
    assumptions.again = true;
    let mut calls = step.usual * (1.0 + 1.0 / TRIED_AGAIN);
    if step.purpose == Purpose::Task {
        assumptions.tasks.insert(phase.name.clone());
        calls *= TASKS;
    }
    if most_rounds > 1.0 {
        assumptions.sent_back = true;
        calls *= 1.0 + SENT_BACK;
    }
    calls
}

fn attempt(
    plan: &Plan,
    phase: &PhasePlan,
    step: &Step<'_>,
    model: &ModelName,
    history: &History,
) -> Attempt {
    let spec = plan.models.get(model);
    let seen = spec.and_then(|spec| history.seen(&phase.name, step.purpose, spec.to_string()));
    let mut usage = match seen {
        Some(seen) => seen.mean(),
        None => assumed::usage(step.purpose, phase.edits, step.prompt, &plan.request),
    };
    let price = spec.and_then(|spec| spec.price);
    usage.cost = price.map_or(usage.cost, |price| price.of(&usage));
    let mean = float(usage.tokens());
    Attempt {
        is_priced: price.is_some() || usage.cost > MicroUsd(0),
        tokens: match seen {
            Some(seen) => (float(seen.fewest_tokens), float(seen.most_tokens)),
            None => (mean / 2.0, mean * 3.0),
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

impl Parts {
    fn add_step(&mut self, calls: Sums, attempt: &Attempt) {
        let usage: &Usage = &attempt.expected.usage;
        let mean = float(usage.tokens()).max(1.0);
        let (fewest, most) = attempt.tokens;
        let tokens = each_of(calls, [fewest, mean, most], Mul::mul);
        let cost = tokens.map(|tokens| tokens * float(usage.cost.0) / mean);
        self.add(&Self {
            calls,
            tokens,
            cost,
            priced: attempt.is_priced,
            // What is not expected at all does not make a sum unknown.
            unpriced: !attempt.is_priced && calls[1] > 0.0,
        });
    }

    fn add(&mut self, other: &Self) {
        self.calls = each_of(self.calls, other.calls, Add::add);
        self.tokens = each_of(self.tokens, other.tokens, Add::add);
        self.cost = each_of(self.cost, other.cost, Add::add);
        self.priced |= other.priced;
        self.unpriced |= other.unpriced;
    }

    /// No phase uses more than it and the run may.
    fn estimate(&self, plan: &Plan, budget: Budget) -> Estimate {
        let run = plan.limits.budget();
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let money = |budget: Budget| budget.cost.map(|cost| cost.0);
        Estimate {
            calls: span(self.calls, least(budget.calls, run.calls)),
            tokens: span(self.tokens, least(budget.tokens, run.tokens)),
            cost_micro_usd: span(self.cost, least(money(budget), money(run))),
            no_price: !self.priced,
            some_price_unknown: self.unpriced,
        }
    }
}

fn each_of(one: Sums, other: Sums, of: impl Fn(f64, f64) -> f64) -> Sums {
    std::array::from_fn(|at| of(one[at], other[at]))
}

fn span([low, expected, high]: Sums, limit: Option<u64>) -> Span {
    let high = high.is_finite().then(|| whole(high));
    Span {
        low: whole(low),
        expected: whole(expected),
        high: high.into_iter().chain(limit).min(),
    }
}

impl Assumptions {
    fn sentences(&self) -> Vec<String> {
        let names = |names: Vec<&str>| names.join(", ");
        let phases = |all: &BTreeSet<PhaseName>| names(all.iter().map(PhaseName::as_str).collect());
        let said = |is: bool, text: String| is.then_some(text);
        [
            said(
                !self.usage.is_empty(),
                format!("what a call uses, in {}", phases(&self.usage)),
            ),
            said(
                self.again,
                format!("one call in {TRIED_AGAIN} is tried again or repaired"),
            ),
            said(
                !self.tasks.is_empty(),
                format!("{TASKS} tasks in {}", phases(&self.tasks)),
            ),
            said(
                self.sent_back,
                "every second audit sends the work back".to_owned(),
            ),
            said(
                !self.no_price.is_empty(),
                format!(
                    "nothing of the price of {}; `price` in the configuration tells it",
                    names(self.no_price.iter().map(ModelName::as_str).collect())
                ),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
