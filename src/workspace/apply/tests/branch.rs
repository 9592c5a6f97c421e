use super::*;
use crate::model::{CommitStyle, Destination, Timestamp};

/// What git says in the user's repository.
pub(super) fn git(changed: &Changed, args: &[&str]) -> String {
    let said = duct::cmd("git", args)
        .dir(&changed.repo.root)
        .read()
        .unwrap();
    said.trim().to_owned()
}

pub(super) fn to_branch(changed: &Changed, name: &str) -> Result<String, ApplyError> {
    let one = commit(&changed.tree, "The change\n\nBecause.");
    let from = (changed.repo.store.as_path(), &changed.base);
    commit_to_branch(&changed.project, from, name, &[one], CommitStyle::default())?;
    Ok(git(changed, &["rev-parse", name]))
}

fn commit(tree: &TreeId, words: &str) -> NewCommit {
    NewCommit {
        tree: tree.clone(),
        words: words.to_owned(),
        trailers: vec!["Tipstaff-Run: r1".to_owned()],
        at: Timestamp(1_700_000_000_000),
    }
}

/// The user's repository and tree but for the branch, its log and new objects.
fn unchanged(changed: &Changed) -> Tree {
    let mut tree = read_tree(&changed.repo.root);
    tree.retain(|path, _| {
        let is_new = [
            ".git/objects",
            ".git/refs/heads/tipstaff",
            ".git/logs/refs/heads/tipstaff",
        ];
        !is_new.iter().any(|new| path.starts_with(new))
    });
    tree
}

#[test]
fn makes_one_commit_on_a_new_branch_and_touches_nothing_else() {
    let repo = Repo::git();
    repo.write("a", "1\n2\n3\n4\n5\n");
    repo.write("unrelated", "1\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.write("a", "1\n2\n3\n4\nuncommitted\n");
    repo.write("unrelated", "uncommitted\n");
    repo.write("staged", "x");
    repo.run(&["add", "staged"]);
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "agent\n2\n3\n4\nuncommitted\n").unwrap();
        fs::create_dir(space.join("new")).unwrap();
        fs::write(space.join("new/ü"), "x").unwrap();
    });
    let before = unchanged(&changed);
    let commit = to_branch(&changed, "tipstaff/r1").unwrap();
    assert_eq!(unchanged(&changed), before);
    assert_eq!(git(&changed, &["rev-parse", "tipstaff/r1"]), commit);
    assert_eq!(
        git(&changed, &["rev-parse", "tipstaff/r1^"]),
        git(&changed, &["rev-parse", "HEAD"])
    );
    assert_eq!(
        git(&changed, &["show", "tipstaff/r1:a"]),
        "agent\n2\n3\n4\n5"
    );
    assert_eq!(git(&changed, &["show", "tipstaff/r1:unrelated"]), "1");
    assert_eq!(
        git(&changed, &["log", "-1", "--format=%B", "tipstaff/r1"]),
        "The change\n\nBecause.\n\nTipstaff-Run: r1"
    );
    // All that it needs is the user's own.
    fs::remove_dir_all(&changed.repo.store).unwrap();
    git(&changed, &["fsck", "--full", "--strict"]);
}

#[test]
fn a_branch_that_was_made_before_is_made_and_another_one_is_left_alone() {
    let repo = Repo::git();
    repo.write("a", "1\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    let changed = Changed::by(repo, |space| fs::write(space.join("a"), "2\n").unwrap());
    let commit = to_branch(&changed, "tipstaff/r1").unwrap();
    assert_eq!(to_branch(&changed, "tipstaff/r1").unwrap(), commit);
    // The same words about something else.
    let tip = "The change\n\nBecause.\n\nTipstaff-Run: r1";
    let empty = git(
        &changed,
        &["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", tip],
    );
    git(&changed, &["branch", "tipstaff/r2", &empty]);
    let refused = to_branch(&changed, "tipstaff/r2");
    assert!(matches!(refused, Err(ApplyError::BranchExists(_))));
}

#[test]
fn refuses_what_is_there_what_is_no_name_and_what_has_no_git() {
    let repo = Repo::git();
    repo.write("a", "1\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    let changed = Changed::by(repo, |space| fs::write(space.join("a"), "2\n").unwrap());
    assert!(matches!(
        to_branch(&changed, "main"),
        Err(ApplyError::BranchExists(_))
    ));
    for name in ["-f", "a..b", "", "@{-1}", "x.lock"] {
        assert!(
            matches!(to_branch(&changed, name), Err(ApplyError::BadBranchName(_))),
            "{name}"
        );
    }
    let plain = Repo::plain();
    plain.write("a", "1");
    let changed = Changed::by(plain, |space| fs::write(space.join("a"), "2").unwrap());
    assert!(matches!(
        to_branch(&changed, "b"),
        Err(ApplyError::NoRepository)
    ));
}

#[test]
fn a_destination_is_checked_before_anything_is_done() {
    let repo = Repo::git();
    repo.write("a", "1\n");
    let to = |name: &str| Destination::Branch(name.to_owned());
    let project = Project::discover(&repo.root).unwrap();
    let check = |name: &str| check_destination(&project, &to(name));
    // HEAD names a branch that has no commit yet.
    assert!(matches!(check("main"), Err(ApplyError::BranchExists(_))));
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.run(&["branch", "a/b"]);
    check("free").unwrap();
    for (name, there) in [
        ("main", "main"),
        ("main/x", "main"),
        ("a", "a/b"),
        ("a/b", "a/b"),
    ] {
        let error = check(name).unwrap_err();
        assert!(
            matches!(&error, ApplyError::BranchExists(found) if found == there),
            "{name}: {error}"
        );
    }
    assert!(matches!(check("a..b"), Err(ApplyError::BadBranchName(_))));
    repo.run(&["config", "core.bare", "true"]);
    let project = Project::discover(&repo.root).unwrap();
    let kept = check_destination(&project, &Destination::Nowhere);
    assert!(matches!(kept, Err(ApplyError::Bare(_))));
    let plain = Repo::plain();
    let project = Project::discover(&plain.root).unwrap();
    assert!(matches!(
        check_destination(&project, &to("free")),
        Err(ApplyError::NoRepository)
    ));
    check_destination(&project, &Destination::Tree).unwrap();
}

#[test]
fn makes_no_branch_where_uncommitted_work_is_in_the_way() {
    let repo = Repo::git();
    repo.write("a", "1\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.write("a", "uncommitted\n");
    let changed = Changed::by(repo, |space| fs::write(space.join("a"), "agent\n").unwrap());
    let error = to_branch(&changed, "tipstaff/r1").unwrap_err();
    assert!(matches!(error, ApplyError::NotOnCommit(paths) if paths == ["a"]));
    assert_eq!(git(&changed, &["branch", "--list", "tipstaff/*"]), "");
}

#[test]
fn works_without_a_commit_in_a_sub_folder_and_with_other_line_endings() {
    let unborn = Repo::git();
    unborn.write("a", "1\n");
    let changed = Changed::by(unborn, |space| fs::write(space.join("b"), "2\n").unwrap());
    to_branch(&changed, "tipstaff/r1").unwrap();
    assert_eq!(
        git(&changed, &["ls-tree", "-r", "--name-only", "tipstaff/r1"]),
        "a\nb"
    );
    assert_eq!(git(&changed, &["rev-list", "--count", "tipstaff/r1"]), "1");

    let repo = Repo::git();
    repo.run(&["config", "core.autocrlf", "true"]);
    repo.write("top", "1\n");
    repo.write("sub/dos", "1\r\n2\r\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("sub/dos"), "1\r\n2\r\n3\r\n").unwrap();
    });
    to_branch(&changed, "tipstaff/r1").unwrap();
    assert_eq!(
        git(&changed, &["diff", "--shortstat", "main", "tipstaff/r1"]),
        "1 file changed, 1 insertion(+)"
    );

    fs::create_dir(changed.path("sub/.tipstaff")).unwrap();
    let below = Project::discover(&changed.path("sub")).unwrap();
    let store = changed.repo.store.with_file_name("below.git");
    let base = super::super::super::Snapshot::take(&below, &store, None, &Default::default())
        .unwrap()
        .tree;
    let space = store.with_file_name("below");
    fs::create_dir(&space).unwrap();
    fs::write(space.join("only"), "x").unwrap();
    let tree = capture(
        &store,
        &base,
        &super::super::super::Edited::copy(&space),
        &Visible::All,
        &Allowed::Anywhere,
        &crate::model::ChangeLimits::default(),
    )
    .unwrap()
    .tree;
    let (from, one) = ((store.as_path(), &base), commit(&tree, "m"));
    commit_to_branch(&below, from, "tipstaff/r2", &[one], CommitStyle::default()).unwrap();
    assert_eq!(
        git(&changed, &["ls-tree", "-r", "--name-only", "tipstaff/r2"]),
        "sub/only\ntop"
    );
}

/// The commits of a branch above main, oldest first: tree and message.
fn commits(changed: &Changed, name: &str) -> Vec<(String, String)> {
    let range = format!("main..{name}");
    let log = git(
        changed,
        &["log", "--reverse", "--format=%T%n%B%x00", &range],
    );
    let all = log.split('\0').map(str::trim).filter(|one| !one.is_empty());
    all.map(|one| one.split_once('\n').unwrap())
        .map(|(tree, says)| (tree.to_owned(), says.to_owned()))
        .collect()
}

/// A committed project with uncommitted work, and what tasks left of it one after another.
fn by_tasks(steps: &[&[(&str, &str)]]) -> (Changed, Vec<NewCommit>) {
    let repo = Repo::git();
    repo.write("a", "1\n2\n3\n4\n5\n");
    repo.run(&["add", "."]);
    repo.run(&["commit", "-qm", "one"]);
    repo.write("a", "1\n2\n3\n4\nuncommitted\n");
    let mut changed = Changed::by(repo, |_| ());
    let mut commits = Vec::new();
    for (number, writes) in steps.iter().enumerate() {
        for (path, text) in *writes {
            let object = super::super::super::store_document(&changed.repo.store, (*text).into());
            let one = [((*path).to_owned(), object.unwrap())].into();
            let store = &changed.repo.store;
            changed.tree = super::super::super::with_documents(store, &changed.tree, &one).unwrap();
        }
        let mut one = commit(&changed.tree, &format!("task {number}"));
        one.trailers.push(format!("Tipstaff-Task: T{number}"));
        commits.push(one);
    }
    (changed, commits)
}

fn put(changed: &Changed, commits: &[NewCommit]) -> Result<(), ApplyError> {
    let from = (changed.repo.store.as_path(), &changed.base);
    commit_to_branch(
        &changed.project,
        from,
        "work",
        commits,
        CommitStyle::default(),
    )
}

#[test]
fn each_task_is_a_commit_and_one_that_does_not_merge_joins_the_next() {
    let (changed, wanted) = by_tasks(&[
        &[("b", "b\n")],
        &[],
        &[("a", "1\n2\n3\n4\nagent\n"), ("c", "c\n")],
        &[("a", "agent\n2\n3\n4\nuncommitted\n")],
    ]);
    put(&changed, &wanted).unwrap();
    let made = commits(&changed, "work");
    let says: Vec<&str> = made.iter().map(|(_, says)| says.as_str()).collect();
    assert_eq!(
        says,
        [
            "task 0\n\nTipstaff-Run: r1\nTipstaff-Task: T0",
            "task 3\n\nTipstaff-Run: r1\nTipstaff-Task: T2\nTipstaff-Task: T3"
        ]
    );
    assert_eq!(git(&changed, &["show", "work:a"]), "agent\n2\n3\n4\n5");
    assert_eq!(
        git(&changed, &["log", "-1", "--format=%at %ct", "work"]),
        "1700000000 1700000000"
    );
    let tip = git(&changed, &["rev-parse", "work"]);
    put(&changed, &wanted).unwrap();
    assert_eq!(git(&changed, &["rev-parse", "work"]), tip);
    // A run that died before it made the branch makes the same one again.
    git(&changed, &["branch", "-D", "work"]);
    put(&changed, &wanted).unwrap();
    assert_eq!(git(&changed, &["rev-parse", "work"]), tip);
    assert!(matches!(
        put(&changed, &wanted[..1]),
        Err(ApplyError::BranchExists(_))
    ));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]

    #[test]
    fn last_commit_holds_what_one_commit_of_all_would(
        tasks in proptest::collection::vec(proptest::collection::vec((0..4_usize, 0..3_usize), 0..3), 1..5),
    ) {
        let paths = ["a", "b", "d/e", "d/f"];
        let texts = ["top\n2\n3\n4\nuncommitted\n", "1\n2\n3\n4\nuncommitted\n", "1\n2\nx\n4\nagent\n"];
        let steps: Vec<Vec<(&str, &str)>> = tasks
            .iter()
            .map(|task| task.iter().map(|(path, text)| (paths[*path], texts[*text])).collect())
            .collect();
        let steps: Vec<&[(&str, &str)]> = steps.iter().map(Vec::as_slice).collect();
        let (changed, wanted) = by_tasks(&steps);
        let all = to_branch(&changed, "all");
        let done = put(&changed, &wanted);
        proptest::prop_assert_eq!(all.is_ok(), done.is_ok());
        if done.is_ok() {
            proptest::prop_assert_eq!(git(&changed, &["rev-parse", "work^{tree}"]), git(&changed, &["rev-parse", "all^{tree}"]));
            let made = commits(&changed, "work");
            proptest::prop_assert!(made.len() <= wanted.len());
            let trees: Vec<&String> = made.iter().map(|(tree, _)| tree).collect();
            proptest::prop_assert!(trees.windows(2).all(|two| two[0] != two[1]));
        }
    }
}
