//! Puts changes onto a new branch: the working tree, the index and HEAD stay as they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::git::Git;
use super::super::index;
use super::super::tree::{self, Entries, Entry};
use super::super::{
    Doing, Project, ProjectKind, WorkspaceError, diff, rewrite, store, store_document,
};
use super::error::{ApplyError, names};
use super::merge::{Merged, Versions, merge};
use super::submodules;
use crate::files;
use crate::model::{Destination, TreeId};

/// Makes the branch with one commit on top of HEAD that holds the difference between `base` and
/// `tree`, and returns the commit's id. Where HEAD and `base` differ (work that was not committed
/// when the run began), the difference is merged into HEAD's files; what does not merge is an
/// error. Without any commit yet, the branch's first commit holds all of `tree`.
///
/// A branch of that name whose last commit says and holds the very same was made here before; it is
/// what was wanted.
///
/// # Errors
/// [`ApplyError`]; then there is no branch.
pub fn apply_to_branch(
    project: &Project,
    store: &Path,
    base: &TreeId,
    tree: &TreeId,
    branch: &str,
    message: &str,
) -> Result<String, ApplyError> {
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let joined = store::joined(project, store)?;
    let store = joined.path();
    let reference = checked_name(top, branch)?;
    let head = ask(top, ["rev-parse", "-q", "--verify", "HEAD^{commit}"]).ok();
    let inside = project.root.strip_prefix(top).unwrap_or(Path::new(""));
    let tree_of = head.as_ref().map(|head| {
        let tree = format!("{head}^{{tree}}");
        Git::reading(top).args(["rev-parse", &tree]).tree()
    });
    let target = Target {
        store,
        inside,
        head: tree_of.transpose()?,
    };
    let there = read_commit(top, &reference);
    let taken = || ApplyError::BranchExists(branch.to_owned());
    if matches!(&there, Some(there) if there.says != message.trim()) {
        return Err(taken());
    }
    let result = target.merged(base, tree)?;
    if let Some(there) = there {
        let same = there.holds == result.as_str();
        return same.then_some(there.id).ok_or_else(taken);
    }
    copy_objects(&target, top, &result)?;
    let mut commit = Git::reading(top).args(["commit-tree", result.as_str(), "-F", "-"]);
    if let Some(head) = &head {
        commit = commit.args(["-p", head]);
    }
    if ask(top, ["var", "GIT_COMMITTER_IDENT"]).is_err() {
        for role in ["AUTHOR", "COMMITTER"] {
            commit = commit
                .env(&format!("GIT_{role}_NAME"), "tipstaff")
                .env(&format!("GIT_{role}_EMAIL"), "tipstaff@localhost");
        }
    }
    let commit = commit.stdin(message.as_bytes().to_vec()).said()?;
    // The last value says that the branch must not be there yet.
    let none = "0".repeat(commit.len());
    ask(top, ["update-ref", &reference, &commit, &none])?;
    Ok(commit)
}

/// Whether the project's changes can go there, as far as that can be known beforehand.
pub fn check_destination(project: &Project, to: &Destination) -> Result<(), ApplyError> {
    if let ProjectKind::Git { top } = &project.kind
        && ask(top, ["rev-parse", "--is-inside-work-tree"])? != "true"
    {
        return Err(ApplyError::Bare(top.clone()));
    }
    let Destination::Branch(branch) = to else {
        return Ok(());
    };
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let reference = checked_name(top, branch)?;
    // Where a branch `a` is, `a/b` cannot be, nor the other way round. One that HEAD names may have no commit.
    let below = ask(top, ["for-each-ref", "--format=%(refname)", &reference])?;
    let head = ask(top, ["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
    let above = Path::new(&reference).ancestors().skip(1);
    let above = above.take_while(|above| *above != Path::new("refs/heads"));
    let taken = below.lines().map(str::to_owned).next().or_else(|| {
        let mut names = above.filter_map(Path::to_str).map(str::to_owned);
        names.find(|name| *name == head || read_commit(top, name).is_some())
    });
    let taken = taken.or_else(|| (head == reference).then_some(head));
    match taken {
        Some(taken) => Err(ApplyError::BranchExists(
            taken.trim_start_matches("refs/heads/").to_owned(),
        )),
        None => Ok(()),
    }
}

fn checked_name(top: &Path, branch: &str) -> Result<String, ApplyError> {
    let reference = format!("refs/heads/{branch}");
    let is_name = !branch.starts_with('-') && ask(top, ["check-ref-format", &reference]).is_ok();
    if !is_name {
        return Err(ApplyError::BadBranchName(branch.to_owned()));
    }
    Ok(reference)
}

struct Commit {
    id: String,
    holds: String,
    says: String,
}

/// The commit that a reference stands for; none where there is no such reference.
fn read_commit(top: &Path, reference: &str) -> Option<Commit> {
    let spec = format!("{reference}^{{commit}}");
    let id = ask(top, ["rev-parse", "-q", "--verify", &spec]).ok()?;
    let show = |format| ask(top, ["log", "-1", "--no-show-signature", format, &id]).ok();
    Some(Commit {
        holds: show("--format=%T")?,
        says: show("--format=%B")?,
        id,
    })
}

/// What the user's git says.
fn ask<const N: usize>(top: &Path, args: [&str; N]) -> Result<String, WorkspaceError> {
    Git::reading(top).args(args).said()
}

/// Gives the user's repository the objects of the tree that its HEAD does not hold.
fn copy_objects(target: &Target<'_>, top: &Path, tree: &TreeId) -> Result<(), WorkspaceError> {
    let held = target.head.iter().map(|head| format!("^{head}\n"));
    let pack = index::git(target.store)?
        .args(["pack-objects", "--revs", "--stdout", "-q"])
        .stdin(format!("{tree}\n{}", held.collect::<String>()).into_bytes())
        .run()?;
    Git::reading(top)
        .args(["unpack-objects", "-q"])
        .stdin(pack)
        .done()
}

struct Target<'a> {
    store: &'a Path,
    /// Where the project lies in the repository.
    inside: &'a Path,
    /// The tree of HEAD, if there is a commit.
    head: Option<TreeId>,
}

impl Target<'_> {
    fn merged(&self, base: &TreeId, tree: &TreeId) -> Result<TreeId, ApplyError> {
        let base_entries = tree::entries(self.store, base)?;
        let next = tree::entries(self.store, tree)?;
        let Some(head) = &self.head else {
            let all = next.iter().map(|(path, entry)| (path, Some(entry)));
            return self.with(None, all);
        };
        let mut present = Entries::new();
        for (path, entry) in tree::entries(self.store, head)? {
            if let Ok(path) = path.strip_prefix(self.inside) {
                present.insert(path.to_owned(), entry);
            }
        }
        let mut result = present.clone();
        let mut conflicts = BTreeSet::new();
        let paths = diff::changed_paths(self.store, base, tree)?;
        submodules::keep_out(&present, &paths)?;
        for path in &paths {
            let versions = [&base_entries, &present, &next].map(|entries| entries.get(path));
            match self.classify(versions)? {
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
        self.with(Some(head), changes)
    }

    fn with<'e>(
        &self,
        head: Option<&TreeId>,
        entries: impl Iterator<Item = (&'e PathBuf, Option<&'e Entry>)>,
    ) -> Result<TreeId, ApplyError> {
        let entries = entries.map(|(path, entry)| (self.inside.join(path), entry));
        Ok(rewrite::build(self.store, head, entries)?)
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
