//! Programs: where they are, and which version they say that they have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::agents::Adapter;
use crate::cli::settings::Settings;
use crate::files;
use crate::process::run_helper;
use crate::runtime::{self, Inside};

/// A program that does not tell its version within this time gets no more questions.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a program is, or why it cannot be run.
pub fn find(settings: &Settings, program: &str) -> Result<PathBuf, String> {
    let path = settings.environment.get(std::ffi::OsStr::new("PATH"));
    let root = &settings.project.root;
    which::which_in(program, path, root).map_err(|_| {
        match program.contains('/') && root.join(program).is_file() {
            true => format!("`{program}` is not executable"),
            false if program.contains('/') => format!("`{program}` does not exist"),
            false => format!("`{program}` is not on PATH"),
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
pub fn version_of(
    settings: &Settings,
    adapter: &Adapter,
    program: &Path,
) -> Result<String, String> {
    let memory = Memory::of(settings, program);
    if let Some(version) = memory.as_ref().and_then(Memory::recall) {
        return Ok(version);
    }
    let failed =
        |error: std::io::Error| format!("`{} --version` failed: {error}", program.display());
    let private = tempfile::tempdir().map_err(failed)?;
    let probe = (adapter.version_probe)(program, &settings.environment, private.path());
    let keys = private.path().join("keys");
    let inside = Inside::same(private.path(), private.path(), &keys);
    runtime::lay_out(&probe.files, &keys, &inside, false).map_err(|error| error.message)?;
    let command = duct::cmd(probe.program, probe.args)
        .dir(probe.cwd)
        .full_env(probe.env)
        .stdin_null()
        .stderr_null()
        .stdout_capture();
    let version = printed(&command, program)?;
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
        .stderr_null()
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
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(format!("{asked} failed with {}", output.status)),
    }
}

/// The remembered versions of program files, each by its path, size and time.
struct Memory {
    file: PathBuf,
    program: String,
}

impl Memory {
    fn of(settings: &Settings, program: &Path) -> Option<Self> {
        let cache = files::xdg_folder(&settings.environment, "XDG_CACHE_HOME", ".cache")?;
        let real = program.canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let program = format!("{} {} {}", real.display(), meta.len(), changed.as_nanos());
        Some(Self {
            file: cache.join("tipstaff/versions.json"),
            program,
        })
    }

    fn recall(&self) -> Option<String> {
        self.known()?.get(&self.program).cloned()
    }

    fn known(&self) -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&files::read(&self.file, files::RECORD).ok()?).ok()
    }

    /// Forgetting is harmless, so trouble with the cache is none.
    fn keep(&self, version: &str) {
        let path = |program: &str| program.rsplitn(3, ' ').last().map(str::to_owned);
        let mut known = self.known().unwrap_or_default();
        known.retain(|program, _| path(program) != path(&self.program));
        known.insert(self.program.clone(), version.to_owned());
        let folder = self.file.parent().map(files::make_folders);
        if let (Some(Ok(_)), Ok(json)) = (folder, serde_json::to_vec(&known)) {
            let _ = files::write(&self.file, json);
        }
    }
}
