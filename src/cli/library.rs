//! Finding workflows and prompt templates by name: project, then user, then bundled.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::failure::{Exit, Failure};
use super::settings::{Settings, read_text, unreadable};
use crate::context::templates;
use crate::files::if_there;
use crate::trust::{CONFIG, PROMPTS, WORKFLOWS, names_in};
use crate::workflow;
use crate::yaml::{Source, did_you_mean};

/// A workflow's text, and whose word it is.
pub struct Found {
    pub source: Source,
    origin: Origin,
}

impl Found {
    pub fn whose(&self) -> &'static str {
        match self.origin {
            Origin::Project(_) => "project",
            Origin::User(_) => "user",
            Origin::Bundled => "bundled",
        }
    }
}

/// Whose word a workflow is.
enum Origin {
    Project(String),
    /// The user's own: the folder that its files are relative to.
    User(PathBuf),
    Bundled,
}

/// The workflow of that path or name. One that lies in the project is the project's word, however it was named.
pub fn find_workflow(settings: &Settings, wanted: &str) -> Result<Found, Failure> {
    let found = |name: String, text: &str, origin| Found {
        source: Source::new(name, text),
        origin,
    };
    let looks_like_path =
        wanted.contains('/') || wanted.ends_with(".yaml") || wanted.ends_with(".yml");
    if looks_like_path {
        let path = Path::new(wanted);
        if let Some(of_project) = project_path(settings, path)
            && let Some(text) = text_of_project(settings, &of_project)?
        {
            return Ok(found(wanted.to_owned(), &text, Origin::Project(of_project)));
        }
        let text = read_text(path).map_err(|error| unreadable(path, &error))?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        return Ok(found(wanted.to_owned(), &text, Origin::User(folder)));
    }
    let of_project = format!("{WORKFLOWS}/{wanted}.yaml");
    if let Some(text) = text_of_project(settings, &of_project)? {
        let name = settings
            .project
            .root
            .join(&of_project)
            .display()
            .to_string();
        return Ok(found(name, &text, Origin::Project(of_project)));
    }
    if let Some(folder) = user_folder(settings, "workflows") {
        let path = folder.join(format!("{wanted}.yaml"));
        let text = if_there(read_text(&path)).map_err(|error| unreadable(&path, &error))?;
        if let Some(text) = text {
            let name = path.display().to_string();
            return Ok(found(name, &text, Origin::User(folder)));
        }
    }
    let bundled = workflow::bundled(wanted).ok_or_else(|| unknown(settings, wanted))?;
    let name = format!("bundled {wanted}.yaml");
    Ok(found(name, bundled, Origin::Bundled))
}

/// A path of the command line relative to the project, if it lies there.
pub fn project_path(settings: &Settings, path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let relative = real.strip_prefix(&settings.project.root).ok()?;
    relative.to_str().map(str::to_owned)
}

/// What a workflow or template of the project replaces, by its path there.
pub fn replaced(settings: &Settings, path: &str) -> Option<String> {
    let own = path.strip_prefix(".tipstaff/")?;
    let (kind, name) = own.split_once('/')?;
    let is_own = user_folder(settings, own).is_some_and(|path| path.exists());
    let (whose, name) = match (kind, name.rsplit_once('.')?.0) {
        ("workflows", name) if is_own => ("your own workflow", name),
        ("workflows", name) => (
            "the bundled workflow",
            workflow::bundled(name).map(|_| name)?,
        ),
        (_, name) if is_own => ("your own template", name),
        (_, name) => (
            "the built-in template",
            templates::builtin(name).map(|_| name)?,
        ),
    };
    Some(format!("{whose} `{name}`"))
}

/// The texts that a workflow refers to, and which of the project's went into it.
pub struct Texts<'a> {
    settings: &'a Settings,
    origin: &'a Origin,
    templates: RefCell<BTreeSet<String>>,
    problem: RefCell<Option<Failure>>,
}

impl<'a> Texts<'a> {
    pub fn of(settings: &'a Settings, found: &'a Found) -> Self {
        Self {
            settings,
            origin: &found.origin,
            templates: RefCell::default(),
            problem: RefCell::default(),
        }
    }

    /// The files of the project that give a run its orders that was made of these texts.
    pub fn of_project(&self) -> Vec<String> {
        let mut paths = vec![CONFIG.to_owned()];
        if let Origin::Project(workflow) = self.origin {
            paths.push(workflow.clone());
        }
        paths.extend(self.templates.borrow().iter().cloned());
        paths
    }

    /// Why a template of the project could not be taken, if one could not: no other is taken instead.
    pub fn problem(&self) -> Result<(), Failure> {
        self.problem.take().map_or(Ok(()), Err)
    }

    pub fn template(&self, name: &str) -> Option<String> {
        let is_name = !name.is_empty() && !name.contains(['/', '\\', '.']);
        if !is_name {
            return None;
        }
        let path = format!("{PROMPTS}/{name}.md");
        match text_of_project(self.settings, &path) {
            Ok(Some(text)) => {
                self.templates.borrow_mut().insert(path);
                return Some(text.to_string());
            }
            Ok(None) => {}
            Err(failure) => *self.problem.borrow_mut() = Some(failure),
        }
        let own = user_folder(self.settings, "prompts");
        own.and_then(|folder| read_text(&folder.join(format!("{name}.md"))).ok())
            .or_else(|| templates::builtin(name).map(str::to_owned))
    }

    pub fn template_names(&self) -> Vec<String> {
        let builtin = templates::builtin_names().map(str::to_owned);
        own_names(self.settings, "prompts", ".md")
            .chain(builtin)
            .collect()
    }

    /// The text of a prompt file that the workflow names. It lies in the workflow's folder.
    pub fn prompt_file(&self, name: &str) -> Result<String, String> {
        let name: PathBuf = Path::new(name)
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        let is_inside = name
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_inside {
            return Err("it does not lie in the workflow's folder".to_owned());
        }
        let text = match self.origin {
            Origin::Project(workflow) => {
                let folder = Path::new(workflow).parent().unwrap_or(Path::new(""));
                let text = self.settings.files.text(&folder.join(name));
                text.and_then(|text| {
                    let text = text.ok_or(ErrorKind::NotFound)?;
                    Ok(text.to_string())
                })
            }
            // The user's own word may be a link to wherever the user keeps such files.
            Origin::User(folder) => read_text(&folder.join(name)),
            Origin::Bundled => Err(ErrorKind::NotFound.into()),
        };
        text.map_err(|error| match error.kind() {
            ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        })
    }
}

fn text_of_project(settings: &Settings, path: &str) -> Result<Option<Arc<str>>, Failure> {
    let text = settings.files.text(Path::new(path));
    text.map_err(|error| unreadable(&settings.project.root.join(path), &error))
}

fn user_folder(settings: &Settings, kind: &str) -> Option<PathBuf> {
    Some(settings.user_folder.as_ref()?.join(kind))
}

/// The names that project and user use, without their ending.
fn own_names(settings: &Settings, kind: &str, ending: &str) -> impl Iterator<Item = String> {
    let of_project = names_in(&settings.project.root.join(".tipstaff").join(kind), ending);
    let of_user = user_folder(settings, kind).map(|folder| names_in(&folder, ending));
    of_project.into_iter().chain(of_user.unwrap_or_default())
}

/// The names that `run` takes, sorted.
pub fn known_workflows(settings: &Settings) -> Vec<String> {
    let mut names: Vec<String> = own_names(settings, "workflows", ".yaml")
        .chain(workflow::bundled_names().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn unknown(settings: &Settings, wanted: &str) -> Failure {
    let names = known_workflows(settings);
    let listed = "`tipstaff workflows` lists all; a file is named by its path";
    let hint = match did_you_mean(wanted, names.iter().map(String::as_str)) {
        Some(suggestion) => format!("{suggestion} ({listed})"),
        None => listed.to_owned(),
    };
    let message = format!("no workflow is called `{wanted}`");
    Failure::said(Exit::Usage, &message, Some(&hint))
}
