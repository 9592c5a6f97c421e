//! `tipstaff watch [RUN]`: a run that somebody else works on, or that is over.
//!
//! At a terminal it has the whole screen, as long as it is in the foreground; elsewhere it is shown line by line. The
//! terminal is given back however it ends: by a key, a signal, a panic, or the end of the run.

use std::ffi::OsStr;
use std::thread::sleep;
use std::time::Duration;

use jiff::tz::TimeZone;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::args::WatchArgs;
use super::ask::is_at_a_terminal;
use super::call_files::CallFiles;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::keys::{Keys, is_in_foreground};
use super::open_run::{find_run, own, read_plan, shown_folder};
use super::print;
use super::settings::Settings;
use super::typed::command;
use super::viewer::viewer;
use super::watch_text::WatchText;
use super::work::exit_of;
use crate::journal::{Follow, RunFolder, RunLock, list};
use crate::model::{Millis, Timestamp};
use crate::plan::Plan;
use crate::report::{
    Canvas, Colors, Display, FullScreen, Key, RunView, Screen, Sgr, Shown, Size, Supervisor,
    Viewer, render_summary,
};
use crate::run::{Control, Record, Via};
use crate::runtime::{Controller, now};

/// How often it is looked what is new.
const LOOK: Duration = Duration::from_millis(100);
/// Signals are kept until they are asked for.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Shows a run until it ends, and ends like it.
pub fn watch(settings: &Settings, args: &WatchArgs) -> Result<Exit, Failure> {
    let folder = match &args.run {
        Some(wanted) => find_run(settings, Some(wanted))?,
        None => under_way(settings)?.map_or_else(|| find_run(settings, None), Ok)?,
    };
    let plan = read_plan(&folder)?;
    let mut run = Watched {
        settings,
        folder: &folder,
        place: shown_folder(&folder),
        viewer: viewer(settings, &folder, Screen::Stderr),
        zone: TimeZone::system(),
        journal: Follow::new(folder.path(RunFolder::JOURNAL)),
        view: RunView::replay(&plan, &[]),
        supervisor: Supervisor::Gone,
    };
    let term = settings.environment.get(OsStr::new("TERM"));
    let is_dumb = term.is_some_and(|term| term == "dumb");
    let left = match is_at_a_terminal() && !args.plain && !is_dumb {
        true => run.on_screen(&plan)?,
        false => run.in_lines()?,
    };
    run.leave(&left)
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

/// Why nothing is shown any more.
enum Left {
    ByEnd,
    ByPerson,
}

enum Told {
    Leave,
    Suspend,
    GoOn,
}

struct Watched<'a> {
    settings: &'a Settings,
    folder: &'a RunFolder,
    place: String,
    viewer: Viewer,
    zone: TimeZone,
    journal: Follow,
    view: RunView,
    supervisor: Supervisor,
}

impl Watched<'_> {
    /// Takes in what is new.
    fn look(&mut self) -> Result<Vec<Record>, Failure> {
        // Whoever let go of the run before this has written everything.
        let holder = RunLock::holder(self.folder)?;
        let records = self.journal.read_new()?;
        for record in &records {
            self.view.apply(record);
        }
        self.supervisor = match holder {
            Some(_) => Supervisor::Alive,
            None => Supervisor::Gone,
        };
        if self.supervisor == Supervisor::Gone {
            self.view.state = std::mem::take(&mut self.view.state).without_supervisor();
        }
        Ok(records)
    }

    fn in_lines(&mut self) -> Result<Left, Failure> {
        let view = RunView::replay(&self.view.plan, &[]);
        let mut display = Display::plain(view, Screen::Stderr);
        let Interruptible {
            runtime,
            mut signals,
        } = Interruptible::new()?;
        loop {
            for record in self.look()? {
                display.apply(&record)?;
            }
            if self.supervisor == Supervisor::Gone {
                return Ok(Left::ByEnd);
            }
            display.tick(now())?;
            let signal = runtime.block_on(async { timeout(LOOK, signals.next()).await });
            if signal.is_ok() {
                return Ok(Left::ByPerson);
            }
        }
    }

    fn on_screen(&mut self, plan: &Plan) -> Result<Left, Failure> {
        let Interruptible {
            runtime,
            mut signals,
        } = Interruptible::new()?;
        let (mut suspend, mut go_on) = runtime.block_on(async {
            let suspend = signal(SignalKind::from_raw(Signal::TSTP.as_raw()));
            let go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw()));
            Ok::<_, Failure>((suspend?, go_on?))
        })?;
        let colors = Colors::of_stderr();
        let files = CallFiles::new(self.settings, self.folder, plan);
        let mut text = WatchText::new(self.folder, files, colors);
        let mut screen = FullScreen::default();
        let (mut stays, mut shown_at) = (true, Timestamp::default());
        let mut terminal: Option<(Canvas, Keys)> = None;
        loop {
            self.look()?;
            // Who looks at a run that is over decides when to leave.
            stays = stays && self.supervisor == Supervisor::Gone;
            if !stays && self.supervisor == Supervisor::Gone {
                return Ok(Left::ByEnd);
            }
            // A shell that took the terminal back has its own screen.
            terminal = terminal.filter(|_| is_in_foreground());
            if terminal.is_none()
                && let Some(keys) = Keys::read()
            {
                terminal = Some((Canvas::take()?, keys));
            }
            match &mut terminal {
                Some((canvas, keys)) => {
                    // All that tells a time changes together, and seldom.
                    if now().since(shown_at) >= Millis::seconds(1) {
                        shown_at = now();
                    }
                    let size = Size::of_stderr();
                    let text = text.of(&self.view, screen.selected(&self.view, size));
                    let shown = self.shown(shown_at);
                    canvas.show(screen.draw(&shown, text, colors, size))?;
                    for key in keys.wait(LOOK) {
                        if key == Key::Quit {
                            return Ok(Left::ByPerson);
                        }
                        if let Some(control) = screen.press(key, &self.view) {
                            screen.tell(self.steer(control));
                        }
                    }
                }
                None => sleep(LOOK),
            }
            let signal = async {
                tokio::select! {
                    _ = signals.next() => Told::Leave,
                    _ = suspend.recv() => Told::Suspend,
                    _ = go_on.recv() => Told::GoOn,
                }
            };
            match runtime.block_on(async { timeout(AT_ONCE, signal).await }) {
                Ok(Told::Leave) => return Ok(Left::ByPerson),
                Ok(Told::Suspend) => {
                    terminal = None;
                    let _ = kill_process(getpid(), Signal::STOP);
                }
                // Whoever had the terminal meanwhile may have written on it.
                Ok(Told::GoOn) => terminal = None,
                Err(_) => {}
            }
        }
    }

    fn shown(&self, now: Timestamp) -> Shown<'_> {
        Shown {
            view: &self.view,
            folder: &self.place,
            viewer: &self.viewer,
            supervisor: self.supervisor,
            now,
            zone: &self.zone,
            ledgers: &[],
        }
    }

    fn leave(&self, left: &Left) -> Result<Exit, Failure> {
        let run = self.folder.id();
        match (left, self.view.state.ended()) {
            (Left::ByPerson, _) => {
                if self.supervisor == Supervisor::Alive {
                    let again = command(self.settings, "watch", self.folder);
                    print::note(&format!("run {run} goes on; `{again}` looks again"));
                }
                Ok(Exit::Done)
            }
            (Left::ByEnd, Some(end)) => {
                // The terminal may have another width than when it was begun.
                let viewer = viewer(self.settings, self.folder, Screen::Stderr);
                print::as_it_is(
                    &render_summary(&Shown {
                        viewer: &viewer,
                        ..self.shown(now())
                    }),
                    Sgr::Escape,
                );
                Ok(exit_of(end, self.view.state.interrupted()))
            }
            (Left::ByEnd, None) => {
                let message = format!("nobody works on run {run} any more");
                let resume = command(self.settings, "resume", self.folder);
                let hint = format!("`{resume}` goes on");
                Err(Failure::said(Exit::Failed, &message, Some(&hint)))
            }
        }
    }

    /// What came of it; nothing is said of what shows.
    fn steer(&self, control: Control) -> String {
        if self.supervisor == Supervisor::Gone {
            return "nobody works on this run any more".to_owned();
        }
        let register = match own(self.settings, self.folder) {
            Ok((register, _)) => register,
            Err(_) => return "this run is not yours, and is only watched".to_owned(),
        };
        let told = Controller::connect(&register.socket(self.folder))
            .and_then(|mut controller| controller.ask(control, Via::Watch));
        match told {
            Ok(refused) => refused.unwrap_or_default(),
            Err(error) => format!("the run's supervisor does not answer: {error}"),
        }
    }
}
