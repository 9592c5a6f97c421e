//! `tipstaff note RUN [PHASE] TEXT`: a person's word for the calls that are still to come.

use super::failure::{Exit, Failure};
use super::open_run::{find_run, own, read_plan};
use super::print;
use super::rerun::index_of;
use super::resume::left_alone;
use super::settings::Settings;
use super::typed::command;
use crate::engine::noted;
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::{PhaseName, RunEnd};
use crate::run::{Control, RunState, Via};
use crate::runtime::{Controller, now};

pub fn note(settings: &Settings, words: &[String]) -> Result<Exit, Failure> {
    let (run, phase, text) = match words {
        [run, phase, text] => (run, Some(PhaseName::from(phase.as_str())), text),
        [run, text] => (run, None, text),
        _ => return Err(wrong("a run and a text are needed", None)),
    };
    let folder = find_run(settings, Some(run))?;
    let (register, _) = own(settings, &folder)?;
    if let Some(phase) = &phase {
        index_of(&read_plan(&folder)?, phase, folder.id())?;
    }
    let text = settings
        .redactor(None, None)
        .redact(text.trim())
        .into_owned();
    if text.is_empty() {
        return Err(wrong("the note is empty", None));
    }
    if let Some(holder) = RunLock::holder(&folder)? {
        let told = Controller::connect(&register.socket(&folder));
        let told =
            told.and_then(|mut run| run.ask(Control::Note(phase.clone(), text), Via::Command));
        let why = match told {
            Ok(None) => return tell(settings, &folder, phase.as_ref()),
            Ok(Some(why)) => why,
            Err(error) => error.to_string(),
        };
        let message = format!("{holder} takes no note for run {}: {why}", folder.id());
        let hint = "an answer takes words along: `--because`";
        return Err(Failure::said(Exit::Failed, &message, Some(hint)));
    }
    let mut taken = left_alone(settings, folder.clone())?;
    if RunState::of(&taken.records).ended() == Some(RunEnd::Done) {
        let rerun = command(settings, "rerun", &folder);
        let hint = format!("`{rerun} --from PHASE --note TEXT` does a phase again");
        return Err(wrong("the run is done: no call is to come", Some(&hint)));
    }
    taken
        .journal
        .append(now(), &[noted(phase.as_ref(), &text)])?;
    // The lock goes with it.
    drop(taken);
    tell(settings, &folder, phase.as_ref())
}

/// Which calls do not get it.
fn tell(
    settings: &Settings,
    folder: &RunFolder,
    phase: Option<&PhaseName>,
) -> Result<Exit, Failure> {
    let journal = Journal::read(&folder.path(RunFolder::JOURNAL))?;
    let state = RunState::of(&journal.records);
    let is_alive = RunLock::holder(folder)?.is_some();
    let under_way = state.running().filter(|_| is_alive).count();
    let closed = |name: &&PhaseName| {
        let its = state.phase(name);
        its.is_some_and(|phase| phase.closed().is_some())
    };
    if let Some(phase) = phase.filter(closed) {
        print::note(&format!(
            "warning: phase `{phase}` is closed; its calls see this only if work is sent back to it"
        ));
    }
    print::note(&match (is_alive, under_way) {
        (false, _) => {
            let resume = command(settings, "resume", folder);
            format!("noted; `{resume}` goes on with it")
        }
        (true, 0) => "noted for the calls to come".to_owned(),
        (true, 1) => "noted for the calls to come; the one under way does not see it".to_owned(),
        (true, some) => {
            format!("noted for the calls to come; the {some} under way do not see it")
        }
    });
    Ok(Exit::Done)
}

fn wrong(message: &str, hint: Option<&str>) -> Failure {
    Failure::said(Exit::Usage, message, hint)
}
