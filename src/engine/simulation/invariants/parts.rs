//! Work in parts: processes that are stopped at their checkpoints, and those that go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Effect;
use crate::model::{
    AttemptId, CallId, CallSpec, Contract, HandoffOrigin, Profile, Purpose, Stopped,
    WorkspaceSource,
};
use crate::plan::Distill;
use crate::run::{CallEvent, Event, PhaseEvent};

use super::super::answers::{is_again, tree_of};
use super::super::facts::{CallFacts, Facts};
use super::super::part::{part_after, part_before, part_of, states_of, without_states, worklog_of};
use super::super::trace::Moment;
use super::super::trees::contents;
use super::edits::{Whose, changes_of, whose};
use super::{Promise, Verdict, ensure, fails_by_its_work, promise};

/// A try has no more parts than this.
const MOST_PARTS: u32 = 10;

/// What holds of every call that comes into the run, by what was known right before.
fn each_call(check: impl Fn(&Facts<'_>, &CallSpec) -> Verdict + 'static) -> Promise {
    promise(move |facts, moment| match moment {
        Moment::Wrote(record) => match &record.event {
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => check(facts, call),
            _ => Ok(()),
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => Ok(()),
    })
}

/// A part that was stopped, with where.
struct StoppedPart<'f> {
    call: &'f CallFacts,
    at: &'f Stopped,
}

impl<'f> StoppedPart<'f> {
    /// The call of that name, if it was stopped and counts.
    fn of(facts: &'f Facts<'_>, id: &CallId) -> Option<Self> {
        facts.stopped.get(id)?;
        let call = &facts.calls[id];
        let at = call.result.as_ref()?.stopped()?;
        Some(Self { call, at })
    }

    /// The one that a call goes on from.
    fn before(facts: &'f Facts<'_>, call: &CallId) -> Option<Self> {
        Self::of(facts, &part_before(call)?)
    }

    fn is_idle(&self) -> bool {
        let result = self.call.result.as_ref();
        !result.is_some_and(|result| result.has_changed())
    }

    /// Whether it and the one before it changed nothing.
    fn stands_still(&self, facts: &Facts<'_>) -> bool {
        let before = StoppedPart::before(facts, &self.call.spec.id);
        self.is_idle() && before.is_some_and(|before| before.is_idle())
    }
}

/// The last part of each piece of work that came into the run.
#[derive(Default)]
struct LastParts(BTreeMap<Whose, CallId>);

impl LastParts {
    fn take(&mut self, moment: &Moment) {
        let Moment::Wrote(record) = moment else {
            return;
        };
        if let Event::Phase {
            event: PhaseEvent::CallCreated { call },
            ..
        }
        | Event::Phase {
            event: PhaseEvent::CallReused { call, .. },
            ..
        } = &record.event
            && call.edits.is_some()
        {
            self.0.insert(whose(call), call.id.clone());
        }
    }

    /// The last part of a piece of work, if it was stopped.
    fn stopped<'f>(&self, facts: &'f Facts<'_>, whose: &Whose) -> Option<StoppedPart<'f>> {
        StoppedPart::of(facts, self.0.get(whose)?)
    }
}

/// A part follows the one that was stopped last, in the same round and piece of work, with a number one
/// higher; there are no more than ten. An unfinished call stands in for no other one.
pub fn a_part_follows_one_that_was_stopped() -> Promise {
    let mut last = LastParts::default();
    promise(move |facts, moment| {
        if let Moment::Wrote(record) = moment
            && let Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } = &record.event
        {
            follows(facts, &last, call)?;
            if let Event::Phase {
                event: PhaseEvent::CallReused { from, .. },
                ..
            } = &record.event
            {
                let finished = !facts.stopped.contains(from);
                ensure(finished, || format!("{from} is unfinished"))?;
            }
        }
        last.take(moment);
        Ok(())
    })
}

fn follows(facts: &Facts<'_>, last: &LastParts, call: &CallSpec) -> Verdict {
    if call.edits.is_none() || part_of(&call.id) == 1 {
        let alone = call.continues.is_none() && states_of(call).next().is_none();
        return ensure(alone, || "it goes on from nowhere".to_owned());
    }
    let few = part_of(&call.id) <= MOST_PARTS;
    ensure(few, || "there are too many parts".to_owned())?;
    let before = StoppedPart::before(facts, &call.id).ok_or("none was stopped before it")?;
    let known = &before.call.spec;
    // One that failed, or stood still, may be tried afresh.
    let newest = last.0.get(&whose(call));
    let next = newest == Some(&known.id) || newest == Some(&call.id);
    ensure(next, || format!("{} is not the last part", known.id))?;
    let place = |call: &CallSpec| (call.purpose, call.slot, call.contract.clone(), call.profile);
    let same = place(call) == place(known)
        && call.task == known.task
        && call.edits == known.edits
        && call.limits == known.limits;
    ensure(same, || format!("it is other work than {}", known.id))
}

/// A part goes on from the tree that the stopped one left, in the place of the first one, with the model
/// that got so far.
pub fn a_part_goes_on_where_the_last_one_was_stopped() -> Promise {
    each_call(|facts, call| {
        let Some(before) = StoppedPart::before(facts, &call.id) else {
            return Ok(());
        };
        let known = &before.call.spec;
        let left = changes_of(facts, &known.id).map(|changes| &changes.tree);
        ensure(tree_of(&call.workspace) == left, || {
            format!("not from {left:?}")
        })?;
        let (attempt, model) = before.call.last.as_ref().ok_or("nobody worked before")?;
        let first = AttemptId {
            call: known.id.clone(),
            attempt: *attempt,
        };
        let place = known.continues.as_ref().unwrap_or(&first);
        ensure(call.continues.as_ref() == Some(place), || {
            format!("not in the place of {place:?}")
        })?;
        // A stand-in's place in the chain is that of the model that it replaces.
        let same = call.chain.first() == Some(model) || facts.stand_ins.contains(model);
        ensure(same, || format!("not with {model}"))
    })
}

/// A part sees what the first one saw, and one state: of the part that was stopped last, with the files of
/// all of them, in the words that were distilled from its log, or else in those that were taken by rule.
pub fn a_part_brings_the_state_of_the_last_one() -> Promise {
    each_call(|facts, call| {
        let Some(before) = StoppedPart::before(facts, &call.id) else {
            return Ok(());
        };
        let known = &before.call.spec;
        let same = without_states(call) == without_states(known);
        ensure(same, || "it sees other things".to_owned())?;
        let states: Vec<_> = states_of(call).collect();
        let &[(state, words)] = states.as_slice() else {
            return Err(format!("it has {} states", states.len()));
        };
        ensure(state.of == known.id, || "of another part".to_owned())?;
        let changes = changes_of(facts, &known.id).ok_or("no changes")?;
        let earlier = states_of(known).flat_map(|(state, _)| state.files.clone());
        let own = changes.files.iter().map(|file| file.path.clone());
        let files: BTreeSet<String> = earlier.chain(own).collect();
        let told = state.files.iter().eq(&files) && state.refused == changes.refused;
        ensure(told, || format!("{files:?} have changed"))?;
        let writer = facts
            .calls_of(&call.phase)
            .find(|writer| worklog_of(&writer.spec) == Some(&before.at.worklog));
        let asked = facts.plan.phase(&call.phase).unwrap().distill != Distill::Nobody;
        let over = writer.is_some_and(|writer| writer.over);
        ensure(over == asked, || format!("distilled: {over}"))?;
        let distilled = writer
            .and_then(|writer| writer.result.as_ref())
            .and_then(|result| result.handoff.as_ref());
        let expected = match distilled {
            Some(words) => (HandoffOrigin::Distilled, words),
            None => (HandoffOrigin::Extracted, &before.at.extracted),
        };
        ensure((state.origin, words) == expected, || {
            format!("not in the words {expected:?}")
        })
    })
}

/// A state is distilled once, when its part was stopped and the work goes on, from the part's log alone,
/// by whom the workflow names.
pub fn a_state_is_distilled_before_the_next_part() -> Promise {
    each_call(|facts, call| {
        let Some(worklog) = worklog_of(call) else {
            return Ok(());
        };
        let mut parts = facts
            .stopped
            .iter()
            .filter_map(|id| StoppedPart::of(facts, id));
        let part = parts.find(|part| &part.at.worklog == worklog);
        let part = part.ok_or("it is the log of no part")?;
        let next = part_after(&part.call.spec.id);
        let begun = facts.calls.get(&next).is_some_and(|next| !next.over);
        ensure(!begun && !facts.stopped.contains(&next), || {
            "the next part has begun".to_owned()
        })?;
        ensure(!part.stands_still(facts), || {
            "the work does not go on".to_owned()
        })?;
        let model = part.call.last.as_ref().map(|(_, model)| model);
        let right = match &facts.plan.phase(&call.phase).unwrap().distill {
            Distill::Nobody => false,
            Distill::Model(chain) => &call.chain == chain,
            Distill::Agent => {
                call.chain.first() == model
                    || model.is_some_and(|model| facts.stand_ins.contains(model))
            }
        };
        ensure(right, || format!("not by {:?}", call.chain))?;
        let writer = call.profile == Profile::Writer
            && call.purpose == Purpose::Distill
            && call.contract == Contract::Handoff
            && call.workspace == WorkspaceSource::Empty
            && call.inputs.len() == 1;
        ensure(writer, || "it is no writer".to_owned())
    })
}

/// Work that may be stopped is stopped at its phase's checkpoint or, where it begins near that, later;
/// the last part that a try may have is not stopped any more.
pub fn a_checkpoint_leaves_room_for_work() -> Promise {
    each_call(|facts, call| {
        let phase = facts.plan.phase(&call.phase).unwrap();
        let number = part_of(&call.id);
        let planned = phase
            .checkpoint
            .filter(|_| call.edits.is_some() && number < MOST_PARTS);
        let (Some(planned), Some(at)) = (planned, call.checkpoint) else {
            return ensure(planned == call.checkpoint, || {
                format!("its checkpoint is to be {planned:?}")
            });
        };
        let began = StoppedPart::before(facts, &call.id).map_or(0, |before| before.at.began);
        let small = at < planned || number > 1 && at < began + planned / 4;
        ensure(!small, || "its checkpoint is too near".to_owned())?;
        let large = at > planned.max(began + planned / 4);
        ensure(!large, || "its checkpoint is too far".to_owned())
    })
}

/// Two parts in a row that changed nothing end the work; nothing else ends it in the middle.
pub fn work_that_stands_still_is_given_up() -> Promise {
    let mut last = LastParts::default();
    promise(move |facts, moment| {
        if let Moment::Wrote(record) = moment {
            match &record.event {
                Event::Phase {
                    event: PhaseEvent::CallCreated { call },
                    ..
                }
                | Event::Phase {
                    event: PhaseEvent::CallReused { call, .. },
                    ..
                } => {
                    let before = StoppedPart::before(facts, &call.id);
                    let still = before.is_some_and(|before| before.stands_still(facts));
                    ensure(!still, || "two parts changed nothing".to_owned())?;
                }
                Event::Phase {
                    phase,
                    event: PhaseEvent::TaskFailed { task, .. },
                } => {
                    let whose = (phase.clone(), Some(task.clone()));
                    ended(facts, last.stopped(facts, &whose))?;
                }
                event => {
                    if let Some(phase) = fails_by_its_work(facts, event) {
                        ended(facts, last.stopped(facts, &(phase.clone(), None)))?;
                    }
                }
            }
        }
        last.take(moment);
        Ok(())
    })
}

fn ended(facts: &Facts<'_>, stopped: Option<StoppedPart<'_>>) -> Verdict {
    let given_up = stopped.filter(|part| !part.stands_still(facts));
    ensure(given_up.is_none(), || "the work moved".to_owned())
}

/// Only what the last part left is verified, mended, or taken over, never what one left that was stopped.
pub fn only_the_end_of_the_work_is_judged() -> Promise {
    let mut last = LastParts::default();
    promise(move |facts, moment| {
        let judged = match moment {
            Moment::Ordered(Effect::Verify { phase, verifying }) => {
                let whose = (phase.clone(), verifying.task.clone());
                last.stopped(facts, &whose)
            }
            Moment::Wrote(record) => match &record.event {
                Event::Phase {
                    event: PhaseEvent::CallCreated { call },
                    ..
                }
                | Event::Phase {
                    event: PhaseEvent::CallReused { call, .. },
                    ..
                } if is_again(call) && part_of(&call.id) == 1 => last.stopped(facts, &whose(call)),
                Event::Phase {
                    event: PhaseEvent::TaskDone { call, .. },
                    ..
                }
                | Event::Phase {
                    event: PhaseEvent::WinnerChosen { call, .. },
                    ..
                } => StoppedPart::of(facts, call),
                _ => None,
            },
            Moment::Ordered(_) | Moment::Heard(_) | Moment::Died | Moment::Did(..) => None,
        };
        ensure(judged.is_none(), || "the work is unfinished".to_owned())?;
        last.take(moment);
        Ok(())
    })
}

/// What all parts of a try changed is in the tree once the work is taken over.
pub fn nothing_that_a_part_changed_is_lost() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let (tree, call) = match &record.event {
            Event::Phase {
                event: PhaseEvent::TaskDone { tree, call, .. },
                ..
            } => (Some(tree), Some(call)),
            Event::Phase {
                phase,
                event: PhaseEvent::Closed { closing },
            } => (closing.tree.as_ref(), facts.phase(phase).winner.as_ref()),
            _ => return Ok(()),
        };
        let there = tree.map_or_else(String::new, contents);
        let there: BTreeSet<&str> = there.split('+').collect();
        let mut part = call.and_then(part_before);
        while let Some(id) = part {
            let changes = changes_of(facts, &id).ok_or("no changes")?;
            let changed = contents(&changes.tree);
            let mut edits = changed.split('+');
            let lost = edits.find(|edit| !there.contains(edit));
            ensure(lost.is_none(), || format!("{lost:?} of {id} is lost"))?;
            part = part_before(&id);
        }
        Ok(())
    })
}

/// A part that was stopped is not begun again, whatever becomes of its supervisor; but it is tried afresh
/// in a resumed run if its task was given up, or if it is where the work stood still.
pub fn a_stopped_part_is_not_done_again() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let id = match &record.event {
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => &call.id,
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => call,
            _ => return Ok(()),
        };
        ensure(!facts.stopped.contains(id), || format!("{id} was stopped"))
    })
}
