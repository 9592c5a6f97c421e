//! A submodule is a repository of its own: its place in the tree, its files and its state stay.

use super::branch::{git, to_branch};
use super::*;

/// A repository with a file and the submodule `lib/sub`, which holds one file, in a commit. The user has
/// moved the submodule on since, and has uncommitted work in it.
fn with_submodule() -> Repo {
    let repo = Repo::git();
    let other = repo.base.with_file_name("other");
    fs::create_dir(&other).unwrap();
    let in_other = |args: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        duct::cmd("git", identity.iter().chain(args))
            .dir(&other)
            .stdout_null()
            .run()
            .unwrap();
    };
    in_other(&["init", "-q", "-b", "main"]);
    fs::write(other.join("theirs"), "1\n").unwrap();
    in_other(&["add", "."]);
    in_other(&["commit", "-qm", "one"]);
    repo.write("a", "1\n");
    let address = other.to_str().unwrap();
    repo.run(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        address,
        "lib/sub",
    ]);
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&[
        "-C",
        "lib/sub",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "two",
    ]);
    repo.write("lib/sub/theirs", "uncommitted\n");
    repo
}

/// The entry of the submodule in a commit.
fn link(changed: &Changed, commit: &str) -> String {
    git(changed, &["ls-tree", commit, "lib/sub"])
}

/// All of the submodule: its files and its repository.
fn submodule(changed: &Changed) -> Tree {
    let mut tree = read_tree(&changed.repo.root);
    tree.retain(|path, _| path.starts_with("lib/sub") || path.starts_with(".git/modules"));
    assert!(tree.len() > 2, "{tree:?}");
    tree
}

#[test]
fn a_branch_keeps_its_entry() {
    let changed = Changed::by(with_submodule(), |space| {
        assert!(!space.join("lib/sub").exists());
        fs::write(space.join("a"), "2\n").unwrap();
        fs::create_dir_all(space.join("lib")).unwrap();
        fs::write(space.join("lib/beside"), "x").unwrap();
    });
    let (entry, before) = (link(&changed, "HEAD"), submodule(&changed));
    assert!(entry.starts_with("160000 commit "), "{entry}");
    to_branch(&changed, "tipstaff/r1").unwrap();
    assert_eq!(link(&changed, "tipstaff/r1"), entry);
    let differs = git(&changed, &["diff", "--name-only", "HEAD", "tipstaff/r1"]);
    assert_eq!(differs, "a\nlib/beside");
    assert_eq!(submodule(&changed), before);
    git(&changed, &["fsck", "--full", "--strict"]);
}

#[test]
fn the_tree_keeps_its_files_and_undo_does_too() {
    let changed = Changed::by(with_submodule(), |space| {
        fs::write(space.join("a"), "2\n").unwrap();
        fs::create_dir_all(space.join("lib")).unwrap();
        fs::write(space.join("lib/beside"), "x").unwrap();
    });
    let (before, state) = (submodule(&changed), git(&changed, &["status", "--short"]));
    let everything = changed.everything();
    changed.apply().unwrap();
    assert_eq!(changed.read("lib/beside"), "x");
    assert_eq!(submodule(&changed), before);
    changed.undo().unwrap();
    assert_eq!(changed.everything(), everything);
    assert_eq!(git(&changed, &["status", "--short"]), state);
}

/// What is written where the submodule is comes into neither.
fn is_in_the_way(repo: Repo, path: &str) {
    let changed = Changed::by(repo, |space| {
        fs::create_dir_all(space.join(path).parent().unwrap()).unwrap();
        fs::write(space.join(path), "stray").unwrap();
    });
    let before = changed.everything();
    let error = changed.apply().unwrap_err();
    let places = |error: &ApplyError| match error {
        ApplyError::InSubmodule(paths) => paths.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(places(&error), [path]);
    assert_eq!(changed.everything(), before);
    let error = to_branch(&changed, "tipstaff/r1").unwrap_err();
    assert_eq!(places(&error), [path]);
    assert_eq!(git(&changed, &["branch", "--list", "tipstaff/*"]), "");
}

#[test]
fn what_an_agent_writes_in_its_place_does_not_come_in() {
    for path in ["lib/sub", "lib/sub/theirs", "lib/sub/deep/new"] {
        is_in_the_way(with_submodule(), path);
        let not_fetched = with_submodule();
        not_fetched.run(&["submodule", "deinit", "-q", "--force", "lib/sub"]);
        is_in_the_way(not_fetched, path);
    }
}
