//! Finding workflows and prompt templates by name: project, then user, then bundled.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::settings::{Settings, read_text, unreadable};
use crate::context::templates;
use crate::workflow;
use crate::yaml::{Source, did_you_mean};

/// A workflow's text, and the folder its files are relative to.
pub struct Found {
    /// The text with its display name.
    pub source: Source,
    /// Where its prompt files are looked for.
    pub folder: PathBuf,
}

/// The workflow of that path or name.
pub fn find_workflow(settings: &Settings, wanted: &str) -> Result<Found, Failure> {
    let looks_like_path =
        wanted.contains('/') || wanted.ends_with(".yaml") || wanted.ends_with(".yml");
    if looks_like_path {
        let path = Path::new(wanted);
        let text = read_text(path).map_err(|error| unreadable(path, &error))?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        return Ok(Found {
            source: Source::new(wanted, text),
            folder,
        });
    }
    for folder in own_folders(settings, "workflows") {
        let path = folder.join(format!("{wanted}.yaml"));
        match read_text(&path) {
            Ok(text) => {
                return Ok(Found {
                    source: Source::new(path.display().to_string(), text),
                    folder,
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, &error)),
        }
    }
    let bundled = workflow::bundled(wanted).ok_or_else(|| unknown(settings, wanted))?;
    let source = Source::new(format!("bundled {wanted}.yaml"), bundled.to_owned());
    Ok(Found {
        source,
        folder: settings.project.root.clone(),
    })
}

/// The text of a template by its name.
pub fn template(settings: &Settings, name: &str) -> Option<String> {
    let is_name = !name.is_empty() && !name.contains(['/', '\\', '.']);
    let own = own_folders(settings, "prompts")
        .filter(|_| is_name)
        .find_map(|folder| read_text(&folder.join(format!("{name}.md"))).ok());
    own.or_else(|| templates::builtin(name).map(str::to_owned))
}

/// The names of all templates.
pub fn template_names(settings: &Settings) -> Vec<String> {
    let builtin = templates::builtin_names().map(str::to_owned);
    own_names(settings, "prompts", ".md")
        .chain(builtin)
        .collect()
}

/// The text of a prompt file that a workflow names, relative to the workflow's folder.
pub fn prompt_file(folder: &Path, name: &str) -> Result<String, String> {
    let path = folder.join(name);
    read_text(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => format!("`{}` is not UTF-8 text", path.display()),
        _ => format!("failed to read `{}`: {error}", path.display()),
    })
}

/// Where the project and the user keep their own ones, the project first.
fn own_folders<'a>(settings: &'a Settings, kind: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let project = Some(settings.project_folder());
    project
        .into_iter()
        .chain(settings.user_folder.clone())
        .map(move |folder| folder.join(kind))
}

fn own_names<'a>(
    settings: &'a Settings,
    kind: &'a str,
    ending: &'a str,
) -> impl Iterator<Item = String> + 'a {
    own_folders(settings, kind).flat_map(move |folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(ending).map(str::to_owned)
        })
    })
}

fn unknown(settings: &Settings, wanted: &str) -> Failure {
    let mut names: Vec<String> = own_names(settings, "workflows", ".yaml")
        .chain(workflow::bundled_names().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    let known = format!(
        "known workflows: {}; or name a file by its path",
        names.join(", ")
    );
    let hint = match did_you_mean(wanted, names.iter().map(String::as_str)) {
        Some(suggestion) => format!("{suggestion}; {known}"),
        None => known,
    };
    Failure::said(
        Exit::Usage,
        &format!("no workflow is called `{wanted}`"),
        Some(&hint),
    )
}
