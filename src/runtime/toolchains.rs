//! Where toolchains and their caches lie in the user's home.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agents::Environment;

/// What a folder of a toolchain is to a cell. None of them is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Programs,
    /// What is written over it goes with the cell.
    Cache,
    /// Every build needs it: what `setup` writes over it stays.
    Dependencies,
}

/// Folders below the user's home, with the variable that leads there. A private home would have them installed and
/// downloaded anew; none of them holds a key.
const TOOLS: &[(&str, &str, Use)] = &[
    ("RUSTUP_HOME", ".rustup", Use::Programs),
    ("PYENV_ROOT", ".pyenv", Use::Programs),
    ("NVM_DIR", ".nvm", Use::Programs),
    ("VOLTA_HOME", ".volta", Use::Programs),
    ("ASDF_DATA_DIR", ".asdf", Use::Programs),
    ("MISE_DATA_DIR", ".local/share/mise", Use::Programs),
    ("SDKMAN_DIR", ".sdkman", Use::Programs),
    ("GOMODCACHE", "go/pkg/mod", Use::Dependencies),
    ("GOCACHE", ".cache/go-build", Use::Dependencies),
    ("npm_config_cache", ".npm", Use::Cache),
    ("PIP_CACHE_DIR", ".cache/pip", Use::Cache),
    ("UV_CACHE_DIR", ".cache/uv", Use::Cache),
];
/// Variables that only say where or how toolchains are.
const SETTINGS: &[&str] = &["RUSTUP_TOOLCHAIN", "JAVA_HOME", "GOROOT", "VIRTUAL_ENV"];
/// Of cargo's home, which also holds the keys of registries, what may be used.
const OF_CARGO: &[(&str, Use)] = &[
    ("registry", Use::Dependencies),
    ("git", Use::Dependencies),
    ("bin", Use::Programs),
    ("config.toml", Use::Programs),
];

/// The user's toolchains.
#[derive(Debug, Clone, Default)]
pub struct Toolchains {
    /// The variables that lead to them.
    env: Environment,
    /// Folders and files, with what programs expect to do there.
    pub places: Vec<(PathBuf, Use)>,
    /// What a home of cargo holds: names and where they lead.
    cargo: Vec<(&'static str, PathBuf)>,
}

impl Toolchains {
    pub fn of(user: &Environment) -> Self {
        let value = |name: &str| user.get(OsStr::new(name)).filter(|value| !value.is_empty());
        let home = value("HOME").map(Path::new);
        let place = |name: &str, below: &str| {
            let set = value(name).map(PathBuf::from);
            set.or_else(|| Some(home?.join(below)))
                .filter(|at| at.is_dir())
        };
        let mut found = Self::default();
        for name in SETTINGS {
            let Some(value) = value(name) else { continue };
            found.env.insert(name.into(), value.clone());
            found.add(PathBuf::from(value), Use::Programs);
        }
        for (name, below, is) in TOOLS {
            if let Some(at) = place(name, below) {
                found.env.insert(name.into(), at.clone().into());
                found.add(at, *is);
            }
        }
        let cargo = place("CARGO_HOME", ".cargo");
        for (name, is) in OF_CARGO {
            let at = cargo.as_ref().map(|cargo| cargo.join(name));
            if let Some(at) = at.filter(|at| at.exists()) {
                found.cargo.push((name, at.clone()));
                found.add(at, *is);
            }
        }
        found
    }

    /// Lets a program with this home, a folder on the machine, find them.
    pub fn lend(&self, home: &Path, env: &mut Environment) -> io::Result<()> {
        for (name, value) in &self.env {
            env.entry(name.clone()).or_insert_with(|| value.clone());
        }
        // Without `CARGO_HOME`, cargo looks into the home that it is given.
        let cargo = home.join(".cargo");
        std::fs::create_dir_all(&cargo)?;
        for (name, at) in &self.cargo {
            symlink(at, cargo.join(name))?;
        }
        Ok(())
    }

    fn add(&mut self, at: PathBuf, is: Use) {
        if at.is_absolute() && at.exists() {
            self.places.push((at, is));
        }
    }
}

/// The folders of the user's PATH, and what programs of theirs need beside them.
pub fn on_path(user: &Environment, project: &Path) -> Vec<PathBuf> {
    let path = user.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let home = user.get(OsStr::new("HOME")).map(PathBuf::from);
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let folders = folders.filter(|folder| {
        folder.is_absolute()
            && folder.is_dir()
            && !folder.starts_with(project)
            && !project.starts_with(folder)
            && !home.as_ref().is_some_and(|home| home.starts_with(folder))
    });
    folders
        .map(|folder| with_libraries(&folder, home.as_deref()))
        .collect()
}

/// Programs in `X/bin` use what lies in `X/lib`: then it is `X`, unless that is where a user keeps all kinds of
/// things.
fn with_libraries(folder: &Path, home: Option<&Path>) -> PathBuf {
    let above = folder.parent().filter(|_| folder.ends_with("bin"));
    let above = above.filter(|above| {
        let is_own = home.is_some_and(|home| *above == home || above.parent() == Some(home));
        above.join("lib").is_dir() && above.parent().is_some() && !is_own
    });
    above.unwrap_or(folder).to_owned()
}

/// What has to be there so that a program can be executed: the program, where links lead from it, and
/// the packages that it is a part of.
pub fn of_program(program: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = Some(program.to_owned());
    // As many links as the system follows.
    for _ in 0..40 {
        let Some(at) = next.take() else { break };
        found.push(package(&at));
        let target = std::fs::read_link(&at).ok();
        next = target.map(|target| at.parent().unwrap_or(Path::new("/")).join(target));
    }
    found.extend(program.canonicalize().map(|real| package(&real)));
    found
}

/// The outermost folder of packages that a path lies in, else the path itself.
fn package(path: &Path) -> PathBuf {
    let folders = path
        .ancestors()
        .filter(|above| above.ends_with("node_modules"));
    folders.last().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn program_brings_its_packages_and_where_its_links_lead() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let packages = root.join("lib/node_modules");
        fs::create_dir_all(packages.join("agent/bin/node_modules")).unwrap();
        fs::create_dir(root.join("bin")).unwrap();
        fs::write(packages.join("agent/bin/agent.js"), "").unwrap();
        symlink(
            "../lib/node_modules/agent/bin/agent.js",
            root.join("bin/agent"),
        )
        .unwrap();
        let found = of_program(&root.join("bin/agent"));
        assert!(found.contains(&root.join("bin/agent")));
        assert!(found.contains(&packages), "{found:?}");
    }

    #[test]
    fn path_brings_libraries_but_neither_the_home_nor_the_project() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for folder in [
            "home/.local/bin",
            "home/.local/lib",
            "home/.nvm/v1/bin",
            "home/.nvm/v1/lib",
            "project/bin",
        ] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let path = [
            "home",
            "home/.local/bin",
            "home/.nvm/v1/bin",
            "project/bin",
            "missing",
        ];
        let path = std::env::join_paths(path.map(|folder| root.join(folder))).unwrap();
        let user: Environment = [
            ("PATH".into(), path),
            ("HOME".into(), root.join("home").into()),
        ]
        .into();
        let found = on_path(&user, &root.join("project"));
        assert_eq!(
            found,
            [root.join("home/.local/bin"), root.join("home/.nvm/v1")]
        );
    }
}
