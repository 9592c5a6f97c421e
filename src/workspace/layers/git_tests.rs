//! The project's history in a cell.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::testing::{Repo, in_overlay};
use super::super::{Project, Snapshot};
use super::*;

/// What a script says on a mount of the project's layers that has their repository.
fn said(project: &Project, repo: &Repo, number: u32, script: &str) -> String {
    let cache = ProjectCache::open(&repo.cache, project).unwrap();
    let at = |name: &str| repo.base.with_file_name(format!("{name}-{number}"));
    let tree = Snapshot::take(project, &at("store"), Some(&cache), &Progress::default())
        .unwrap()
        .tree;
    let layers = Layers::new(
        Some(&cache),
        &at("store"),
        &at("scratch"),
        Default::default(),
    );
    let stack = layers.of(&tree, ControlFiles::Drop).unwrap();
    let git = layers.git(project, &tree, ControlFiles::Drop).unwrap();
    assert_eq!(layers.git(project, &tree, ControlFiles::Drop).unwrap(), git);
    let mut folders: Vec<&Path> = stack.folders().collect();
    folders.insert(0, &git.layer);
    let mut whole = "mount -t tmpfs tmpfs /run; export GIT_CONFIG_NOSYSTEM=1 HOME=/nowhere; exec > ../said 2>&1\n".to_owned();
    for (outside, inside) in &git.binds {
        let (outside, inside) = (outside.display(), inside.display());
        let make = format!("test -f {outside} || mkdir -p {inside}");
        whole += &format!(
            "{make}; mount --bind {outside} {inside}; mount -o remount,bind,ro {inside}\n"
        );
    }
    let overlay = in_overlay(&folders, &(whole + script));
    fs::read_to_string(overlay.path().join("said")).unwrap()
}

fn project() -> Repo {
    let repo = Repo::git();
    for number in 0..30 {
        repo.write(&format!("many/{number}"), number.to_string());
    }
    repo.write("old", "old\n");
    repo.write(".claude/settings.json", "{}");
    repo.write("dos", "a\r\nb\r\n");
    repo.write(".gitattributes", "*.lfs filter=lfs\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["tag", "v1"]);
    repo.run(&["gc", "-q"]);
    repo.write("old", "committed\n");
    repo.run(&["commit", "-qam", "two"]);
    repo
}

const LOOK: &str = "git branch --show-current; git log --format=%s; git rev-parse -q --verify v1^{commit} > /dev/null
    git diff-files; git status --porcelain; echo more >> old; rm many/7; echo x > new; echo x > noise.tmp
    git status --porcelain; git diff --stat; git show v1:old
    git -c user.name=t -c user.email=t@example.org commit -qam three; git log --format=%s -1; git status --porcelain";

#[test]
fn history_state_and_changes_are_the_projects() {
    let repo = project();
    repo.write(".git/info/exclude", "*.tmp\n");
    let hook = repo.root.join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let project = Project::discover(&repo.root).unwrap();
    let clean = "main\ntwo\none\n D many/7\n M old\n?? new\n many/7 | 1 -\n old    | 1 +\n \
        2 files changed, 1 insertion(+), 1 deletion(-)\nold\nthree\n?? new\n";
    assert_eq!(said(&project, &repo, 1, LOOK), clean);
    // The second time it is a delta. What the user has not committed is what is staged.
    repo.write("dir/mine", "new\n");
    repo.write("old", "uncommitted\n");
    fs::remove_file(repo.root.join("many/3")).unwrap();
    let dirty = "main\ntwo\none\nA  dir/mine\nD  many/3\nM  old\n\
        A  dir/mine\nD  many/3\n D many/7\nMM old\n?? new\n many/7 | 1 -\n old    | 1 +\n \
        2 files changed, 1 insertion(+), 1 deletion(-)\nold\nthree\n?? new\n";
    assert_eq!(said(&project, &repo, 2, LOOK), dirty);
}

#[test]
fn borrowed_shallow_and_unborn_repositories_work_too() {
    let lender = project();
    let address = format!("file://{}", lender.root.display());
    let log =
        "git status --porcelain; git log --format=%s; git fsck 2>&1 | grep -v dangling || true";
    for (how, expected) in [("--shared", "two\none\n"), ("--depth=1", "two\n")] {
        let repo = Repo::plain();
        let from = if how == "--shared" {
            lender.root.to_str().unwrap()
        } else {
            &address
        };
        repo.run(&["clone", "-q", how, from, "."]);
        repo.run(&["checkout", "-q", "--detach"]);
        let project = Project::discover(&repo.root).unwrap();
        assert_eq!(said(&project, &repo, 1, log), expected, "{how}");
    }
    let repo = Repo::git();
    repo.write("first", "1");
    let project = Project::discover(&repo.root).unwrap();
    assert_eq!(
        said(&project, &repo, 1, "git status --porcelain"),
        "A  first\n"
    );
}

#[test]
fn without_a_repository_of_its_own_a_project_has_an_empty_one() {
    let repo = Repo::git();
    repo.write("sub/.tipstaff/config.yaml", "");
    repo.write("sub/file", "");
    let project = Project::discover(&repo.root.join("sub")).unwrap();
    assert_eq!(
        said(&project, &repo, 1, "git status --porcelain"),
        "?? file\n"
    );
}
