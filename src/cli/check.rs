//! `tipstaff check WORKFLOW`: every mistake at once, nothing is run.

use super::args::CheckArgs;
use super::failure::{Exit, Failure};
use super::library::{find_workflow, prompt_file, template};
use super::print;
use super::settings::{Configuration, Settings, mistakes_in};
use crate::workflow;
use crate::yaml::has_errors;

pub fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let Configuration {
        config,
        mut sources,
    } = settings.configuration()?;
    let found = find_workflow(settings, &args.workflow)?;
    sources.push(found.source.clone());
    let parsed =
        workflow::parse(&found.source).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    let mut mistakes = workflow::check(&parsed, &config);
    mistakes.extend(workflow::check_prompts(
        &parsed,
        &|name| template(settings, name),
        &|file| prompt_file(&found.folder, file),
    ));
    if !mistakes.is_empty() {
        print::diagnostics(&mistakes, &sources);
    }
    if has_errors(&mistakes) {
        return Ok(Exit::Usage);
    }
    let phases = match parsed.phases.len() {
        1 => "1 phase".to_owned(),
        number => format!("{number} phases"),
    };
    print::data(&format!("{} is valid: {phases}\n", found.source.name));
    Ok(Exit::Done)
}
