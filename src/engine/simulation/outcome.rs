//! What a run came to: the part of its history that must not depend on when supervisors died.

use crate::engine::{Delivery, History};
use crate::model::{CallId, Closing, FailureKind, Label, PhaseName, Record, RunEnd, TaskId};
use crate::plan::Plan;

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    end: Option<RunEnd>,
    tree: String,
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
        let history = History::of(journal);
        let phases = plan.phases.iter().filter_map(|phase| {
            let state = history.phase(&phase.name)?.clone();
            let winner = state.winner.map(|winner| (winner.call, winner.label));
            // A phase that is not decided tries them afresh.
            let decided = winner.is_some();
            let given_up = state.tasks_failed.into_iter().filter(|_| decided);
            Some(PhaseOutcome {
                name: phase.name.clone(),
                round: state.round,
                skipped: state.skipped,
                winner,
                closing: state.closing,
                failed: state.failed.map(|failure| failure.kind),
                done: state.tasks_done.into_iter().collect(),
                given_up: given_up
                    .map(|(task, failure)| (task, failure.kind))
                    .collect(),
            })
        });
        Self {
            end: history.ended(),
            tree: history.tree().to_owned(),
            delivered: history.delivered().cloned(),
            phases: phases.collect(),
        }
    }
}
