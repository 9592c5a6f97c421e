//! What stands for the user's repository on another machine: one commit, with the tree of the user's own last one.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::git::Git;
use super::index::git;
use super::materialize::made;
use super::remove_tree::remove_tree;
use super::space::create_repository;
use super::store;
use super::{Doing, Project, ProjectKind, WorkspaceError};
use crate::files;
use crate::model::TreeId;

/// What is checked out in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub tree: TreeId,
    /// `refs/heads/main`, or `HEAD` where no branch is checked out.
    pub branch: String,
    /// The first line of the commit's message.
    pub subject: String,
}

impl Head {
    /// That of the user's; none without a commit, or of a project that is a part of a repository. Blocks.
    pub fn of(project: &Project) -> Option<Self> {
        let is_top = matches!(&project.kind, ProjectKind::Git { top } if *top == project.root);
        is_top.then_some(())?;
        let ask = |args: &[&str]| Git::reading(&project.root).args(args).said().ok();
        let said = ask(&["rev-parse", "HEAD^{tree}", "--symbolic-full-name", "HEAD"])?;
        let (tree, branch) = said.split_once('\n')?;
        Some(Self {
            tree: TreeId::parse(tree)?,
            branch: branch.to_owned(),
            subject: ask(&["log", "-1", "--format=%s"])?,
        })
    }
}

/// Makes a store that holds what is received, if it is not there yet, and a project at `root` whose history is this
/// commit. Blocks.
///
/// # Errors
/// If there is no room, or the store lacks the commit's tree.
pub fn stand_in(root: &Path, store: &Path, head: Option<&Head>) -> Result<Project, WorkspaceError> {
    made(root)?;
    let repository = root.join(".git");
    let Some(head) = head else {
        remove_tree(&repository)?;
        return Project::alone(root);
    };
    let config = repository.join("config");
    // It comes last: without it, whoever made this was killed.
    if !config.exists() {
        remove_tree(&repository)?;
        create_repository(&repository)?;
    }
    let objects = store.join("objects");
    let mut line = objects.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    let extension = match store::is_sha256(&head.tree) {
        true => "\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n",
        false => "",
    };
    put(
        &config,
        format!("[core]\n\tbare = false\n{extension}").as_bytes(),
    )?;
    let borrows = made(&repository.join("objects/info"))?.join("alternates");
    put(&borrows, &line)?;
    let mut commit = git(&repository)?;
    for who in ["AUTHOR", "COMMITTER"] {
        commit = commit
            .env(&format!("GIT_{who}_NAME"), "tipstaff")
            .env(&format!("GIT_{who}_EMAIL"), "tipstaff@localhost")
            // The same commit each time.
            .env(&format!("GIT_{who}_DATE"), "2000-01-01T00:00:00Z");
    }
    let commit = commit
        .args([
            "commit-tree",
            head.tree.as_str(),
            "-m",
            head.subject.as_str(),
        ])
        .said()?;
    let write = |name: &str, text: String| put(&repository.join(name), text.as_bytes());
    match head.branch.starts_with("refs/heads/") {
        true => {
            // As a loose file it could be in the way of the next one's folder.
            write("packed-refs", format!("{commit} {}\n", head.branch))?;
            write("HEAD", format!("ref: {}\n", head.branch))?;
        }
        false => write("HEAD", format!("{commit}\n"))?,
    }
    Project::discover(root)
}

/// Replaces a file only by another text: the cells of other calls are mounted from what is there.
fn put(path: &Path, text: &[u8]) -> Result<(), WorkspaceError> {
    match files::read(path, files::RECORD) {
        Ok(old) if old == text => Ok(()),
        _ => files::replace_unsynced(path, text).doing("write", path),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::MetadataExt;

    use super::super::testing::Repo;
    use super::*;

    #[test]
    fn a_part_of_a_repository_shows_nothing_of_the_rest() {
        let repo = Repo::git();
        repo.write("part/.tipstaff/config.yaml", "");
        repo.write("rest", "");
        repo.run(&["add", "."]);
        repo.run(&["commit", "-qm", "one"]);
        let head = |at: &Path| Head::of(&Project::discover(at).unwrap());
        assert!(head(&repo.root).is_some());
        assert_eq!(head(&repo.root.join("part")), None);
    }

    #[test]
    fn a_project_without_history_belongs_to_no_repository_above() {
        let repo = Repo::git();
        let root = repo.root.join("cache/project");
        let project = stand_in(&root, &repo.store, None).unwrap();
        assert_eq!((project.root, project.kind), (root, ProjectKind::Plain));
    }

    #[test]
    fn one_that_is_half_made_is_made_anew() {
        let repo = Repo::git();
        repo.run(&["commit", "-qm", "one", "--allow-empty"]);
        let head = Head::of(&Project::discover(&repo.root).unwrap());
        let temp = tempfile::tempdir().unwrap();
        made(&temp.path().join(".git/objects")).unwrap();
        let project = stand_in(temp.path(), &repo.root.join(".git"), head.as_ref());
        assert_eq!(Head::of(&project.unwrap()), head);
    }

    #[test]
    fn any_head_takes_the_place_of_another() {
        for format in ["sha1", "sha256"] {
            let repo = Repo::plain();
            repo.write("a", "a");
            repo.run(&["init", "-q", &format!("--object-format={format}")]);
            repo.run(&["add", "."]);
            repo.run(&["commit", "-qm", "one"]);
            let head = Head::of(&Project::discover(&repo.root).unwrap()).unwrap();
            let temp = tempfile::tempdir().unwrap();
            for branch in ["refs/heads/a", "refs/heads/a/b", "HEAD", "refs/heads/a"] {
                let branch = branch.to_owned();
                let head = Head {
                    branch,
                    ..head.clone()
                };
                let project = stand_in(temp.path(), &repo.root.join(".git"), Some(&head));
                assert_eq!(Head::of(&project.unwrap()), Some(head), "{format}");
            }
        }
    }

    /// While one call begins, the cell of another one is mounted from these very files.
    #[test]
    fn files_without_a_change_are_not_replaced() {
        let repo = Repo::git();
        repo.write("a.txt", "a\n");
        let head = Head {
            tree: repo.snapshot(&repo.root).0.tree,
            branch: "refs/heads/main".to_owned(),
            subject: "start".to_owned(),
        };
        let temp = tempfile::tempdir().unwrap();
        let made = || {
            stand_in(temp.path(), &repo.store, Some(&head)).unwrap();
            ["HEAD", "packed-refs", "config", "objects/info/alternates"].map(|name| {
                let file = temp.path().join(".git").join(name);
                file.metadata().unwrap().ino()
            })
        };
        assert_eq!(made(), made());
    }
}
