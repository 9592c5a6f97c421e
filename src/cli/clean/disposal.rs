//! Whether a run can go: nothing is lost with it that is nowhere else, and nobody can go on with it.

use super::super::open_run::{OpenRun, own};
use super::super::settings::Settings;
use super::super::typed::command;
use crate::journal::{RunFolder, RunLock};
use crate::model::{Destination, RunEnd};
use crate::report::{DeliveryState, RunView, word};
use crate::workspace::{CommitsState, commits_state};

#[derive(Debug, PartialEq, Eq)]
pub enum Disposal {
    /// With the branch that it made, if all of that is in HEAD too.
    Remove {
        branch: Option<String>,
        /// What a person is told before it goes.
        remark: Option<String>,
    },
    Keep(String),
    UnderWay,
}

pub fn disposal(settings: &Settings, folder: &RunFolder) -> Disposal {
    match RunLock::holder(folder) {
        Ok(None) => disposal_idle(settings, folder),
        Ok(Some(_)) | Err(_) => Disposal::UnderWay,
    }
}

/// The same of a run that nobody works on.
pub fn disposal_idle(settings: &Settings, folder: &RunFolder) -> Disposal {
    let keep = |why: String| Disposal::Keep(why);
    let run = match OpenRun::read(folder.clone()) {
        Ok(run) => run,
        Err(failure) => return keep(failure.text().trim().to_owned()),
    };
    if own(settings, folder).is_err() {
        return keep("you did not begin it on this machine".to_owned());
    }
    let view = RunView::replay(&run.plan, &run.records);
    let resume = || command(settings, "resume", folder);
    let remark = match view.state.ended() {
        Some(RunEnd::Done) => None,
        Some(end @ (RunEnd::Failed | RunEnd::AuditFailed)) => {
            Some(format!("{}; it could go on: {}", word(end), resume()))
        }
        Some(RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted) | None => {
            return keep(format!("can go on: {}", resume()));
        }
    };
    match only_here(settings, &view, folder) {
        Ok(branch) => Disposal::Remove { branch, remark },
        Err(why) => keep(why),
    }
}

/// Why its changes are nowhere else, if they are; else the branch that is needed no more.
fn only_here(
    settings: &Settings,
    view: &RunView,
    folder: &RunFolder,
) -> Result<Option<String>, String> {
    let typed = |verb: &str| command(settings, verb, folder);
    // Scripted results are nobody's work.
    if view
        .plan
        .rehearsal
        .as_ref()
        .is_some_and(|rehearsal| !rehearsal.publishes)
    {
        return Ok(None);
    }
    if !view.state.held.is_empty() {
        let show = typed("show");
        return Err(format!("holds changes back that are only there: {show}"));
    }
    let (branch, is_its_own) = match view.delivery_state() {
        DeliveryState::Nothing
        | DeliveryState::Applied {
            to: Destination::Tree,
            ..
        } => return Ok(None),
        DeliveryState::Applied {
            to: Destination::Commit { branch, .. },
            ..
        } => (branch, false),
        DeliveryState::Applied {
            to: Destination::Branch(branch),
            ..
        } => (branch, true),
        DeliveryState::Applied {
            to: Destination::Nowhere,
            ..
        }
        | DeliveryState::Pending
        | DeliveryState::Partly { .. }
        | DeliveryState::Kept { .. }
        | DeliveryState::Blocked { .. } => {
            return Err(format!("its changes are only there: {}", typed("apply")));
        }
    };
    match commits_state(&settings.project, folder.id(), &branch) {
        CommitsState::Merged if is_its_own => Ok(Some(branch)),
        CommitsState::Merged | CommitsState::There => Ok(None),
        CommitsState::Gone => Err(format!(
            "no branch has its commits any more, so its changes may be only there: {}",
            typed("apply")
        )),
    }
}
