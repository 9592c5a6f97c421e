//! Programs: where they are, and which version they say that they have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::agents::version_probe;
use crate::cli::interruptible::telling;
use crate::cli::settings::Settings;
use crate::files;
use crate::process::run_helper;
use crate::runtime::{self, Inside};

/// A program that does not tell its version within this time gets no more questions.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a version is remembered: what a wrapper or a shim starts changes without a trace in its own file.
const FRESH: u64 = 3600;
/// Most characters that are shown of what a program says.
const SAID: usize = 200;

/// Why a program cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("`{0}` is not on PATH")]
    NotOnPath(String),
    #[error("`{0}` does not exist")]
    Missing(String),
    #[error("`{0}` is not executable")]
    NotExecutable(String),
}

/// Where a program is.
pub fn find(settings: &Settings, program: &str) -> Result<PathBuf, Unusable> {
    let path = settings.environment.get(std::ffi::OsStr::new("PATH"));
    let root = &settings.project.root;
    which::which_in(program, path, root).map_err(|_| {
        let named = || program.to_owned();
        if program.contains('/') {
            return match root.join(program).is_file() {
                true => Unusable::NotExecutable(named()),
                false => Unusable::Missing(named()),
            };
        }
        let folders = path.into_iter().flat_map(std::env::split_paths);
        let mut places = folders.map(|folder| folder.join(program));
        match places.find(|at| at.is_file()) {
            Some(at) => Unusable::NotExecutable(at.display().to_string()),
            None => Unusable::NotOnPath(named()),
        }
    })
}

/// Other programs of the same name, further behind on PATH.
pub fn others(settings: &Settings, program: &str) -> Vec<PathBuf> {
    let path = settings.environment.get(std::ffi::OsStr::new("PATH"));
    let found = which::which_in_all(program, path, &settings.project.root);
    let mut found: Vec<PathBuf> = found.into_iter().flatten().collect();
    let real = |path: &PathBuf| path.canonicalize().ok();
    let first = found.first().and_then(real);
    found.retain(|path| real(path) != first);
    found
}

/// What `--version` prints. Remembered, because asking costs most of a second.
pub fn version_of(settings: &Settings, program: &Path) -> Result<String, String> {
    let memory = Memory::of(settings, program);
    if let Some(version) = memory.as_ref().and_then(Memory::recall) {
        return Ok(version);
    }
    let failed =
        |error: std::io::Error| format!("`{} --version` failed: {error}", program.display());
    let private = tempfile::tempdir().map_err(failed)?;
    let probe = version_probe(program, &settings.environment, private.path());
    let keys = private.path().join("keys");
    let inside = Inside::same(private.path(), private.path(), &keys);
    runtime::lay_out(&probe.files, &keys, &inside, false).map_err(|error| error.message)?;
    let command = duct::cmd(probe.program, probe.args)
        .dir(probe.cwd)
        .full_env(probe.env)
        .stdin_null()
        .stderr_capture()
        .stdout_capture();
    let asking = format!("asking `{}` for its version", program.display());
    let version = telling(&asking, || printed(&command, program))?;
    if let Some(memory) = memory {
        memory.keep(&version);
    }
    Ok(version)
}

/// The version of git or the like: the first word with a dot that it prints.
pub fn version_of_tool(settings: &Settings, program: &Path) -> Result<String, String> {
    let command = duct::cmd(program, ["--version"])
        .full_env(&settings.environment)
        .stdin_null()
        .stderr_capture()
        .stdout_capture();
    let text = printed(&command, program)?;
    let version = text.split_whitespace().find(|word| word.contains('.'));
    Ok(version.unwrap_or(&text).to_owned())
}

fn printed(command: &duct::Expression, program: &Path) -> Result<String, String> {
    let asked = format!("`{} --version`", program.display());
    let output = run_helper(command, Some(PATIENCE)).map_err(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => format!("{asked} does not answer"),
        _ => format!("{asked} failed: {error}"),
    })?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() {
        true if text.is_empty() => Err(format!("{asked} prints nothing")),
        true => Ok(text),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().lines().last().unwrap_or_default();
            let said: String = said.chars().take(SAID).collect();
            Err(format!("{asked} failed with {}: {said}", output.status))
        }
    }
}

/// The remembered versions, each by the path by which its program is called: many may be links to one shim.
struct Memory {
    file: PathBuf,
    program: String,
    /// What the program's file was when it was asked, and when that was.
    state: String,
}

/// What was found and printed, by program.
type Remembered = BTreeMap<String, (String, String)>;

impl Memory {
    fn of(settings: &Settings, program: &Path) -> Option<Self> {
        let cache = files::xdg_folder(&settings.environment, "XDG_CACHE_HOME", ".cache")?;
        let real = program.canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let changed = since(meta.modified().ok()?)?.as_nanos();
        let period = since(SystemTime::now())?.as_secs() / FRESH;
        Some(Self {
            file: cache.join("tipstaff/versions.json"),
            program: program.display().to_string(),
            state: format!("{} {} {changed} {period}", real.display(), meta.len()),
        })
    }

    fn recall(&self) -> Option<String> {
        let (state, version) = self.known()?.remove(&self.program)?;
        (state == self.state).then_some(version)
    }

    fn known(&self) -> Option<Remembered> {
        serde_json::from_slice(&files::read(&self.file, files::RECORD).ok()?).ok()
    }

    /// Forgetting is harmless, so trouble with the cache is none.
    fn keep(self, version: &str) {
        let mut known = self.known().unwrap_or_default();
        known.insert(self.program, (self.state, version.to_owned()));
        let folder = self.file.parent().map(files::make_folders);
        if let (Some(Ok(_)), Ok(json)) = (folder, serde_json::to_vec(&known)) {
            let _ = files::write(&self.file, json);
        }
    }
}
