//! The files of a tree: which there are, which somebody named, and what is in them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::selection::Selection;
use super::tree::{self, Entries};
use super::{WorkspaceError, index, is_control_file};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its path relative to the project, with `/`.
    pub path: String,
    pub object: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The files of a tree that can be shown to an agent by their names: no symlinks, no control files of
/// agents, and none whose name is no text.
#[derive(Debug)]
pub struct TreeFiles {
    store: PathBuf,
    entries: Entries,
    files: Vec<TreeFile>,
}

impl TreeFiles {
    /// Lists the files of a tree in the order of their paths.
    pub fn of(store: &Path, tree: &TreeId) -> Result<Self, WorkspaceError> {
        let entries = tree::entries(store, tree)?;
        let sizes = tree::sizes(store, tree)?;
        let files = entries.iter().filter_map(|(path, entry)| {
            let shown = entry.is_file() && !is_control_file(path);
            let name = path.to_str().filter(|_| shown)?;
            Some(TreeFile {
                path: name.to_owned(),
                object: entry.object.clone(),
                bytes: *sizes.get(path)?,
            })
        });
        Ok(Self {
            store: store.to_owned(),
            files: files.collect(),
            entries,
        })
    }

    pub fn all(&self) -> &[TreeFile] {
        &self.files
    }

    /// Those that are named by these paths, folders and patterns.
    pub fn named(&self, wanted: &[String]) -> Result<Vec<&TreeFile>, WorkspaceError> {
        let selection = Selection::new(wanted, &self.entries)?;
        let named = self.files.iter();
        Ok(named
            .filter(|file| selection.has(Path::new(&file.path)))
            .collect())
    }

    /// The contents of some of them, in the order asked for.
    pub fn read(&self, files: &[&TreeFile]) -> Result<Vec<Vec<u8>>, WorkspaceError> {
        tree::contents(&self.store, files.iter().map(|file| file.object.as_str()))
    }
}

/// Tells the state of files of a tree, named by paths, folders and patterns, from every other state.
pub fn state_of(store: &Path, tree: &TreeId, wanted: &[String]) -> Result<String, WorkspaceError> {
    let entries = tree::entries_named(store, tree, wanted)?;
    let selection = Selection::new(wanted, &entries)?;
    let mut hash = blake3::Hasher::new();
    for (path, entry) in entries.iter().filter(|(path, _)| selection.has(path)) {
        hash.update(entry.kind.mode().as_bytes());
        hash.update(entry.object.as_bytes());
        hash.update(path.as_os_str().as_bytes());
        hash.update(b"\0");
    }
    Ok(hash.finalize().to_hex().to_string())
}

/// The content of a tree's file; `None` if it has none at this path.
pub fn content_at(store: &Path, tree: &TreeId, path: &Path) -> Option<Vec<u8>> {
    let mut name = OsString::from(format!("{tree}:"));
    name.push(path);
    let git = index::git(store).ok()?;
    git.args([OsStr::new("cat-file"), OsStr::new("blob"), &name])
        .run()
        .ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use super::super::testing::Repo;
    use super::*;

    #[test]
    fn lists_what_can_be_shown_with_its_size_and_reads_it() {
        let repo = Repo::git();
        repo.write("src/a.js", "four");
        repo.write("src/b c.js", "");
        repo.write("app/[id]/page.tsx", "page\n");
        repo.write(".opencode/plugin.js", "import '../src/a.js'");
        symlink("a.js", repo.root.join("src/link.js")).unwrap();
        let (snapshot, _) = repo.snapshot(&repo.root);
        let files = TreeFiles::of(&repo.store, &snapshot.tree).unwrap();
        let all: Vec<(&str, u64)> = files
            .all()
            .iter()
            .map(|file| (file.path.as_str(), file.bytes))
            .collect();
        assert_eq!(
            all,
            [("app/[id]/page.tsx", 5), ("src/a.js", 4), ("src/b c.js", 0)]
        );
        let named = files.named(&["src/*.js".into(), "app/[id]/page.tsx".into()]);
        let named = named.unwrap();
        assert_eq!(named.len(), 3);
        let contents = files.read(&named).unwrap();
        assert_eq!(contents, [&b"page\n"[..], b"four", b""]);
        assert!(files.named(&["lib/**".into()]).unwrap().is_empty());
    }
}
