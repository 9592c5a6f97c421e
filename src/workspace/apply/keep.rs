//! The folder in the run folder that makes an application undoable and finishable.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{Doing, WorkspaceError, remove_tree};
use super::file_state::{self, FileState};
use super::transition::Transition;
use crate::files::{self, NewFile, if_there, replace};
use crate::model::Direction;

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was applied, or what was cut off was cleared away.
    Empty,
    Applied,
    Undone,
    /// Being written beside; nothing of the user's has changed.
    Staging(Direction),
    Moving(Direction),
    /// That failed half-way, and what was moved is taken back.
    TakingBack(Direction),
}

impl State {
    /// As they are in the file.
    const NAMES: [(Self, &str); 9] = [
        (Self::Empty, "empty"),
        (Self::Applied, "applied"),
        (Self::Undone, "undone"),
        (Self::Staging(Direction::Apply), "staging"),
        (Self::Moving(Direction::Apply), "applying"),
        (Self::TakingBack(Direction::Apply), "taking-back"),
        (Self::Staging(Direction::Undo), "staging-undo"),
        (Self::Moving(Direction::Undo), "undoing"),
        (Self::TakingBack(Direction::Undo), "taking-back-undo"),
    ];

    fn name(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        let named = names.find(|(state, _)| *state == self);
        named.map(|(_, name)| name).expect("every state has a name")
    }
}

/// A transition that lies in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Of(Direction),
    Back,
}

#[derive(Debug, Clone)]
pub(super) struct Keep(PathBuf);

impl Keep {
    pub(super) fn at(folder: &Path) -> Self {
        // git runs in other folders, where a relative path would mean something else.
        Self(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()))
    }

    pub(super) fn state(&self) -> Result<State, WorkspaceError> {
        let path = self.0.join("state");
        let Some(text) = if_there(files::read(&path, files::RECORD)).doing("read", &path)? else {
            return Ok(State::Empty);
        };
        let mut known = State::NAMES.iter();
        let known = known.find(|(_, name)| name.as_bytes() == text.trim_ascii());
        known
            .map(|(state, _)| *state)
            .ok_or_else(|| unreadable(&path, "unknown state"))
    }

    /// Notes the state; it is on disk when this returns.
    pub(super) fn set_state(&self, state: State) -> Result<(), WorkspaceError> {
        let path = self.0.join("state");
        replace(&path, format!("{}\n", state.name()).as_bytes()).doing("write", &path)
    }

    /// Notes that what went this way did not happen.
    pub(super) fn set_before(&self, way: Direction) -> Result<(), WorkspaceError> {
        match way {
            Direction::Apply => self.clear(),
            Direction::Undo => self.set_state(State::Applied),
        }
    }

    /// Where the content of a file lies that a transition names.
    pub(super) fn content(&self, file_state: &FileState) -> Option<PathBuf> {
        let (digest, _) = file_state.file()?;
        Some(self.0.join("contents").join(digest))
    }

    /// Copies the content of a file in under its digest; `false` if the file holds something else by now.
    /// It is not synced.
    pub(super) fn take_in(&self, from: &Path, as_in: &FileState) -> Result<bool, WorkspaceError> {
        let (Some((digest, _)), Some(to)) = (as_in.file(), self.content(as_in)) else {
            return Ok(true);
        };
        WorkspaceError::if_cancelled()?;
        if !to.exists() {
            let mut source = files::open(from).doing("read", from)?;
            let copied = NewFile::at(&to).and_then(|mut copy| {
                io::copy(&mut source, &mut copy)?;
                copy.put_unsynced()
            });
            copied.doing("write", &to)?;
        }
        let is_same = file_state::digest(&to)? == digest;
        if !is_same {
            fs::remove_file(&to).doing("remove", &to)?;
        }
        Ok(is_same)
    }

    /// A folder for files that are needed while the changes are worked out.
    pub(super) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    pub(super) fn read(&self, slot: Slot) -> Result<Transition, WorkspaceError> {
        let path = self.place(slot);
        let bytes = files::read(&path, files::RECORD).doing("read", &path)?;
        let transition: Transition =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(&path, error))?;
        match transition.format {
            Transition::FORMAT if transition.stays_inside() => Ok(transition),
            Transition::FORMAT => Err(unreadable(&path, "it names what no run may change")),
            _ => Err(unreadable(&path, "another version of tipstaff wrote it")),
        }
    }

    /// Puts a transition on disk; it is there when this returns.
    pub(super) fn write(&self, slot: Slot, transition: &Transition) -> Result<(), WorkspaceError> {
        let path = self.place(slot);
        let bytes = serde_json::to_vec(transition).map_err(|error| unreadable(&path, error))?;
        replace(&path, &bytes).doing("write", &path)
    }

    /// Whether a transition lies there.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.place(slot).exists()
    }

    /// Makes an empty folder of it.
    pub(super) fn clear(&self) -> Result<(), WorkspaceError> {
        // The state comes first: while it speaks of transitions, they have to be there.
        let state = self.0.join("state");
        if state.exists() {
            self.set_state(State::Empty)?;
        }
        for part in [
            "contents",
            "scratch",
            "apply.json",
            "undo.json",
            "back.json",
        ] {
            remove_tree(&self.0.join(part))?;
        }
        Ok(())
    }

    fn place(&self, slot: Slot) -> PathBuf {
        self.0.join(match slot {
            Slot::Of(Direction::Apply) => "apply.json",
            Slot::Of(Direction::Undo) => "undo.json",
            Slot::Back => "back.json",
        })
    }
}

fn unreadable(path: &Path, error: impl ToString) -> WorkspaceError {
    let source = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    WorkspaceError::io("read", path)(source)
}
