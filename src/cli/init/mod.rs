//! `tipstaff init`: a configuration of this project, made of what is on this machine.

mod names;
mod text;

use self::names::Names;
use super::args::InitArgs;
use super::ask::{does_not_refuse, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::probes::{Probes, discovered};
use super::settings::{Settings, mistakes_in};
use super::trust::agree_to_configuration;
use super::{prepare, print};
use crate::config;
use crate::report::Sgr;
use crate::trust::{CONFIG, detected_test};
use crate::yaml::Source;

/// What of the project goes into its configuration.
pub struct Project {
    /// The command that its tests are run with.
    verify: Option<String>,
    /// What installs what it depends on: command and the files that decide.
    setup: Vec<(String, Vec<String>)>,
}

pub fn init(settings: &Settings, args: &InitArgs) -> Result<Exit, Failure> {
    let root = &settings.project.root;
    let path = root.join(CONFIG);
    let is_there = path.symlink_metadata().is_ok();
    if is_there && !args.force {
        let message = format!("`{CONFIG}` is there already; nothing was changed");
        let hint = "`--force` writes a new one and keeps the old one beside it";
        return Err(Failure::said(Exit::Usage, &message, Some(hint)));
    }
    let asks = is_at_a_terminal() && !args.yes;
    let (base, mut sources) = settings.user_configuration()?;
    let (mut carried, unreadable) = discovered(settings);
    let mut probes = Probes::new(settings, &mut carried).without(unreadable);
    let names = Names::propose(&mut probes, &base);
    let project = look_at(settings, asks)?;
    let text = text::render(&names, &project);
    sources.push(Source::new(path.display().to_string(), &*text));
    config::load(&sources).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    if asks {
        print::as_it_is(&format!("{text}\n"), Sgr::Escape);
        if !does_not_refuse(&format!("write this to `{CONFIG}`? [Y/n] "))? {
            print::note("nothing was written");
            return Ok(Exit::Done);
        }
    }
    if is_there {
        std::fs::rename(&path, root.join(format!("{CONFIG}.before")))?;
        print::note(&format!("note: the old one is `{CONFIG}.before` now"));
    }
    settings.write_in_project(CONFIG, &text)?;
    // Who writes it agrees to it.
    agree_to_configuration(settings, &base)?;
    print::data(&said(&names))?;
    Ok(Exit::Done)
}

/// What was written, and what to do next.
fn said(names: &Names) -> String {
    let next = match names.reached() {
        0 => "no model can be used on this machine yet\nnext: tipstaff doctor",
        1 => {
            "one model does all the work; it proposes more than once where several propose\n\
             next: tipstaff run plan \"what you want\" --rehearse"
        }
        _ => "next: tipstaff run plan \"what you want\" --rehearse",
    };
    format!("wrote {CONFIG}\n{next}\n")
}

fn look_at(settings: &Settings, asks: bool) -> Result<Project, Failure> {
    let is_wanted = |question: String| -> Result<bool, Failure> {
        Ok(!asks || does_not_refuse(&format!("{question} [Y/n] "))?)
    };
    let root = &settings.project.root;
    let mut project = Project {
        verify: None,
        setup: Vec::new(),
    };
    if let Some(command) = detected_test(root)
        && is_wanted(format!("verify what agents change with `{command}`?"))?
    {
        project.verify = Some(command);
    }
    let steps = prepare::installers(settings);
    let runs: Vec<&str> = steps.iter().map(|step| &*step.run).collect();
    if !steps.is_empty()
        && is_wanted(format!(
            "install what it depends on with `{}`?",
            runs.join("`, `")
        ))?
    {
        let steps = steps.into_iter().map(|step| (step.run, step.when));
        project.setup = steps.collect();
    }
    Ok(project)
}
