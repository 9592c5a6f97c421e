//! `tipstaff watch [RUN]`: a run that somebody else works on, or that is over.

use std::time::Duration;

use tokio::time::timeout;

use super::args::WatchArgs;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::keys::Keys;
use super::open_run::{find_run, own, read_plan};
use super::print;
use super::settings::Settings;
use super::work::exit_of;
use crate::journal::{Follow, RunFolder, RunLock, list};
use crate::report::{Colors, Display, Key, RunView, Screen, Terminal};
use crate::run::{Control, RunState, Via};
use crate::runtime::{Controller, now};

/// How often it is looked what is new.
const LOOK: Duration = Duration::from_millis(100);

/// Shows a run until it ends, and ends like it.
pub fn watch(settings: &Settings, args: &WatchArgs) -> Result<Exit, Failure> {
    let folder = match &args.run {
        Some(wanted) => find_run(settings, Some(wanted))?,
        None => under_way(settings)?.map_or_else(|| find_run(settings, None), Ok)?,
    };
    let plan = read_plan(&folder)?;
    let view = || RunView::replay(&plan, &[]);
    let mut display = match Screen::Stderr.is_terminal() && !args.plain {
        true => Display::live(view(), Terminal::stderr(), Colors::of_stderr()),
        false => Display::plain(view(), Screen::Stderr),
    };
    let mut interruptible = Interruptible::new()?;
    let mut journal = Follow::new(folder.path(RunFolder::JOURNAL));
    let mut state = RunState::default();
    let mut keys = None;
    loop {
        // Whoever let go of the run before this has written everything.
        let is_over = RunLock::holder(&folder)?.is_none();
        for record in journal.read_new()? {
            state.apply(record.at, &record.event);
            display.apply(&record)?;
        }
        if is_over {
            break;
        }
        if let Display::Live(live) = &mut display {
            keys = keys.or_else(Keys::read);
            let pressed: Vec<Key> = keys.iter().flat_map(Keys::pressed).collect();
            if pressed.contains(&Key::Quit) {
                return leave(&mut display, keys, &folder);
            }
            for key in pressed {
                if let Some(control) = live.press(key) {
                    live.tell(steer(settings, &folder, control));
                }
            }
        }
        display.tick(now())?;
        let Interruptible { runtime, signals } = &mut interruptible;
        if runtime
            .block_on(async { timeout(LOOK, signals.next()).await })
            .is_ok()
        {
            return leave(&mut display, keys, &folder);
        }
    }
    drop(keys);
    display.finish()?;
    let run = folder.id();
    match state.ended() {
        Some(end) => {
            print::note(&format!("`tipstaff show {run}` shows what it came to"));
            Ok(exit_of(end, state.interrupted()))
        }
        None => {
            let message = format!("nobody works on run {run} any more");
            let hint = format!("`tipstaff resume {run}` goes on");
            Err(Failure::said(Exit::Failed, &message, Some(&hint)))
        }
    }
}

/// The newest run that somebody works on.
fn under_way(settings: &Settings) -> Result<Option<RunFolder>, Failure> {
    let root = &settings.project.root;
    for run in list(root)? {
        let Ok(folder) = RunFolder::open(root, run.id) else {
            continue;
        };
        if RunLock::holder(&folder)?.is_some() {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

fn leave(display: &mut Display, keys: Option<Keys>, folder: &RunFolder) -> Result<Exit, Failure> {
    drop(keys);
    display.finish()?;
    print::note(&format!(
        "run {0} goes on; `tipstaff watch {0}` looks again",
        folder.id()
    ));
    Ok(Exit::Done)
}

/// What came of it; nothing is said of what shows.
fn steer(settings: &Settings, folder: &RunFolder, control: Control) -> String {
    let register = match own(settings, folder) {
        Ok((register, _)) => register,
        Err(_) => return "this run is not yours, and is only watched".to_owned(),
    };
    let told = Controller::connect(&register.socket(folder))
        .and_then(|mut controller| controller.ask(control, Via::Watch));
    match told {
        Ok(refused) => refused.unwrap_or_default(),
        Err(error) => format!("the run's supervisor does not answer: {error}"),
    }
}
