use std::os::unix::fs::{MetadataExt, symlink};

use super::*;

/// What the user does meanwhile.
type Edit = fn(&Path);

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn brings_every_kind_of_change_and_takes_it_back_exactly() {
    let repo = Repo::git();
    repo.write("text", "a\n");
    repo.write("-rf/line\nbreak ü", "-rf/line\nbreak ü");
    repo.write("readonly", "readonly");
    repo.write("private", "private");
    repo.write("becomes folder", "becomes folder");
    repo.write("becomes/file/deep", "becomes/file/deep");
    repo.write("tool", "tool");
    symlink("text", repo.root.join("link")).unwrap();
    chmod(&repo.root.join("readonly"), 0o444);
    chmod(&repo.root.join("private"), 0o600);
    chmod(&repo.root.join("-rf"), 0o700);
    fs::create_dir(repo.root.join("becomes/file/empty")).unwrap();
    repo.run(&["add", "."]);
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("text"), "a\r\nb\0").unwrap();
        remove_tree(&space.join("-rf")).unwrap();
        for path in ["readonly", "private"] {
            chmod(&space.join(path), 0o644);
            fs::write(space.join(path), "new").unwrap();
        }
        chmod(&space.join("tool"), 0o755);
        fs::remove_file(space.join("becomes folder")).unwrap();
        fs::create_dir_all(space.join("becomes folder/a")).unwrap();
        fs::write(space.join("becomes folder/a/b"), "inside").unwrap();
        remove_tree(&space.join("becomes/file")).unwrap();
        fs::write(space.join("becomes/file"), "flat").unwrap();
        fs::remove_file(space.join("link")).unwrap();
        symlink("tool", space.join("link")).unwrap();
    });
    let before = changed.everything();
    changed.apply().unwrap();
    assert_eq!(
        changed.files(),
        read_tree(&changed.keep.with_file_name("space"))
    );
    assert_eq!(mode(&changed.path("readonly")), 0o444);
    assert_eq!(mode(&changed.path("private")), 0o600);
    assert_eq!(
        mode(&changed.path("tool")) & 0o111,
        0o111 & mode(&changed.path("tool")) >> 2
    );
    assert!(!changed.path("-rf").exists());
    assert!(matches!(changed.apply(), Err(ApplyError::AlreadyApplied)));
    changed.undo().unwrap();
    assert_eq!(changed.everything(), before);
    assert!(matches!(changed.undo(), Err(ApplyError::AlreadyUndone)));
    changed.apply().unwrap();
    changed.undo().unwrap();
    assert_eq!(changed.everything(), before);
}

#[test]
fn merges_what_the_user_edited_meanwhile_and_gives_that_back_on_undo() {
    let repo = Repo::git();
    repo.write("a", "1\n2\n3\n4\n5\n6\n");
    repo.write("b", "1\n");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "1\n2\n3\n4\n5\nsix\n").unwrap();
        chmod(&space.join("b"), 0o755);
    });
    fs::write(changed.path("a"), "one\n2\n3\n4\n5\n6\n").unwrap();
    fs::write(changed.path("b"), "mine\n").unwrap();
    fs::write(changed.path("c"), "mine\n").unwrap();
    let before = changed.everything();
    changed.apply().unwrap();
    assert_eq!(changed.read("a"), "one\n2\n3\n4\n5\nsix\n");
    assert_eq!(changed.read("b"), "mine\n");
    assert_eq!(mode(&changed.path("b")) & 0o100, 0o100);
    changed.undo().unwrap();
    assert_eq!(changed.everything(), before);
}

#[test]
fn touches_nothing_if_anything_does_not_merge() {
    let outcomes: [(&str, Edit); 8] = [
        ("same line", |root| {
            fs::write(root.join("a"), "mine\n").unwrap()
        }),
        ("gone", |root| fs::remove_file(root.join("a")).unwrap()),
        ("folder", |root| {
            fs::remove_file(root.join("a")).unwrap();
            fs::create_dir(root.join("a")).unwrap();
            fs::write(root.join("a/mine"), "").unwrap();
        }),
        ("link", |root| {
            fs::remove_file(root.join("a")).unwrap();
            symlink("b", root.join("a")).unwrap();
        }),
        ("added too", |root| {
            fs::write(root.join("new"), "other").unwrap()
        }),
        ("edited what goes", |root| {
            fs::write(root.join("gone"), "mine").unwrap()
        }),
        ("file for a folder", |root| {
            fs::write(root.join("dir"), "mine").unwrap()
        }),
        ("link for a folder", |root| {
            fs::create_dir(root.join("elsewhere")).unwrap();
            symlink("elsewhere", root.join("dir")).unwrap();
        }),
    ];
    for (name, edit) in outcomes {
        let repo = Repo::git();
        repo.write("a", "a\n");
        repo.write("b", "b\n");
        repo.write("gone", "x");
        let changed = Changed::by(repo, |space| {
            fs::write(space.join("a"), "agent\n").unwrap();
            fs::write(space.join("b"), "agent\n").unwrap();
            fs::write(space.join("new"), "x").unwrap();
            fs::remove_file(space.join("gone")).unwrap();
            fs::create_dir(space.join("dir")).unwrap();
            fs::write(space.join("dir/x"), "x").unwrap();
        });
        edit(&changed.repo.root);
        let before = changed.everything();
        let error = changed.apply().unwrap_err();
        assert!(
            matches!(&error, ApplyError::Conflicts(paths) if paths.len() == 1),
            "{name}: {error}"
        );
        assert_eq!(changed.everything(), before, "{name}");
        assert!(
            matches!(changed.undo(), Err(ApplyError::NotApplied)),
            "{name}"
        );
    }
}

#[test]
fn a_failure_before_the_first_change_leaves_nothing_behind() {
    let repo = Repo::git();
    repo.write("a", "a");
    repo.write("z/closed", "a");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "b").unwrap();
        fs::write(space.join("z/closed"), "b").unwrap();
    });
    chmod(&changed.path("z"), 0o555);
    let before = changed.everything();
    // Whoever may do everything may write there too.
    if rustix::process::geteuid().is_root() {
        fs::write(changed.path("a"), "edited").unwrap();
        assert!(changed.apply().is_err());
        fs::write(changed.path("a"), "a").unwrap();
    } else {
        assert!(matches!(changed.apply(), Err(ApplyError::Workspace(_))));
    }
    assert_eq!(changed.everything(), before);
    chmod(&changed.path("z"), 0o755);
    changed.apply().unwrap();
}

#[test]
fn does_not_take_back_what_the_user_went_on_with() {
    let repo = Repo::git();
    repo.write("a", "a");
    repo.write("dir/gone", "a");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "b").unwrap();
        fs::write(space.join("new"), "b").unwrap();
        remove_tree(&space.join("dir")).unwrap();
    });
    changed.apply().unwrap();
    fs::write(changed.path("new"), "mine").unwrap();
    fs::write(changed.path("dir"), "mine").unwrap();
    let before = changed.everything();
    let error = changed.undo().unwrap_err();
    assert!(matches!(error, ApplyError::Edited(paths) if paths == ["dir", "new"]));
    assert_eq!(changed.everything(), before);
    fs::remove_file(changed.path("dir")).unwrap();
    fs::write(changed.path("new"), "b").unwrap();
    fs::write(changed.path("beside"), "mine").unwrap();
    changed.undo().unwrap();
    assert_eq!(changed.read("dir/gone"), "a");
    assert_eq!(changed.read("beside"), "mine");
}

#[test]
fn leaves_repositories_inside_alone() {
    let repo = Repo::git();
    repo.write("a", "a");
    let changed = Changed::by(repo, |space| {
        fs::create_dir(space.join("sub")).unwrap();
        fs::write(space.join("sub/x"), "x").unwrap();
        fs::write(space.join("a"), "b").unwrap();
    });
    duct::cmd!("git", "init", "-q", changed.path("sub"))
        .run()
        .unwrap();
    let error = changed.apply().unwrap_err();
    assert!(matches!(error, ApplyError::Conflicts(paths) if paths == ["sub"]));
    assert_eq!(changed.read("a"), "a");
}

#[test]
fn converts_nothing_whatever_the_attributes_say() {
    let repo = Repo::git();
    repo.run(&["config", "core.autocrlf", "true"]);
    repo.write(".gitattributes", "* text=auto eol=crlf\n*.bin filter=lfs\n");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    repo.write("x.bin", pointer);
    repo.write("mixed", "a\r\nb\n");
    repo.run(&["add", "mixed"]);
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("mixed"), "a\r\nb\nc\r\n").unwrap();
    });
    changed.apply().unwrap();
    assert_eq!(changed.read("mixed"), "a\r\nb\nc\r\n");
    assert_eq!(changed.read("x.bin"), pointer);
}

#[test]
fn an_interrupted_application_is_refused_until_it_is_finished() {
    let repo = Repo::git();
    repo.write("a", "a");
    let changed = Changed::by(repo, |space| fs::write(space.join("a"), "b").unwrap());
    let before = changed.everything();
    changed.stage(Direction::Apply);
    assert!(matches!(changed.apply(), Err(ApplyError::Unfinished)));
    assert_eq!(changed.recover().unwrap(), State::Empty);
    assert_eq!(changed.everything(), before);
    changed.stage(Direction::Apply);
    changed
        .keep()
        .set_state(State::Moving(Direction::Apply))
        .unwrap();
    assert_eq!(changed.recover().unwrap(), State::Applied);
    assert_eq!(changed.read("a"), "b");
    assert_eq!(changed.recover().unwrap(), State::Applied);
}

#[test]
fn an_edit_in_the_middle_of_it_takes_all_of_it_back() {
    let repo = Repo::git();
    repo.write("a", "a");
    repo.write("b", "b");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "agent").unwrap();
        fs::write(space.join("b"), "agent").unwrap();
    });
    let transition = changed.stage(Direction::Apply);
    changed
        .keep()
        .set_state(State::Moving(Direction::Apply))
        .unwrap();
    fs::write(changed.path("b"), "mine").unwrap();
    assert!(commit::commit(&changed.repo.root, &transition).is_err());
    assert_eq!(changed.read("a"), "agent");
    assert_eq!(changed.recover().unwrap(), State::Empty);
    assert_eq!(
        (changed.read("a"), changed.read("b")),
        ("a".into(), "mine".into())
    );
    assert_eq!(changed.files().len(), 2, "nothing is left beside them");
    assert!(matches!(changed.apply(), Err(ApplyError::Conflicts(paths)) if paths == ["b"]));
}

#[test]
fn conflicts_are_skipped_or_marked_on_request_and_undo_is_exact_all_the_same() {
    for (conflicts, clash) in [
        (Conflicts::Skip, "mine\n".to_owned()),
        (
            Conflicts::Mark,
            "<<<<<<< project\nmine\n=======\nagent\n>>>>>>> change\n".to_owned(),
        ),
    ] {
        let repo = Repo::git();
        repo.write("clash", "1\n");
        repo.write("gone", "1\n");
        repo.write("free", "1\n");
        let changed = Changed::by(repo, |space| {
            fs::write(space.join("clash"), "agent\n").unwrap();
            fs::write(space.join("free"), "agent\n").unwrap();
            fs::write(space.join("new"), "agent\n").unwrap();
            fs::remove_file(space.join("gone")).unwrap();
        });
        fs::write(changed.path("clash"), "mine\n").unwrap();
        fs::write(changed.path("gone"), "mine\n").unwrap();
        let before = changed.everything();
        let done = changed.apply_with(conflicts).unwrap();
        assert_eq!(changed.read("clash"), clash);
        assert_eq!(
            changed.read("gone"),
            "mine\n",
            "nothing could be marked in it"
        );
        assert_eq!(
            (changed.read("free"), changed.read("new")),
            ("agent\n".into(), "agent\n".into())
        );
        let marks = conflicts == Conflicts::Mark;
        assert_eq!(done.left.contains(Path::new("clash")), !marks);
        assert_eq!(done.marked.contains(Path::new("clash")), marks);
        assert!(done.left.contains(Path::new("gone")));
        changed.undo().unwrap();
        assert_eq!(changed.everything(), before);
    }
}

#[test]
fn what_cannot_be_taken_back_can_be_later() {
    let repo = Repo::git();
    repo.write("a", "1\n2\n3\n4\n5\n");
    repo.write("b", "1\n");
    repo.write("c", "1\n");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "agent\n2\n3\n4\n5\n").unwrap();
        fs::write(space.join("b"), "agent\n").unwrap();
        fs::write(space.join("c"), "agent\n").unwrap();
    });
    changed.apply().unwrap();
    fs::write(changed.path("a"), "agent\n2\n3\n4\nmine\n").unwrap();
    fs::write(changed.path("b"), "mine\n").unwrap();
    let before = changed.everything();
    assert!(matches!(changed.undo(), Err(ApplyError::Edited(paths)) if paths == ["b"]));
    assert_eq!(changed.everything(), before);
    let undone = changed.undo_with(Conflicts::Skip).unwrap();
    assert_eq!(undone.left, BTreeSet::from([PathBuf::from("b")]));
    assert_eq!(
        changed.read("a"),
        "1\n2\n3\n4\nmine\n",
        "only the run's line goes"
    );
    assert_eq!(
        (changed.read("b"), changed.read("c")),
        ("mine\n".into(), "1\n".into())
    );
    fs::write(changed.path("b"), "agent\n").unwrap();
    changed.undo().unwrap();
    assert_eq!(changed.read("b"), "1\n");
    assert!(matches!(changed.undo(), Err(ApplyError::AlreadyUndone)));
}

#[test]
fn twenty_thousand_files_are_no_matter() {
    let repo = Repo::in_memory();
    for folder in 0..200 {
        fs::create_dir(repo.root.join(format!("{folder}"))).unwrap();
        for file in 0..100 {
            let path = repo.root.join(format!("{folder}/{file}"));
            fs::write(path, format!("{folder} {file}\n")).unwrap();
        }
    }
    let changed = Changed::by(repo, |space| {
        for folder in 0..200 {
            fs::write(space.join(format!("{folder}/0")), "changed\n").unwrap();
        }
    });
    let start = std::time::Instant::now();
    let (space, all) = (changed.keep.with_file_name("space"), &Visible::All);
    let (store, base) = (&changed.repo.store, &changed.base);
    let again = capture(
        store,
        base,
        &super::super::super::Edited::copy(&space),
        all,
        &Allowed::Anywhere,
        &crate::model::ChangeLimits::default(),
    )
    .unwrap();
    assert_eq!(again.tree, changed.tree);
    changed.apply().unwrap();
    assert_eq!(changed.read("199/0"), "changed\n");
    changed.undo().unwrap();
    assert_eq!(changed.read("199/0"), "199 0\n");
    // Three seconds are much; the rest is for machines that are busy with something else.
    let seconds = start.elapsed().as_secs();
    assert!(seconds < 30, "it took {seconds} s");
}
