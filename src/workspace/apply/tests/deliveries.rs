use super::super::super::with_documents;
use super::super::super::{place, store_document};
use super::*;
use crate::model::{Document, TreeId};

/// A project with two files, and an agent that changes both, one after the other.
fn two_steps() -> (Changed, TreeId) {
    let repo = Repo::git();
    repo.write("a", "1\n");
    repo.write("b", "1\n");
    let changed = Changed::by(repo, |space| {
        fs::write(space.join("a"), "2\n").unwrap();
        fs::write(space.join("b"), "2\n").unwrap();
    });
    let object = store_document(&changed.repo.store, b"2\n".to_vec()).unwrap();
    let half = [("a".to_owned(), object)].into();
    let half = with_documents(&changed.repo.store, &changed.base, &half).unwrap();
    (changed, half)
}

static NONE: BTreeSet<PathBuf> = BTreeSet::new();

fn deliveries(changed: &Changed) -> Deliveries<'_> {
    Deliveries {
        project: &changed.project,
        store: &changed.repo.store,
        folder: &changed.keep,
        base: &changed.base,
        of_persons: &NONE,
    }
}

fn publish(changed: &Changed, path: &str, text: &str, own: Option<&str>) -> Document {
    let document = Document {
        path: path.to_owned(),
        object: store_document(&changed.repo.store, text.as_bytes().to_vec()).unwrap(),
    };
    let previous = changed.keep.with_file_name("previous");
    assert_eq!(place(&changed.repo.root, path).unwrap(), Path::new(path));
    deliveries(changed)
        .publish(&document, own, text.as_bytes(), &previous)
        .unwrap();
    document
}

#[test]
fn each_goes_from_the_tree_that_the_last_one_left() {
    let (changed, half) = two_steps();
    let before = changed.everything();
    let all = deliveries(&changed);
    all.apply(&half, Conflicts::Refuse).unwrap();
    assert_eq!(
        (changed.read("a"), changed.read("b")),
        ("2\n".into(), "1\n".into())
    );
    // What the user does to the first delivery is no conflict for the second.
    fs::write(changed.path("a"), "2\nmine\n").unwrap();
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    assert_eq!(
        (changed.read("a"), changed.read("b")),
        ("2\nmine\n".into(), "2\n".into())
    );
    assert!(
        matches!(all.undo(Conflicts::Refuse), Err(ApplyError::Edited(paths)) if paths == ["a"])
    );
    assert_eq!(changed.read("b"), "2\n", "half of it was undone");
    fs::write(changed.path("a"), "2\n").unwrap();
    assert_eq!(
        all.undo(Conflicts::Refuse).unwrap().paths,
        ["a", "b"].map(PathBuf::from).into()
    );
    assert_eq!(changed.everything(), before);
    assert!(matches!(
        all.undo(Conflicts::Refuse),
        Err(ApplyError::AlreadyUndone)
    ));
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    all.undo(Conflicts::Refuse).unwrap();
    assert_eq!(changed.everything(), before);
}

#[test]
fn one_that_nobody_could_write_down_is_known() {
    let (changed, half) = two_steps();
    deliveries(&changed)
        .apply(&half, Conflicts::Refuse)
        .unwrap();
    // The supervisor died before its event was written; the user edited on.
    fs::write(changed.path("a"), "2\nmine\n").unwrap();
    deliveries(&changed).recover().unwrap();
    deliveries(&changed)
        .apply(&half, Conflicts::Refuse)
        .unwrap();
    assert_eq!(changed.read("a"), "2\nmine\n");
}

#[test]
fn documents_keep_what_was_there_and_are_undone() {
    let (changed, _) = two_steps();
    fs::set_permissions(changed.path("a"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = changed.everything();
    let previous = changed.keep.with_file_name("previous");
    let first = publish(&changed, "docs/new/plan.md", "first\n", None);
    assert!(!previous.exists());
    publish(
        &changed,
        "docs/new/plan.md",
        "second\n",
        Some(&first.object),
    );
    assert!(!previous.exists(), "the run's own version is nobody's loss");
    publish(&changed, "a", "document\n", None);
    assert_eq!(fs::read(&previous).unwrap(), b"1\n");
    let mode = changed.path("a").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(changed.read("docs/new/plan.md"), "second\n");
    deliveries(&changed).undo(Conflicts::Refuse).unwrap();
    assert_eq!(changed.everything(), before);
}

#[test]
fn undoing_that_died_between_two_is_finished() {
    let (changed, half) = two_steps();
    let before = changed.everything();
    let all = deliveries(&changed);
    all.apply(&half, Conflicts::Refuse).unwrap();
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    let last = changed.keep.join(format!("0002-{}", changed.tree));
    bring(&changed.project, &last, BEFORE, Conflicts::Refuse).unwrap();
    assert_eq!(all.there().unwrap(), half);
    all.recover().unwrap();
    assert_eq!(changed.everything(), before);
    assert_eq!(all.there().unwrap(), changed.base);
}

#[test]
fn what_is_there_is_known_after_parts_were_left() {
    let (changed, half) = two_steps();
    let all = deliveries(&changed);
    fs::write(changed.path("b"), "mine\n").unwrap();
    let done = all.apply(&changed.tree, Conflicts::Skip).unwrap();
    assert_eq!(done.left, ["b"].map(PathBuf::from).into());
    assert_eq!(all.there().unwrap(), half);
    fs::write(changed.path("b"), "1\n").unwrap();
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    assert_eq!(all.there().unwrap(), changed.tree);
    fs::write(changed.path("a"), "mine\n").unwrap();
    assert!(all.undo(Conflicts::Refuse).is_err());
    all.undo(Conflicts::Skip).unwrap();
    assert_eq!(
        (changed.read("a"), changed.read("b")),
        ("mine\n".into(), "1\n".into())
    );
    assert_eq!(
        all.there().unwrap(),
        half,
        "only the line in `a` is the run's still"
    );
}

#[test]
fn what_an_undo_left_is_taken_back_on_request_only() {
    let (changed, half) = two_steps();
    let all = deliveries(&changed);
    all.apply(&half, Conflicts::Refuse).unwrap();
    all.apply(&changed.tree, Conflicts::Refuse).unwrap();
    fs::write(changed.path("a"), "mine\n").unwrap();
    all.undo(Conflicts::Skip).unwrap();
    fs::write(changed.path("a"), "2\n").unwrap();
    all.recover().unwrap();
    assert_eq!(changed.read("a"), "2\n", "nobody asked for it");
    assert_eq!(all.there().unwrap(), half);
    all.undo(Conflicts::Refuse).unwrap();
    assert_eq!(changed.read("a"), "1\n");
}
