//! Which changes are held back: pure, over what changed and what was accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Accepted, Acts, risk_of};
use crate::model::{FoundSecret, HeldChange};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its path, relative to the project.
    pub path: PathBuf,
    /// The id of its new content; nothing if it is gone.
    pub object: Option<String>,
    /// Further paths that lead to it, through symlinks.
    pub aliases: Vec<PathBuf>,
}

/// Those of the changes that are not to be delivered: what acts by itself or holds a known secret, unless it is
/// accepted, and what could not be there without them. `hooks` are folders in which git looks for hooks.
pub fn held(
    changes: &[Changed],
    accepted: &Accepted,
    secrets: &[&FoundSecret],
    hooks: &[PathBuf],
) -> BTreeMap<PathBuf, HeldChange> {
    let mut held = BTreeMap::new();
    for change in changes {
        let shown = change.path.to_string_lossy();
        // What is kept of a name with a secret in it lacks that.
        let is_in = |secret: &&&FoundSecret| {
            let is_here = secret.path == shown || secret.path.contains("[redacted:");
            is_here && Some(&secret.object) == change.object.as_ref()
        };
        let secret = secrets.iter().find(is_in);
        let reason = match secret.filter(|_| !accepted.secrets) {
            Some(found) => Some(match found.line {
                FoundSecret::IN_NAME => format!("its name holds the value of {}", found.name),
                line => format!("line {line} holds the value of {}", found.name),
            }),
            None => acts(change, hooks).filter(|_| !accepted.has(&shown)),
        };
        if let Some(reason) = reason {
            let named = secret.filter(|found| found.line == FoundSecret::IN_NAME);
            let path = named.map_or_else(|| shown.into_owned(), |found| found.path.clone());
            let secret = secret.is_some() && !accepted.secrets;
            let change_held = HeldChange {
                path,
                reason,
                secret,
            };
            held.insert(change.path.clone(), change_held);
        }
    }
    // What is held back keeps its folders, so no file may come in the place of one.
    let kept: BTreeSet<&Path> = held
        .keys()
        .flat_map(|path| path.ancestors().skip(1))
        .collect();
    let in_the_way = changes.iter().filter(|change| kept.contains(&*change.path));
    let in_the_way = in_the_way.map(|change| {
        let path = change.path.to_string_lossy().into_owned();
        let reason = "files below it are held back".to_owned();
        let secret = false;
        (
            change.path.clone(),
            HeldChange {
                path,
                reason,
                secret,
            },
        )
    });
    let in_the_way: Vec<_> = in_the_way.collect();
    held.extend(in_the_way);
    held
}

/// Why a change acts by itself, if it does.
fn acts(change: &Changed, hooks: &[PathBuf]) -> Option<String> {
    let mut names = std::iter::once(&change.path).chain(&change.aliases);
    names.find_map(|name| {
        let risk = risk_of(&name.to_string_lossy()).filter(|risk| risk.acts == Acts::ByThemselves);
        let is_hook = hooks.iter().any(|folder| name.starts_with(folder));
        let why = match risk {
            Some(risk) => risk.why,
            None if is_hook => "git looks for hooks there",
            None => return None,
        };
        Some(match *name == change.path {
            true => why.to_owned(),
            false => format!("{why}, as {}", name.display()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str) -> Changed {
        Changed {
            path: path.into(),
            object: Some(path.to_owned()),
            aliases: Vec::new(),
        }
    }

    fn paths(changes: &[Changed], accepted: &Accepted, hooks: &[PathBuf]) -> Vec<String> {
        let held = held(changes, accepted, &[], hooks);
        held.into_values().map(|held| held.path).collect()
    }

    #[test]
    fn aliases_and_hook_folders_count_and_a_file_does_not_replace_a_folder_with_held_ones() {
        let accepted = Accepted::default();
        let alias = Changed {
            aliases: vec![".husky/pre-commit".into()],
            ..changed("scripts/pre-commit")
        };
        let changes = [
            alias,
            changed("hooks/pre-push"),
            changed("a"),
            changed("a/.envrc"),
            changed("b"),
        ];
        let hooks = ["hooks".into()];
        assert_eq!(
            paths(&changes, &accepted, &hooks),
            ["a", "a/.envrc", "hooks/pre-push", "scripts/pre-commit"]
        );
    }

    #[test]
    fn a_secret_is_not_accepted_by_its_path() {
        let mut accepted = Accepted::default().with_words(".envrc notes.txt");
        let secret = FoundSecret {
            path: "notes.txt".to_owned(),
            object: "notes.txt".to_owned(),
            line: 3,
            name: "API_KEY".to_owned(),
        };
        let secrets = [&secret];
        let changes = [changed(".envrc"), changed("notes.txt")];
        let found = held(&changes, &accepted, &secrets, &[]);
        let reasons: Vec<_> = found.values().map(|held| held.reason.as_str()).collect();
        assert_eq!(reasons, ["line 3 holds the value of API_KEY"]);
        accepted.secrets = true;
        assert!(held(&changes, &accepted, &secrets, &[]).is_empty());
    }
}
