//! What a person types about a run: the program as it was called, and the shortest name that finds the run.

use super::settings::Settings;
use crate::journal::{RunFolder, find};
use crate::report::shell_word;

/// `tipstaff diff plan-3f2a`.
pub fn command(settings: &Settings, verb: &str, folder: &RunFolder) -> String {
    format!("{} {verb} {}", program(settings), name(settings, folder))
}

/// `tipstaff`, or with `-C DIR`.
pub fn program(settings: &Settings) -> String {
    match &settings.named {
        Some(project) => format!("tipstaff -C {}", shell_word(&project.to_string_lossy())),
        None => "tipstaff".to_owned(),
    }
}

/// `plan-3f2a` of `20261122-154501-plan-3f2a`, as long as it is found by that.
pub fn name(settings: &Settings, folder: &RunFolder) -> String {
    let id = folder.id().as_str();
    let short = id.splitn(3, '-').last().unwrap_or(id);
    match find(&settings.project.root, short) {
        Ok((found, 1)) if found.id() == folder.id() => short.to_owned(),
        _ => id.to_owned(),
    }
}
