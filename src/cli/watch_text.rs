//! What is to read of what is selected on the full screen: what a call's agent said and did, a phase's document.

use std::io;

use super::call_files::{CallFiles, is_under_way};
use crate::files;
use crate::journal::RunFolder;
use crate::report::{
    ActivityLines, Colors, Item, RunView, attempt_head, attempt_tail, wrap_indented,
};
use crate::run::CallState;
use crate::runtime::{CallLog, now};

/// Portions of events that are read at a time, so that keys are heard meanwhile.
const PORTIONS: usize = 4;
/// No more lines are kept of a call; of longer ones the last half of that.
const MOST_LINES: usize = 40_000;
/// Of a document, no more than this is shown, in bytes.
const DOCUMENT: u64 = 1 << 20;

pub struct WatchText<'a> {
    folder: &'a RunFolder,
    files: CallFiles<'a>,
    colors: Colors,
    /// What it is of, for how many columns, and of a phase which of its documents.
    of: (Item, usize, Option<String>),
    lines: Vec<String>,
    /// The last of the lines, which are not ended.
    unended: usize,
    /// The attempt that is read.
    open: Option<(CallLog, ActivityLines)>,
    /// How many attempts were read whole.
    read: usize,
}

impl<'a> WatchText<'a> {
    pub fn new(folder: &'a RunFolder, files: CallFiles<'a>, colors: Colors) -> Self {
        Self {
            folder,
            files,
            colors,
            of: (Item::Run, 0, None),
            lines: Vec::new(),
            unended: 0,
            open: None,
            read: 0,
        }
    }

    /// The lines so far. A file that cannot be read is told in its place.
    pub fn of(&mut self, view: &RunView, (item, columns): (Item, usize)) -> &[String] {
        let document = match &item {
            Item::Phase(name) => view.phase(name).and_then(|phase| phase.state.closing()),
            Item::Run | Item::Call(_) => None,
        };
        let document = document.map(|closing| closing.deliverable.path.clone());
        let of = (item, columns, document);
        if self.of != of {
            self.of = of;
            self.lines.clear();
            (self.unended, self.open, self.read) = (0, None, 0);
            if let Some(path) = &self.of.2 {
                let file = files::open_below(self.folder.root(), path.as_ref());
                let text = file.and_then(|file| files::text(file, DOCUMENT));
                let text = text.unwrap_or_else(|error| format!("failed to read `{path}`: {error}"));
                self.lines = wrap_indented(&text, columns);
            }
        }
        if let Item::Call(id) = &self.of.0
            && let Some(call) = view.call(id)
            && let Err(error) = self.read_on(call)
        {
            self.read = usize::MAX;
            self.lines
                .push(format!("failed to read its events: {error}"));
        }
        &self.lines
    }

    fn read_on(&mut self, call: &CallState) -> io::Result<()> {
        self.lines.truncate(self.lines.len() - self.unended);
        self.unended = 0;
        for _ in 0..PORTIONS {
            let Some(attempt) = call.attempts.get(self.read) else {
                return Ok(());
            };
            let number = u32::try_from(self.read)
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            if self.open.is_none() {
                let events = self.files.events(call, number, attempt)?;
                if events.is_none() && attempt.end.is_none() {
                    return Ok(());
                }
                // The first one is told by the heading.
                if number > 1 {
                    self.add(&attempt_head(&call.spec.id, number, attempt, self.colors));
                }
                let log = events.and_then(|events| self.files.log(events, attempt));
                let shown = ActivityLines::new(self.of.1, self.colors, attempt.started);
                self.open = log.map(|log| (log, shown));
            }
            // What is written before the end is read after it.
            let is_over = attempt.end.is_some() || !is_under_way(attempt);
            let mut is_idle = true;
            if let Some((log, shown)) = &mut self.open {
                let lines = log.lines(is_over)?;
                is_idle = lines.is_empty() && !log.has_more();
                let activities = log.activities(lines).into_iter();
                let mut text: String = activities.map(|one| shown.take(one)).collect();
                if is_idle && is_over {
                    text += &shown.pause();
                }
                self.add(&text);
            }
            if is_idle && is_over {
                let errors = self.files.errors(call, number)?;
                self.add(&(attempt_tail(attempt, errors.as_deref(), self.colors, now()) + "\n"));
                (self.open, self.read) = (None, self.read + 1);
            } else if is_idle {
                break;
            }
        }
        let unended = self.open.as_ref().map(|(_, shown)| shown.clone().pause());
        self.unended = self.add(&unended.unwrap_or_default());
        Ok(())
    }

    /// How many lines that are.
    fn add(&mut self, text: &str) -> usize {
        self.lines.extend(text.lines().map(str::to_owned));
        if self.lines.len() > MOST_LINES {
            self.lines.drain(..MOST_LINES / 2);
        }
        text.lines().count()
    }
}
