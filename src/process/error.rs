//! What can go wrong with a child besides its own failure.

use std::io;
use std::path::PathBuf;

/// Why a child could not be started or followed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("program `{}` not found", program.display())]
    ProgramMissing { program: PathBuf },
    /// The program is there but is no executable file, or its interpreter is missing.
    #[error("program `{}` cannot be executed", program.display())]
    NotExecutable { program: PathBuf, source: io::Error },
    /// The system could not execute the program for another reason, such as arguments that are too long.
    #[error("failed to start `{}`", program.display())]
    Execute { program: PathBuf, source: io::Error },
    /// The place that the child lives in cannot be made.
    #[error("failed to make the cell")]
    Cell { source: io::Error },
    /// The folder that the child starts in cannot be entered.
    #[error("failed to enter the folder `{}`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// One of the child's streams cannot be opened.
    #[error("failed to open `{}` for the child", path.display())]
    Stream { path: PathBuf, source: io::Error },
    /// The child's description cannot be handed to a warden.
    #[error("failed to describe the child `{}` to its warden", program.display())]
    Describe { program: PathBuf, source: io::Error },
    /// The warden cannot be started or prepared.
    #[error("failed to start the warden `{}`", exe.display())]
    Warden {
        /// The executable that was to be the warden.
        exe: PathBuf,
        source: io::Error,
    },
    /// The warden ended before the child was started: it was killed, or the executable is no warden.
    #[error("the warden `{}` ended before the child was started", exe.display())]
    WardenGone {
        /// The executable that was to be the warden.
        exe: PathBuf,
    },
    #[error("failed to wait for the warden, process {pid}")]
    Wait { pid: u32, source: io::Error },
}

impl ProcessError {
    /// Whether there is no such program, or none that can be executed.
    pub fn is_the_programs(&self) -> bool {
        matches!(
            self,
            Self::ProgramMissing { .. } | Self::NotExecutable { .. }
        )
    }
}
