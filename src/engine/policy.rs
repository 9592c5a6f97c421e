//! What follows a failed attempt: the same model again, the next one of the chain, or the end.

use crate::model::{Failure, FailureKind, Millis, ModelName, Purpose, Remedy, Timestamp};
use crate::run::{CallState, RunState};

/// What to do next with a call that is not running and not done.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Try this model, this long after the last failure.
    Try {
        model: ModelName,
        after: Millis,
    },
    /// Nothing can be tried before this time: the accounts of its models are parked.
    Parked(Timestamp),
    GiveUp(Failure),
}

const FIRST_WAIT: Millis = Millis::seconds(2);
const LONGEST_WAIT: Millis = Millis::minutes(1);
/// A provider that asks for more patience than this is passed over.
const LONGEST_REQUESTED_WAIT: Millis = Millis::minutes(5);

/// After so many attempts in a row that were lost, under one supervisor, the next one would be, too.
const MOST_LOST: usize = 10;

/// The next try of a call: the first of its models that has tries left and whose account serves. Where one has none
/// that does, a proposal also has those of the phase's `substitutes` that propose for no other.
pub fn next(call: &CallState, substitutes: &[ModelName], run: &RunState, now: Timestamp) -> Next {
    let failures: Vec<(&ModelName, &Failure)> = call.counted_failures().collect();
    let last = failures.last().map(|(_, failure)| *failure);
    if let Some(failure) = last.filter(|last| remedy(last) == Remedy::Stop) {
        return Next::GiveUp(failure.clone());
    }
    if call.lost_in_a_row() >= MOST_LOST {
        let message = format!("its last {MOST_LOST} attempts were lost, one after the other");
        return Next::GiveUp(Failure::new(FailureKind::Machine, message));
    }
    let mut parked = None;
    let own = call.spec.chain.len();
    for (at, model) in call.spec.chain.iter().chain(substitutes).enumerate() {
        let model = run.in_place_of(model);
        if at >= own && (parked.is_none() || is_taken(model, call, substitutes, run)) {
            continue;
        }
        let own = failures.iter().filter(|(by, _)| *by == model);
        let own: Vec<&Failure> = own.map(|(_, failure)| *failure).collect();
        let refused = own.iter().any(|one| remedy(one) == Remedy::NextModel);
        let tries = u32::try_from(own.len()).unwrap_or(u32::MAX);
        if refused || tries > call.spec.limits.retries {
            continue;
        }
        if let Some(held) = run.parked(model).filter(|held| held.is_long(now)) {
            parked = Some(parked.map_or(held.until, |until: Timestamp| until.min(held.until)));
            continue;
        }
        let after = own.last().map_or(Millis(0), |last| wait(last, tries));
        let model = model.clone();
        return Next::Try { model, after };
    }
    let without = || Failure::new(FailureKind::UnknownModel, "the call has no model");
    match parked {
        Some(until) => Next::Parked(until),
        None => Next::GiveUp(last.cloned().unwrap_or_else(without)),
    }
}

/// Whether a model proposes in the place of the call's own.
pub fn stands_in(model: &ModelName, call: &CallState, run: &RunState) -> bool {
    let mut own = call.spec.chain.iter();
    own.all(|one| run.in_place_of(one) != model)
}

/// Whether a substitute proposes for as many others of the round as it is named, or may not for this one.
fn is_taken(
    model: &ModelName,
    call: &CallState,
    substitutes: &[ModelName],
    run: &RunState,
) -> bool {
    let own = &call.spec;
    let others = run.calls().filter(|other| {
        let spec = &other.spec;
        let same = (&spec.phase, spec.purpose, spec.id.round())
            == (&own.phase, own.purpose, own.id.round());
        same && spec.id != own.id && other.model() == Some(model) && stands_in(model, other, run)
    });
    let named = substitutes.iter();
    let named = named.filter(|one| run.in_place_of(one) == model).count();
    own.purpose != Purpose::Propose || own.refines().is_some() || others.count() >= named
}

fn wait(failure: &Failure, retries: u32) -> Millis {
    if remedy(failure) == Remedy::Again {
        return Millis(0);
    }
    let doubled = FIRST_WAIT
        .0
        .saturating_mul(1 << retries.saturating_sub(1).min(10));
    let own = Millis(doubled.min(LONGEST_WAIT.0));
    failure.retry_after.map_or(own, |asked| asked.max(own))
}

fn remedy(failure: &Failure) -> Remedy {
    if failure
        .retry_after
        .is_some_and(|asked| asked > LONGEST_REQUESTED_WAIT)
    {
        return Remedy::NextModel;
    }
    match failure.kind.rule().remedy {
        // There will be some soon.
        Remedy::Park if failure.retry_after.is_some() => Remedy::Wait,
        Remedy::Park => Remedy::NextModel,
        // These never count (see `CallState::counted_failures`).
        Remedy::Uncounted => Remedy::Again,
        remedy => remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::phase_context::tests::call_with;
    use crate::model::{PhaseName, Usage};
    use crate::run::{CallEvent, Event, PhaseEvent, RunEvent};

    /// A call with these failures, each of the model that was to be tried.
    fn after_failures(failures: &[Failure], parked: &[RunEvent]) -> Next {
        let spec = call_with(&["first", "second"], 2);
        let (id, phase) = (spec.id.clone(), PhaseName::new("plan"));
        let now = Timestamp(1);
        let mut run = RunState::default();
        let take = |event: Event, run: &mut RunState| run.apply(now, &event);
        let call = spec.into();
        take(PhaseEvent::CallCreated { call }.of(phase), &mut run);
        for (failure, attempt) in failures.iter().zip(1..) {
            let call = run.any_call(&id).expect("it was created");
            let Next::Try { model, .. } = next(call, &[], &run, now) else {
                panic!("given up before {failure:?}");
            };
            let agent = "".into();
            let started = CallEvent::AttemptStarted {
                attempt,
                model,
                agent,
            };
            take(started.of(id.clone()), &mut run);
            for event in parked.iter().cloned() {
                take(event.into(), &mut run);
            }
            let failed = CallEvent::AttemptFailed {
                attempt,
                failure: failure.clone(),
                usage: Usage::default(),
            };
            take(failed.of(id.clone()), &mut run);
        }
        next(run.any_call(&id).expect("it was created"), &[], &run, now)
    }

    fn after(kinds: &[FailureKind]) -> Next {
        let failures = kinds.iter().map(|kind| Failure::new(*kind, "x"));
        after_failures(&failures.collect::<Vec<_>>(), &[])
    }

    fn attempt(model: &str, seconds: u64) -> Next {
        Next::Try {
            model: model.into(),
            after: Millis::seconds(seconds),
        }
    }

    #[test]
    fn what_is_lost_each_time_is_given_up() {
        use FailureKind::Lost;
        assert_eq!(after(&[Lost; MOST_LOST - 1]), attempt("first", 0));
        assert!(matches!(after(&[Lost; MOST_LOST]), Next::GiveUp(_)));
    }

    #[test]
    fn passing_trouble_waits_longer_each_time_and_then_falls_back() {
        use FailureKind::RateLimit;
        assert_eq!(after(&[]), attempt("first", 0));
        assert_eq!(after(&[RateLimit]), attempt("first", 2));
        assert_eq!(after(&[RateLimit; 2]), attempt("first", 4));
        assert_eq!(after(&[RateLimit; 3]), attempt("second", 0));
        assert_eq!(after(&[RateLimit; 4]), attempt("second", 2));
        assert!(matches!(after(&[RateLimit; 6]), Next::GiveUp(_)));
    }

    #[test]
    fn a_refused_key_goes_to_the_next_model_at_once() {
        use FailureKind::Auth;
        assert_eq!(after(&[Auth]), attempt("second", 0));
        assert!(matches!(after(&[Auth, Auth]), Next::GiveUp(_)));
    }

    #[test]
    fn a_full_disk_ends_the_call() {
        assert!(matches!(after(&[FailureKind::Machine]), Next::GiveUp(_)));
    }

    #[test]
    fn a_provider_that_names_a_time_is_obeyed_unless_it_is_absurd() {
        let mut asked = Failure::new(FailureKind::RateLimit, "x");
        asked.retry_after = Some(Millis::seconds(20));
        assert_eq!(after_failures(&[asked.clone()], &[]), attempt("first", 20));
        asked.retry_after = Some(Millis::minutes(10));
        assert_eq!(after_failures(&[asked], &[]), attempt("second", 0));
    }

    fn parked(account: &str, model: &str, until: u64) -> RunEvent {
        RunEvent::AccountParked {
            account: account.into(),
            models: vec![model.into()],
            until: Timestamp(until),
            why: FailureKind::Quota,
        }
    }

    #[test]
    fn a_substitute_proposes_for_one_at_a_time_that_is_parked() {
        let now = Timestamp(1);
        let mut run = RunState::default();
        for slot in [1, 2] {
            let call = crate::model::CallSpec {
                id: crate::model::CallId::new(format!("plan.propose-{slot}")),
                purpose: Purpose::Propose,
                ..call_with(&["own"], 0)
            };
            let created = PhaseEvent::CallCreated { call: call.into() };
            run.apply(now, &created.of(PhaseName::new("plan")));
        }
        let substitutes = ["other".into()];
        let of = |run: &RunState, call: &str| {
            let call = run.any_call(&call.into()).expect("it was created");
            next(call, &substitutes, run, now)
        };
        assert_eq!(of(&run, "plan.propose-1"), attempt("own", 0));
        run.apply(now, &parked("a", "own", 90).into());
        assert_eq!(of(&run, "plan.propose-1"), attempt("other", 0));
        let (model, agent) = ("other".into(), "".into());
        let started = CallEvent::AttemptStarted {
            attempt: 1,
            model,
            agent,
        };
        run.apply(
            now,
            &started.of(crate::model::CallId::new("plan.propose-1")),
        );
        assert_eq!(of(&run, "plan.propose-2"), Next::Parked(Timestamp(90)));
        let account = "a".into();
        run.apply(now, &RunEvent::AccountFreed { account }.into());
        assert_eq!(of(&run, "plan.propose-2"), attempt("own", 0));
    }

    #[test]
    fn a_parked_account_is_passed_over_and_waited_for() {
        let quota = [Failure::new(FailureKind::Quota, "x")];
        let first = parked("a", "first", 90);
        assert_eq!(
            after_failures(&quota, std::slice::from_ref(&first)),
            attempt("second", 0)
        );
        let both = [first, parked("b", "second", 80)];
        let next = after_failures(&quota, &both);
        assert_eq!(next, Next::Parked(Timestamp(80)), "the first to be free");
        let freed = ["a", "b"].map(|name| RunEvent::AccountFreed {
            account: name.into(),
        });
        let mut events = both.to_vec();
        events.extend(freed);
        assert_eq!(after_failures(&quota, &events), attempt("second", 0));
    }
}
