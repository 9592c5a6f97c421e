//! Where the user stands: what commands, runs and files are called there, and how much room there is.

use std::borrow::Cow;

use super::view::RunView;
use super::words::{clean, wrap};

/// Columns of the words at the left of a result.
pub(super) const MARGIN: usize = 11;
/// Nobody reads longer lines of prose.
pub(super) const PROSE: usize = 110;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// How the program is called for this project: `tipstaff`, or with `-C DIR`.
    pub program: String,
    /// The shortest name by which commands find the run.
    pub run: String,
    /// Whether the run is this user's own; all others are only read.
    pub is_own: bool,
    /// The way to the project: empty, or with a `/` at its end.
    pub root: String,
    /// Columns that a line may have.
    pub width: usize,
}

impl Viewer {
    /// In the project itself, with the run's whole name and all the room there may be.
    pub fn anywhere(view: &RunView) -> Self {
        Self {
            program: "tipstaff".to_owned(),
            run: view.run().to_owned(),
            is_own: true,
            root: String::new(),
            width: usize::MAX,
        }
    }

    /// The same of the run wherever it is read.
    pub(super) fn elsewhere(&self, view: &RunView) -> Self {
        Self {
            is_own: self.is_own,
            ..Self::anywhere(view)
        }
    }

    /// A command about the run: `tipstaff diff plan-3f2a`.
    pub fn command(&self, verb: &str) -> String {
        format!("{} {verb} {}", self.program, self.run)
    }

    /// A path of the project, from where the user is.
    pub(super) fn place(&self, path: &str) -> String {
        let path = clean(path);
        match path.starts_with('/') {
            true => path,
            false => format!("{}{path}", self.root),
        }
    }

    /// Text wrapped to the room beside a result's words at the left, and cut after so many lines.
    pub(super) fn prose(&self, text: &str, most: usize) -> Vec<String> {
        let width = self.width.min(PROSE).saturating_sub(MARGIN).max(20);
        let mut lines = wrap(text, width);
        lines.retain(|line| !line.is_empty());
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                *last = console::truncate_str(&format!("{last} …"), width, "…").into_owned();
            }
        }
        lines
    }

    /// What fits into so many columns less than there are.
    pub(super) fn fit<'a>(&self, taken: usize, text: &'a str) -> Cow<'a, str> {
        console::truncate_str(text, self.width.saturating_sub(taken).max(1), "…")
    }
}
