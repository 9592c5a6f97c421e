//! The limits of a whole run and the budgets of its phases: when one is reached, no further attempt
//! starts.

use crate::model::{
    AtLimit, Budget, CallId, CallSpec, Contract, MicroUsd, Millis, ModelName, PhaseName, Purpose,
    ReachedLimit, RunLimits, Timestamp, Usage,
};
use crate::plan::{PhaseKind, PhasePlan, Plan, float, steps, whole};
use crate::run::{CallState, CallStatus, RunState, Spent, Use};

/// The limit that forbids a further attempt of the phase, and perhaps those under way, if one does: of the
/// run, or of the phase.
pub fn reached(
    plan: &Plan,
    phase: &PhasePlan,
    run: &RunState,
    now: Timestamp,
) -> Option<ReachedLimit> {
    let limits = run.limits(plan.limits);
    let used_up = |budget, spent: Spent, of| {
        let used = Use::of(spent.usage).plus(steps_under_way(plan, run, of));
        let is_idle = run.running().next().is_none();
        used_up(budget, used, spent.attempts, is_idle)
    };
    let of_run = used_up(limits.budget(), run.own_spent(), None)
        .or_else(|| worked_enough(limits, run, now))
        .map(|limit| ReachedLimit { limit, phase: None });
    of_run.or_else(|| {
        let spent = run.own_spent_by(&phase.name);
        let budget = run.budget(&phase.name, phase.budget);
        let limit = used_up(budget, spent, Some(&phase.name))?;
        Some(ReachedLimit {
            limit,
            phase: Some(phase.name.clone()),
        })
    })
}

/// The number of calls forbids nothing to what was started already, so it is looked at when all is `idle`.
fn used_up(budget: Budget, used: Use, attempts: u64, is_idle: bool) -> Option<String> {
    if let Some(tokens) = budget.tokens.filter(|tokens| used.tokens >= *tokens) {
        return Some(format!("tokens: {tokens}"));
    }
    // Money that was never spent cannot exceed anything: a free model passes a limit of zero.
    let spends = used.cost.0 > 0;
    if let Some(cost) = budget.cost.filter(|cost| spends && used.cost >= *cost) {
        return Some(format!("cost: {cost}"));
    }
    let calls = budget.calls.filter(|calls| is_idle && attempts >= *calls)?;
    Some(format!("calls: {calls}"))
}

fn worked_enough(limits: RunLimits, run: &RunState, now: Timestamp) -> Option<String> {
    let wall = limits.wall.filter(|wall| run.worked(now) >= *wall)?;
    Some(format!("wall: {wall}"))
}

/// The steps that the attempts under way are in, as large as those before: each is let end, whatever it uses. All but
/// the largest, so that together they pass a limit by no more than that one.
fn steps_under_way(plan: &Plan, run: &RunState, of: Option<&PhaseName>) -> Use {
    let steps = under_way(run, of).map(|call| step(plan, run, call));
    let (sum, largest) = steps.fold((Use::default(), Use::default()), |(sum, largest), one| {
        (sum.plus(one), largest.max(one))
    });
    sum.minus(largest)
}

fn under_way<'a>(
    run: &'a RunState,
    of: Option<&'a PhaseName>,
) -> impl Iterator<Item = &'a CallState> {
    let calls = run.running().map(|(call, _)| call);
    calls.filter(move |call| of.is_none_or(|of| &call.spec.phase == of))
}

/// The mean step of a call's last attempt, or of its model where it has told none yet. Agents that tell what they
/// used when they are done are in no further step then.
fn step(plan: &Plan, run: &RunState, call: &CallState) -> Use {
    let Some(own) = call.attempts.last() else {
        return Use::default();
    };
    let agent = plan.agents.get(&own.agent);
    match Use::step(own.usage) {
        Some(_) if agent.is_some_and(|agent| !agent.kind.counts_each_step()) => Use::default(),
        Some(used) => used,
        None => run.largest_step(&own.model).unwrap_or_default(),
    }
}

/// What it costs a model to read so many tokens.
fn read(plan: &Plan, model: &ModelName, tokens: u64) -> Use {
    let usage = Usage {
        input: tokens,
        ..Usage::default()
    };
    let price = plan.models.get(model).and_then(|model| model.price);
    Use {
        tokens,
        cost: price.map_or(MicroUsd(0), |price| price.of(&usage)),
    }
}

/// What an attempt is expected to use: as much as the largest that ended well, of the same work by the same model if
/// there is one. Before the first one it is what earlier runs tell, or what was assumed: several that nobody knows anything
/// of would pass a small limit together. A plan without that has what its prompt costs, as far as that is known.
fn expected(
    plan: &Plan,
    run: &RunState,
    (phase, purpose): (&PhaseName, Purpose),
    model: &ModelName,
) -> Use {
    let likest = run
        .most_used(purpose, (Some(phase), Some(model)))
        .or_else(|| run.most_used(purpose, (None, Some(model))))
        .or_else(|| run.most_used(purpose, (None, None)));
    let heard_of = run.largest_step(model);
    let projected = plan.expected(phase, purpose, model);
    // What is only assumed is too much of one that has told what it uses.
    let projected = projected.filter(|one| one.learned_from > 0 || heard_of.is_none());
    let own = likest.or(projected.map(|one| Use::of(one.usage)));
    let own = own.unwrap_or_else(|| {
        let prompt = run.longest_prompt(phase, purpose);
        read(plan, model, prompt.unwrap_or_default())
    });
    own.max(heard_of.unwrap_or_default())
}

/// What a call under way is expected to use beside what it has used so far.
fn to_come(plan: &Plan, run: &RunState, call: &CallState) -> Use {
    let of = (&call.spec.phase, call.spec.purpose);
    let all = call.model().map(|model| expected(plan, run, of, model));
    let left = all.unwrap_or_default().minus(Use::of(call.usage_so_far()));
    left.max(step(plan, run, call))
}

/// What each call under way is expected to cost from now on.
pub fn expected_cost<'a>(
    plan: &'a Plan,
    run: &'a RunState,
) -> impl Iterator<Item = (&'a CallId, MicroUsd)> {
    let calls = under_way(run, None);
    calls.map(|call| (&call.spec.id, to_come(plan, run, call).cost))
}

/// What may be started beside what is under way.
pub struct Room<'a> {
    plan: &'a Plan,
    phase: &'a PhasePlan,
    run: &'a RunState,
    /// Attempts at one time, and in all, of the run and of the phase.
    free: u64,
    left: [u64; 2],
    proposes: bool,
    /// Of the run, and of the phase.
    held: [Held; 2],
}

/// What is used of a budget, and what is held against it for attempts under way. They get it even if it is more
/// than they need, so that together they pass a limit only where one uses more than was expected.
struct Held {
    budget: Budget,
    used: Use,
    is_busy: bool,
}

impl Held {
    fn has_room(&self, more: Use, is_spare: bool) -> bool {
        let all = self.used.plus(more);
        let Budget { tokens, cost, .. } = self.budget;
        // Nothing can end before it has begun: with nobody else under way, whatever is left is for one that has to be.
        !self.is_busy && !is_spare
            || tokens.is_none_or(|most| all.tokens <= most)
                && cost.is_none_or(|most| all.cost <= most)
    }
}

impl<'a> Room<'a> {
    pub fn of(plan: &'a Plan, phase: &'a PhasePlan, run: &'a RunState) -> Self {
        let limits = run.limits(plan.limits);
        let own = run.budget(&phase.name, phase.budget);
        let (all, of_phase) = (run.own_spent(), run.own_spent_by(&phase.name));
        let left = |calls: Option<u64>, spent: Spent| {
            calls.map_or(u64::MAX, |calls| calls.saturating_sub(spent.attempts))
        };
        let running = run.running().count() as u64;
        let at_one_time = match run.is_paused() {
            true => 0,
            false => u64::from(limits.concurrency.max(1)).saturating_sub(running),
        };
        let hold = |budget, spent: Spent, of| {
            let held = under_way(run, of).map(|call| to_come(plan, run, call));
            Held {
                budget,
                used: held.fold(Use::of(spent.usage), Use::plus),
                is_busy: under_way(run, of).next().is_some(),
            }
        };
        Self {
            plan,
            phase,
            run,
            free: at_one_time,
            left: [left(limits.calls, all), left(own.calls, of_phase)],
            proposes: false,
            held: [
                hold(limits.budget(), all, None),
                hold(own, of_phase, Some(&phase.name)),
            ],
        }
    }

    /// Takes the place of one more attempt, if there is one.
    pub fn take(&mut self, call: &CallSpec, model: &ModelName) -> bool {
        if self.free == 0 || !self.fits(call, model) {
            return false;
        }
        let more = self.expected(call.purpose, model);
        self.free -= 1;
        self.left = self.left.map(|left| left - 1);
        self.proposes |= call.purpose == Purpose::Propose;
        for held in &mut self.held {
            held.used = held.used.plus(more);
            held.is_busy = true;
        }
        true
    }

    /// Whether the phase goes on without a call that it could wait no longer for.
    pub fn leaves_out(&self, call: &CallSpec, model: &ModelName) -> bool {
        let is_busy = self.held.iter().any(|held| held.is_busy);
        !is_busy && self.is_spare(call) && !self.fits(call, model)
    }

    /// Beside a proposal that can be spared, the judges have to fit who choose; and within the limits of the run, beside
    /// whatever can be spared, what follows at least.
    fn fits(&self, call: &CallSpec, model: &ModelName) -> bool {
        let is_spare = self.is_spare(call);
        let judges = match &self.phase.kind {
            PhaseKind::Ensemble { judge, .. } if is_spare && call.purpose == Purpose::Propose => {
                judge.panel.as_slice()
            }
            _ => &[],
        };
        let judging = judges.iter().filter_map(|chain| chain.first());
        let judging = judging.map(|judge| self.expected(Purpose::Judge, judge));
        let more = judging.fold(self.expected(call.purpose, model), Use::plus);
        let (calls, later) = match is_spare {
            true => self.follows(),
            false => Default::default(),
        };
        let [of_run, of_phase] = &self.held;
        let judges = judges.len() as u64;
        self.left[0] > judges.saturating_add(calls)
            && self.left[1] > judges
            && of_run.has_room(more.plus(later), is_spare)
            && of_phase.has_room(more, is_spare)
    }

    /// The least calls of the phases that follow, and what they use. One that degrades makes do with one proposal.
    fn follows(&self) -> (u64, Use) {
        let phases = self.plan.phases.iter();
        let later = phases.skip_while(|one| one.name != self.phase.name).skip(1);
        let is_over = |name| self.run.phase(name).is_some_and(|it| it.closed().is_some());
        let (mut calls, mut used) = (0.0, Use::default());
        for phase in later.filter(|one| one.when.is_none() && !is_over(&one.name)) {
            let is_ensemble = matches!(phase.kind, PhaseKind::Ensemble { .. });
            let most = match phase.at_limit == AtLimit::Degrade && is_ensemble {
                true => 1,
                false => usize::MAX,
            };
            for step in steps(phase).iter().take(most) {
                calls += step.least;
                if let Some(model) = step.chain.first().filter(|_| step.least > 0.0) {
                    let model = self.run.in_place_of(model);
                    let one = expected(self.plan, self.run, (&phase.name, step.purpose), model);
                    let times = |of: u64| whole(float(of) * step.least);
                    used = used.plus(Use {
                        tokens: times(one.tokens),
                        cost: MicroUsd(times(one.cost.0)),
                    });
                }
            }
        }
        (whole(calls), used)
    }

    fn expected(&self, purpose: Purpose, model: &ModelName) -> Use {
        expected(self.plan, self.run, (&self.phase.name, purpose), model)
    }

    /// What the phase can do without, if it may: all proposals but one, verdicts on one alone or in a second order, and
    /// what makes the winner better or tells of it.
    fn is_spare(&self, call: &CallSpec) -> bool {
        let is_other = |one: &&CallState| {
            let spec = &one.spec;
            (&spec.phase, spec.purpose) == (&call.phase, Purpose::Propose)
                && spec.id.round() == call.id.round()
                && spec.id != call.id
        };
        let mut others = self.run.calls().filter(is_other);
        let could = match call.purpose {
            Purpose::Propose => {
                self.proposes
                    || others.any(|one| one.result().is_some() || one.status == CallStatus::Running)
            }
            Purpose::Judge => {
                call.ballot.as_ref().is_some_and(|ballot| ballot.reversed)
                    || matches!(&call.contract, Contract::Judgement { labels, .. } if labels.len() < 2)
                    || others.any(|one| one.spec.refines().is_some())
            }
            Purpose::Distill => {
                let phase = self.run.phase(&call.phase);
                phase.is_some_and(|phase| phase.winner().is_some())
            }
            Purpose::Work | Purpose::Task | Purpose::Lens | Purpose::Repair => false,
        };
        self.phase.at_limit == AtLimit::Degrade && could
    }
}

/// When the wall-clock limit will be reached if nothing else happens.
pub fn wall_end(planned: RunLimits, run: &RunState, now: Timestamp) -> Option<Timestamp> {
    let wall = run.limits(planned).wall?;
    let left = wall.0.saturating_sub(run.worked(now).0);
    Some(now.after(Millis(left)))
}

/// When a process that is to end does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Once the step is over that is under way, if it tells its steps.
    AfterStep,
    Now,
}

/// How this limit ends what is under way. Nobody goes on when the time is up. Of paid work the step that is under way
/// is let end, and no further one begins. The number of calls is in the way of no call that has begun.
pub fn stops(reached: &ReachedLimit) -> Option<Stop> {
    match reached.limit.split(':').next() {
        Some("calls") => None,
        Some("wall") => Some(Stop::Now),
        _ => Some(Stop::AfterStep),
    }
}
