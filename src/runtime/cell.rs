//! The cells of a run: what the processes of a call, or a command that proves changes, see of this machine.
//!
//! This is the only file that knows the rung: a call is prepared the same way on all of them, by the paths that
//! its processes will see ([`Inside`]).

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::agents::Environment;
use crate::model::{Failure, Rung};
use crate::plan::{self, SandboxMode, SandboxRules};
use crate::process::{self, Access, CellLimits, CellSpec, Mount, Network, ProcessError};

use super::failure::at_path;
use crate::workspace::kept_beside;

use super::toolchains::{Toolchains, Use, of_program, on_path};

/// What of the machine's system every process may read, where it is there.
const SYSTEM: &[&str] = &[
    "/usr",
    "/etc",
    "/opt",
    "/nix",
    "/gnu",
    "/snap",
    "/sys",
    "/run/systemd/resolve",
];
/// Parts of the system that are folders on some machines and links on others.
const LINKED: &[&str] = &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// Devices that every program may use.
const DEVICES: &[&str] = &[
    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "shm",
];
/// What is written over the user's caches, in the cell's own folder.
const OVER: &str = "over";
/// The same of those that every build needs, each in a folder of its name.
const KEPT: &str = "kept";
/// Where names are looked up; often a link to a place that is not the system's.
const RESOLVER: &str = "/etc/resolv.conf";
/// The same in every call, so that prompts and descriptions of tools are the same, too.
const WORKSPACE: &str = "/workspace";
const PRIVATE: &str = "/private";
const KEYS: &str = "/keys";

/// The folders of a call as its processes see them.
#[derive(Debug, Clone)]
pub struct Inside {
    pub workspace: PathBuf,
    pub private: PathBuf,
    pub keys: PathBuf,
    /// The private folder as it is on the machine.
    host: PathBuf,
}

impl Inside {
    /// As they are on the machine.
    pub fn same(workspace: &Path, private: &Path, keys: &Path) -> Self {
        Self {
            workspace: workspace.to_owned(),
            private: private.to_owned(),
            keys: keys.to_owned(),
            host: private.to_owned(),
        }
    }

    /// Where a path of the private folder is on the machine.
    pub fn on_machine(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix(&self.private);
        below.map_or_else(|_| path.to_owned(), |below| self.host.join(below))
    }
}

/// What one cell is for.
#[derive(Debug)]
pub struct Room<'a> {
    /// The folder of the attempt, on the file system of the workspaces; the cell keeps some of its own there.
    pub root: &'a Path,
    /// What is written in the workspace, or all of it on the lower rungs.
    pub workspace: &'a Path,
    /// What it stands on, the topmost first.
    pub layers: &'a [PathBuf],
    /// What `setup` made, the topmost first.
    pub installed: &'a [PathBuf],
    /// What the workspace needs elsewhere, for reading.
    pub binds: &'a [(PathBuf, PathBuf)],
    pub private: &'a Path,
    pub keys: Option<&'a Path>,
    pub programs: &'a [PathBuf],
    /// Whether it may use the user's toolchains.
    pub toolchains: bool,
    /// What of the user's home it needs under a name in the private folder, inside.
    pub links: Vec<(PathBuf, PathBuf)>,
    pub rules: &'a SandboxRules,
}

/// How cells are made in a run.
#[derive(Debug, Clone)]
pub struct Cells {
    pub rung: Rung,
    /// Why it is not a stricter one.
    pub why: Option<String>,
    pub toolchains: Toolchains,
    on_path: Vec<PathBuf>,
    home: Option<PathBuf>,
}

impl Cells {
    /// On the strictest rung that this machine allows, at `most` strict; tried out in the folder `scratch`.
    pub async fn probe(
        user: &Environment,
        project: &Path,
        scratch: &Path,
        mode: SandboxMode,
    ) -> Result<Self, Failure> {
        let mut cells = Self {
            rung: match mode {
                SandboxMode::On | SandboxMode::Required => Rung::Namespaces,
                SandboxMode::Landlock => Rung::Landlock,
                SandboxMode::Off => Rung::None,
            },
            why: None,
            toolchains: Toolchains::of(user),
            on_path: on_path(user, project)
                .into_iter()
                .filter(|at| !is_system(at))
                .collect(),
            home: user.get(std::ffi::OsStr::new("HOME")).map(PathBuf::from),
        };
        while cells.rung != Rung::None {
            match cells.attempt(scratch).await? {
                Ok(()) => break,
                Err(error) => cells.descend(&error),
            }
        }
        Ok(cells)
    }

    /// Makes a cell in which nothing is done.
    async fn attempt(&self, scratch: &Path) -> Result<Result<(), ProcessError>, Failure> {
        let probe = tempfile::Builder::new().prefix("probe").tempdir_in(scratch);
        let probe = probe.map_err(|error| at_path(scratch, &error))?;
        let [layer, workspace, private] =
            ["layer", "workspace", "private"].map(|name| probe.path().join(name));
        for folder in [&layer, &workspace, &private] {
            std::fs::create_dir(folder).map_err(|error| at_path(folder, &error))?;
        }
        let cell = self.spec(Room {
            root: probe.path(),
            workspace: &workspace,
            layers: &[layer],
            installed: &[],
            binds: &[],
            private: &private,
            keys: None,
            programs: &[],
            toolchains: false,
            links: Vec::new(),
            rules: &SandboxRules::default(),
        })?;
        let Some(cell) = cell else { return Ok(Ok(())) };
        Ok(process::probe(cell, probe.path(), Path::new("/proc/self/exe")).await)
    }

    fn descend(&mut self, error: &ProcessError) {
        let source = std::error::Error::source(error);
        let why = source.map_or_else(|| error.to_string(), ToString::to_string);
        self.why.get_or_insert(why);
        self.rung = match self.rung {
            Rung::Namespaces => Rung::Landlock,
            Rung::Landlock | Rung::None => Rung::None,
        };
    }

    /// What is open in these cells that would not be in the strictest, if this machine is why.
    pub fn open(&self) -> Option<String> {
        let why = self.why.as_deref()?;
        let open = match self.rung {
            Rung::Namespaces => return None,
            Rung::Landlock => {
                "agents can see other processes and reach sockets of this machine by their paths"
            }
            Rung::None => "agents can read and write what you can",
        };
        Some(format!("{open} (no namespaces: {why})"))
    }

    /// Whether workspaces are overlays, and so hold what was written and nothing else.
    pub fn mount(&self) -> bool {
        self.rung == Rung::Namespaces
    }

    /// Whether what lives in them is kept from everything else.
    pub fn are_closed(&self) -> bool {
        self.rung != Rung::None
    }

    /// A path of the rules on this machine.
    fn at_home(&self, path: &str) -> PathBuf {
        let below = path.strip_prefix('~').zip(self.home.as_ref());
        below.map_or_else(
            || path.into(),
            |(below, home)| home.join(below.trim_start_matches('/')),
        )
    }

    /// How the processes of a call see its folders.
    pub fn inside(&self, workspace: &Path, private: &Path, keys: &Path) -> Inside {
        match self.rung {
            Rung::Namespaces => Inside {
                workspace: WORKSPACE.into(),
                private: PRIVATE.into(),
                keys: KEYS.into(),
                host: private.to_owned(),
            },
            Rung::Landlock | Rung::None => Inside::same(workspace, private, keys),
        }
    }

    /// The cell of a call; `None` on the lowest rung.
    ///
    /// # Errors
    /// A folder of its own cannot be made.
    pub fn spec(&self, room: Room<'_>) -> Result<Option<CellSpec>, Failure> {
        let inside = self.inside(
            room.workspace,
            room.private,
            room.keys.unwrap_or(room.private),
        );
        let mut made = Furnishing {
            rung: self.rung,
            own: room.root.join("cell"),
            mounts: Vec::new(),
            overlays: 0,
        };
        if self.rung == Rung::None {
            return Ok(None);
        }
        let root = made.folder("root")?;
        made.system();
        // Before what may be somewhere in there: a program, a folder of PATH.
        made.bind(room.private, &inside.private, Access::Write);
        let temporary = room.private.join("tmp");
        std::fs::create_dir_all(&temporary).map_err(|error| at_path(&temporary, &error))?;
        if self.mount() {
            made.bind(&temporary, Path::new("/tmp"), Access::Write);
        }
        for folder in &self.on_path {
            made.bind(folder, folder, Access::Read);
        }
        if room.toolchains {
            for (at, is) in &self.toolchains.places {
                match is {
                    Use::Programs => made.bind(at, at, Access::Read),
                    Use::Cache => made.over(&[], at, OVER)?,
                    Use::Dependencies => made.over(room.installed, at, KEPT)?,
                }
            }
        }
        for path in room.programs.iter().flat_map(|program| of_program(program)) {
            made.bind(&path, &path, Access::Read);
        }
        if let Some(keys) = room.keys {
            made.bind(keys, &inside.keys, Access::Write);
        }
        if room.layers.is_empty() || !self.mount() {
            made.bind(room.workspace, &inside.workspace, Access::Write);
        } else {
            let layers = room.layers.to_vec();
            made.overlay(layers, room.workspace.to_owned(), &inside.workspace)?;
        }
        for (from, at) in room.binds {
            made.bind(from, at, Access::Read);
        }
        for (target, at) in &room.links {
            made.bind(target, at, Access::Write);
        }
        for (paths, access) in [
            (&room.rules.read, Access::Read),
            (&room.rules.write, Access::Write),
        ] {
            for path in paths {
                let path = self.at_home(path);
                made.bind(&path, &path, access);
            }
        }
        Ok(Some(CellSpec {
            rung: self.rung,
            mounts: made.mounts,
            network: match room.rules.network {
                Some(plan::Network::None) => Network::Own,
                Some(plan::Network::Host) | None => Network::Host,
            },
            limits: CellLimits {
                memory: room.rules.memory.map(|bytes| bytes.0),
                disk: room.rules.disk.map(|bytes| bytes.0),
                processes: room.rules.processes,
            },
            written: vec![
                room.workspace.to_owned(),
                room.private.to_owned(),
                made.own.join(OVER),
                made.own.join(KEPT),
                root.join("dev/shm"),
            ],
            root,
        }))
    }
}

/// What was written in a cell over what every build needs, by the cell's folder on the machine.
pub fn kept(root: &Path) -> PathBuf {
    root.join("cell").join(KEPT)
}

/// Whether every cell has it anyway.
fn is_system(at: &Path) -> bool {
    let real = at.canonicalize();
    let real = real.as_deref().unwrap_or(at);
    SYSTEM
        .iter()
        .chain(LINKED)
        .any(|system| real.starts_with(system))
}

/// A cell that is being put together.
struct Furnishing {
    rung: Rung,
    own: PathBuf,
    mounts: Vec<Mount>,
    overlays: usize,
}

impl Furnishing {
    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.own.join(name);
        std::fs::create_dir_all(&folder).map_err(|error| at_path(&folder, &error))?;
        Ok(folder)
    }

    /// What is not there is not in the cell either.
    fn bind(&mut self, from: &Path, at: &Path, access: Access) {
        let covers = |mount: &Mount| {
            matches!(mount, Mount::Bind { from: above, at: seen, access: other }
                if above == seen && from == at && from.starts_with(above) && *other == access)
        };
        if from.exists() && !self.mounts.iter().any(covers) {
            self.mounts.push(Mount::Bind {
                from: from.to_owned(),
                at: at.to_owned(),
                access,
            });
        }
    }

    /// A folder of the user's that nothing reaches which is written over it, with what `setup` wrote there before; without
    /// namespaces it is only read.
    fn over(&mut self, installed: &[PathBuf], at: &Path, kind: &str) -> Result<(), Failure> {
        if self.rung != Rung::Namespaces {
            self.bind(at, at, Access::Read);
            return Ok(());
        }
        let name = blake3::hash(at.as_os_str().as_bytes()).to_hex();
        let before = installed
            .iter()
            .map(|layer| kept_beside(layer).join(&*name));
        let layers = before.filter(|layer| layer.is_dir()).chain([at.to_owned()]);
        let upper = self.folder(&format!("{kind}/{name}"))?;
        self.overlay(layers.collect(), upper, at)
    }

    fn overlay(&mut self, layers: Vec<PathBuf>, upper: PathBuf, at: &Path) -> Result<(), Failure> {
        self.overlays += 1;
        self.mounts.push(Mount::Overlay {
            layers,
            upper,
            work: self.folder(&format!("work-{}", self.overlays))?,
            at: at.to_owned(),
        });
        Ok(())
    }

    fn system(&mut self) {
        for folder in SYSTEM.iter().map(Path::new) {
            self.bind(folder, folder, Access::Read);
        }
        for at in LINKED.iter().map(Path::new) {
            match std::fs::read_link(at) {
                Ok(target) => self.mounts.push(Mount::Link {
                    at: at.to_owned(),
                    target,
                }),
                Err(_) => self.bind(at, at, Access::Read),
            }
        }
        if let Ok(real) = Path::new(RESOLVER).canonicalize() {
            self.bind(&real, &real, Access::Read);
        }
        if self.rung == Rung::Landlock {
            // A root in memory has them by itself. No disks and no terminals are among them.
            self.bind(Path::new("/proc"), Path::new("/proc"), Access::Read);
            for at in DEVICES.iter().map(|name| Path::new("/dev").join(name)) {
                self.bind(&at, &at, Access::Write);
            }
        }
    }
}
