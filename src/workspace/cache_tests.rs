//! A snapshot by the cache is the snapshot without it, whatever happened in between.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::testing::{Leaf, Repo, Tree, materialize, read_tree, tree, write_tree};
use super::{Progress, Project, ProjectCache, Snapshot, WorkspaceError, remove_tree};

/// The files of a snapshot that is taken now, into a store of its own.
fn again(repo: &Repo, number: u32) -> Tree {
    let project = Project::discover(&repo.root).unwrap();
    let cache = ProjectCache::open(&repo.cache, &project).unwrap();
    let at = |name: &str| repo.store.with_file_name(format!("{name}-{number}"));
    let snapshot =
        Snapshot::take(&project, &at("store"), Some(&cache), &Progress::default()).unwrap();
    assert_eq!(snapshot.remarks, [""; 0]);
    materialize(&at("store"), &snapshot.tree, &at("files")).unwrap();
    read_tree(&at("files"))
}

fn only_cache(repo: &Repo) -> PathBuf {
    let mut caches = fs::read_dir(&repo.cache).unwrap().flatten();
    caches.find(|cache| cache.path().is_dir()).unwrap().path()
}

/// The files in the cache whose names end so.
fn cached(repo: &Repo, ending: &str) -> Vec<PathBuf> {
    let mut found = read_tree(&only_cache(repo)).into_keys();
    let found = found
        .by_ref()
        .filter(|path| path.to_string_lossy().ends_with(ending));
    found.map(|path| only_cache(repo).join(path)).collect()
}

fn text(text: &str) -> Leaf {
    Leaf::File {
        bytes: text.into(),
        executable: false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sees_whatever_changed_since_the_last_one(trees in [tree(), tree(), tree()], with_git in any::<bool>()) {
        let repo = if with_git { Repo::git() } else { Repo::plain() };
        for (tree, number) in trees.iter().zip(1..) {
            for entry in fs::read_dir(&repo.root).unwrap().flatten() {
                if entry.file_name() != ".git" {
                    remove_tree(&entry.path()).unwrap();
                }
            }
            write_tree(&repo.root, tree);
            if with_git {
                repo.run(&["add", "-A"]);
            }
            prop_assert_eq!(&again(&repo, number), tree);
        }
    }
}

#[test]
fn sees_a_change_at_once_that_leaves_the_size_as_it_was() {
    let repo = Repo::git();
    let file = repo.root.join("a");
    for (number, content) in [(1, "one"), (2, "two"), (3, "six")] {
        repo.write("a", content);
        assert_eq!(again(&repo, number)[Path::new("a")], text(content));
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let executable = Leaf::File {
        bytes: "six".into(),
        executable: true,
    };
    assert_eq!(again(&repo, 4)[Path::new("a")], executable);
}

#[test]
fn what_the_user_told_git_to_overlook_is_seen() {
    let repo = Repo::git();
    for name in ["assumed", "skipped", "intended"] {
        repo.write(name, "old");
    }
    repo.run(&["add", "assumed", "skipped"]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["add", "-N", "intended"]);
    repo.run(&[
        "update-index",
        "--split-index",
        "--assume-unchanged",
        "assumed",
    ]);
    repo.run(&["update-index", "--skip-worktree", "skipped"]);
    again(&repo, 1);
    repo.write("assumed", "new");
    repo.write("skipped", "new");
    let tree = again(&repo, 2);
    let seen = ["assumed", "skipped", "intended"].map(|name| &tree[Path::new(name)]);
    assert_eq!(seen, [&text("new"), &text("new"), &text("old")]);
}

/// What git changed on its way into the repository is taken as it is on disk, however clean git calls it.
#[test]
fn files_that_git_converts_are_what_is_on_disk() {
    let filters: [&[(&str, &str)]; 3] = [
        &[("core.autocrlf", "true")],
        &[
            ("filter.turn.clean", "tr a-z n-za-m"),
            ("filter.turn.smudge", "tr a-z n-za-m"),
        ],
        &[
            ("filter.lfs.clean", "tr a-z n-za-m"),
            ("filter.lfs.smudge", "tr a-z n-za-m"),
        ],
    ];
    for settings in filters {
        let repo = Repo::git();
        for (name, value) in settings {
            repo.run(&["config", name, value]);
        }
        repo.write(".gitattributes", "*.turn filter=turn\n*.lfs filter=lfs\n*.id ident\n*.l1 working-tree-encoding=ISO-8859-1\n");
        for name in ["a.turn", "a.lfs", "a.id", "dos", "plain"] {
            repo.write(name, "some text\r\n$Id: kept $\n");
        }
        repo.write("a.l1", [0x61, 0xe4, 0x0a]);
        repo.run(&["add", "."]);
        repo.run(&["commit", "-qm", "one"]);
        repo.run(&["status"]);
        let on_disk = || {
            let mut tree = read_tree(&repo.root);
            tree.retain(|path, _| !path.starts_with(".git"));
            tree
        };
        assert_eq!(again(&repo, 1), on_disk());
        remove_tree(&repo.cache).unwrap();
        if settings.iter().any(|(name, _)| name.contains("turn")) {
            repo.write(".gitattributes", "");
        }
        assert_eq!(again(&repo, 2), on_disk());
    }
}

#[test]
fn conflicts_and_other_repositories_are_what_is_on_disk() {
    let repo = Repo::git();
    repo.write("both", "one\n");
    repo.write(".tipstaff/config.yaml", "");
    repo.run(&["add", "-f", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["checkout", "-qb", "other"]);
    repo.write("both", "two\n");
    repo.run(&["commit", "-qam", "two"]);
    repo.run(&["checkout", "-q", "main"]);
    repo.write("both", "three\n");
    repo.run(&["commit", "-qam", "three"]);
    let merged = duct::cmd!("git", "merge", "-q", "other")
        .dir(&repo.root)
        .stdout_null()
        .stderr_null();
    assert!(
        merged
            .unchecked()
            .run()
            .unwrap()
            .status
            .code()
            .is_some_and(|code| code != 0)
    );
    repo.run(&["init", "-q", "nested"]);
    repo.run(&["-C", "nested", "commit", "-q", "--allow-empty", "-m", "x"]);
    repo.run(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "160000,0123456789012345678901234567890123456789,module",
    ]);
    let bytes = fs::read(repo.root.join("both")).unwrap();
    assert!(bytes.starts_with(b"<<<"));
    let (_, tree) = repo.snapshot(&repo.root);
    assert_eq!(
        tree,
        Tree::from([(
            "both".into(),
            Leaf::File {
                bytes,
                executable: false
            }
        )])
    );
}

#[test]
fn a_broken_cache_makes_no_difference() {
    type Break = fn(&Path);
    let breaks: [(&str, Break); 4] = [
        ("/index", |path| fs::write(path, "").unwrap()),
        ("/tree", |path| fs::write(path, "0123").unwrap()),
        (".pack", |path| fs::remove_file(path).unwrap()),
        (".idx", |path| {
            fs::remove_file(path).unwrap();
            fs::write(path, "no index").unwrap();
        }),
    ];
    for (ending, break_it) in breaks {
        let repo = Repo::plain();
        repo.write("dir/a", "a");
        let before = again(&repo, 1);
        let found = cached(&repo, ending.trim_start_matches('/'));
        assert!(!found.is_empty(), "{ending}");
        found.iter().for_each(|path| break_it(path));
        assert_eq!(again(&repo, 2), before, "{ending}");
        repo.write("dir/b", "b");
        assert_eq!(again(&repo, 3).len(), 2, "{ending}");
    }
}

#[test]
fn many_snapshots_leave_few_packs() {
    let repo = Repo::git();
    for number in 1..10 {
        repo.write(&format!("dir/{number}"), number.to_string());
        assert_eq!(again(&repo, number).len(), number as usize);
    }
    assert!(cached(&repo, ".pack").len() <= 5);
}

#[test]
fn very_many_new_files_become_one_pack() {
    let repo = Repo::in_memory();
    for number in 0..1100 {
        repo.write(&format!("{number}"), number.to_string());
    }
    repo.write("empty", "");
    repo.write("large", vec![7; 2 << 20]);
    let tree = again(&repo, 1);
    assert_eq!(tree[Path::new("1099")], text("1099"));
    assert_eq!(tree.len(), 1102);
    let store = read_tree(&repo.store.with_file_name("store-1"));
    let loose = store.keys().filter(|path| {
        path.to_string_lossy().len() > 48 && !path.to_string_lossy().contains("pack")
    });
    assert_eq!(loose.count(), 0);
}

#[test]
fn a_cache_that_others_may_open_is_refused() {
    let repo = Repo::plain();
    fs::create_dir(&repo.cache).unwrap();
    fs::set_permissions(&repo.cache, fs::Permissions::from_mode(0o755)).unwrap();
    let project = Project::discover(&repo.root).unwrap();
    let refused = ProjectCache::open(&repo.cache, &project);
    assert!(matches!(refused, Err(WorkspaceError::FolderTaken { .. })));
}
