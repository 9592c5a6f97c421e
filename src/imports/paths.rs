//! The paths of a tree's files, relative to the project, with `/`.

use std::collections::BTreeSet;
use std::ops::Bound;

/// The paths of a tree's files.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths(BTreeSet<String>);

impl Paths {
    pub(super) fn new(paths: impl IntoIterator<Item = String>) -> Self {
        Self(paths.into_iter().collect())
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains(path)
    }

    /// The path, if there is such a file.
    pub(super) fn found(&self, path: String) -> Option<String> {
        self.has(&path).then_some(path)
    }

    /// The files right in a folder.
    pub(super) fn in_folder(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let from = (Bound::Included(prefix.clone()), Bound::Unbounded);
        self.0
            .range::<String, _>(from)
            .map_while(move |path| path.strip_prefix(&prefix).map(|name| (path, name)))
            .filter(|(_, name)| !name.contains('/'))
            .map(|(path, _)| path.as_str())
    }
}

/// The folder that a file lies in; the project's own is empty.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A folder and those above it, up to the project's own.
pub(super) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        (!folder.is_empty()).then(|| folder_of(folder))
    })
}

/// Where a path leads from a folder; `None` if that is out of the project.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_on_or_out_of_the_project() {
        assert_eq!(join("a/b", "../c.js").as_deref(), Some("a/c.js"));
        assert_eq!(join("", "./a//b/").as_deref(), Some("a/b"));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(upwards("").collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn the_files_right_in_a_folder() {
        let paths = Paths::new(["a/b.go", "a/c/d.go", "a.go", "ab/e.go"].map(str::to_owned));
        assert_eq!(paths.in_folder("a").collect::<Vec<_>>(), ["a/b.go"]);
        assert_eq!(paths.in_folder("").collect::<Vec<_>>(), ["a.go"]);
        assert_eq!(paths.in_folder("x").count(), 0);
    }
}
