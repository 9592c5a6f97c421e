//! The promises about the user's tree: what an agent sees is what is on disk, byte for byte, and
//! taking it leaves the user's repository as it was.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};

use super::testing::{Leaf, Repo, copy, read_tree, tree, write_tree};
use super::*;

#[test]
fn holds_uncommitted_and_untracked_files_but_not_ignored_or_deleted_ones() {
    let repo = Repo::git();
    repo.write("kept.txt", "1");
    repo.write("deleted.txt", "1");
    repo.write(".gitignore", "*.log\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.write("kept.txt", "2");
    repo.write("new/untracked.txt", "3");
    repo.write("noise.log", "");
    repo.write(".tipstaff/runs/r/plan.json", "{}");
    fs::remove_file(repo.root.join("deleted.txt")).unwrap();
    assert_eq!(
        repo.names(),
        [".gitignore", "kept.txt", "new/untracked.txt"]
    );
    assert_eq!(fs::read(repo.base.join("kept.txt")).unwrap(), b"2");
}

/// The clock of the file system stands still for some milliseconds, so that the two look the same from outside. git reads
/// files that are as new as its index.
#[test]
fn sees_an_edit_right_after_git_looked() {
    for _ in 0..30 {
        let repo = Repo::git();
        repo.write("kept.txt", "1");
        repo.write("deleted.txt", "1");
        repo.run(&["add", "."]);
        repo.write("kept.txt", "2");
        fs::remove_file(repo.root.join("deleted.txt")).unwrap();
        repo.snapshot(&repo.root);
        assert_eq!(fs::read(repo.base.join("kept.txt")).unwrap(), b"2");
    }
}

#[test]
fn works_without_a_commit_from_below_and_without_git() {
    let unborn = Repo::git();
    unborn.write("a/b.txt", "x");
    assert_eq!(unborn.snapshot(&unborn.root.join("a")).0.files, 1);

    let sub = Repo::git();
    sub.write("top.txt", "x");
    sub.write("sub/in.txt", "x");
    sub.write("sub/.tipstaff/config.yaml", "");
    let (_, tree) = sub.snapshot(&sub.root.join("sub"));
    assert_eq!(tree.keys().collect::<Vec<_>>(), [Path::new("in.txt")]);

    let plain = Repo::plain();
    plain.write("a.txt", "x");
    plain.write("b.log", "x");
    plain.write(".gitignore", "*.log\n");
    plain.write(".tipstaff/x", "");
    assert_eq!(plain.names(), [".gitignore", "a.txt"]);

    let empty = Repo::plain();
    assert!(empty.names().is_empty());
}

#[test]
fn leaves_out_nested_repositories_and_says_so() {
    for repo in [Repo::git(), Repo::plain()] {
        repo.write("a.txt", "x");
        repo.write("nested/inner.txt", "x");
        duct::cmd!("git", "init", "-q")
            .dir(repo.root.join("nested"))
            .run()
            .unwrap();
        let (snapshot, tree) = repo.snapshot(&repo.root);
        assert_eq!(tree.len(), 1, "{tree:?}");
        assert_eq!(snapshot.remarks.len(), 1, "{:?}", snapshot.remarks);
        assert!(snapshot.remarks[0].contains("nested"));
    }
}

#[test]
fn does_not_look_behind_a_link_that_replaced_a_folder() {
    let repo = Repo::git();
    repo.write("dir/file.txt", "mine");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    fs::remove_dir_all(repo.root.join("dir")).unwrap();
    let outside = repo.root.parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file.txt"), "secret").unwrap();
    symlink("../outside", repo.root.join("dir")).unwrap();
    assert_eq!(repo.names(), ["dir"]);
}

#[test]
fn converts_nothing_and_runs_no_filter_or_hook() {
    let repo = Repo::git();
    let trace = repo.root.parent().unwrap().join("trace");
    let spy = format!("touch {}; cat", trace.display());
    repo.run(&["config", "filter.spy.clean", &spy]);
    repo.run(&["config", "filter.spy.smudge", &spy]);
    repo.run(&["config", "filter.spy.required", "true"]);
    repo.run(&["config", "core.fsmonitor", &spy]);
    repo.run(&["config", "core.autocrlf", "true"]);
    repo.write(
        ".gitattributes",
        "* text=auto eol=lf\n*.spy filter=spy\n*.id ident\n*.u16 text working-tree-encoding=UTF-16\n",
    );
    repo.write("dos.txt", "a\r\nb\r\n");
    repo.write("mixed.txt", "a\r\nb\n");
    repo.write("x.spy", "plain");
    repo.write("x.id", "$Id$ $Id: 1 $");
    repo.write("x.u16", "not UTF-16 at all");
    for hook in ["post-checkout", "post-index-change"] {
        let path = repo.root.join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{spy} </dev/null\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (_, tree) = repo.snapshot(&repo.root);
    let mut before = read_tree(&repo.root);
    before.retain(|path, _| !path.starts_with(".git"));
    assert_eq!(tree, before);
    assert!(!trace.exists(), "something of the user's was run");
}

#[test]
fn leaves_the_users_repository_as_it_was_byte_for_byte() {
    let repo = Repo::git();
    repo.write("a.txt", "1");
    repo.write("b.txt", "1");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.write("a.txt", "stashed");
    repo.run(&["stash"]);
    repo.write("b.txt", "staged");
    repo.run(&["add", "b.txt"]);
    repo.write("b.txt", "unstaged");
    repo.write("c.txt", "untracked");
    // A stale stat entry is what makes git want to refresh the index.
    let a = fs::File::options()
        .write(true)
        .open(repo.root.join("a.txt"))
        .unwrap();
    a.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let before = read_tree(&repo.root);
    repo.snapshot(&repo.root);
    assert_eq!(read_tree(&repo.root), before);
}

#[test]
fn takes_a_repository_with_long_ids() {
    let repo = Repo::plain();
    repo.run(&["init", "-q", "--object-format=sha256"]);
    repo.write("a.txt", "x");
    repo.run(&["add", "."]);
    let (snapshot, tree) = repo.snapshot(&repo.root);
    assert_eq!(snapshot.tree.as_str().len(), 64);
    assert_eq!(tree.len(), 1);
}

#[test]
fn names_what_cannot_be_materialized() {
    let repo = Repo::plain();
    repo.write("a.txt", "x");
    let (snapshot, _) = repo.snapshot(&repo.root);
    fs::remove_dir_all(repo.store.join("objects")).unwrap();
    fs::create_dir(repo.store.join("objects")).unwrap();
    let files = Files {
        store: &repo.store,
        tree: &snapshot.tree,
        wanted: None,
        control: ControlFiles::Drop,
    };
    let at = repo.base.with_file_name("space");
    let error = Workspace::create_copy(&files, &[], &at).unwrap_err();
    assert!(error.to_string().contains("ls-tree"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gives_back_any_tree_byte_for_byte(
        tree in tree(),
        with_git in any::<bool>(),
        attributes in prop::sample::select(vec!["* text=auto eol=lf\n", "* text eol=crlf\n", "* ident filter=lfs\n"]),
    ) {
        let repo = if with_git { Repo::git() } else { Repo::plain() };
        let mut tree = tree;
        let bytes = attributes.as_bytes().to_vec();
        tree.insert(".gitattributes".into(), Leaf::File { bytes, executable: false });
        write_tree(&repo.root, &tree);
        let (snapshot, found) = repo.snapshot(&repo.root);
        prop_assert_eq!(&found, &tree);
        prop_assert_eq!(snapshot.files, tree.len());
        let space = copy(&repo.store, &snapshot.tree, ControlFiles::Drop, &repo.base.with_file_name("space"));
        let mut copy = read_tree(space.root());
        copy.retain(|path, _| !path.starts_with(".git") && !path.starts_with(".tipstaff"));
        prop_assert_eq!(copy, tree);
        remove_tree(space.root()).unwrap();
    }
}
