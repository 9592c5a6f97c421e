//! What earlier runs of a workflow tell of its next one.

use std::collections::BTreeMap;

use crate::model::{PhaseName, Purpose, Usage};
use crate::plan::{PhasePlan, Plan, count, steps};
use crate::run::{RunState, Stage};

/// Earlier runs of one workflow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    pub runs: u64,
    /// By phase and purpose, and what the agent was asked for.
    used: BTreeMap<(PhaseName, Purpose, String), Seen>,
    /// Attempts in runs that came to the end of the phase, and those to be expected if none fails.
    made: BTreeMap<(PhaseName, Purpose), (f64, f64)>,
}

/// Attempts that came to something.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    pub attempts: u64,
    pub sum: Usage,
    pub fewest_tokens: u64,
    pub most_tokens: u64,
}

/// Whether nothing of a phase is still to come.
pub fn is_over(state: &RunState, phase: &PhasePlan) -> bool {
    let known = state.phase(&phase.name);
    known.is_some_and(|known| known.closed().is_some() || matches!(known.stage, Stage::Skipped(_)))
}

impl History {
    /// Takes one more run in. One that was rehearsed says nothing; what was taken over was said by another.
    pub fn add(&mut self, plan: &Plan, state: &RunState) {
        if plan.rehearsal.is_some() {
            return;
        }
        self.runs += 1;
        for call in state.calls() {
            for attempt in call.attempts.iter().filter(|one| !one.taken_over) {
                let tokens = attempt.usage.tokens();
                let told = attempt.came_to_something() && tokens > 0;
                let Some(model) = plan.models.get(&attempt.model).filter(|_| told) else {
                    continue;
                };
                let phase = call.spec.phase.clone();
                let key = (phase, call.spec.purpose, model.to_string());
                let seen = self.used.entry(key).or_insert(Seen {
                    fewest_tokens: tokens,
                    ..Seen::default()
                });
                seen.attempts += 1;
                seen.sum += attempt.usage;
                seen.fewest_tokens = seen.fewest_tokens.min(tokens);
                seen.most_tokens = seen.most_tokens.max(tokens);
            }
        }
        if state.from_run.is_none() {
            self.count(plan, state);
        }
    }

    fn count(&mut self, plan: &Plan, state: &RunState) {
        for phase in &plan.phases {
            if !is_over(state, phase) {
                continue;
            }
            let mut made = BTreeMap::new();
            for step in steps(phase) {
                made.entry(step.purpose).or_insert((0.0, 0.0)).1 += step.usual;
            }
            for call in state.calls().filter(|call| call.spec.phase == phase.name) {
                let sent = call.attempts.iter().filter(|one| !one.was_never_sent());
                let attempts = count(sent.count());
                made.entry(call.spec.purpose).or_insert((0.0, 0.0)).0 += attempts;
            }
            for (purpose, (attempts, usual)) in made {
                let sum = self.made.entry((phase.name.clone(), purpose));
                let sum = sum.or_insert((0.0, 0.0));
                // What need not be at all is counted by run.
                (sum.0, sum.1) = (
                    sum.0 + attempts,
                    sum.1 + if usual > 0.0 { usual } else { 1.0 },
                );
            }
        }
    }

    pub fn seen(&self, phase: &PhaseName, purpose: Purpose, model: String) -> Option<&Seen> {
        self.used.get(&(phase.clone(), purpose, model))
    }

    /// How many attempts there were for each call that had to be; of calls that need not be, for each run.
    pub fn ratio(&self, phase: &PhaseName, purpose: Purpose) -> Option<f64> {
        let (attempts, usual) = self.made.get(&(phase.clone(), purpose))?;
        (*usual > 0.0).then(|| attempts / usual)
    }
}
