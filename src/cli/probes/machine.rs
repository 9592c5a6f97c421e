//! The machine: how closed a sandbox it allows, the tools that every run uses, and room on its disks.

use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use serde::Serialize;

use super::program::{find, version_of_tool};
use crate::cli::failure::{Exit, Failure};
use crate::cli::interruptible::Interruptible;
use crate::cli::settings::Settings;
use crate::files;
use crate::model::{Bytes, Rung};
use crate::plan::SandboxMode;
use crate::runtime::Cells;

#[derive(Debug, Serialize)]
pub struct Machine {
    pub sandbox: Rung,
    /// Why it is not the strictest that was asked for.
    pub sandbox_why: Option<String>,
    /// What would make it the strictest.
    pub sandbox_lift: Option<String>,
    pub git: Tool,
    pub ripgrep: Tool,
    pub disks: Vec<Space>,
}

#[derive(Debug, Serialize)]
pub struct Tool {
    pub path: Option<PathBuf>,
    pub version: Option<String>,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

/// Room on a disk.
#[derive(Debug, Serialize)]
pub struct Space {
    /// What it is for.
    pub of: &'static str,
    pub path: PathBuf,
    pub free: Option<Bytes>,
}

/// A setting of the kernel that keeps namespaces from users, its value that does, and what changes it.
const SETTINGS: [(&str, &str, &str); 3] = [
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "sudo sysctl -w user.max_user_namespaces=15000",
    ),
];

impl Machine {
    pub fn look(settings: &Settings, mode: SandboxMode) -> Result<Self, Failure> {
        let temporary = std::env::temp_dir();
        let scratch = tempfile::tempdir_in(&temporary)?;
        let (user, project) = (&settings.environment, &settings.project.root);
        let runtime = Interruptible::new()?.runtime;
        let cells = runtime.block_on(Cells::probe(user, project, scratch.path(), mode));
        let cells = cells.map_err(|failure| Failure::said(Exit::Failed, &failure.message, None))?;
        let cache = files::xdg_folder(user, "XDG_CACHE_HOME", ".cache");
        let cache = cache.map(|cache| Space::at("cache", cache));
        Ok(Self {
            sandbox: cells.rung,
            sandbox_lift: cells.why.as_ref().and_then(|_| lift()),
            sandbox_why: cells.why,
            git: Tool::look(settings, "git"),
            ripgrep: Tool::look(settings, "rg"),
            disks: std::iter::once(Space::at("workspaces", temporary))
                .chain(cache)
                .collect(),
        })
    }
}

impl Tool {
    fn look(settings: &Settings, program: &str) -> Self {
        let path = find(settings, program);
        let version = path.as_ref().map_err(ToString::to_string);
        let version = version.and_then(|path| version_of_tool(settings, path));
        Self {
            path: path.ok(),
            problem: version.as_ref().err().cloned(),
            version: version.ok(),
        }
    }
}

impl Space {
    /// On the disk where the folder is, or will be.
    fn at(of: &'static str, path: PathBuf) -> Self {
        let there = path.ancestors().find(|folder| folder.is_dir());
        let free = there.and_then(|folder| statvfs(folder).ok());
        Self {
            free: free.map(|stat| Bytes(stat.f_bavail.saturating_mul(stat.f_frsize))),
            of,
            path,
        }
    }
}

/// What would allow namespaces, where that can be told.
fn lift() -> Option<String> {
    let is_set = |file: &str, value: &str| {
        let read = files::open(Path::new(file)).and_then(|file| files::text(file, 64));
        read.is_ok_and(|text| text.trim() == value)
    };
    let setting = SETTINGS.iter().find(|(file, value, _)| is_set(file, value));
    let in_container = || {
        ["/.dockerenv", "/run/.containerenv"]
            .iter()
            .any(|file| Path::new(file).exists())
    };
    match setting {
        Some((_, _, command)) => Some(format!("`{command}`")),
        None if in_container() => Some(
            "start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`".to_owned(),
        ),
        None => None,
    }
}
