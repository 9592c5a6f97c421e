//! All runs of this user: of this project, or wherever they lie.

use super::failure::{Exit, Failure};
use super::open_run::read_plan;
use super::print;
use super::settings::Settings;
use crate::journal::{Journal, Origin, RunFolder, folders};
use crate::plan::Plan;
use crate::report::{Scope, counted};
use crate::run::RunState;

/// Their folders by their names, and how many others' lie in the project.
pub fn all_runs(settings: &Settings, scope: Scope) -> Result<(Vec<RunFolder>, u64), Failure> {
    let register = settings.register()?;
    if scope == Scope::User {
        let elsewhere = register.elsewhere();
        if elsewhere > 0 {
            print::note(&format!(
                "not counted: {} of projects that are not where they were",
                counted(elsewhere, "run")
            ));
        }
        return Ok((register.folders(), 0));
    }
    let (mut own, mut foreign) = (Vec::new(), 0);
    for folder in folders(&settings.project.root)? {
        match register.origin(&folder)? {
            Origin::Own | Origin::Moved(_) => own.push(folder),
            Origin::Copied(_) | Origin::Unknown => foreign += 1,
        }
    }
    Ok((own, foreign))
}

/// Shows each of them, its journal read once; a line for each that cannot be read.
pub fn each_run<'f>(
    folders: impl IntoIterator<Item = &'f RunFolder>,
    mut show: impl FnMut(&RunFolder, &Plan, &RunState),
) -> Vec<String> {
    let mut skipped = Vec::new();
    for folder in folders {
        match read(folder) {
            Ok((plan, state)) => show(folder, &plan, &state),
            Err(why) => {
                let why = why.text().lines().next().unwrap_or_default().to_owned();
                skipped.push(format!("skipped: run {}: {why}", folder.id()));
            }
        }
    }
    skipped
}

fn read(folder: &RunFolder) -> Result<(Plan, RunState), Failure> {
    let plan = read_plan(folder)?;
    let content = Journal::read(&folder.path(RunFolder::JOURNAL))?;
    let failed = |why: &str| Err(Failure::said(Exit::Failed, why, None));
    match content.foreign {
        Some(foreign) => failed(&foreign.to_string()),
        None if content.records.is_empty() => failed("its journal has no event"),
        None => Ok((plan, RunState::of(&content.records))),
    }
}
