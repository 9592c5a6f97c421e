//! Edits, the commands that verify them, and the tasks they are made for.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Effect, Input};
use crate::model::{
    Answer, CallId, CallSpec, Changes, Decider, FailureKind, PhaseName, Purpose, TaskId, TaskList,
    TreeId, VerifyOutcome, WorkspaceSource,
};
use crate::plan::{PhaseKind, Proof};
use crate::run::{CallEvent, Event, PhaseEvent};

use super::super::answers::{is_again, tree_of};
use super::super::facts::Facts;
use super::super::trace::Moment;
use super::super::trees::contents;
use super::{Promise, ensure, fails_by_its_work, promise};

/// Never two editing calls under way, nor two commands, nor a command beside an editing call; but candidates are
/// made beside each other, each in a workspace of its own, and stragglers end while others are judged.
pub fn one_edits_at_a_time() -> Promise {
    promise(move |facts, moment| {
        let is_candidate = |call: &CallSpec| call.purpose == Purpose::Propose;
        let mut live = facts.live.iter().map(|(call, _)| &facts.calls[call].spec);
        let beside = matches!(moment, Moment::Ordered(Effect::StartAttempt { call, .. }) if !is_candidate(call));
        let edited = live.any(|call| call.edits.is_some() && (beside || !is_candidate(call)));
        let proved = facts.verifying.is_some();
        let quiet = match moment {
            Moment::Ordered(Effect::StartAttempt { call, .. }) => {
                call.edits.is_none() || !edited && !proved
            }
            Moment::Ordered(Effect::Verify { .. }) => !edited && !proved,
            Moment::Ordered(_)
            | Moment::Heard(_)
            | Moment::Wrote(_)
            | Moment::Died
            | Moment::Did(..) => true,
        };
        ensure(quiet, || "something else is under way".to_owned())
    })
}

/// Whose work it is: the phase's, or a task's of it.
pub type Whose = (PhaseName, Option<TaskId>);

/// The trees that the last tries of pieces of work left.
#[derive(Default)]
struct Left(BTreeMap<Whose, TreeId>);

impl Left {
    fn take(&mut self, facts: &Facts<'_>, moment: &Moment) {
        let Moment::Wrote(record) = moment else {
            return;
        };
        let (call, changes) = match &record.event {
            Event::Call {
                call,
                event: CallEvent::AttemptSucceeded { result, .. },
            } => (&facts.calls[call].spec, result.changes.as_ref()),
            Event::Phase {
                event: PhaseEvent::CallReused { call, from },
                ..
            } => (&**call, changes_of(facts, from)),
            _ => return,
        };
        if let Some(changes) = changes {
            self.0.insert(whose(call), changes.tree.clone());
        }
    }
}

pub fn whose(call: &CallSpec) -> Whose {
    let task = call.task.as_ref().map(|task| task.id.clone());
    let slot = (call.purpose == Purpose::Propose).then(|| TaskId::new(format!("#{}", call.slot)));
    (call.phase.clone(), task.or(slot))
}

pub fn changes_of<'f>(facts: &'f Facts<'_>, call: &CallId) -> Option<&'f Changes> {
    facts.calls[call].result.as_ref()?.changes.as_ref()
}

/// A call starts from the run's tree as it is just then; one that mends an earlier try, or goes on with
/// it, starts from what that left.
pub fn calls_start_from_the_tree_that_was_left() -> Promise {
    let mut left = Left::default();
    promise(move |facts, moment| {
        if let Moment::Ordered(Effect::StartAttempt { call, .. }) = moment {
            let expected = match call.edits.is_some() && is_again(call) || call.continues.is_some()
            {
                true => left.0.get(&whose(call)),
                false => Some(&facts.tree),
            };
            let right = match &call.workspace {
                WorkspaceSource::Empty => call.edits.is_none(),
                WorkspaceSource::Snapshot => call.edits.is_none() && expected == Some(&facts.base),
                workspace @ (WorkspaceSource::Tree(_) | WorkspaceSource::Scoped { .. }) => {
                    expected == tree_of(workspace)
                }
            };
            ensure(right, || {
                format!("{} starts from elsewhere than {expected:?}", call.id)
            })?;
        }
        left.take(facts, moment);
        Ok(())
    })
}

/// The run's tree only grows: with what was there before, and with what the accepted call changed.
pub fn nothing_that_was_taken_over_is_lost() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let (tree, call) = match &record.event {
            Event::Phase {
                event: PhaseEvent::TaskDone { tree, call, .. },
                ..
            } => (tree, Some(call)),
            Event::Phase {
                phase,
                event: PhaseEvent::Closed { closing },
            } => match &closing.tree {
                Some(tree) => (tree, facts.phase(phase).winner.as_ref()),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let (before, after) = (contents(&facts.tree), contents(tree));
        ensure(after.starts_with(&before), || format!("{before} is lost"))?;
        let there: BTreeSet<&str> = after.split('+').collect();
        let changes = call.and_then(|call| changes_of(facts, call));
        let changed = changes.map_or_else(String::new, |changes| contents(&changes.tree));
        let mut edits = changed.split('+').filter(|edit| !edit.is_empty());
        let lost = edits.find(|edit| !there.contains(edit));
        ensure(lost.is_none(), || format!("{lost:?} is lost"))
    })
}

/// A phase that edits is decided once all that is to verify it has run on what it leaves: its own commands,
/// and those of the phases that it names.
pub fn decided_work_is_verified() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Phase {
            phase,
            event: PhaseEvent::WinnerChosen { call, by, .. },
        } = &record.event
        else {
            return Ok(());
        };
        // A person may take a candidate that a command spoke against, and then the others did not run on it.
        if *by == Decider::Person {
            return Ok(());
        }
        let plan = facts.plan.phase(phase).unwrap();
        let own =
            changes_of(facts, call).filter(|_| !matches!(plan.kind, PhaseKind::Routed { .. }));
        let tree = own.map_or(&facts.tree, |changes| &changes.tree);
        let commands_of = |name| {
            let verified = facts
                .verified
                .iter()
                .filter(move |(phase, ..)| phase == name);
            verified.map(|(_, command, _)| command)
        };
        let mut wanted = plan.verify.iter().flat_map(|proof| match proof {
            Proof::Command(command) | Proof::Repeated { run: command, .. } => vec![command],
            Proof::TestsOf { tests_of } => commands_of(tests_of).collect(),
        });
        let proved = |command: &String| {
            let proved = (phase.clone(), command.clone(), tree.clone());
            facts.verified.contains(&proved)
        };
        let open = wanted.find(|command| !proved(command));
        ensure(open.is_none(), || {
            format!("{open:?} has not run on {}", contents(tree))
        })
    })
}

/// Who fails what passed before does not win unless a person says so, and what wins is taken as it is.
pub fn a_failing_candidate_never_wins() -> Promise {
    let mut ends: BTreeMap<(PhaseName, TreeId, String), VerifyOutcome> = BTreeMap::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Phase { phase, event } = &record.event else {
            return Ok(());
        };
        let plan = facts.plan.phase(phase).unwrap();
        let ensemble = plan.edits && matches!(plan.kind, PhaseKind::Ensemble { .. });
        match event {
            PhaseEvent::Verified {
                tree,
                verification,
                tests_of: None,
                ..
            } => {
                let key = (phase.clone(), tree.clone(), verification.command.clone());
                ends.insert(key, verification.outcome);
            }
            PhaseEvent::WinnerChosen { call, by, .. } if ensemble && *by != Decider::Person => {
                let tree = &changes_of(facts, call).ok_or("no changes")?.tree;
                let end = |tree: &TreeId, command: &String| {
                    ends.get(&(phase.clone(), tree.clone(), command.clone()))
                };
                let mut commands = ends.keys().map(|(.., command)| command);
                let fails = commands.find(|command| {
                    end(&facts.tree, command) == Some(&VerifyOutcome::Passed)
                        && end(tree, command) != Some(&VerifyOutcome::Passed)
                        && plan.verify.contains(&Proof::Command((*command).clone()))
                });
                ensure(fails.is_none(), || format!("{call} fails {fails:?}"))?;
            }
            PhaseEvent::Closed { closing } if ensemble => {
                let winner = facts.phase(phase).winner.as_ref().ok_or("nobody won")?;
                let own = changes_of(facts, winner).map(|changes| &changes.tree);
                ensure(closing.tree.as_ref() == own, || "not as it is".to_owned())?;
            }
            _ => {}
        }
        Ok(())
    })
}

/// Who passes only with tests that it changed does not win before a judge or a person has seen it.
pub fn who_weakens_the_tests_is_looked_at() -> Promise {
    let mut weakened: BTreeSet<(PhaseName, TreeId)> = BTreeSet::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let Event::Phase { phase, event } = &record.event else {
            return Ok(());
        };
        match event {
            PhaseEvent::Verified {
                tree,
                verification,
                tests_of: Some(tests_of),
                ..
            } if *tests_of == facts.tree && verification.is_bad() => {
                weakened.insert((phase.clone(), tree.clone()));
            }
            PhaseEvent::WinnerChosen { call, by, .. } if *by == Decider::Evidence => {
                // Documents are decided by evidence, too: by none that these tests are about.
                let tree = changes_of(facts, call).map(|changes| changes.tree.clone());
                let unseen = tree.is_some_and(|tree| weakened.contains(&(phase.clone(), tree)));
                let mut calls = facts.calls_of(phase);
                let judged = calls.any(|call| call.spec.purpose == Purpose::Judge);
                return ensure(!unseen || judged, || format!("{call} wins unseen"));
            }
            _ => {}
        }
        Ok(())
    })
}

/// A command runs on the tree that the piece of work left which it is about; those of a phase with tasks
/// on the run's tree after the last one.
pub fn commands_verify_the_tree_they_are_about() -> Promise {
    let mut left = Left::default();
    promise(move |facts, moment| {
        if let Moment::Ordered(Effect::Verify { phase, verifying }) = moment {
            let plan = facts.plan.phase(phase).unwrap();
            let routed = matches!(plan.kind, PhaseKind::Routed { .. });
            let candidates = matches!(plan.kind, PhaseKind::Ensemble { .. });
            let mut others = left.0.iter().filter(|((of, _), _)| of == phase);
            let is_ones = candidates && others.any(|(_, tree)| *tree == verifying.tree);
            let expected = match (routed, &verifying.task) {
                (false, None) if is_ones => Some(&verifying.tree),
                (false, None) if candidates => Some(&facts.tree),
                (true, None) => Some(&facts.tree),
                (true | false, task) => left.0.get(&(phase.clone(), task.clone())),
            };
            ensure(expected == Some(&verifying.tree), || {
                format!("not on {expected:?}")
            })?;
            // What is made of a winner is tested, and tests nobody.
            let wrote = |tests_of: &TreeId| {
                let mut calls = facts.calls_of(phase);
                calls.any(|call| {
                    let left = call.result.as_ref().and_then(|left| left.changes.as_ref());
                    call.spec.refines().is_none() && left.is_some_and(|left| left.tree == *tests_of)
                })
            };
            let is_others = verifying.tests_of.as_ref().is_none_or(|tests_of| {
                let anothers = *tests_of == facts.tree || wrote(tests_of);
                *tests_of != verifying.tree && candidates && anothers
            });
            let tests_of = &verifying.tests_of;
            ensure(is_others, || format!("with the tests of {tests_of:?}"))?;
        }
        left.take(facts, moment);
        Ok(())
    })
}

/// A command that a model wrote runs if a pattern allows it, or a person.
pub fn a_models_command_runs_only_where_it_is_allowed() -> Promise {
    promise(move |facts, moment| {
        let Moment::Ordered(Effect::Verify { verifying, .. }) = moment else {
            return Ok(());
        };
        let command = &verifying.command;
        let planned = facts.plan.phases.iter().flat_map(|phase| &phase.verify);
        let mut planned =
            planned.filter(|proof| matches!(proof, Proof::Command(own) if own == command));
        let allowed = facts.plan.verify.allow(command)
            || facts.commands.get(command) == Some(&true)
            || verifying.task.is_none() && planned.next().is_some();
        ensure(allowed, || format!("nobody has allowed `{command}`"))
    })
}

/// The tasks that a phase carries out.
fn tasks_of<'f>(facts: &'f Facts<'_>, phase: &PhaseName) -> Option<&'f TaskList> {
    let PhaseKind::Routed { tasks, .. } = &facts.plan.phase(phase)?.kind else {
        return None;
    };
    let winner = facts.phase(tasks).winner.as_ref()?;
    match &facts.calls[winner].result.as_ref()?.answer {
        Answer::Tasks(list) => Some(list),
        Answer::Document
        | Answer::Unfinished(_)
        | Answer::Judgement(_)
        | Answer::Audit(_)
        | Answer::Invalid { .. } => None,
    }
}

fn task_of<'f>(facts: &'f Facts<'_>, call: &CallId) -> Option<&'f TaskId> {
    let task = facts.calls[call].spec.task.as_ref()?;
    Some(&task.id)
}

/// A task begins when all that it depends on is done, and is done by a call of its own.
pub fn tasks_keep_their_order() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let (phase, task) = match &record.event {
            Event::Call {
                call,
                event: CallEvent::AttemptStarted { .. },
            } => {
                let spec = &facts.calls[call].spec;
                (&spec.phase, task_of(facts, call))
            }
            Event::Phase {
                phase,
                event: PhaseEvent::TaskDone { task, call, .. },
            } => {
                let own = task_of(facts, call) == Some(task);
                ensure(own, || format!("{call} is another task's"))?;
                (phase, Some(task))
            }
            _ => return Ok(()),
        };
        let list = tasks_of(facts, phase);
        let Some((list, task)) = list.zip(task) else {
            return Ok(());
        };
        let mut tasks = list.tasks.iter();
        let task = tasks
            .find(|known| &known.id == task)
            .ok_or("no such task")?;
        let state = facts.phase(phase);
        let mut needed = task.depends_on.iter();
        let ready = needed.all(|needed| state.tasks_done.contains(needed));
        ensure(ready, || "what it depends on is not done".to_owned())?;
        let decided = state.tasks_done.contains(&task.id) || state.tasks_failed.contains(&task.id);
        ensure(!decided, || "it is decided upon".to_owned())
    })
}

/// After a failed task nothing begins any more, unless the phase goes on: then only what depends on it
/// is given up. A task is given up for nothing else but its own calls and what it depends on.
pub fn tasks_stop_or_go_on() -> Promise {
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } if call.task.is_some() => {
                let stopped = !goes_on(facts, &call.phase)
                    && !facts.phase(&call.phase).tasks_failed.is_empty();
                ensure(!stopped, || "a task has failed".to_owned())
            }
            Event::Phase {
                phase,
                event: PhaseEvent::TaskFailed { task, failure },
            } => {
                let list = tasks_of(facts, phase).ok_or("no tasks")?;
                let found = list.tasks.iter().find(|known| &known.id == task);
                let mut needed = found.iter().flat_map(|task| &task.depends_on);
                let state = facts.phase(phase);
                let blocked = needed.any(|needed| state.tasks_failed.contains(needed));
                let tried = facts.calls_of(phase).any(|call| {
                    call.over
                        && call
                            .spec
                            .task
                            .as_ref()
                            .is_some_and(|known| &known.id == task)
                });
                let right = match failure.kind {
                    FailureKind::Cancelled => blocked,
                    _ => !blocked && tried,
                };
                ensure(right, || "given up for nothing".to_owned())
            }
            _ => Ok(()),
        }
    })
}

fn goes_on(facts: &Facts<'_>, phase: &PhaseName) -> bool {
    let kind = facts.plan.phase(phase).map(|phase| &phase.kind);
    matches!(kind, Some(PhaseKind::Routed { go_on: true, .. }))
}

/// A phase with tasks succeeds when all of them are done, or, if it goes on, when each is done or given
/// up and one at least is done. It does not fail earlier, unless the machine below it does, or a limit ends it.
pub fn every_task_is_decided_upon() -> Promise {
    let mut broken = false;
    promise(move |facts, moment| {
        if let Moment::Heard(input) = moment {
            broken = matches!(
                input,
                Input::Happened(Event::Phase {
                    event: PhaseEvent::Failed { .. },
                    ..
                })
            );
        }
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        let failed = fails_by_its_work(facts, &record.event).filter(|_| !broken);
        let (phase, succeeds) = match (&record.event, failed) {
            (
                Event::Phase {
                    phase,
                    event: PhaseEvent::WinnerChosen { .. },
                },
                _,
            ) => (phase, true),
            (_, Some(phase)) => (phase, false),
            _ => return Ok(()),
        };
        let Some(list) = tasks_of(facts, phase) else {
            return Ok(());
        };
        let state = facts.phase(phase);
        let all: BTreeSet<&TaskId> = list.tasks.iter().map(|task| &task.id).collect();
        let decided: BTreeSet<&TaskId> =
            state.tasks_done.iter().chain(&state.tasks_failed).collect();
        let (done, failed) = (state.tasks_done.len(), state.tasks_failed.len());
        let right = match (succeeds, goes_on(facts, phase)) {
            (true, true) => decided == all && done > 0,
            (true, false) => decided == all && failed == 0,
            (false, true) => decided == all && done == 0 || state.answered.is_some(),
            (false, false) => failed == 1 || state.answered.is_some(),
        };
        ensure(right, || {
            format!("{done} tasks are done, {failed} failed, of {}", all.len())
        })
    })
}
