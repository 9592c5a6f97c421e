//! What a supervisor that was killed left behind: stragglers are ended, and the work of attempts
//! that had finished all the same is kept.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::agents::Transcript;
use crate::engine::{History, Salvaged};
use crate::model::{CallResult, CallSpec, ModelName};
use crate::process::{self, Exit};

use super::Site;
use super::attempt::Control;
use super::collect::Ended;
use super::monitor::replay;

/// How long an attempt's scratch folder stays after its end.
const KEPT: Duration = Duration::from_secs(5);

/// Ends every process that is left of a run, and gives the results of those attempts under way that
/// had left all that was asked for.
pub fn salvage(site: &Site, history: &History) -> Vec<Salvaged> {
    process::sweep(&format!("{}/", site.folder.id()));
    let running = history.running();
    let finished = running.filter_map(|(call, attempt)| {
        let result = salvage_attempt(site, &call.spec, attempt, call.model()?)?;
        Some(Salvaged {
            call: call.spec.id.clone(),
            attempt,
            result,
        })
    });
    finished.collect()
}

fn salvage_attempt(
    site: &Site,
    call: &CallSpec,
    attempt: u32,
    model: &ModelName,
) -> Option<CallResult> {
    let spec = site.plan.models.get(model)?;
    let kind = site.plan.agents.get(&spec.agent)?.kind;
    let scratch = site.scratch_of(&call.id, attempt);
    // Without the warden's record nobody knows whether the files are whole.
    let exit = Exit::read(&scratch.record())?;
    let watched = replay(
        call,
        kind,
        Transcript::new(kind, spec.price),
        &scratch,
        exit,
    )
    .ok()?;
    if !watched.out.is_complete() && !watched.transcript.is_final() {
        return None;
    }
    let ended = Ended {
        site,
        call,
        attempt,
        scratch: &scratch,
    };
    ended
        .result(
            &watched,
            vec!["finished while its supervisor was gone".to_owned()],
        )
        .ok()
}

/// Removes an attempt's scratch folder. What is worth keeping stands in the run folder by then.
///
/// Not at once: the next attempt's workspace is being copied just now, and the file system does one of
/// both at a time. If the run ends meanwhile, all of its scratch folders are removed together.
pub async fn clean_up(
    site: &Site,
    call: &CallSpec,
    attempt: u32,
    control: &mut watch::Receiver<Control>,
) {
    tokio::select! {
        _ = control.wait_for(|control| *control == Control::Kill) => return,
        () = sleep(KEPT) => {}
    }
    let root = site.scratch_of(&call.id, attempt).root().to_path_buf();
    // A folder that cannot be removed is removed with the run's scratch folder at its end.
    let _ = tokio::task::spawn_blocking(move || crate::workspace::remove_tree(&root)).await;
}
