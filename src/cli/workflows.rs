//! `tipstaff workflows`: what can be run here by name, and where it comes from.

use super::args::{WorkflowsArgs, WorkflowsDo};
use super::failure::{Exit, Failure};
use super::library::{find_workflow, known_workflows};
use super::print;
use super::settings::Settings;
use crate::report::{Screen, Table, clean, counted};
use crate::trust::WORKFLOWS;
use crate::workflow;

pub fn workflows(settings: &Settings, args: &WorkflowsArgs) -> Result<Exit, Failure> {
    match &args.what {
        None => list(settings, args.json)?,
        Some(WorkflowsDo::Show { name }) => {
            print::data(&find_workflow(settings, name)?.source.text)?;
        }
        Some(WorkflowsDo::Copy { name, to }) => copy(settings, name, to.as_deref())?,
    }
    Ok(Exit::Done)
}

fn list(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let mut table = Table::new(0, &["workflow", "from", "for"]);
    let mut json = Vec::new();
    for name in known_workflows(settings) {
        let found = find_workflow(settings, &name);
        let (from, told) = match &found {
            Ok(found) => (found.whose(), workflow::parse(&found.source).ok()),
            // The project's own is looked for first.
            Err(_) => ("project", None),
        };
        let phases = told.as_ref().map(|workflow| workflow.phases.len());
        let description = told
            .as_ref()
            .and_then(|one| (!one.description.is_empty()).then(|| one.description.clone()));
        let what = match (&told, &description) {
            (None, _) => format!("has mistakes: tipstaff check {name}"),
            (Some(_), Some(text)) => clean(text),
            (Some(one), None) => {
                let names: Vec<&str> = one
                    .phases
                    .iter()
                    .map(|phase| phase.name.value.as_str())
                    .collect();
                format!(
                    "{}: {}",
                    counted(names.len() as u64, "phase"),
                    clean(names.join(", "))
                )
            }
        };
        table.row([clean(&name), from.to_owned(), what]);
        json.push(serde_json::json!({
            "name": name, "from": from, "phases": phases, "description": description,
            "file": found.as_ref().ok().map(|found| found.source.name.to_string()),
        }));
    }
    if as_json {
        return print::json(&json);
    }
    print::data(&table.within(Screen::Stdout.columns()).to_string())?;
    print::note(
        "\ntipstaff workflows show NAME   prints one\n\
         tipstaff workflows copy NAME   makes it the project's own, to be changed",
    );
    Ok(())
}

/// Into the project, where it counts instead of the one that it is a copy of. Nothing is replaced.
fn copy(settings: &Settings, name: &str, to: Option<&str>) -> Result<(), Failure> {
    let found = find_workflow(settings, name)?;
    let to = to.unwrap_or(name);
    let is_name = !to.is_empty() && !to.contains(['/', '\\', '.']);
    let path = format!("{WORKFLOWS}/{to}.yaml");
    let whole = settings.project.root.join(&path);
    if !is_name || whole.symlink_metadata().is_ok() {
        let message = match is_name {
            true => format!("`{path}` is there already"),
            false => format!("`{to}` is no name of a workflow"),
        };
        let hint = format!("`tipstaff workflows copy {name} --as NAME` gives it another name");
        return Err(Failure::said(Exit::Usage, &message, Some(&hint)));
    }
    settings.write_in_project(&path, &found.source.text)?;
    print::note(&format!(
        "wrote {path}; `tipstaff check {to}` tells what it does"
    ));
    Ok(())
}
