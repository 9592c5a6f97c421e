//! `tipstaff logs`: what the agent of a call said and did, also while it does.

use std::collections::BTreeMap;
use std::fs::File;
use std::thread::sleep;
use std::time::Duration;

use super::args::LogsArgs;
use super::call_files::{CallFiles, is_under_way};
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, tell_foreign};
use super::print;
use super::settings::Settings;
use super::typed::command;
use super::viewer::width;
use crate::journal::{RunFolder, RunLock};
use crate::model::CallId;
use crate::process::TailLine;
use crate::report::{ActivityLines, Colors, Screen, Supervisor, attempt_head, attempt_tail};
use crate::run::{Attempt, CallState, RunState};
use crate::runtime::now;

/// Between two looks at a file that grows.
const LOOK: Duration = Duration::from_millis(200);

pub fn logs(settings: &Settings, args: &LogsArgs) -> Result<Exit, Failure> {
    let folder = find_run(settings, args.run.as_deref())?;
    tell_foreign(settings, &folder);
    let mut chosen: Option<CallId> = None;
    // How many attempts were shown of each call.
    let mut seen: BTreeMap<CallId, usize> = BTreeMap::new();
    loop {
        let run = OpenRun::read(folder.clone())?;
        let state = run.view().state;
        let goes_on = args.follow && run.supervisor() == Supervisor::Alive;
        if chosen.is_none() {
            chosen = match &args.call {
                Some(wanted) => Some(named(&state, wanted)?.spec.id.clone()),
                None => next(&state, &seen).map(|call| call.spec.id.clone()),
            };
        }
        let Some(call) = chosen.as_ref().and_then(|id| state.call(id)) else {
            if goes_on {
                sleep(LOOK);
                continue;
            }
            if seen.is_empty() {
                print::note("no call of this run has begun");
            }
            return Ok(Exit::Done);
        };
        let shown = Shown::new(settings, args, &run);
        let count = seen.entry(call.spec.id.clone()).or_default();
        for (number, attempt) in (1..).zip(&call.attempts).skip(*count) {
            shown.attempt(call, number, attempt)?;
            *count += 1;
        }
        if !goes_on {
            shown.nothing_of(call);
            shown.others(&state, call);
            return Ok(Exit::Done);
        }
        if call.is_over() {
            if args.call.is_some() {
                return Ok(Exit::Done);
            }
            chosen = None;
        }
        sleep(LOOK);
    }
}

/// The call of that name, or the only one with that in its name.
fn named<'s>(state: &'s RunState, wanted: &str) -> Result<&'s CallState, Failure> {
    let ids = || state.calls().map(|call| &call.spec.id);
    let fitting: Vec<&CallState> = state
        .calls()
        .filter(|call| call.spec.id.as_str().contains(wanted))
        .collect();
    let exact = fitting.iter().find(|call| call.spec.id.as_str() == wanted);
    match (exact, fitting.as_slice()) {
        (Some(call), _) | (None, [call]) => Ok(call),
        (None, fitting) => {
            let message = match fitting.len() {
                0 => format!("no call of this run is called `{wanted}`"),
                many => format!("{many} calls of this run have `{wanted}` in their names"),
            };
            let names: Vec<&str> = ids().map(CallId::as_str).collect();
            let hint = format!("its calls: {}", names.join(", "));
            Err(Failure::said(Exit::Usage, &message, Some(&hint)))
        }
    }
}

/// The call under way, else the latest; after the first, those that have come since.
fn next<'s>(state: &'s RunState, seen: &BTreeMap<CallId, usize>) -> Option<&'s CallState> {
    let began = |call: &&CallState| call.attempts.last().map(|attempt| attempt.started);
    let others = || {
        let unseen =
            |call: &&CallState| !call.attempts.is_empty() && !seen.contains_key(&call.spec.id);
        state.calls().filter(unseen)
    };
    let is_under_way =
        |call: &&CallState| call.attempts.last().is_some_and(|one| one.end.is_none());
    let under_way = others().filter(is_under_way).min_by_key(began);
    under_way.or_else(|| match seen.is_empty() {
        true => others().max_by_key(began),
        false => others().min_by_key(began),
    })
}

struct Shown<'a> {
    args: &'a LogsArgs,
    folder: &'a RunFolder,
    /// How it is called for another call of the run.
    command: String,
    files: CallFiles<'a>,
    colors: Colors,
    columns: usize,
}

impl<'a> Shown<'a> {
    fn new(settings: &Settings, args: &'a LogsArgs, run: &'a OpenRun) -> Self {
        Self {
            args,
            folder: &run.folder,
            command: command(settings, "logs", &run.folder),
            files: CallFiles::new(settings, &run.folder, &run.plan),
            colors: Colors::of_stdout(),
            columns: width(settings, &Screen::Stdout),
        }
    }

    /// Names the other calls to who has named none.
    fn others(&self, state: &RunState, call: &CallState) {
        let others = state.calls().map(|other| &other.spec.id);
        let others: Vec<&str> = others
            .filter(|id| **id != call.spec.id)
            .map(CallId::as_str)
            .collect();
        if self.args.call.is_none() && !self.args.raw && !others.is_empty() {
            print::note(&format!(
                "\nother calls, by `{} CALL`: {}",
                self.command,
                others.join(", ")
            ));
        }
    }

    /// Says why there is nothing to see of a call.
    fn nothing_of(&self, call: &CallState) {
        if call.attempts.is_empty() {
            let (logs, id) = (&self.command, &call.spec.id);
            print::note(&match &call.reused {
                Some(of) => {
                    format!("call {id} took over the result of {of}: `{logs} {of}`")
                }
                None => format!("call {id} has not begun"),
            });
        }
    }

    fn attempt(&self, call: &CallState, number: u32, attempt: &Attempt) -> Result<(), Failure> {
        let is_raw = self.args.raw;
        if !is_raw {
            let head = attempt_head(&call.spec.id, number, attempt, self.colors);
            print::painted(&head)?;
        }
        // Its events are kept when it has ended; a killed supervisor keeps nothing.
        let is_abandoned = || !matches!(RunLock::holder(self.folder), Ok(Some(_)));
        let is_kept = || {
            let kept = self.files.kept(call, number, "events.jsonl");
            matches!(kept, Ok(Some(_)))
        };
        let is_live = is_under_way(attempt) && !is_kept();
        let is_over = || is_kept() || is_abandoned();
        let mut is_told = false;
        loop {
            let is_last_look = !self.args.follow || !is_live || is_over();
            match self.files.events(call, number, attempt)? {
                Some(file) => {
                    self.stream(file, attempt, &|| !is_live || is_over())?;
                    break;
                }
                None if !is_under_way(attempt) => print::note("it left no output"),
                None if !is_told => print::note("its output is not to be seen yet"),
                None => {}
            }
            if is_last_look {
                break;
            }
            // It may wait in a queue, and what a node says comes later.
            is_told = true;
            sleep(LOOK);
        }
        if is_raw {
            return Ok(());
        }
        let mut known = attempt.clone();
        // The journal tells of the end a moment after the events were kept.
        while known.end.is_none() && self.args.follow {
            let is_last_look = is_abandoned();
            known = self.by_now(call, number).unwrap_or(known);
            if is_last_look {
                break;
            }
            sleep(LOOK);
        }
        let errors = self.files.errors(call, number)?;
        let tail = attempt_tail(&known, errors.as_deref(), self.colors, now());
        print::painted(&tail)
    }

    /// An attempt that was under way, as the journal tells of it by now.
    fn by_now(&self, call: &CallState, number: u32) -> Option<Attempt> {
        let run = OpenRun::read(self.folder.clone()).ok()?;
        let state = run.view().state;
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        state.call(&call.spec.id)?.attempts.get(index).cloned()
    }

    fn stream(
        &self,
        file: File,
        attempt: &Attempt,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), Failure> {
        let Some(mut log) = self.files.log(file, attempt) else {
            print::note("the plan does not know its agent");
            return Ok(());
        };
        let mut shown = ActivityLines::new(self.columns, self.colors, attempt.started);
        loop {
            // Asked first: what is written before the end is read after it.
            let is_over = is_over();
            let lines = log.lines(is_over)?;
            let is_idle = lines.is_empty() && !log.has_more();
            if self.args.raw {
                print::data(&raw(lines))?;
            } else {
                let activities = log.activities(lines).into_iter();
                let text: String = activities.map(|one| shown.take(one)).collect();
                print::painted(&text)?;
            }
            if is_idle {
                print::painted(&shown.pause())?;
                if is_over || !self.args.follow {
                    return Ok(());
                }
                sleep(LOOK);
            }
        }
    }
}

fn raw(lines: Vec<TailLine>) -> String {
    let text = |line| match line {
        TailLine::Text(text) => text + "\n",
        TailLine::TooLong { bytes } => {
            format!("{{\"tipstaff left out a line of bytes\": {bytes}}}\n")
        }
    };
    lines.into_iter().map(text).collect()
}
