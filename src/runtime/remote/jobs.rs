//! The jobs of a run, whoever handed them in.

use std::path::Path;

use crate::executors;
use crate::model::{CallId, Failure, RunId};
use crate::plan::{ExecutorKind, ExecutorSpec, Plan};
use crate::run::RunState;
use crate::workspace::{Project, remove_tree};

use super::super::RunContext;
use super::super::blocking::blocking;
use super::JobFolder;
use super::send::project_key;

/// Calls under way that go on, or are done, on other machines. Blocks.
pub fn elsewhere(context: &RunContext, state: &RunState) -> Vec<CallId> {
    let jobs = jobs(&context.plan, &context.project, state);
    jobs.map(|(call, ..)| call.clone()).collect()
}

/// Cancels the jobs of a run that nobody works on; how many there were. Blocks.
///
/// # Errors
/// A scheduler does not answer.
pub fn cancel_jobs(plan: &Plan, project: &Project, state: &RunState) -> Result<usize, Failure> {
    let mut count = 0;
    for (_, executor, job) in jobs(plan, project, state) {
        cancel(executor.kind, &job, None)?;
        let _ = remove_tree(job.root());
        count += 1;
    }
    Ok(count)
}

/// Removes what was laid out for jobs of a run that nothing is left of. Blocks.
pub fn clear_jobs(plan: &Plan, project: &Project, run: &RunId) {
    for executor in plan.executors.named.values() {
        let jobs = Path::new(&executor.shared).join("jobs");
        let _ = remove_tree(&jobs.join(project_key(project)).join(run));
    }
}

/// Removes what was laid out for a job. Kept by a node that still writes to it, it goes later.
pub async fn clear(job: &JobFolder) {
    let root = job.root().to_owned();
    let removed = blocking(move || Ok(remove_tree(&root)));
    let _ = removed.await;
}

/// Cancels a job by its number, or by all that have its name. Blocks.
pub(super) fn cancel(
    kind: ExecutorKind,
    job: &JobFolder,
    id: Option<String>,
) -> Result<(), Failure> {
    let scheduler = executors::of(kind);
    let ids = match id {
        Some(id) => vec![id],
        None => {
            let seen = (scheduler.poll)(std::slice::from_ref(&job.name))?;
            seen.into_values().map(|seen| seen.id).collect()
        }
    };
    (scheduler.cancel)(&ids)
}

/// Those of attempts under way.
fn jobs<'a>(
    plan: &'a Plan,
    project: &Project,
    state: &'a RunState,
) -> impl Iterator<Item = (&'a CallId, &'a ExecutorSpec, JobFolder)> {
    let key = project_key(project);
    state.running().filter_map(move |(call, attempt)| {
        let (_, executor) = plan.executor(&call.spec.phase, call.model()?)?;
        let (shared, id) = (Path::new(&executor.shared), &call.spec.id);
        let job = JobFolder::of(shared, &key, state.id.as_ref()?, id, attempt);
        job.is_there().then_some((id, executor, job))
    })
}
