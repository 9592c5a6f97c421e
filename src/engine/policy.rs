//! What follows a failed attempt: the same model again, the next one of the chain, or the end.

use crate::model::{CallSpec, Failure, FailureKind, Millis, ModelName};

/// What to do next with a call that is not running and not done.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Try this model, this long after the last failure.
    Try {
        model: ModelName,
        after: Millis,
    },
    GiveUp(Failure),
}

/// How a kind of failure is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// Passing trouble: wait, and try the same model as often as the limits allow.
    Wait,
    /// Bad luck with the answer: try the same model at once, as often as the limits allow.
    Again,
    /// This model or its agent cannot do it: the next one.
    NextModel,
    Stop,
}

const FIRST_WAIT: Millis = Millis::seconds(2);
const LONGEST_WAIT: Millis = Millis::minutes(1);
/// A provider that asks for more patience than this is passed over.
const LONGEST_REQUESTED_WAIT: Millis = Millis::minutes(5);

/// The next try after these failures, oldest first.
pub fn next<'a>(call: &CallSpec, failures: impl Iterator<Item = &'a Failure>) -> Next {
    let mut position = 0;
    let mut retries = 0;
    let mut after = Millis(0);
    let mut last = None;
    for failure in failures {
        let again = match remedy(failure) {
            Remedy::Stop => return Next::GiveUp(failure.clone()),
            Remedy::NextModel => false,
            Remedy::Wait | Remedy::Again => retries < call.limits.retries,
        };
        if again {
            retries += 1;
            after = wait(failure, retries);
        } else {
            position += 1;
            retries = 0;
            after = Millis(0);
        }
        last = Some(failure);
    }
    match (call.chain.get(position), last) {
        (Some(model), _) => Next::Try {
            model: model.clone(),
            after,
        },
        (None, Some(failure)) => Next::GiveUp(failure.clone()),
        (None, None) => Next::GiveUp(Failure::new(
            FailureKind::UnknownModel,
            "the call has no model",
        )),
    }
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
    match failure.kind {
        FailureKind::RateLimit
        | FailureKind::Provider
        | FailureKind::Network
        | FailureKind::Crash
        | FailureKind::Hang => Remedy::Wait,
        FailureKind::NoDeliverable
        | FailureKind::Truncated
        | FailureKind::BadOutput
        | FailureKind::Loop
        | FailureKind::PermissionRefused
        | FailureKind::OutOfMemory
        | FailureKind::OutOfDisk
        | FailureKind::TooManyProcesses => Remedy::Again,
        FailureKind::AgentMissing
        | FailureKind::Auth
        | FailureKind::Quota
        | FailureKind::UnknownModel
        | FailureKind::ContextOverflow
        | FailureKind::Rejected
        | FailureKind::Timeout => Remedy::NextModel,
        FailureKind::Machine
        | FailureKind::Setup
        | FailureKind::NonePassed
        | FailureKind::Refused => Remedy::Stop,
        // These never count (see `CallState::counted_failures`).
        FailureKind::Cancelled | FailureKind::Lost => Remedy::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::phase_context::tests::call_with;

    fn failures(kinds: &[FailureKind]) -> Vec<Failure> {
        kinds.iter().map(|kind| Failure::new(*kind, "x")).collect()
    }

    fn after(kinds: &[FailureKind]) -> Next {
        let call = call_with(&["first", "second"], 2);
        next(&call, failures(kinds).iter())
    }

    fn attempt(model: &str, seconds: u64) -> Next {
        Next::Try {
            model: model.into(),
            after: Millis::seconds(seconds),
        }
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
        let call = call_with(&["first", "second"], 2);
        let mut asked = Failure::new(FailureKind::RateLimit, "x");
        asked.retry_after = Some(Millis::seconds(20));
        assert_eq!(next(&call, [&asked].into_iter()), attempt("first", 20));
        asked.retry_after = Some(Millis::minutes(10));
        assert_eq!(next(&call, [&asked].into_iter()), attempt("second", 0));
    }
}
