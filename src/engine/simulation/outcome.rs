//! What a run came to: the part of it that must not depend on when supervisors died.

use crate::model::{CallId, Closing, FailureKind, Label, PhaseName, RunEnd, TaskId, TreeId};
use crate::plan::Plan;
use crate::run::{Delivery, Record, RunState, Stage};

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    end: Option<RunEnd>,
    tree: TreeId,
    delivered: Option<Delivery>,
    phases: Vec<PhaseOutcome>,
}

#[derive(Debug, Clone, PartialEq)]
struct PhaseOutcome {
    name: PhaseName,
    round: u32,
    skipped: bool,
    winner: Option<(CallId, Option<Label>)>,
    closing: Option<Closing>,
    failed: Option<FailureKind>,
    done: Vec<(TaskId, CallId)>,
    given_up: Vec<(TaskId, FailureKind)>,
}

impl Outcome {
    /// What the run of this journal came to.
    pub fn of(plan: &Plan, journal: &[Record]) -> Self {
        let run = RunState::of(journal);
        let phases = plan.phases.iter().filter_map(|phase| {
            let state = run.phase(&phase.name)?;
            let winner = state.winner().cloned();
            // A phase that is not decided tries them afresh.
            let given_up = state.failed_tasks().filter(|_| winner.is_some());
            let done = state.done_tasks();
            Some(PhaseOutcome {
                name: phase.name.clone(),
                round: state.round(),
                skipped: matches!(state.stage, Stage::Skipped(_)),
                closing: state.closed().cloned(),
                failed: state.failure().map(|failure| failure.kind),
                done: done
                    .map(|(task, call)| (task.clone(), call.clone()))
                    .collect(),
                given_up: given_up
                    .map(|(task, failure)| (task.clone(), failure.kind))
                    .collect(),
                winner: winner.map(|winner| (winner.call, winner.label)),
            })
        });
        Self {
            end: run.ended(),
            tree: run.tree().clone(),
            delivered: run.delivered().cloned(),
            phases: phases.collect(),
        }
    }
}
