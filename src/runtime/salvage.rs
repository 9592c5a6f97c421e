//! What a supervisor that was killed left behind: stragglers are ended, and the work of attempts
//! that had finished all the same is kept.

use crate::agents::Transcript;
use crate::engine::{History, Input};
use crate::model::{CallSpec, ModelName};
use crate::plan::AgentKind;
use crate::process::{self, Exit};

use super::Site;
use super::collect::Ended;
use super::monitor::replay;

/// Ends every process that is left of a run, and reports the attempts that were under way but had
/// left all that was asked for.
pub fn salvage(site: &Site, history: &History) -> Vec<Input> {
    process::sweep(&format!("{}/", site.run));
    let running = history.running();
    let finished = running.filter_map(|(call, attempt)| {
        let input = salvage_attempt(site, &call.spec, attempt, call.model()?);
        input.filter(|input| matches!(input, Input::Succeeded { .. }))
    });
    finished.collect()
}

fn salvage_attempt(site: &Site, call: &CallSpec, attempt: u32, model: &ModelName) -> Option<Input> {
    let spec = site.plan.models.get(model)?;
    let kind: AgentKind = site.plan.agents.get(&spec.agent)?.kind;
    let scratch = site.scratch_of(&call.id, attempt);
    // Without the warden's record nobody knows whether the files are whole.
    let exit = Exit::read(&scratch.record())?;
    let transcript = Transcript::new(kind, spec.price);
    let watched = replay(call, kind, transcript, &scratch, exit).ok()?;
    if !watched.out.is_complete() && !watched.transcript.is_final() {
        return None;
    }
    let remarks = vec!["finished while its supervisor was gone".to_owned()];
    let ended = Ended {
        site,
        call,
        attempt,
        scratch: &scratch,
    };
    Some(ended.collect(&watched, remarks))
}

/// Removes an attempt's scratch folder. What is worth keeping stands in the run folder by then.
pub async fn clean_up(site: &Site, call: &CallSpec, attempt: u32) {
    let root = site.scratch_of(&call.id, attempt).root().to_path_buf();
    // A folder that cannot be removed is removed with the run's scratch folder at its end.
    let _ = tokio::task::spawn_blocking(move || crate::workspace::remove_tree(&root)).await;
}
