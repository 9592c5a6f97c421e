//! Mounted layers show the files that a copy holds.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::super::testing::{self, Leaf, Repo, Tree, in_overlay, read_tree, tree, write_tree};
use super::super::{Project, Snapshot};
use super::*;

struct Run {
    repo: Repo,
    cache: ProjectCache,
    number: u32,
}

impl Run {
    fn on(repo: Repo) -> Self {
        let project = Project::discover(&repo.root).unwrap();
        let cache = ProjectCache::open(&repo.cache, &project).unwrap();
        Self {
            repo,
            cache,
            number: 0,
        }
    }

    /// The next run's snapshot and layers.
    fn next(&mut self) -> (TreeId, Layers) {
        self.number += 1;
        let project = Project::discover(&self.repo.root).unwrap();
        let store = self.at("store");
        let tree = Snapshot::take(&project, &store, Some(&self.cache), &Progress::default())
            .unwrap()
            .tree;
        (
            tree,
            Layers::new(
                Some(&self.cache),
                &store,
                &self.at("scratch"),
                Arc::default(),
            ),
        )
    }

    fn at(&self, name: &str) -> PathBuf {
        self.repo
            .base
            .with_file_name(format!("{name}-{}", self.number))
    }

    fn replace_files(&self, tree: &Tree) {
        for entry in fs::read_dir(&self.repo.root).unwrap().flatten() {
            if entry.file_name() != ".git" {
                remove_tree(&entry.path()).unwrap();
            }
        }
        write_tree(&self.repo.root, tree);
    }

    /// What a copy of the tree holds, and what is said of it.
    fn copy(&self, tree: &TreeId, control: ControlFiles) -> (Tree, Vec<String>) {
        let at = self.at("copy");
        let copy = testing::copy(&self.at("store"), tree, control, &at);
        let mut files = read_tree(&at);
        files.retain(|path, _| !path.starts_with(".git") && !path.starts_with(".tipstaff"));
        remove_tree(&at).unwrap();
        (files, copy.remarks().to_vec())
    }

    fn number_of_bases(&self) -> usize {
        fs::read_dir(self.cache.bases()).map_or(0, Iterator::count)
    }
}

fn shown(stack: &Stack) -> Tree {
    let folders: Vec<&Path> = stack.folders().collect();
    testing::shown(&folders)
}

fn many(repo: &Repo) {
    for number in 0..40 {
        repo.write(&format!("many/{number}"), number.to_string());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// The first tree becomes a base, the second a delta or another base.
    #[test]
    fn show_any_tree(trees in [tree(), tree()]) {
        let mut run = Run::on(Repo::plain());
        for tree in &trees {
            let mut files = tree.clone();
            for number in 0..120 {
                files.insert(format!("many/{number}").into(), Leaf::Link(format!("to {number}").into()));
            }
            run.replace_files(&files);
            let (tree, layers) = run.next();
            let stack = layers.of(&tree, ControlFiles::Drop).unwrap();
            prop_assert_eq!(&stack.hidden, &None);
            prop_assert_eq!(shown(&stack), files);
        }
        prop_assert_eq!(run.number_of_bases(), 1);
    }
}

#[test]
fn hide_what_a_copy_leaves_out_and_say_the_same() {
    let repo = Repo::plain();
    many(&repo);
    for name in [
        "a/.claude/hooks/x",
        "a/y",
        ".mcp.json",
        ".env",
        ".github/copilot-instructions.md",
        ".github/z",
    ] {
        repo.write(name, name);
    }
    symlink("a/y", repo.root.join("inside")).unwrap();
    symlink("../secret", repo.root.join("outside")).unwrap();
    symlink("outside/x", repo.root.join("a/through")).unwrap();
    let mut run = Run::on(repo);
    for (again, control) in [
        (false, ControlFiles::Drop),
        (true, ControlFiles::Drop),
        (false, ControlFiles::Keep),
    ] {
        if again {
            fs::remove_file(run.repo.root.join("outside")).unwrap();
            fs::remove_file(run.repo.root.join(".env")).unwrap();
            run.repo.write("b/.env", "");
        }
        let (tree, layers) = run.next();
        let stack = layers.of(&tree, control).unwrap();
        let (files, remarks) = run.copy(&tree, control);
        assert_eq!(shown(&stack), files);
        assert_eq!(stack.remarks, remarks);
    }
    assert_eq!(run.number_of_bases(), 1);
}

#[test]
fn files_and_folders_take_each_others_places() {
    let repo = Repo::plain();
    many(&repo);
    for name in [
        "file",
        "folder/a/b",
        "folder/c",
        "gone/x/y",
        "gone/z",
        "left/x",
        "left/y",
    ] {
        repo.write(name, "old");
    }
    let mut run = Run::on(repo);
    let (tree, layers) = run.next();
    assert_eq!(layers.of(&tree, ControlFiles::Drop).unwrap().tree.len(), 1);
    let root = &run.repo.root;
    for name in ["file", "folder", "gone", "left/x"] {
        remove_tree(&root.join(name)).unwrap();
    }
    run.repo.write("file/a", "new");
    run.repo.write("folder", "new");
    let files = read_tree(root);
    let (tree, layers) = run.next();
    let stack = layers.of(&tree, ControlFiles::Drop).unwrap();
    assert_eq!(stack.tree.len(), 2);
    assert_eq!(shown(&stack), files);
    let folders: Vec<&Path> = stack.folders().collect();
    in_overlay(
        &folders,
        "test ! -e gone && test -z \"$(find . -type d -empty)\"",
    );
}

#[test]
fn a_base_in_use_stays_and_of_others_few() {
    let mut run = Run::on(Repo::plain());
    let mut layers = Vec::new();
    for number in 1..=5 {
        run.replace_files(&Tree::from([(
            number.to_string().into(),
            Leaf::Link("x".into()),
        )]));
        let (tree, these) = run.next();
        these.of(&tree, ControlFiles::Drop).unwrap();
        layers.push((tree, these));
    }
    assert_eq!(run.number_of_bases(), 5);
    layers.truncate(1);
    // A program that another test just starts holds all locks of this process for a moment.
    let since = std::time::Instant::now();
    while run.number_of_bases() > 3 && since.elapsed().as_secs() < 10 {
        Layers::sweep(&run.cache).unwrap();
    }
    assert_eq!(run.number_of_bases(), 3);
    let (tree, these) = layers.remove(0);
    assert_eq!(
        shown(&these.of(&tree, ControlFiles::Drop).unwrap()).len(),
        1
    );
}

#[test]
fn a_base_that_may_not_be_on_disk_is_made_anew() {
    let repo = Repo::plain();
    many(&repo);
    let mut run = Run::on(repo);
    let (tree, layers) = run.next();
    layers.of(&tree, ControlFiles::Drop).unwrap();
    let base = run.cache.bases().join(tree.as_str());
    fs::write(base.join("facts"), "40 another-boot").unwrap();
    fs::write(base.join("files/many/1"), "").unwrap();
    drop(layers);
    let (tree, layers) = run.next();
    let files = shown(&layers.of(&tree, ControlFiles::Drop).unwrap());
    assert_eq!(files, read_tree(&run.repo.root));
}

#[test]
fn tell_how_far_they_are() {
    let repo = Repo::plain();
    many(&repo);
    let mut run = Run::on(repo);
    let (tree, layers) = run.next();
    assert_eq!(layers.progress.of("x"), "x");
    layers.of(&tree, ControlFiles::Drop).unwrap();
    assert_eq!(layers.progress.of("x"), "x: 40 of 40 files");
}
