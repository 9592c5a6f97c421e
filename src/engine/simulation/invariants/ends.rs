//! The ends of supervisors and of runs, and the delivery of changes.

use crate::engine::{Effect, Input};
use crate::model::{AtLimit, Destination, FailureKind, PersonAnswer, Question, Results, RunEnd};
use crate::run::{CallEvent, Event, RunEvent};

use super::super::facts::{Facts, PhaseFacts};
use super::super::trace::Moment;
use super::phases::unused;
use super::{Promise, ensure, promise};

/// A supervisor ends as the journal says, and the journal says how it stands: done when all is done and
/// well, failed when a phase failed, and so on. After that it hears and writes nothing, but for what a person
/// does about the results.
pub fn the_end_tells_the_truth() -> Promise {
    let mut by_hand = false;
    promise(move |facts, moment| match (moment, facts.ended) {
        (Moment::Wrote(record), Some(end)) if by_hand => match &record.event {
            Event::Run(RunEvent::Ended { end: RunEnd::Done }) => {
                ensure(end == RunEnd::Waiting, || {
                    format!("nothing waited: {end:?}")
                })
            }
            event if event.is_by_hand() => Ok(()),
            _ => Err(format!("the run has ended: {end:?}")),
        },
        (Moment::Did(..), _) => {
            by_hand = true;
            Ok(())
        }
        (Moment::Wrote(record), None) => match &record.event {
            Event::Run(RunEvent::Ended { end }) if !by_hand => {
                why_not(facts, *end).map_or(Ok(()), Err)
            }
            _ => Ok(()),
        },
        (Moment::Wrote(record), Some(end)) => {
            let resumed = matches!(record.event, Event::Run(RunEvent::Resumed { .. }));
            ensure(resumed, || format!("the run has ended: {end:?}"))
        }
        (Moment::Ordered(Effect::End(told)), ended) => ensure(Some(*told) == ended, || {
            format!("the journal says {ended:?}")
        }),
        (Moment::Ordered(_), ended) => {
            ensure(ended.is_none(), || format!("the run has ended: {ended:?}"))
        }
        (Moment::Heard(input), ended) => {
            by_hand = false;
            let resumed = matches!(input, Input::Resume { .. });
            ensure(resumed || ended.is_none(), || {
                format!("the run has ended: {ended:?}")
            })
        }
        (Moment::Died, _) => Ok(()),
    })
}

/// What speaks against an end.
fn why_not(facts: &Facts<'_>, end: RunEnd) -> Option<String> {
    let done = facts.current().is_none();
    let failure = facts.failure().map(|failure| failure.kind);
    let mut bad_audits = facts.failed_audits();
    let audits_pass = bad_audits.next().is_none();
    let delivered = facts.results() == facts.before()
        || facts.is_delivered()
        || facts.kept && facts.plan.destination == Destination::Nowhere
        || facts.applied.as_ref().is_some_and(|(results, _)| {
            facts.plan.destination == Destination::Nowhere && *results == facts.results()
        });
    let asked = facts.phases.values().any(is_asked);
    let fails_at_limit = facts
        .current()
        .is_some_and(|phase| phase.at_limit == AtLimit::Fail);
    let right = match end {
        RunEnd::Done => done && audits_pass && delivered && failure.is_none(),
        // A limit fails the phases that are to fail at one, and no others.
        RunEnd::Failed if facts.limited.is_some() => fails_at_limit && failure.is_some(),
        RunEnd::Failed => {
            failure.is_some_and(|kind| kind != FailureKind::Quota) || done && facts.full
        }
        RunEnd::AuditFailed => done && !audits_pass && unused(facts).is_none(),
        RunEnd::Waiting => asked && failure.is_none() || done && facts.blocked && !facts.full,
        RunEnd::Limited => {
            let left = !done || unused(facts).is_some();
            failure == Some(FailureKind::Quota)
                || facts.limited.is_some() && left && !fails_at_limit
                || !facts.parked.0.is_empty() && failure.is_none()
        }
        RunEnd::Interrupted => facts.interrupted,
    };
    let stopped = facts.interrupted && end != RunEnd::Interrupted;
    let limited = facts.limited.is_some()
        && matches!(end, RunEnd::Done | RunEnd::AuditFailed | RunEnd::Waiting);
    (!right || stopped || limited).then(|| {
        format!(
            "all done: {done}, failure: {failure:?}, audits pass: {audits_pass}, delivered: {delivered}, \
             asked: {asked}, limited: {:?}, interrupted: {}",
            facts.limited, facts.interrupted
        )
    })
}

/// Whether a question is open.
fn is_asked(phase: &PhaseFacts) -> bool {
    match (&phase.asked, &phase.answered) {
        (None, _) => false,
        (Some(Question::Approve { .. }), answer) => answer.is_none(),
        (Some(Question::RunCommands { .. }), _) => true,
        (Some(Question::PickWinner { .. }), answer) => {
            !matches!(answer, Some(PersonAnswer::Picked(_)))
        }
    }
}

/// No agent is under way when a supervisor ends; a command only if the user interrupts it.
pub fn nothing_is_under_way_at_the_end() -> Promise {
    promise(move |facts, moment| match moment {
        Moment::Ordered(Effect::End(end)) => {
            ensure(facts.live.is_empty(), || {
                format!("{:?} is under way", facts.live)
            })?;
            let verifying = facts.verifying.is_some() && *end != RunEnd::Interrupted;
            ensure(!verifying, || "a command is under way".to_owned())
        }
        Moment::Ordered(_)
        | Moment::Heard(_)
        | Moment::Wrote(_)
        | Moment::Died
        | Moment::Did(..) => Ok(()),
    })
}

/// Changes are delivered when everything is done and no audit failed, with all that was changed, once a
/// supervisor at most, and never again once they are known to be there.
pub fn changes_are_delivered_once_at_the_end() -> Promise {
    let mut ordered = false;
    promise(move |facts, moment| match moment {
        Moment::Heard(Input::Resume { .. }) => {
            ordered = false;
            Ok(())
        }
        Moment::Ordered(Effect::Deliver { results, to }) => {
            ensure(!ordered, || "ordered twice".to_owned())?;
            ordered = true;
            let good = facts.current().is_none() && facts.failed_audits().next().is_none();
            ensure(good, || "not everything is done and well".to_owned())?;
            ensure(*results == facts.results(), || "other results".to_owned())?;
            let wanted = *to == facts.plan.destination && *to != Destination::Nowhere;
            ensure(wanted, || "nobody wants them there".to_owned())?;
            ensure(!facts.is_delivered(), || "they are there".to_owned())
        }
        Moment::Wrote(record) => match record.event {
            Event::Run(RunEvent::ChangesApplied { by_hand: false, .. }) => {
                ensure(ordered, || "nobody ordered it".to_owned())
            }
            _ => Ok(()),
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// What became of changes is said once by a supervisor, when nothing is left to be done: that they are
/// there, that something was in the way, or that they are kept because an audit failed or the user wants
/// so. After that stragglers may still end.
pub fn what_became_of_the_changes_is_told_once() -> Promise {
    let mut told = false;
    promise(move |facts, moment| match moment {
        Moment::Wrote(record) => match &record.event {
            Event::Run(RunEvent::Resumed { .. }) => {
                told = false;
                Ok(())
            }
            // What a person does is told whenever it is done.
            event if event.is_by_hand() => Ok(()),
            Event::Run(RunEvent::ChangesApplied { .. })
            | Event::Run(RunEvent::ChangesKept { .. }) => {
                ensure(!told, || "told twice".to_owned())?;
                told = true;
                let kept = matches!(
                    record.event,
                    Event::Run(RunEvent::ChangesKept { blocked: false, .. })
                );
                let reason = facts.failed_audits().next().is_some()
                    || facts.plan.destination == Destination::Nowhere;
                ensure(!kept || reason, || "kept for no reason".to_owned())?;
                ensure(facts.current().is_none(), || {
                    "not everything is done".to_owned()
                })
            }
            Event::Run(RunEvent::Ended { end }) => {
                let over = matches!(end, RunEnd::Done | RunEnd::AuditFailed);
                let changed = facts.results() != facts.known_project;
                let known = told || facts.applied.is_some() || facts.kept || facts.blocked;
                ensure(!over || !changed || known, || "nobody told".to_owned())
            }
            Event::Call {
                event: CallEvent::AttemptSucceeded { .. },
                ..
            }
            | Event::Call {
                event: CallEvent::AttemptFailed { .. },
                ..
            }
            | Event::Call {
                event: CallEvent::AttemptProgressed { .. },
                ..
            }
            | Event::Run(RunEvent::Interrupted { .. }) => Ok(()),
            _ => ensure(!told, || "the run goes on".to_owned()),
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// While a run is paused, nothing of it is delivered, and it does not end as done.
pub fn a_paused_run_delivers_nothing() -> Promise {
    promise(move |facts, moment| {
        let goes_on = match moment {
            Moment::Ordered(Effect::Deliver { .. } | Effect::End(RunEnd::Done)) => facts.paused,
            _ => false,
        };
        ensure(!goes_on, || "it is paused".to_owned())
    })
}

/// What the journal says is in the user's project is there, as soon as it says so, and everything is there
/// when a run is done whose results belong there; whatever people did about earlier results.
pub fn the_project_holds_what_was_delivered() -> Promise {
    let mut by_hand = false;
    promise(move |facts, moment| {
        match moment {
            Moment::Did(..) => by_hand = true,
            Moment::Heard(_) | Moment::Ordered(_) | Moment::Died => by_hand = false,
            Moment::Wrote(_) => {}
        }
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Run(RunEvent::ChangesApplied {
                tree,
                documents,
                to: Destination::Tree,
                ..
            }) => {
                let (tree, documents) = (tree.clone(), documents.clone());
                let results = Results { tree, documents };
                ensure(results == facts.project, || {
                    format!("the project holds {:?}", facts.project)
                })
            }
            Event::Run(RunEvent::ChangesUndone { .. }) => {
                ensure(facts.project == facts.before(), || {
                    format!("the project holds {:?}", facts.project)
                })
            }
            // Who chose a branch by hand has them there.
            Event::Run(RunEvent::Ended { end: RunEnd::Done }) => {
                let wanted = facts.plan.destination == Destination::Tree && !by_hand;
                let settled = facts.project == facts.results() || facts.is_settled();
                ensure(!wanted || settled, || {
                    format!("the project holds {:?}", facts.project)
                })
            }
            _ => Ok(()),
        }
    })
}
