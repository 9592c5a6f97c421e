//! Commits of a run's changes in the user's repository, one upon another. Nothing there refers to them yet.

use std::path::Path;

use super::super::git::Git;
use super::super::{Doing, WorkspaceError, index};
use super::error::ApplyError;
use super::onto_head::Head;
use crate::model::{CommitStyle, Timestamp, TreeId};

/// A commit to be: what the run had done by then, and what is said of it.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// All of the run's results by then, as the project has them.
    pub tree: TreeId,
    pub words: String,
    /// Lines `KEY: VALUE`.
    pub trailers: Vec<String>,
    pub at: Timestamp,
}

/// Commits whose trees are those of the user's repository. The last one holds all that the run has.
pub(super) struct Chain<'a> {
    store: &'a Path,
    top: &'a Path,
    /// The commit they go upon.
    head: Option<&'a str>,
    held: Option<TreeId>,
    commits: Vec<NewCommit>,
}

impl<'a> Chain<'a> {
    /// Commits that change nothing are left out; one that does not merge with the last commit by itself is part of
    /// the next one.
    ///
    /// # Errors
    /// [`ApplyError`] where the last of them does not merge.
    pub(super) fn plan(
        head: &Head<'a>,
        (store, top, commit): (&'a Path, &'a Path, Option<&'a str>),
        wanted: &[NewCommit],
    ) -> Result<Self, ApplyError> {
        let mut commits: Vec<NewCommit> = Vec::new();
        let mut trailers: Vec<String> = Vec::new();
        for (index, one) in wanted.iter().enumerate() {
            let tree = match head.with_changes(&one.tree) {
                Err(ApplyError::NotOnCommit(_)) if index + 1 < wanted.len() => None,
                tree => Some(tree?),
            };
            let there = commits.last().map(|last| &last.tree);
            if tree.is_some() && tree.as_ref() == there.or(head.tree.as_ref()) {
                continue;
            }
            for line in &one.trailers {
                if !trailers.contains(line) {
                    trailers.push(line.clone());
                }
            }
            if let Some(tree) = tree {
                commits.push(NewCommit {
                    tree,
                    words: one.words.clone(),
                    trailers: std::mem::take(&mut trailers),
                    at: one.at,
                });
            }
        }
        Ok(Self {
            store,
            top,
            head: commit,
            held: head.tree.clone(),
            commits,
        })
    }

    /// Whether this commit is the last of them: all below it hold and say the same. Hooks and signatures may have
    /// added to it.
    pub(super) fn is_at(&self, tip: &str) -> Result<bool, WorkspaceError> {
        let number = format!("-{}", self.commits.len() + 1);
        let show = "--format=%H%n%T%n%B%x00";
        let log = [
            "log",
            &number,
            "--first-parent",
            "--no-show-signature",
            show,
            tip,
        ];
        let said = Git::reading(self.top).args(log).said()?;
        let mut found = said
            .split('\0')
            .map(str::trim)
            .filter(|one| !one.is_empty());
        let same = self.commits.iter().rev().all(|wanted| {
            let lines: Vec<&str> = found.next().unwrap_or_default().lines().collect();
            let says = |line: &String| lines.contains(&line.as_str());
            lines.get(1) == Some(&wanted.tree.as_str()) && wanted.trailers.iter().all(says)
        });
        let below = found.next().and_then(|one| one.lines().next());
        Ok(same && below == self.head)
    }

    /// Makes them, and returns the last one's id: without any, the commit they were to go upon.
    pub(super) fn make(&self, style: CommitStyle) -> Result<Option<String>, ApplyError> {
        if !self.commits.is_empty() {
            self.copy_objects()?;
        }
        if style.hooks {
            return self.make_with_hooks(style).map(Some);
        }
        let mut tip = self.head.map(str::to_owned);
        for commit in &self.commits {
            let mut git = match style.sign {
                true => Git::as_user(self.top).args(["-c", UTF8, "commit-tree", "-S"]),
                false => Git::reading(self.top).args(["-c", UTF8, "commit-tree"]),
            };
            git = git.args([commit.tree.as_str(), "-F", "-"]);
            if let Some(parent) = &tip {
                git = git.args(["-p", parent]);
            }
            git = self.identified(git, commit.at);
            tip = Some(git.stdin(commit.message().into_bytes()).said()?);
        }
        Ok(tip)
    }

    /// The same as the user's own git does it: hooks expect files, so it is in a work tree for the time being.
    fn make_with_hooks(&self, style: CommitStyle) -> Result<String, ApplyError> {
        let head = self.head.ok_or(ApplyError::NoCommit)?;
        let folder = tempfile::tempdir_in(self.store).doing("create", self.store)?;
        let at = folder.path().join("work-tree");
        let add = ["worktree", "add", "-q", "--detach", "--no-checkout"];
        let add = Git::reading(self.top)
            .args(add)
            .args([at.as_os_str(), head.as_ref()]);
        add.done()?;
        let made = self.commit_in(&at, style);
        let remove = ["worktree", "remove", "--force"];
        let remove = Git::reading(self.top).args(remove).args([&at]);
        remove.done()?;
        made
    }

    fn commit_in(&self, at: &Path, style: CommitStyle) -> Result<String, ApplyError> {
        let sign = match style.sign {
            true => "--gpg-sign",
            false => "--no-gpg-sign",
        };
        for commit in &self.commits {
            let tree = commit.tree.as_str();
            let checkout = Git::reading(at).args(["read-tree", "--reset", "-u", tree]);
            checkout.done()?;
            let git = Git::as_user(at).args(["-c", UTF8, "commit", "-q", "--allow-empty", sign]);
            let git = self.identified(git.args(["--cleanup=verbatim", "-F", "-"]), commit.at);
            git.stdin(commit.message().into_bytes()).done()?;
            let made = Git::reading(at).args(["rev-parse", "HEAD^{tree}"]).tree()?;
            if made != commit.tree {
                return Err(ApplyError::ChangedByHook);
            }
        }
        Ok(Git::reading(at).args(["rev-parse", "HEAD"]).said()?)
    }

    /// Whoever the user's git says; tipstaff where it says nobody. The time is the journal's, so that a run that is
    /// resumed makes the same commits.
    fn identified(&self, mut git: Git, at: Timestamp) -> Git {
        let date = format!("@{} +0000", at.0 / 1000);
        for role in ["AUTHOR", "COMMITTER"] {
            let ident = format!("GIT_{role}_IDENT");
            if Git::reading(self.top).args(["var", &ident]).done().is_err() {
                git = git
                    .env(&format!("GIT_{role}_NAME"), "tipstaff")
                    .env(&format!("GIT_{role}_EMAIL"), "tipstaff@localhost");
            }
            git = git.env(&format!("GIT_{role}_DATE"), &date);
        }
        git
    }

    /// Gives the user's repository the objects that its last commit does not hold.
    fn copy_objects(&self) -> Result<(), WorkspaceError> {
        let mut wanted: String = self.held.iter().map(|held| format!("^{held}\n")).collect();
        for commit in &self.commits {
            wanted.push_str(&format!("{}\n", commit.tree));
        }
        let pack = index::git(self.store)?
            .args(["pack-objects", "--revs", "--stdout", "-q"])
            .stdin(wanted.into_bytes())
            .run()?;
        let unpack = Git::reading(self.top).args(["unpack-objects", "-q"]);
        unpack.stdin(pack).done()
    }
}

/// Messages are UTF-8, whatever the user's git writes its own in.
const UTF8: &str = "i18n.commitEncoding=UTF-8";

impl NewCommit {
    fn message(&self) -> String {
        format!(
            "{}\n\n{}\n",
            self.words.trim_end(),
            self.trailers.join("\n")
        )
    }
}
