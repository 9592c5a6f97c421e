//! The promises about what an editing call leaves behind.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::super::testing::{Leaf, Repo, Tree, copy, materialize, read_tree, tree, write_tree};
use super::super::{ControlFiles, Files, Snapshot, Workspace, pin, remove_tree};
use super::*;
use crate::model::ChangeKind;

struct Call {
    repo: Repo,
    base: Snapshot,
    space: Workspace,
    visible: Visible,
}

impl Call {
    fn on(repo: Repo) -> Self {
        let (base, _) = repo.snapshot(&repo.root);
        let at = repo.base.with_file_name("space");
        Self {
            space: copy(&repo.store, &base.tree, ControlFiles::Drop, &at),
            visible: Visible::All,
            repo,
            base,
        }
    }

    fn on_only(repo: Repo, wanted: &[&str]) -> Self {
        let (base, _) = repo.snapshot(&repo.root);
        let files = Files {
            store: &repo.store,
            tree: &base.tree,
            wanted: Some(&owned(wanted)),
            control: ControlFiles::Drop,
        };
        let at = repo.base.with_file_name("space");
        let (space, names) = Workspace::create_some(&files, &[], &at).unwrap();
        Self {
            space,
            visible: Visible::Only(names),
            repo,
            base,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.space.root().join(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn capture(&self, allowed: &Allowed) -> Captured {
        let (store, tree) = (&self.repo.store, &self.base.tree);
        capture(
            store,
            tree,
            &Edited::copy(self.space.root()),
            &self.visible,
            allowed,
            &ChangeLimits::default(),
        )
        .unwrap()
    }

    /// The captured tree on disk.
    fn result(&self, captured: &Captured) -> Tree {
        let into = self.repo.base.with_file_name("result");
        remove_tree(&into).unwrap();
        materialize(&self.repo.store, &captured.tree, &into).unwrap();
        read_tree(&into)
    }

    fn has(&self, captured: &Captured, path: &str) -> bool {
        self.result(captured).contains_key(&PathBuf::from(path))
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn only(wanted: &[&str]) -> Allowed {
    Allowed::Only(owned(wanted))
}

fn told(captured: &Captured) -> Vec<(ChangeKind, &str)> {
    let files = captured.files.iter();
    files.map(|file| (file.kind, file.path.as_str())).collect()
}

fn refused(captured: &Captured) -> Vec<&str> {
    let refused = captured.refused.iter();
    refused.map(|change| change.path.as_str()).collect()
}

#[test]
fn tells_what_happened_to_every_file() {
    let repo = Repo::git();
    repo.write("old name.txt", "one\ntwo\nthree\nfour\nfive\n");
    repo.write("gone.txt", "x");
    repo.write("run", "#!/bin/sh\n");
    repo.write("text", "a\nb\n");
    repo.write("same", "same");
    let call = Call::on(repo);
    fs::rename(call.path("old name.txt"), call.path("new\nname")).unwrap();
    fs::remove_file(call.path("gone.txt")).unwrap();
    fs::set_permissions(call.path("run"), fs::Permissions::from_mode(0o755)).unwrap();
    call.write("text", "a\nc\nd\n");
    call.write("-rf/binary", [0, 1, 2, 255]);
    symlink("text", call.path("link")).unwrap();
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(
        told(&captured),
        [
            (ChangeKind::Added, "-rf/binary"),
            (ChangeKind::Deleted, "gone.txt"),
            (ChangeKind::Added, "link"),
            (ChangeKind::Renamed, "new\nname"),
            (ChangeKind::Modified, "run"),
            (ChangeKind::Modified, "text"),
        ]
    );
    assert_eq!(captured.files[0].lines, None);
    assert_eq!(captured.files[3].from.as_deref(), Some("old name.txt"));
    assert_eq!(captured.files[5].lines, Some((2, 1)));
    assert!(captured.refused.is_empty(), "{:?}", captured.refused);
}

#[test]
fn leaves_out_what_the_projects_rules_or_a_tools_own_cover() {
    let repo = Repo::git();
    repo.write(".gitignore", "target/\n*.log\n");
    repo.write("kept/tracked.log", "tracked although ignored");
    repo.run(&["add", "-f", "."]);
    repo.write(".git/info/exclude", "*.private\n");
    let call = Call::on(repo);
    call.write("target/debug/a", "x");
    call.write("x.log", "x");
    call.write("x.private", "x");
    call.write(".venv/.gitignore", "*\n");
    call.write(".venv/lib.py", "x");
    call.write("kept/tracked.log", "changed");
    call.write("src/new.rs", "x");
    let mut captured = call.capture(&Allowed::Anywhere);
    assert_eq!(
        told(&captured),
        [
            (ChangeKind::Modified, "kept/tracked.log"),
            (ChangeKind::Added, "src/new.rs")
        ]
    );
    assert!(captured.refused.is_empty(), "{:?}", captured.refused);
    captured.left_out.sort();
    let left_out = [
        ".venv/.gitignore",
        ".venv/lib.py",
        "target",
        "x.log",
        "x.private",
    ];
    assert_eq!(captured.left_out, left_out.map(PathBuf::from));
}

#[test]
fn an_agent_cannot_bring_in_build_output_by_a_rule_of_its_own_but_a_task_can_by_name() {
    let repo = Repo::git();
    repo.write(".gitignore", "dist/\n");
    let call = Call::on(repo);
    call.write(".gitignore", "!dist/\n");
    call.write("dist/app.js", "x");
    call.write("dist/other.js", "x");
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(told(&captured), [(ChangeKind::Modified, ".gitignore")]);
    assert_eq!(refused(&captured), ["dist"]);
    let captured = call.capture(&only(&["dist/app.js"]));
    assert_eq!(told(&captured), [(ChangeKind::Added, "dist/app.js")]);
}

#[test]
fn the_rules_above_a_project_in_a_sub_folder_count() {
    let repo = Repo::git();
    repo.write(".gitignore", "/sub/out/\n");
    repo.write("sub/.tipstaff/config.yaml", "");
    repo.write("sub/a.txt", "x");
    let (base, _) = repo.snapshot(&repo.root.join("sub"));
    let at = repo.base.with_file_name("space");
    let space = copy(&repo.store, &base.tree, ControlFiles::Drop, &at);
    fs::create_dir(at.join("out")).unwrap();
    fs::write(at.join("out/x"), "").unwrap();
    let captured = capture(
        &repo.store,
        &base.tree,
        &Edited::copy(space.root()),
        &Visible::All,
        &Allowed::Anywhere,
        &ChangeLimits::default(),
    );
    assert!(captured.unwrap().files.is_empty());
}

#[test]
fn refuses_what_could_harm_and_keeps_the_bases_version() {
    let repo = Repo::git();
    repo.write(".claude/settings.json", "{}");
    repo.write("src/a.rs", "x");
    symlink("../outside", repo.root.join("users-own")).unwrap();
    let call = Call::on(repo);
    call.write(".claude/settings.json", "{\"hooks\": 1}");
    call.write(".mcp.json", "{}");
    call.write("src/.git/config", "");
    call.write("src/a.rs", "changed");
    call.write("src/.tipstaff/config.yaml", "");
    call.write("nested/.git/HEAD", "");
    call.write("nested/file", "");
    symlink("/etc/passwd", call.path("absolute")).unwrap();
    symlink("src/../../x", call.path("upwards")).unwrap();
    symlink("users-own/x", call.path("through")).unwrap();
    symlink(".git/config", call.path("sly")).unwrap();
    call.write(".git/config", "[core]\n\tfsmonitor = touch /tmp/never\n");
    rustix::fs::mkfifoat(rustix::fs::CWD, call.path("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(told(&captured), [(ChangeKind::Modified, "src/a.rs")]);
    assert_eq!(
        refused(&captured),
        [
            ".claude/settings.json",
            ".mcp.json",
            "absolute",
            "nested",
            "pipe",
            "sly",
            "src/.git",
            "src/.tipstaff",
            "through",
            "upwards"
        ]
    );
    let settings = &call.result(&captured)[&PathBuf::from(".claude/settings.json")];
    assert!(matches!(settings, Leaf::File { bytes, .. } if bytes == b"{}"));
    assert!(call.has(&captured, "users-own"));
}

#[test]
fn a_refused_change_deletes_nothing() {
    let repo = Repo::git();
    for path in ["pipe", "repository", "folder/file", "nest/inner"] {
        repo.write(path, "kept");
    }
    let call = Call::on(repo);
    let pipe = |path: &str| {
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mkfifoat(rustix::fs::CWD, call.path(path), mode).unwrap();
    };
    for path in ["pipe", "repository"] {
        fs::remove_file(call.path(path)).unwrap();
    }
    fs::remove_dir_all(call.path("folder")).unwrap();
    fs::remove_file(call.path("nest/inner")).unwrap();
    pipe("pipe");
    pipe("folder");
    call.write("repository/.git/config", "x");
    fs::create_dir(call.path("nest/inner")).unwrap();
    pipe("nest/inner/pipe");
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(told(&captured), []);
    assert_eq!(
        refused(&captured),
        ["folder", "nest/inner/pipe", "pipe", "repository"]
    );
}

#[test]
fn a_refused_change_cannot_be_used_by_another_one() {
    let repo = Repo::git();
    repo.write("dir/a", "x");
    repo.write("file", "x");
    let call = Call::on(repo);
    fs::remove_dir_all(call.path("dir")).unwrap();
    call.write("dir", "a file now");
    fs::remove_file(call.path("file")).unwrap();
    call.write("file/below", "x");
    let captured = call.capture(&only(&["dir", "file/below"]));
    assert_eq!(refused(&captured), ["file", "file/below"]);
    assert_eq!(told(&captured).len(), 2, "{:?}", told(&captured));
    let captured = call.capture(&only(&["nothing"]));
    assert_eq!(captured.tree, call.base.tree);
    assert_eq!(refused(&captured), ["dir", "dir/a", "file", "file/below"]);
}

#[test]
fn a_scoped_workspace_deletes_and_replaces_nothing_that_it_did_not_show() {
    let repo = Repo::git();
    for path in [
        "src/a.rs",
        "src/b.rs",
        "app/[id]/page.tsx",
        "app/i/page.tsx",
        "Cargo.toml",
    ] {
        repo.write(path, path);
    }
    let call = Call::on_only(
        repo,
        &["src/a.rs", "app/[id]/page.tsx", "*.toml", "src/no.rs"],
    );
    assert_eq!(
        call.visible,
        Visible::Only(owned(&["Cargo.toml", "app/[id]/page.tsx", "src/a.rs"]))
    );
    call.write("src/a.rs", "changed");
    call.write("src/b.rs", "made up");
    call.write("src/new.rs", "new");
    call.write("stray.txt", "x");
    fs::remove_file(call.path("Cargo.toml")).unwrap();
    let captured = call.capture(&only(&["src/*.rs"]));
    assert_eq!(
        told(&captured),
        [
            (ChangeKind::Modified, "src/a.rs"),
            (ChangeKind::Added, "src/new.rs")
        ]
    );
    assert_eq!(refused(&captured), ["Cargo.toml", "src/b.rs", "stray.txt"]);
    assert!(call.has(&captured, "app/i/page.tsx"));
}

#[test]
fn very_many_refused_files_are_told_by_their_folder() {
    let call = Call::on(Repo::git());
    for number in 0..300 {
        call.write(&format!("cache/{}/{number}", number % 7), "x");
    }
    let captured = call.capture(&only(&["src/**"]));
    assert_eq!(refused(&captured), ["cache/"]);
}

#[test]
fn captures_what_the_agent_closed_to_its_owner() {
    let repo = Repo::git();
    repo.write("dir/a", "1");
    let call = Call::on(repo);
    call.write("dir/a", "2");
    fs::set_permissions(call.path("dir/a"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(call.path("dir"), fs::Permissions::from_mode(0o000)).unwrap();
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(told(&captured), [(ChangeKind::Modified, "dir/a")]);
}

#[test]
fn a_pinned_tree_outlives_a_cleanup_of_the_store() {
    let call = Call::on(Repo::git());
    call.write("new", "only here");
    let captured = call.capture(&Allowed::Anywhere);
    pin(&call.repo.store, "tasks/T1", &captured.tree).unwrap();
    duct::cmd!("git", "gc", "--prune=now", "-q")
        .env("GIT_DIR", &call.repo.store)
        .run()
        .unwrap();
    assert!(call.has(&captured, "new"));
}

#[test]
fn very_many_files_are_not_an_object_file_each() {
    let call = Call::on(Repo::git());
    for number in 0..1500 {
        call.write(&format!("new/{number}"), format!("{number}"));
    }
    let captured = call.capture(&Allowed::Anywhere);
    assert_eq!(captured.files.len(), 1500);
    let objects = fs::read_dir(call.repo.store.join("objects")).unwrap();
    let loose = objects.flatten().map(|entry| entry.path());
    let loose = loose.filter(|at| at.file_name().unwrap().len() == 2);
    let count: usize = loose.map(|at| fs::read_dir(at).unwrap().count()).sum();
    assert!(count < 10, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an agent makes of whatever tree: the captured tree holds just that, and so does the
    /// base with the patch applied.
    #[test]
    fn holds_exactly_what_the_agent_left(before in tree(), after in tree()) {
        let repo = Repo::plain();
        write_tree(&repo.root, &before);
        let call = Call::on(repo);
        for path in fs::read_dir(call.space.root()).unwrap().map(|entry| entry.unwrap().path()) {
            if !path.ends_with(".git") && !path.ends_with(".tipstaff") {
                remove_tree(&path).unwrap();
            }
        }
        write_tree(call.space.root(), &after);
        let captured = call.capture(&Allowed::Anywhere);
        prop_assert!(captured.refused.is_empty(), "{:?}", captured.refused);
        prop_assert_eq!(&call.result(&captured), &after);
        if !captured.patch.is_empty() {
            duct::cmd!("git", "-c", "core.protectNTFS=false", "apply", "--whitespace=nowarn", "-")
                .dir(&call.repo.base)
                .stdin_bytes(captured.patch)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CEILING_DIRECTORIES", call.repo.base.parent().unwrap())
                .run()
                .unwrap();
        }
        prop_assert_eq!(read_tree(&call.repo.base), after);
    }
}
