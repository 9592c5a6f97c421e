//! A run needs nothing of the user's repository once its snapshot is taken.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use super::testing::{Repo, materialize, read_tree};
use super::{Project, Snapshot, WorkspaceError, store_document, with_documents};

/// A repository with objects of every fate: packed, loose, staged only, stashed, of no file any more.
fn repo() -> Repo {
    let repo = Repo::git();
    repo.write("packed", "packed\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["gc", "-q"]);
    repo.write("stashed", "stashed\n");
    repo.run(&["stash", "-u"]);
    repo.write("stashed", "stashed\n");
    repo.write("dir/loose", "loose\n");
    repo.run(&["add", "dir"]);
    repo.run(&["commit", "-qm", "two"]);
    repo.write("staged", "staged\n");
    repo.run(&["add", "staged"]);
    repo.write("untracked", "untracked\n");
    repo
}

#[test]
fn a_snapshot_outlives_the_repository_it_was_taken_of() {
    let repo = repo();
    let (snapshot, before) = repo.snapshot(&repo.root);
    assert_eq!(before.len(), 5);
    fs::remove_dir_all(repo.root.join(".git")).unwrap();
    fs::remove_dir_all(&repo.cache).unwrap();
    let again = repo.base.with_file_name("again");
    materialize(&repo.store, &snapshot.tree, &again).unwrap();
    assert_eq!(read_tree(&again), before);
    assert!(!repo.store.join("objects/info/alternates").exists());
}

#[test]
fn packs_that_cannot_be_linked_and_borrowed_ones_make_no_difference() {
    let lender = repo();
    let borrower = Repo::plain();
    let address = lender.root.to_str().unwrap();
    borrower.run(&["clone", "-q", "--shared", address, "."]);
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    for store in [borrower.store.clone(), elsewhere.path().join("store.git")] {
        let project = Project::discover(&borrower.root).unwrap();
        let snapshot = Snapshot::take(&project, &store, None, &Default::default()).unwrap();
        let hidden = lender.root.with_file_name("hidden");
        fs::rename(&lender.root, &hidden).unwrap();
        let into = store.with_file_name("into");
        materialize(&store, &snapshot.tree, &into).unwrap();
        assert_eq!(read_tree(&into).len(), 2);
        fs::rename(&hidden, &lender.root).unwrap();
    }
}

#[test]
fn what_lies_in_packs_is_not_copied() {
    let repo = Repo::git();
    for name in 0..200 {
        repo.write(&format!("{name}"), format!("{name}\n"));
    }
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["gc", "-q"]);
    repo.snapshot(&repo.root);
    let packs = |objects: &Path| {
        let entries = fs::read_dir(objects.join("pack")).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name());
        let mut names: Vec<_> = names
            .filter(|name| name.to_str().unwrap().ends_with(".pack"))
            .collect();
        names.sort();
        names
    };
    let store = repo.store.join("objects");
    assert_eq!(packs(&store), packs(&repo.root.join(".git/objects")));
    let loose = fs::read_dir(store).unwrap().flatten();
    let loose = loose.filter(|entry| entry.file_name().len() == 2);
    assert_eq!(loose.count(), 0);
}

#[test]
fn tree_that_cannot_be_written_has_no_name() {
    let repo = Repo::git();
    let (snapshot, _) = repo.snapshot(&repo.root);
    let object = store_document(&repo.store, b"text".to_vec()).unwrap();
    let documents = [("plan.md".to_owned(), object)].into();
    let with = || with_documents(&repo.store, &snapshot.tree, &documents);
    let tree = with().unwrap().to_string();
    let folder = repo.store.join("objects").join(&tree[..2]);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let error = with().unwrap_err();
    assert!(matches!(error, WorkspaceError::Git { .. }), "{error}");
}
