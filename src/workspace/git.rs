//! git through its command line, cut off from everything that could run code or change the user's
//! repository: hooks, file-system monitors, prompts, lazy fetches, inherited variables.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

use crate::files::absolute_search_path;
use crate::model::{TreeId, names_a_secret};

use super::{Doing, WorkspaceError};
use crate::process::run_helper;

/// Options before every command.
const QUIET_CONFIG: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=keep",
    "gc.auto=0",
    // Larger files are streamed and not held in memory.
    "core.bigFileThreshold=16m",
];

/// How git says that no space is left, or none of the user's share.
const FULL: [&str; 3] = [
    "Out of diskspace",
    "No space left on device",
    "Disk quota exceeded",
];

/// So many bytes of a pipe are written at once.
const PIECE: usize = 4096;

/// A git command to come.
pub(super) struct Git {
    folder: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    /// Instead of `stdin`.
    pipe: Option<File>,
    stdout: Option<File>,
    access: Access,
}

/// Whose settings and variables a command goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Store,
    Reading,
    User,
}

impl Git {
    /// A reading command in the user's repository. The user's configuration stays in force, because
    /// it says what is ignored (`core.excludesFile`) and whom git trusts (`safe.directory`).
    pub(super) fn reading(folder: &Path) -> Self {
        Self::new(folder, Access::Reading)
    }

    /// A command that starts programs of the user's, who asked for that: what signs, hooks.
    pub(super) fn as_user(folder: &Path) -> Self {
        Self::new(folder, Access::User)
    }

    /// A command on a store of our own, on which no configuration but the store's counts.
    pub(super) fn on_store(store: &Path, work_tree: &Path, index: &Path) -> Self {
        Self::new(work_tree, Access::Store)
            .env("GIT_DIR", store)
            .env("GIT_WORK_TREE", work_tree)
            .env("GIT_INDEX_FILE", index)
    }

    fn new(folder: &Path, access: Access) -> Self {
        Self {
            folder: folder.to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: Vec::new(),
            pipe: None,
            stdout: None,
            access,
        }
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(super) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets what the command reads from standard input.
    pub(super) fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    /// Writes standard output to a file instead of holding it in memory.
    pub(super) fn stdout(mut self, file: File) -> Self {
        self.stdout = Some(file);
        self
    }

    /// Runs the command while `feed` writes what it reads from standard input.
    pub(super) fn fed(
        self,
        feed: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send,
    ) -> Result<(), WorkspaceError> {
        self.converse(|git, _| feed(git)).map(drop)
    }

    /// Runs the command while `talk` writes to its standard input and reads what it says.
    pub(super) fn converse<T: Send>(
        mut self,
        talk: impl FnOnce(&mut dyn Write, &mut dyn BufRead) -> io::Result<T> + Send,
    ) -> Result<T, WorkspaceError> {
        let folder = self.folder.clone();
        let pipe = || io::pipe().doing("open a pipe in", &folder);
        let ((stdin, to), (from, stdout)) = (pipe()?, pipe()?);
        self.pipe = Some(OwnedFd::from(stdin).into());
        self.stdout = Some(OwnedFd::from(stdout).into());
        thread::scope(|scope| {
            let talk = scope.spawn(move || {
                let mut to = BufWriter::with_capacity(PIECE, to);
                let result = talk(&mut to, &mut BufReader::new(from))?;
                to.flush().map(|()| result)
            });
            let done = self.done();
            let talked = talk
                .join()
                .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
            // If git ends early, it says why.
            done.and_then(|()| talked.doing("talk to git in", &folder))
        })
    }

    /// Runs the command for what it does.
    pub(super) fn done(self) -> Result<(), WorkspaceError> {
        self.run().map(drop)
    }

    /// Runs the command and returns what it says, trimmed.
    pub(super) fn said(self) -> Result<String, WorkspaceError> {
        let said = self.run()?;
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }

    /// Runs the command, which says the id of a tree.
    pub(super) fn tree(self) -> Result<TreeId, WorkspaceError> {
        let (folder, command) = (self.folder.clone(), self.shown());
        let said = self.said()?;
        TreeId::parse(&said).ok_or_else(|| WorkspaceError::Git {
            command,
            folder,
            message: format!("unexpected answer `{said}`"),
        })
    }

    fn shown(&self) -> String {
        let args = self.args.iter().map(|arg| arg.to_string_lossy());
        args.collect::<Vec<_>>().join(" ")
    }

    /// Runs the command and returns the paths that it says, with a zero byte behind each. git ends some
    /// folders with a slash.
    pub(super) fn paths(self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let said = self.run()?;
        let paths = said.split(|byte| *byte == 0);
        let paths = paths.map(|path| path_of(path.strip_suffix(b"/").unwrap_or(path)));
        Ok(paths.filter(|path| !path.as_os_str().is_empty()).collect())
    }

    /// Runs the command and returns its standard output.
    pub(super) fn run(self) -> Result<Vec<u8>, WorkspaceError> {
        let readable = self.shown();
        let is_hooks = |setting: &&&str| setting.starts_with("core.hooksPath");
        let config = QUIET_CONFIG
            .iter()
            .filter(|setting| self.access != Access::User || !is_hooks(setting))
            .flat_map(|setting| [OsString::from("-c"), OsString::from(setting)]);
        let mut command = duct::cmd("git", config.chain(self.args)).dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            if !is_for_git(&name, self.access) {
                command = command.env_remove(name);
            }
        }
        if let Some(path) = std::env::var_os("PATH") {
            command = command.env("PATH", absolute_search_path(&path));
        }
        if self.access == Access::Store {
            command = command
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_SYSTEM", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1");
        }
        for (name, value) in self.env {
            command = command.env(name, value);
        }
        let command = match self.stdout {
            Some(file) => command.stdout_file(file),
            None => command.stdout_capture(),
        };
        let command = command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .stderr_capture();
        let command = match self.pipe {
            Some(pipe) => command.stdin_file(pipe),
            None => command.stdin_bytes(self.stdin),
        };
        let output = run_helper(&command, None);
        // It holds the other end of a pipe.
        drop(command);
        let output = output.map_err(|source| match source.kind() {
            io::ErrorKind::Interrupted => WorkspaceError::Cancelled,
            _ => start_failure(&self.folder, source),
        })?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // `git mktree` says the names of trees that it could not write, and ends well.
        let errs = || said.lines().any(|line| line.starts_with("error: "));
        if output.status.success() && !(self.access == Access::Store && errs()) {
            return Ok(output.stdout);
        }
        if FULL.iter().any(|words| said.contains(words)) {
            // In its many words the one that matters would get lost; and no such failure tells of what was merged.
            let full = Err(rustix::io::Errno::NOSPC.into());
            return full.doing("write into", &self.folder);
        }
        Err(WorkspaceError::Git {
            command: readable,
            folder: self.folder,
            message: match said.is_empty() {
                true => output.status.to_string(),
                false => said,
            },
        })
    }
}

/// What git says a path is.
pub(super) fn path_of(said: &[u8]) -> PathBuf {
    OsStr::from_bytes(said).into()
}

/// Of the user's variables git gets those that say where programs and, for reading, configuration files are.
/// Not the keys: an agent of the same user can read what a git process was given.
fn is_for_git(name: &OsStr, access: Access) -> bool {
    let always = ["PATH", "LD_LIBRARY_PATH", "GIT_EXEC_PATH", "TMPDIR", "TZ"];
    let of_user = [
        "HOME",
        "USER",
        "LOGNAME",
        "EMAIL",
        "XDG_CONFIG_HOME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ];
    let name = name.to_string_lossy();
    let is_known = always.contains(&&*name);
    match access {
        Access::Store => is_known,
        Access::Reading => is_known || of_user.contains(&&*name),
        // What signs is found by variables of many names; those that point to another repository are not meant.
        Access::User => {
            let of_git = name.starts_with("GIT_") && !is_known;
            of_user.contains(&&*name) || !(of_git || names_a_secret(&name))
        }
    }
}

/// A missing folder and a missing program look alike to the operating system; tell them apart.
fn start_failure(folder: &Path, source: io::Error) -> WorkspaceError {
    if folder.is_dir() {
        WorkspaceError::GitMissing { source }
    } else {
        WorkspaceError::Io {
            action: "open",
            path: folder.to_owned(),
            source,
        }
    }
}
