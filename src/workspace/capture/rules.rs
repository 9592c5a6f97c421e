//! Ignore rules, weighed as git weighs them: the nearest file that says something decides.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::super::WorkspaceError;
use super::super::outer_rules::{self, OuterRules};
use super::super::tree;
use super::origin::Origin;

/// What rules say of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Ignored,
    /// An exception (`!name`) brings it in.
    Wanted,
}

/// The rules of the base and those from outside the project.
pub(super) struct Rules<'a> {
    origin: &'a Origin<'a>,
    /// By folder; those of layers are read when they are asked for.
    of_base: RefCell<HashMap<PathBuf, Option<Rc<Gitignore>>>>,
    outer: Vec<(PathBuf, Gitignore)>,
}

impl<'a> Rules<'a> {
    /// Reads the rules that the base was listed by.
    pub(super) fn of(store: &Path, origin: &'a Origin<'a>) -> Result<Self, WorkspaceError> {
        let files: Vec<_> = origin
            .entries
            .iter()
            .filter(|(path, entry)| {
                path.file_name().is_some_and(|name| name == ".gitignore") && entry.is_file()
            })
            .collect();
        let objects = files.iter().map(|(_, entry)| entry.object.as_str());
        let texts = tree::contents(store, objects)?;
        let of_base = files.iter().zip(texts).map(|((path, _), text)| {
            let folder = path.parent().unwrap_or(Path::new(""));
            (folder.to_owned(), Some(Rc::new(read(&text))))
        });
        let outer = outer_rules::recorded(store)
            .into_iter()
            .map(|OuterRules { below, text }| (below.into(), read(text.as_bytes())));
        Ok(Self {
            origin,
            of_base: RefCell::new(of_base.collect()),
            outer: outer.collect(),
        })
    }

    /// What the base's rules say.
    pub(super) fn of_base(&self, path: &Path, is_folder: bool) -> Says {
        path.ancestors()
            .skip(1)
            .filter_map(|folder| Some((folder, self.of_folder(folder)?)))
            .map(|(folder, rules)| {
                ask(&rules, path.strip_prefix(folder).unwrap_or(path), is_folder)
            })
            .find(|said| *said != Says::Nothing)
            .unwrap_or_else(|| self.outside(path, is_folder))
    }

    fn of_folder(&self, folder: &Path) -> Option<Rc<Gitignore>> {
        let mut known = self.of_base.borrow_mut();
        let read = || {
            let text = self.origin.ignore_file(folder)?;
            Some(Rc::new(read(&text)))
        };
        known.entry(folder.to_owned()).or_insert_with(read).clone()
    }

    fn outside(&self, path: &Path, is_folder: bool) -> Says {
        self.outer
            .iter()
            .map(|(below, rules)| ask(rules, &below.join(path), is_folder))
            .find(|said| *said != Says::Nothing)
            .unwrap_or(Says::Nothing)
    }
}

/// The rules that are in the workspace itself, from one folder upwards.
#[derive(Debug)]
pub(super) struct Found {
    folder: PathBuf,
    rules: Gitignore,
    above: Option<Rc<Found>>,
}

impl Found {
    /// Adds the text of the ignore file in `folder` to those above it.
    pub(super) fn add(folder: &Path, text: &[u8], above: Option<Rc<Self>>) -> Rc<Self> {
        Rc::new(Self {
            folder: folder.to_owned(),
            rules: read(text),
            above,
        })
    }

    pub(super) fn say(mut found: Option<&Rc<Self>>, path: &Path, is_folder: bool) -> Says {
        while let Some(here) = found {
            let inner = path.strip_prefix(&here.folder).unwrap_or(path);
            match ask(&here.rules, inner, is_folder) {
                Says::Nothing => found = here.above.as_ref(),
                said => return said,
            }
        }
        Says::Nothing
    }
}

fn read(text: &[u8]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(text).lines() {
        // A line that is no pattern ignores nothing, as with git.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn ask(rules: &Gitignore, path: &Path, is_folder: bool) -> Says {
    match rules.matched(path, is_folder) {
        Match::None => Says::Nothing,
        Match::Ignore(_) => Says::Ignored,
        Match::Whitelist(_) => Says::Wanted,
    }
}
