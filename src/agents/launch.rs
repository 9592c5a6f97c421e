//! The command of an attempt, as data.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::environment::{allowed, configure, copy, value};
use super::providers::home_folder;
use super::{Assignment, Environment, LaunchError};

/// Everything needed to start an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    pub program: PathBuf,
    pub args: Vec<OsString>,
    /// Its whole environment: nothing is inherited beside it.
    pub env: Environment,
    pub cwd: PathBuf,
    /// Whether the prompt comes on standard input, which is empty otherwise.
    pub reads_prompt: bool,
    /// What must be there before it starts, in order. All of it lies below the private folder.
    pub files: Vec<SeedFile>,
}

/// One thing to be laid out before the agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// Where: absolute, below the private folder. Missing parents are to be created.
    pub path: PathBuf,
    pub seed: Seed,
}

/// What is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// A folder, empty so far.
    Folder,
    File {
        content: String,
        /// Its permission bits, for example `0o600`.
        mode: u32,
    },
    /// A file that holds a key: its content lies where the system forgets it, and a link leads there.
    Secret { content: String },
    Link {
        /// Where it leads: absolute, outside the private folder; may be missing.
        target: PathBuf,
    },
}

impl SeedFile {
    /// An empty folder.
    pub(super) fn folder(path: PathBuf) -> Self {
        Self {
            path,
            seed: Seed::Folder,
        }
    }

    /// A file that only its owner may read.
    pub(super) fn private(path: PathBuf, content: String) -> Self {
        Self {
            path,
            seed: Seed::File {
                content,
                mode: 0o600,
            },
        }
    }

    /// A file that holds a key.
    pub(super) fn secret(path: PathBuf, content: String) -> Self {
        Self {
            path,
            seed: Seed::Secret { content },
        }
    }

    pub(super) fn link(path: PathBuf, target: PathBuf) -> Self {
        Self {
            path,
            seed: Seed::Link { target },
        }
    }
}

/// Finds a program: a name on the user's PATH, or a path relative to the user's project.
pub(super) fn find(
    command: &str,
    environment: &Environment,
    project: &Path,
) -> Result<PathBuf, LaunchError> {
    let path = environment.get(std::ffi::OsStr::new("PATH"));
    which::which_in(command, path, project).map_err(|source| LaunchError::ProgramMissing {
        command: command.to_owned(),
        source,
    })
}

/// The sign-in of a cloud provider's own tools, under its name in an attempt's home.
pub(super) fn ambient(provider: &str, home: &Path, user: &Environment) -> Option<SeedFile> {
    let folder = home_folder(provider)?;
    let target = Path::new(value(user, "HOME")?).join(folder);
    Some(SeedFile::link(home.join(folder), target))
}

/// What the agents have in common that start in the workspace: the program with the arguments of its configuration,
/// and private folders for its home, its temporary files and its state, which it finds by this variable.
pub(super) fn in_workspace(
    assignment: &Assignment<'_>,
    (variable, state): (&str, &str),
) -> Result<Launch, LaunchError> {
    let agent = assignment.agent;
    let root = &assignment.carried.project_root;
    let mut launch = Launch {
        program: find(&agent.command, assignment.environment, root)?,
        args: agent.args.iter().map(Into::into).collect(),
        env: of_attempt(assignment),
        cwd: assignment.workspace.to_owned(),
        reads_prompt: true,
        files: Vec::new(),
    };
    for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp"), (variable, state)] {
        let folder = assignment.private.join(folder);
        launch.set(name, &folder);
        launch.files.push(SeedFile::folder(folder));
    }
    launch.set("PWD", assignment.workspace);
    Ok(launch)
}

impl Launch {
    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    /// Sets a variable unless the configuration did.
    pub(super) fn set_default(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Hands on those of the user's variables.
    pub(super) fn copy<'a>(
        &mut self,
        user: &Environment,
        names: impl IntoIterator<Item = &'a str>,
    ) {
        copy(user, &mut self.env, names);
    }

    pub(super) fn args<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) {
        self.args.extend(args.into_iter().map(OsString::from));
    }

    /// An option in one word, so that no value passes for another one and no list takes what follows.
    pub(super) fn option(&mut self, name: &str, value: &str) {
        self.args.push(format!("--{name}={value}").into());
    }
}

/// What every attempt gets whatever its agent: what is allowed, what is configured and handed on, and its own
/// variables; in a rehearsal nothing secret.
pub(super) fn of_attempt(assignment: &Assignment<'_>) -> Environment {
    let (agent, user) = (assignment.agent, assignment.environment);
    let rehearsal = assignment.endpoint.is_some();
    let mut env = allowed(user, rehearsal);
    configure(&mut env, &agent.env, rehearsal);
    if !rehearsal {
        copy(user, &mut env, agent.pass_env.iter().map(String::as_str));
    }
    let vars = assignment.vars.iter();
    env.extend(vars.map(|(name, value)| (name.into(), value.into())));
    env
}

/// The command that asks a program for its version, as little led by the user's surroundings as a call.
pub fn version_probe(program: &Path, environment: &Environment, private: &Path) -> Launch {
    let (cwd, ends) = neutral_folder(private);
    let home = private.join("home");
    let mut env = allowed(environment, true);
    env.insert("HOME".into(), home.clone().into());
    env.insert("TMPDIR".into(), home.clone().into());
    env.insert("PWD".into(), cwd.clone().into());
    Launch {
        program: program.to_owned(),
        args: vec!["--version".into()],
        env,
        cwd,
        reads_prompt: true,
        files: [SeedFile::folder(home)].into_iter().chain(ends).collect(),
    }
}

/// A folder to start in, of which nobody but its call knows, and its two files. Runtimes read the folder
/// they start in before the first line of a program: Bun takes `paths` from `tsconfig.json`, preloads from
/// `bunfig.toml`, variables from `.env`. Bun also looks for `tsconfig.json` and `package.json` in the
/// folders above, where others may write (`/tmp`): the empty ones end that search.
pub(super) fn neutral_folder(private: &Path) -> (PathBuf, [SeedFile; 2]) {
    let folder = private.join("start");
    let empty = |name: &str| SeedFile::private(folder.join(name), "{}\n".to_owned());
    let files = ["tsconfig.json", "package.json"].map(empty);
    (folder, files)
}
