//! Trees of a run on top of the user's last commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::git::Git;
use super::super::tree::{self, Entries, Entry};
use super::super::{Doing, WorkspaceError, diff, rewrite, store_document};
use super::error::{ApplyError, names};
use super::merge::{Merged, Versions, merge};
use super::submodules;
use crate::files;
use crate::model::TreeId;

pub(super) struct Head<'a> {
    store: &'a Path,
    /// Where the project lies in the repository.
    inside: &'a Path,
    /// The tree of the last commit, if there is one.
    pub tree: Option<TreeId>,
    base: &'a TreeId,
    in_base: Entries,
    /// What of the project that commit has.
    present: Entries,
}

impl<'a> Head<'a> {
    /// `commit` is the user's last one, `base` what the run began with.
    pub(super) fn read(
        (top, commit): (&Path, Option<&str>),
        (store, base): (&'a Path, &'a TreeId),
        inside: &'a Path,
    ) -> Result<Self, WorkspaceError> {
        let tree_of = |commit| {
            let tree = format!("{commit}^{{tree}}");
            Git::reading(top).args(["rev-parse", &tree]).tree()
        };
        let tree = commit.map(tree_of);
        let tree = tree.transpose()?;
        let all = tree.as_ref().map(|tree| tree::entries(store, tree));
        let all = all.transpose()?.unwrap_or_default().into_iter();
        let below = |(path, entry): (PathBuf, _)| {
            let path = path.strip_prefix(inside).ok()?;
            Some((path.to_owned(), entry))
        };
        Ok(Self {
            store,
            inside,
            tree,
            base,
            in_base: tree::entries(store, base)?,
            present: all.filter_map(below).collect(),
        })
    }

    /// The tree of a commit that holds the difference between the run's beginning and `tree`. Where the last commit
    /// and the beginning differ (work that was not committed then), it is merged into the commit's files. Without
    /// any commit yet, all of `tree`.
    ///
    /// # Errors
    /// [`ApplyError::NotOnCommit`] with what does not merge.
    pub(super) fn with_changes(&self, tree: &TreeId) -> Result<TreeId, ApplyError> {
        let next = tree::entries(self.store, tree)?;
        if self.tree.is_none() {
            let all = next.iter().map(|(path, entry)| (path, Some(entry)));
            return self.with(all);
        }
        let mut result = self.present.clone();
        let mut conflicts = BTreeSet::new();
        let paths = diff::changed_paths(self.store, self.base, tree)?;
        submodules::keep_out(&self.present, &paths)?;
        for path in &paths {
            let sides = [&self.in_base, &self.present, &next];
            match self.classify(sides.map(|entries| entries.get(path)))? {
                Some(Some(entry)) => drop(result.insert(path.clone(), entry)),
                Some(None) => drop(result.remove(path)),
                None => drop(conflicts.insert(path.clone())),
            }
        }
        let in_the_way = paths.iter().filter(|path| {
            result.contains_key(*path)
                && (tree::file_above(&result, path).is_some() || tree::has_below(&result, path))
        });
        conflicts.extend(in_the_way.cloned());
        if !conflicts.is_empty() {
            return Err(ApplyError::NotOnCommit(names(&conflicts)));
        }
        let changes = paths.iter().map(|path| (path, result.get(path)));
        self.with(changes)
    }

    fn with<'e>(
        &self,
        entries: impl Iterator<Item = (&'e PathBuf, Option<&'e Entry>)>,
    ) -> Result<TreeId, ApplyError> {
        let entries = entries.map(|(path, entry)| (self.inside.join(path), entry));
        Ok(rewrite::build(self.store, self.tree.as_ref(), entries)?)
    }

    /// Three versions into one; `None` if they do not merge.
    fn classify(
        &self,
        [base, present, next]: [Option<&Entry>; 3],
    ) -> Result<Option<Option<Entry>>, WorkspaceError> {
        if present == base || present == next {
            return Ok(Some(next.cloned()));
        }
        let (Some(base), Some(present)) = (base, present) else {
            return Ok(None);
        };
        if !base.is_file() || !present.is_file() || !next.is_none_or(Entry::is_file) {
            return Ok(None);
        }
        let both = [base, present].map(|entry| entry.object.as_str());
        let mut contents = tree::contents(self.store, both)?;
        let [base_bytes, present_bytes] = contents.as_mut_slice() else {
            return Ok(None);
        };
        // A repository that keeps LF and checks out CRLF: the commit keeps LF.
        let keeps_lf = !present_bytes.contains(&b'\r') && base_bytes.contains(&b'\r');
        if keeps_lf {
            *base_bytes = with_line_feeds(base_bytes);
        }
        let Some(next) = next else {
            return Ok((base_bytes == present_bytes).then_some(None));
        };
        let mut asked = tree::contents(self.store, [next.object.as_str()])?;
        let mut next_bytes = asked.pop().unwrap_or_default();
        if keeps_lf {
            next_bytes = with_line_feeds(&next_bytes);
        }
        let kind = match present.kind == base.kind {
            true => next.kind,
            false => present.kind,
        };
        let merged = if *present_bytes == *base_bytes || *present_bytes == next_bytes {
            Some(next_bytes)
        } else if next_bytes == *base_bytes {
            Some(std::mem::take(present_bytes))
        } else {
            self.merge([base_bytes, present_bytes, &next_bytes])?
        };
        let Some(bytes) = merged else {
            return Ok(None);
        };
        let object = store_document(self.store, bytes)?;
        Ok(Some(Some(Entry { kind, object })))
    }

    fn merge(&self, sides: [&[u8]; 3]) -> Result<Option<Vec<u8>>, WorkspaceError> {
        let folder = tempfile::tempdir_in(self.store).doing("create", self.store)?;
        let files = ["base", "ours", "theirs"].map(|name| folder.path().join(name));
        for (path, bytes) in files.iter().zip(sides) {
            files::write(path, bytes).doing("write", path)?;
        }
        let [base, ours, theirs] = &files;
        let into = folder.path().join("merged");
        match merge(&Versions { base, ours, theirs }, &into)? {
            Merged::Clean => {
                let merged = files::read(&into, files::RECORD).doing("read", &into)?;
                Ok(Some(merged))
            }
            Merged::Marked | Merged::Not => Ok(None),
        }
    }
}

fn with_line_feeds(text: &[u8]) -> Vec<u8> {
    let ends_line = |at: usize| text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    let kept = (0..text.len()).filter(|at| !ends_line(*at));
    kept.map(|at| text[at]).collect()
}
