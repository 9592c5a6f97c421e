//! The folder in the run folder that makes an application undoable and finishable.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{WorkspaceError, remove_tree};
use super::transition::Transition;
use crate::files;

/// How far an application has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was applied, or what was cut off was cleared away.
    Empty,
    Staging,
    Applying,
    Applied,
    StagingUndo,
    Undoing,
    Undone,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Empty,
        Self::Staging,
        Self::Applying,
        Self::Applied,
        Self::StagingUndo,
        Self::Undoing,
        Self::Undone,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Staging => "staging",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::StagingUndo => "staging-undo",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

/// Which transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Apply,
    Undo,
}

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Keep(PathBuf);

impl Keep {
    pub(super) fn at(folder: &Path) -> Self {
        // git runs in other folders, where a relative path would mean something else.
        Self(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()))
    }

    pub(super) fn state(&self) -> Result<State, WorkspaceError> {
        let path = self.0.join("state");
        match files::read(&path, files::RECORD) {
            Ok(text) => State::ALL
                .into_iter()
                .find(|state| state.name().as_bytes() == text.trim_ascii())
                .ok_or_else(|| unreadable(&path, "unknown state")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Empty),
            Err(error) => Err(WorkspaceError::io("read", &path)(error)),
        }
    }

    /// Notes the state; it is on disk when this returns.
    pub(super) fn set_state(&self, state: State) -> Result<(), WorkspaceError> {
        let text = format!("{}\n", state.name());
        let path = self.0.join("state");
        files::replace(&path, text.as_bytes()).map_err(WorkspaceError::io("write", &path))
    }

    /// Where the content that stood at a step's path before the application lies.
    pub(super) fn before(&self, step: usize) -> PathBuf {
        self.0.join("before").join(step.to_string())
    }

    /// A folder for files that are needed while the changes are worked out.
    pub(super) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    pub(super) fn read(&self, way: Way) -> Result<Transition, WorkspaceError> {
        let path = self.place(way);
        let bytes = files::read(&path, files::RECORD).map_err(WorkspaceError::io("read", &path))?;
        let transition: Transition =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(&path, error))?;
        match transition.format {
            Transition::FORMAT => Ok(transition),
            _ => Err(unreadable(&path, "it is of a newer format")),
        }
    }

    /// Puts a transition on disk; it is there when this returns.
    pub(super) fn write(&self, way: Way, transition: &Transition) -> Result<(), WorkspaceError> {
        let path = self.place(way);
        let bytes = serde_json::to_vec(transition).map_err(|error| unreadable(&path, error))?;
        files::replace(&path, &bytes).map_err(WorkspaceError::io("write", &path))
    }

    /// Makes an empty folder of it.
    pub(super) fn clear(&self) -> Result<(), WorkspaceError> {
        for part in ["before", "scratch", "apply.json", "undo.json", "state"] {
            remove_tree(&self.0.join(part))?;
        }
        let before = self.0.join("before");
        fs::create_dir_all(&before).map_err(WorkspaceError::io("create", &before))
    }

    fn place(&self, way: Way) -> PathBuf {
        self.0.join(match way {
            Way::Apply => "apply.json",
            Way::Undo => "undo.json",
        })
    }
}

fn unreadable(path: &Path, error: impl ToString) -> WorkspaceError {
    let source = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    WorkspaceError::io("read", path)(source)
}
