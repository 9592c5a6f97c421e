//! What every command needs to know of its environment: project, environment, configuration.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::agents::{Carried, Environment};
use crate::config::{self, Config};
use crate::files::{self, if_there};
use crate::journal::{Redactor, RunRegister};
use crate::plan::Plan;
use crate::trust::{self, ProjectFiles, state_folder};
use crate::workspace::{Project, ProjectCache};
use crate::yaml::{self, Diagnostic, Source};

use super::args::Cli;
use super::failure::{Exit, Failure};

/// The environment of a command, read once.
pub struct Settings {
    pub project: Project,
    /// Its folder as `-C` named it.
    pub named: Option<PathBuf>,
    /// Its files that tell tipstaff what to do.
    pub files: ProjectFiles,
    pub environment: Environment,
    /// `~/.config/tipstaff`, if there is a home.
    pub user_folder: Option<PathBuf>,
}

/// What the user configured.
pub struct Configuration {
    pub config: Config,
    /// The same without the project's.
    pub base: Config,
    /// Their texts, for showing a mistake with its line.
    pub sources: Vec<Source>,
}

impl Settings {
    pub fn load(cli: &Cli) -> Result<Self, Failure> {
        let start = match &cli.project {
            Some(folder) => folder.clone(),
            None => std::env::current_dir().map_err(|error| {
                let message = format!("the current folder cannot be found: {error}");
                Failure::said(Exit::Usage, &message, Some("-C names the project's folder"))
            })?,
        };
        let project = Project::discover(&start).map_err(|error| {
            Failure::new(Exit::Usage, &error, Some("-C names the project's folder"))
        })?;
        let mut environment: Environment = std::env::vars_os().collect();
        if let Some(path) = environment.get_mut(OsStr::new("PATH")) {
            *path = files::absolute_search_path(path);
        }
        let config = files::xdg_folder(&environment, "XDG_CONFIG_HOME", ".config");
        Ok(Self {
            files: ProjectFiles::new(&project.root, yaml::MAX_BYTES as u64),
            project,
            named: cli.project.clone(),
            user_folder: config.map(|folder| folder.join("tipstaff")),
            environment,
        })
    }

    /// Puts a text in its place in the project, whose folders on the way are made.
    pub fn write_in_project(&self, path: &str, text: &str) -> Result<(), Failure> {
        let root = &self.project.root;
        let write = || {
            let folders = Path::new(path).ancestors().skip(1);
            let folders: Vec<&Path> = folders.filter(|one| *one != Path::new("")).collect();
            for folder in folders.iter().rev() {
                files::own_folder(root, folder, Some(0o755))?;
            }
            files::replace(&root.join(path), text.as_bytes())
        };
        write().map_err(|error| {
            let message = format!("failed to write `{path}`: {error}");
            Failure::said(Exit::Failed, &message, None)
        })
    }

    /// Reads the configuration. Only commands that start agents or check workflows need it: a mistake in it
    /// must not keep anybody from reading a run.
    pub fn configuration(&self) -> Result<Configuration, Failure> {
        let mut sources = self.user_sources()?;
        let base = config::load(&sources);
        let path = self.project.root.join(trust::CONFIG);
        let of_project = self.files.text(trust::CONFIG.as_ref());
        let of_project = of_project.map_err(|error| unreadable(&path, &error))?;
        let config = of_project.map(|text| {
            sources.push(Source::new(path.display().to_string(), &*text));
            config::load(&sources)
        });
        sources.push(config::builtin());
        let mistaken = |mistakes: Vec<Diagnostic>| mistakes_in(&mistakes, &sources);
        // With the project's own, the mistakes of both are shown at once.
        let config = config.transpose().map_err(mistaken)?;
        let base = base.map_err(mistaken)?;
        Ok(Configuration {
            config: config.unwrap_or_else(|| base.clone()),
            base,
            sources,
        })
    }

    /// The same without the project's.
    pub fn user_configuration(&self) -> Result<(Config, Vec<Source>), Failure> {
        let sources = self.user_sources()?;
        let config = config::load(&sources).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
        Ok((config, sources))
    }

    fn user_sources(&self) -> Result<Vec<Source>, Failure> {
        let Some(folder) = &self.user_folder else {
            return Ok(Vec::new());
        };
        let path = folder.join("config.yaml");
        let text = if_there(read_text(&path)).map_err(|error| unreadable(&path, &error))?;
        let source = text.map(|text| Source::new(path.display().to_string(), text));
        Ok(source.into_iter().collect())
    }

    /// The runs that this user began.
    pub fn register(&self) -> Result<RunRegister, Failure> {
        Ok(RunRegister::at(self.state_folder()?.join("runs")))
    }

    pub fn state_folder(&self) -> Result<PathBuf, Failure> {
        Ok(state_folder(&self.environment)?)
    }

    /// Keeps secrets out of what is kept: those of the environment, of the plan's variables, and what was carried
    /// over.
    pub fn redactor(&self, plan: Option<&Plan>, carried: Option<&Carried>) -> Redactor {
        let environment = self.environment.iter().map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        });
        let configured = plan.into_iter().flat_map(|plan| {
            let agents = plan.agents.values().flat_map(|agent| agent.env.iter());
            agents.chain(plan.verify.env.iter())
        });
        let configured =
            configured.map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
        let carried = carried.map(|carried| carried.secrets(&self.environment));
        Redactor::new(environment.chain(configured), carried.into_iter().flatten())
    }

    /// What is remembered of the project between runs, if there is a place for it that is the user's alone.
    pub fn project_cache(&self) -> Option<ProjectCache> {
        let caches = files::xdg_folder(&self.environment, "XDG_CACHE_HOME", ".cache")?;
        ProjectCache::open(&caches.join("tipstaff"), &self.project).ok()
    }

    /// `XDG_RUNTIME_DIR`.
    pub fn runtime_folder(&self) -> Option<&Path> {
        let folder = self.environment.get(OsStr::new("XDG_RUNTIME_DIR"))?;
        Some(Path::new(folder)).filter(|folder| folder.is_absolute())
    }
}

/// A failure that shows these diagnostics with their lines.
pub fn mistakes_in(mistakes: &[Diagnostic], sources: &[Source]) -> Failure {
    Failure::coloured(super::print::render(mistakes, sources))
}

/// The text of a file of the user's.
pub fn read_text(path: &Path) -> io::Result<String> {
    files::text(files::open(path)?, yaml::MAX_BYTES as u64)
}

/// The failure of a file that cannot be read as text.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = match error.kind() {
        ErrorKind::InvalidData => format!("`{}` is not UTF-8 text", path.display()),
        _ => format!("failed to read `{}`: {error}", path.display()),
    };
    let is_ours_to_refuse =
        error.kind() == ErrorKind::PermissionDenied && error.raw_os_error().is_none();
    let hint = is_ours_to_refuse
        .then_some("only files that nobody but you can change are obeyed; see `chmod go-w`");
    Failure::said(Exit::Usage, &message, hint)
}
