//! What can go wrong with a child besides its own failure.

use std::io;
use std::path::PathBuf;

/// Why a child could not be started or followed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("program `{}` not found", program.display())]
    ProgramMissing {
        /// The program as it was named.
        program: PathBuf,
    },
    /// The program is there but is no executable file, or its interpreter is missing.
    #[error("program `{}` cannot be executed", program.display())]
    NotExecutable {
        /// The program as it was named.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system could not execute the program for another reason, such as arguments that are too long.
    #[error("failed to start `{}`", program.display())]
    Execute {
        /// The program as it was named.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder that the child starts in cannot be entered.
    #[error("failed to enter the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One of the child's streams cannot be opened.
    #[error("failed to open `{}` for the child", path.display())]
    Stream {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The child's description cannot be handed to a warden.
    #[error("failed to describe the child `{}` to its warden", program.display())]
    Describe {
        /// The program as it was named.
        program: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The warden cannot be started or prepared.
    #[error("failed to start the warden `{}`", exe.display())]
    Warden {
        /// The executable that was to be the warden.
        exe: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The warden ended before the child was started: it was killed, or the executable is no warden.
    #[error("the warden `{}` ended before the child was started", exe.display())]
    WardenGone {
        /// The executable that was to be the warden.
        exe: PathBuf,
    },
    /// Waiting for the warden failed.
    #[error("failed to wait for the warden, process {pid}")]
    Wait {
        /// The child's process id.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
}
