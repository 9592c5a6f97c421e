//! Saying what is missing before anything is started.

use super::failure::{Exit, Failure};
use super::print;
use super::probes::{Lack, Missing, Probes, What, missing};
use super::settings::Settings;
use crate::agents::Carried;
use crate::model::ModelName;
use crate::plan::Plan;
use crate::workspace::{ApplyError, WorkspaceError};

/// Refuses a run that lacks something, all of it at once. `used` says which model is used in the place of one of
/// the plan's, `destination` whether results can go where they are to go.
pub fn preflight<'p>(
    settings: &Settings,
    plan: &'p Plan,
    used: impl Fn(&'p ModelName) -> &'p ModelName,
    carried: &mut Carried,
    destination: Result<(), ApplyError>,
) -> Result<(), Failure> {
    let mut missing = missing(&mut Probes::new(settings, carried), plan, used);
    match destination {
        // Without git, the list says so already.
        Ok(()) | Err(ApplyError::Workspace(WorkspaceError::GitMissing { .. })) => {}
        Err(error) => {
            let problem = format!("a place for the results: {error}");
            let remedy = match error {
                ApplyError::NotClean(_) => {
                    "commit or stash them, or have a new branch made with `--branch NAME`"
                }
                _ => "`--branch` takes the name of a new branch of a git repository",
            };
            let lack = Lack::new(What::Destination, problem, remedy);
            missing.lacks.insert(lack, Vec::new());
        }
    }
    warn(&missing);
    told(&missing).map_or(Ok(()), |(list, hint)| {
        let message = format!("nothing was started, because this is missing:{list}");
        Err(Failure::said(Exit::Usage, &message, Some(hint)))
    })
}

/// The same for who only wants to know: what is missing is a warning.
pub fn report(settings: &Settings, plan: &Plan, carried: &mut Carried) {
    let missing = missing(&mut Probes::new(settings, carried), plan, |model| model);
    warn(&missing);
    if let Some((list, hint)) = told(&missing) {
        print::note(&format!(
            "warning: a run could not start, because this is missing:{list}\nhint: {hint}"
        ));
    }
}

fn warn(missing: &Missing<'_>) {
    for warning in &missing.warnings {
        print::note(&format!("warning: {warning}"));
    }
}

/// A line for each thing that is missing, with its remedy, and what helps with all of it.
fn told(missing: &Missing<'_>) -> Option<(String, &'static str)> {
    let lines = missing
        .lacks
        .iter()
        .map(|(lack, models)| match models.is_empty() {
            true => format!("\n  {lack}"),
            false => format!("\n  {}: {lack}", models.join(", ")),
        });
    let is_of_models = |lack: &Lack| matches!(lack.what, What::SignIn | What::Model);
    let hint = match missing.lacks.keys().any(is_of_models) {
        true => {
            "`--rehearse` runs the workflow without a key; `--model NAME=OTHER` uses another model"
        }
        false => "`tipstaff doctor` looks at everything on this machine",
    };
    (!missing.lacks.is_empty()).then(|| (lines.collect(), hint))
}
