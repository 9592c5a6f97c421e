//! `tipstaff stop RUN`.

use std::io::ErrorKind;
use std::thread::sleep;
use std::time::Duration;

use super::args::StopArgs;
use super::failure::{Exit, Failure};
use super::open_run::{find_run, own, read_plan};
use super::print;
use super::resume::has_shared_folders;
use super::settings::Settings;
use super::typed::command;
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::RunEnd;
use crate::report::counted;
use crate::run::{Control, RunState, Via};
use crate::runtime::{Controller, cancel_jobs};
use crate::workspace::Scratch;

/// How often it is looked whether the supervisor has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Ends the run's supervisor and waits for it: whoever comes next may resume the run.
pub fn stop(settings: &Settings, args: &StopArgs) -> Result<Exit, Failure> {
    let folder = find_run(settings, Some(&args.run))?;
    let (register, _) = own(settings, &folder)?;
    let run = folder.id();
    let Some(holder) = RunLock::holder(&folder)? else {
        // Until that is done, nobody takes it up.
        let _lock = RunLock::acquire(&folder)?;
        cancel_what_goes_on(settings, &folder)?;
        print::note(&format!(
            "nobody works on run {run}; {}",
            next(settings, &folder)?
        ));
        return Ok(Exit::Done);
    };
    let told = Controller::connect(&register.socket(&folder)).and_then(|mut controller| {
        match controller.ask(Control::Stop, Via::Command) {
            // It prepares the run, and hears signals alone.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                controller.terminate()
            }
            // It is being stopped already, or has just ended.
            Err(_) | Ok(_) => Ok(()),
        }
    });
    let is_held = || RunLock::holder(&folder);
    if let Err(error) = told
        && is_held()?.is_some()
    {
        let message = format!("{holder} works on run {run} and cannot be reached: {error}");
        let hint = "Ctrl-C at its terminal, or `kill` with its process id, stops it resumably";
        return Err(Failure::said(Exit::Failed, &message, Some(hint)));
    }
    while is_held()?.is_some() {
        sleep(LOOK);
    }
    // One that had not begun is gone with its folder.
    match folder.path(RunFolder::JOURNAL).exists() {
        true => print::note(&format!(
            "run {run} is stopped; {}",
            next(settings, &folder)?
        )),
        false => print::note(&format!("run {run} is stopped before it began")),
    }
    Ok(Exit::Done)
}

/// Jobs on other machines outlive their supervisor.
fn cancel_what_goes_on(settings: &Settings, folder: &RunFolder) -> Result<(), Failure> {
    let journal = folder.path(RunFolder::JOURNAL);
    let records = Journal::read(&journal)?.records;
    let (plan, state) = (read_plan(folder)?, RunState::of(&records));
    has_shared_folders(&plan, &state)?;
    let cancelled = cancel_jobs(&plan, &settings.project, &state);
    let cancelled = cancelled.map_err(|failure| {
        Failure::said(Exit::Failed, &failure.message, failure.hint.as_deref())
    })?;
    if cancelled > 0 {
        print::note(&format!("cancelled {}", counted(cancelled as u64, "job")));
    }
    // What an agent of this machine left can be used when the run is taken up.
    if state.running().count() == cancelled {
        Scratch::claim(folder.id(), &journal, settings.runtime_folder())?.remove()?;
    }
    Ok(())
}

/// What can be done about it.
fn next(settings: &Settings, folder: &RunFolder) -> Result<String, Failure> {
    let journal = Journal::read(&folder.path(RunFolder::JOURNAL))?;
    let typed = |verb: &str| command(settings, verb, folder);
    Ok(match RunState::of(&journal.records).ended() {
        Some(RunEnd::Done) => "it is done".to_owned(),
        Some(RunEnd::Waiting) => format!("`{}` says what it waits for", typed("show")),
        _ => format!("`{}` goes on", typed("resume")),
    })
}
