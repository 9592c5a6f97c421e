//! What the plan and the tasks of a run say about changes that act by themselves or hold a secret.

use crate::model::FoundSecret;
use crate::plan::Plan;
use crate::risk::Accepted;
use crate::run::RunState;

/// What is accepted: what the user's flags and configuration name, `more`, and files that the request or a task names.
pub fn accepted(plan: &Plan, state: &RunState, more: &[String]) -> Accepted {
    let tasks = state.calls().filter_map(|call| call.spec.task.as_ref());
    Accepted::new(&[&plan.accept[..], more].concat())
        .with_words(&plan.request)
        .with_files(tasks.flat_map(|task| &task.files.edit))
}

/// The secrets that were found in what the calls of a run wrote.
pub fn secrets(state: &RunState) -> Vec<&FoundSecret> {
    let results = state.calls().filter_map(|call| call.result());
    let changes = results.filter_map(|result| result.changes.as_ref());
    changes.flat_map(|changes| &changes.secrets).collect()
}
