//! Calls and attempts.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Effect, Input, Stop};
use crate::model::{AccountName, CallId, FailureKind, ModelName, Purpose, Usage};
use crate::run::{CallEvent, Event, PhaseEvent, RunEvent};

use super::super::answers::is_again;
use super::super::facts::{CallFacts, Stand};
use super::super::part::worklog_of;
use super::super::trace::Moment;
use super::{Promise, ensure, promise};

/// Work that ended well, wherever it is in the plan, is never begun again; but what made its phase
/// fail is tried afresh once the run is resumed.
pub fn a_finished_call_never_runs_again() -> Promise {
    promise(move |facts, moment| match moment {
        Moment::Wrote(record) => match &record.event {
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => {
                let key = &facts.calls[call].spec.key;
                let new = !facts.finished.contains(key) && !facts.calls[call].over;
                ensure(new, || format!("{call} is finished"))
            }
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            } => {
                let new = !facts.finished.contains(&call.key);
                let old = facts.calls.get(&call.id).is_some_and(|known| !known.over);
                ensure(new && !old, || format!("{} is known", call.id))
            }
            _ => Ok(()),
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// A supervisor orders an attempt once, after it was written down, with what was written down.
pub fn an_attempt_is_ordered_once() -> Promise {
    let mut ordered: BTreeSet<(CallId, u32)> = BTreeSet::new();
    let mut started: BTreeSet<(CallId, u32)> = BTreeSet::new();
    promise(move |facts, moment| {
        match moment {
            Moment::Wrote(record) => {
                if let Event::Call {
                    call,
                    event: CallEvent::AttemptStarted { attempt, .. },
                } = &record.event
                {
                    let new = started.insert((call.clone(), *attempt));
                    ensure(new, || "started twice".to_owned())?;
                }
                // Whoever follows what goes on elsewhere orders it, too.
                if let Event::Run(RunEvent::Resumed { elsewhere, .. }) = &record.event {
                    ordered.retain(|(call, _)| !elsewhere.contains(call));
                }
            }
            Moment::Ordered(Effect::StartAttempt { call, attempt, .. }) => {
                let number = (call.id.clone(), *attempt);
                ensure(started.contains(&number), || "never started".to_owned())?;
                let same = facts.calls[&call.id].spec == **call;
                ensure(same, || "another call".to_owned())?;
                ensure(ordered.insert(number), || "ordered twice".to_owned())?;
            }
            Moment::Ordered(Effect::CancelAttempt { call, attempt, .. }) => {
                let live = facts.live.contains(&(call.clone(), *attempt));
                ensure(live, || "is not under way".to_owned())?;
            }
            Moment::Ordered(_) | Moment::Heard(_) | Moment::Died | Moment::Did(..) => {}
        }
        Ok(())
    })
}

/// Never more attempts at one time than `concurrency`, never more in all than `calls`, and none once a
/// limit was reached or the user said stop.
pub fn the_limits_are_kept() -> Promise {
    promise(move |facts, moment| match moment {
        Moment::Ordered(Effect::StartAttempt { .. }) => {
            let most = usize::try_from(facts.limits.concurrency).unwrap();
            ensure(facts.live.len() < most, || {
                "too many at one time".to_owned()
            })
        }
        Moment::Wrote(record)
            if matches!(
                record.event,
                Event::Call {
                    event: CallEvent::AttemptStarted { .. },
                    ..
                }
            ) =>
        {
            let started = facts.spent.values().map(|spent| spent.started).sum::<u64>();
            let within = facts.limits.calls.is_none_or(|calls| started < calls);
            ensure(within, || "more calls than the limit allows".to_owned())?;
            ensure(!facts.paused, || "the run is paused".to_owned())?;
            ensure(!facts.stops(), || "the run was stopped".to_owned())
        }
        Moment::Wrote(_)
        | Moment::Ordered(_)
        | Moment::Heard(_)
        | Moment::Died
        | Moment::Did(..) => Ok(()),
    })
}

/// No attempt starts once the budget of its phase is used up; money that was never spent uses up nothing.
pub fn the_budgets_are_kept() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Call {
            call,
            event: CallEvent::AttemptStarted { .. },
        } = &record.event
        else {
            return Ok(());
        };
        let phase = &facts.calls[call].spec.phase;
        let budget = facts.budgets[phase];
        let spent = facts.spent.get(phase).copied().unwrap_or_default();
        let (tokens, cost) = (spent.usage.tokens(), spent.usage.cost);
        let within = budget.calls.is_none_or(|most| spent.started < most)
            && budget.tokens.is_none_or(|most| tokens < most)
            && budget.cost.is_none_or(|most| cost.0 == 0 || cost < most);
        ensure(within, || format!("{spent:?} of {budget:?}"))
    })
}

/// Tokens that the run and each of its phases may use are passed by no more than one step of one call, whatever is
/// under way. What a model uses that nobody has heard of yet, nobody can foresee: its first steps come on top, as does
/// what attempts used that came to their end without a supervisor.
pub fn limits_are_passed_by_a_step() -> Promise {
    let mut used: BTreeMap<(CallId, u32), (ModelName, Usage)> = BTreeMap::new();
    // The models that told a step, before the last event and with it; and those when the limit was reached.
    let mut told: [BTreeSet<ModelName>; 2] = Default::default();
    let mut foreseen: Option<BTreeSet<ModelName>> = None;
    let mut unattended: BTreeSet<(CallId, u32)> = BTreeSet::new();
    promise(move |facts, moment| {
        if let Moment::Heard(Input::Resume { recovered, .. }) = moment {
            let ends = recovered.iter().map(|one| (one.call.clone(), one.attempt));
            unattended.extend(ends);
        }
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let (call, event) = match &record.event {
            Event::Call { call, event } => (call, event),
            Event::Run(RunEvent::Resumed { .. }) => {
                foreseen = None;
                return Ok(());
            }
            Event::Run(RunEvent::LimitReached { .. })
            | Event::Phase {
                event: PhaseEvent::LimitReached { .. },
                ..
            } => {
                foreseen = Some(told[0].clone());
                return Ok(());
            }
            _ => return Ok(()),
        };
        let (attempt, usage) = match event {
            CallEvent::AttemptStarted { attempt, model, .. } => {
                used.insert((call.clone(), *attempt), (model.clone(), Usage::default()));
                return Ok(());
            }
            CallEvent::AttemptProgressed { attempt, usage, .. }
            | CallEvent::AttemptFailed { attempt, usage, .. } => (attempt, *usage),
            CallEvent::AttemptSucceeded { attempt, result } => (attempt, result.usage),
            _ => return Ok(()),
        };
        // What another run paid for was never started here.
        let Some((model, known)) = used.get_mut(&(call.clone(), *attempt)) else {
            return Ok(());
        };
        *known = usage;
        told[0] = told[1].clone();
        // One that was lost has told nothing.
        if usage != Usage::default() {
            told[1].insert(model.clone());
        }
        let Some(foreseen) = &foreseen else {
            return Ok(());
        };
        let step = |usage: &Usage| {
            let mean = usage.tokens().checked_div(usage.requests);
            mean.unwrap_or_default()
        };
        let phase = &facts.calls[call].spec.phase;
        let scopes = [
            (facts.limits.tokens, None),
            (facts.budgets[phase].tokens, Some(phase)),
        ];
        for (most, of) in scopes {
            let counts = |call: &CallId| of.is_none_or(|of| *of == facts.calls[call].spec.phase);
            let all = used.iter().filter(|((call, _), _)| counts(call));
            let alone = all.clone().filter(|(id, _)| unattended.contains(*id));
            let alone: u64 = alone.map(|(_, (_, usage))| usage.tokens()).sum();
            let all = all.map(|(_, (model, usage))| (model, usage));
            let sum: u64 = all.clone().map(|(_, usage)| usage.tokens()).sum();
            let largest = all.clone().map(|(_, usage)| step(usage)).max();
            let strange = all.filter(|(model, _)| !foreseen.contains(model));
            let strange: u64 = strange.map(|(_, usage)| step(usage)).sum();
            let within = |most| sum <= most + largest.unwrap_or_default() + strange + alone;
            ensure(most.is_none_or(within), || {
                format!("{sum} tokens of {most:?} in {of:?}")
            })?;
        }
        Ok(())
    })
}

/// A limit stops those who work and those who want to; where nobody does, it is in nobody's way.
pub fn a_limit_stops_only_who_wants_to_work() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let of = match &record.event {
            Event::Run(RunEvent::LimitReached { .. }) => None,
            Event::Phase {
                phase,
                event: PhaseEvent::LimitReached { .. },
            } => Some(phase),
            _ => return Ok(()),
        };
        let phase = facts.current().ok_or("everything is done")?;
        let own = of.is_none_or(|of| of == &phase.name);
        ensure(own, || "it is another phase's budget".to_owned())?;
        let sealed = facts.phase(&phase.name).sealed.is_some();
        let mut calls = facts.calls_of(&phase.name).filter(|call| !call.over);
        let wanted = calls
            .any(|call| call.spec.purpose != Purpose::Propose || !sealed || is_again(&call.spec));
        ensure(wanted, || "nobody wants to work".to_owned())
    })
}

/// What a person ended is not tried again before the run is resumed.
pub fn what_a_person_ended_stays_ended() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => {
                let ended = facts.ended_calls.contains(call);
                ensure(!ended, || format!("a person ended {call}"))
            }
            _ => Ok(()),
        }
    })
}

/// A call that waits after a failure is not tried before its time, and wake-ups lie in the future.
pub fn waits_are_kept() -> Promise {
    let mut now = crate::model::Timestamp::default();
    promise(move |facts, moment| match moment {
        Moment::Wrote(record) => {
            now = record.at;
            let Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } = &record.event
            else {
                return Ok(());
            };
            let waits = facts.calls[call].not_before;
            let due = waits.is_none_or(|until| until <= record.at);
            ensure(due, || format!("{call} is to wait until {waits:?}"))
        }
        Moment::Ordered(Effect::WakeAt(at)) => {
            ensure(*at > now, || "wakes up for nothing".to_owned())
        }
        Moment::Ordered(_) | Moment::Heard(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// An attempt starts in the phase whose turn it is, which has begun and has not failed; once the phase
/// is decided only to distill what it left, and in an ensemble that is sealed not to propose.
pub fn nobody_works_on_what_is_over() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Call {
            call,
            event: CallEvent::AttemptStarted { .. },
        } = &record.event
        else {
            return Ok(());
        };
        let spec = &facts.calls[call].spec;
        let phase = facts.phase(&spec.phase);
        let present = facts
            .current()
            .is_some_and(|current| current.name == spec.phase);
        ensure(present, || "it is another phase's turn".to_owned())?;
        ensure(phase.calls.contains(call), || {
            "of an earlier round".to_owned()
        })?;
        ensure(phase.failed.is_none(), || "the phase has failed".to_owned())?;
        let wanted = match spec.purpose {
            Purpose::Distill if worklog_of(spec).is_none() => Stand::Decided,
            Purpose::Work
            | Purpose::Task
            | Purpose::Lens
            | Purpose::Propose
            | Purpose::Judge
            | Purpose::Repair
            | Purpose::Distill => Stand::Begun,
        };
        ensure(phase.stand == wanted, || {
            format!("the phase is {:?}", phase.stand)
        })?;
        let late = spec.purpose == Purpose::Propose && phase.sealed.is_some() && !is_again(spec);
        ensure(!late, || "the proposals are sealed".to_owned())
    })
}

/// What nobody wants any more is told to end at once, once: everything when the user says stop or money,
/// tokens or time are spent, stragglers when their ensemble is sealed, a call that a person ends.
pub fn what_nobody_wants_is_cancelled() -> Promise {
    let mut cancelled: BTreeMap<(CallId, u32), Stop> = BTreeMap::new();
    let mut died = false;
    promise(move |facts, moment| {
        match moment {
            Moment::Ordered(Effect::CancelAttempt {
                call,
                attempt,
                stop,
            }) => {
                // Who may end the step may be told to end at once after that.
                let before = cancelled.insert((call.clone(), *attempt), *stop);
                let new = before.is_none() || before == Some(Stop::AfterStep) && *stop == Stop::Now;
                ensure(new, || "cancelled twice".to_owned())?;
                let phase = facts.phase(&facts.calls[call].spec.phase);
                let polite = facts
                    .limited
                    .as_ref()
                    .is_some_and(|limit| !limit.starts_with("wall"));
                let unwanted = phase.sealed.is_some() || facts.ended_calls.contains(call);
                let in_step = *stop == Stop::Now && polite && !unwanted && !facts.interrupted;
                ensure(!in_step, || {
                    "paid work is ended in the middle of a step".to_owned()
                })?;
            }
            Moment::Heard(_) if !died => {
                let limit = facts.limited.as_ref();
                let spent = limit.is_some_and(|limit| !limit.starts_with("calls"));
                let kept = facts.live.iter().find(|(id, number)| {
                    let call = &facts.calls[id].spec;
                    let phase = facts.phase(&call.phase);
                    let straggles = call.purpose == Purpose::Propose
                        && phase.sealed.is_some()
                        && !is_again(call);
                    let unwanted = straggles || facts.ended_calls.contains(id);
                    let wanted = !spent && !facts.interrupted && !unwanted;
                    !wanted && !cancelled.contains_key(&(id.clone(), *number))
                });
                ensure(kept.is_none(), || format!("{kept:?} goes on"))?;
            }
            Moment::Heard(_)
            | Moment::Ordered(_)
            | Moment::Wrote(_)
            | Moment::Died
            | Moment::Did(..) => {}
        }
        died = moment.leaves_nobody(died);
        Ok(())
    })
}

/// A run that is taken up again has new patience: no call is given up before it was tried once more, unless a
/// person ended it.
pub fn a_resumed_call_is_tried_once_more() -> Promise {
    let mut tried: BTreeSet<CallId> = BTreeSet::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            // What goes on elsewhere is being tried.
            Event::Run(RunEvent::Resumed { elsewhere, .. }) => {
                tried = elsewhere.iter().cloned().collect();
            }
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => {
                tried.insert(call.clone());
            }
            Event::Call {
                call,
                event: CallEvent::Failed { failure },
            } => {
                let left_out = failure.kind == FailureKind::Limit;
                let may = tried.contains(call) || facts.ended_calls.contains(call) || left_out;
                ensure(may, || format!("{call} was not tried"))?;
            }
            _ => {}
        }
        Ok(())
    })
}

/// Nothing is sent into an account before its time.
pub fn nobody_asks_a_parked_account() -> Promise {
    promise(move |facts, moment| match moment {
        Moment::Wrote(record) => match &record.event {
            Event::Call {
                event: CallEvent::AttemptStarted { model, .. },
                ..
            } => {
                let parked = facts.parked.holds(model, record.at);
                ensure(!parked, || format!("{model} is parked"))
            }
            _ => Ok(()),
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// Only while a model of its own is parked a proposal is made by a substitute, and each makes as many at a time as it is named.
pub fn a_substitute_stands_in_for_one_that_is_parked() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Call {
            call: id,
            event: CallEvent::AttemptStarted { model, .. },
        } = &record.event
        else {
            return Ok(());
        };
        let is_foreign = |call: &CallFacts, model| {
            !call.spec.chain.contains(model) && !facts.stand_ins.contains(model)
        };
        let call = &facts.calls[id];
        if !is_foreign(call, model) {
            return Ok(());
        }
        let plan = facts.plan.phases.iter();
        let plan = plan.filter(|phase| phase.name == call.spec.phase);
        let named = plan.flat_map(|phase| &phase.substitutes);
        let named = named.filter(|one| *one == model).count();
        let round = facts.phases[&call.spec.phase].calls.iter();
        let others = round.map(|one| &facts.calls[one]).filter(|one| {
            let last = one.last.as_ref().map(|(_, model)| model);
            one.spec.id != *id
                && one.spec.purpose == Purpose::Propose
                && last == Some(model)
                && is_foreign(one, model)
        });
        let mut own = call.spec.chain.iter().chain(&facts.stand_ins);
        let parked = own.any(|model| facts.parked.holds(model, record.at));
        ensure(parked && others.count() < named, || {
            format!("{model} is in the place of {:?}", call.spec.chain)
        })
    })
}

/// After its time an account gets one request, and the others once that was served.
pub fn one_request_tells_whether_an_account_serves_again() -> Promise {
    let mut tests: BTreeMap<AccountName, (CallId, u32)> = BTreeMap::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Run(RunEvent::AccountParked { account, why, .. }) => {
                tests.remove(account);
                if *why == FailureKind::RateLimit {
                    // Those that wait have waits of their own.
                    tests.insert(account.clone(), (CallId::new(""), 0));
                }
                Ok(())
            }
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { model, attempt, .. },
            } => {
                let mut parked = facts.parked.0.iter();
                let parked = parked.find(|(_, (models, _))| models.contains(model));
                let Some((account, _)) = parked else {
                    return Ok(());
                };
                let test = tests
                    .entry(account.clone())
                    .or_insert((call.clone(), *attempt));
                let over = test.1 == 0 || !facts.live.contains(test);
                let own = *test == (call.clone(), *attempt);
                if over && test.1 != 0 {
                    *test = (call.clone(), *attempt);
                }
                ensure(own || over, || {
                    format!("{account} is being tested by {test:?}")
                })
            }
            _ => Ok(()),
        }
    })
}
