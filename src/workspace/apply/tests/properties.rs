//! Random trees, random edits by the agent and by the user, and a crash at any moment.

use proptest::prelude::{
    ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest,
};
use proptest::test_runner::TestCaseError;

use super::super::super::testing::{Leaf, tree};
use super::*;

const LINES: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";

#[derive(Debug, Clone)]
enum Edit {
    Delete,
    Mode,
    Top,
    Bottom,
    All(Vec<u8>),
}

/// Edits of what is there, by position, and what is put over it.
type Edits = (Vec<(prop::sample::Index, Edit)>, Tree);

fn edits() -> impl Strategy<Value = Edits> {
    let edit = proptest::prop_oneof![
        proptest::prelude::Just(Edit::Delete),
        proptest::prelude::Just(Edit::Mode),
        proptest::prelude::Just(Edit::Top),
        proptest::prelude::Just(Edit::Bottom),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Edit::All),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), edit), 0..4);
    let few = tree().prop_map(|tree| tree.into_iter().take(3).collect());
    (edits, few)
}

fn edited(tree: &Tree, (edits, over): &Edits) -> Tree {
    let mut result = tree.clone();
    for (index, edit) in edits {
        if result.is_empty() {
            break;
        }
        let path = index
            .get(&result.keys().cloned().collect::<Vec<_>>())
            .clone();
        let leaf = result.get_mut(&path).unwrap();
        match (leaf, edit) {
            (_, Edit::Delete) => drop(result.remove(&path)),
            (Leaf::File { executable, .. }, Edit::Mode) => *executable = !*executable,
            (Leaf::File { bytes, .. }, Edit::Top) => drop(bytes.splice(0..0, *b"top\n")),
            (Leaf::File { bytes, .. }, Edit::Bottom) => bytes.extend(b"bottom\n"),
            (Leaf::File { bytes, .. }, Edit::All(all)) => bytes.clone_from(all),
            (Leaf::Link(_), _) => {}
        }
    }
    for (path, leaf) in over {
        result.retain(|there, _| !there.starts_with(path) && !path.starts_with(there));
        result.insert(path.clone(), leaf.clone());
    }
    result
}

fn lined(tree: Tree) -> Tree {
    let line = |leaf| match leaf {
        Leaf::File { executable, .. } => Leaf::File {
            bytes: LINES.to_vec(),
            executable,
        },
        link => link,
    };
    tree.into_iter()
        .map(|(path, leaf)| (path, line(leaf)))
        .collect()
}

/// Nothing of either side is lost: where one side changed nothing, the other's is kept.
fn check_merged(base: &Tree, agent: &Tree, user: &Tree, found: &Tree) -> Result<(), TestCaseError> {
    let paths = [base, agent, user, found].into_iter().flat_map(Tree::keys);
    for path in paths {
        let [old, new, mine, now] = [base, agent, user, found].map(|tree| tree.get(path));
        if mine == old || mine == new {
            prop_assert_eq!(now, new, "{:?}", path);
        } else if new == old {
            prop_assert_eq!(now, mine, "{:?}", path);
        } else {
            prop_assert!(now.is_some(), "{:?} was changed on both sides", path);
        }
    }
    Ok(())
}

fn set_up(before: &Tree, agent: &Edits, user: &Edits) -> (Changed, [Tree; 2]) {
    let repo = Repo::git();
    write_tree(&repo.root, before);
    repo.run(&["add", "."]);
    let agents = edited(before, agent);
    let changed = Changed::by(repo, |space| replace(space, &agents));
    let users = edited(before, user);
    replace(&changed.repo.root, &users);
    (changed, [agents, users])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_nothing_is_half_and_undo_is_exact(
        before in tree().prop_map(lined),
        agent in edits(),
        user in edits(),
    ) {
        let (changed, [agents, users]) = set_up(&before, &agent, &user);
        let found = changed.everything();
        match changed.apply() {
            Ok(_) => {
                check_merged(&before, &agents, &users, &changed.files())?;
                let git = |(tree, _): Everything| -> Tree {
                    tree.into_iter().filter(|(path, _)| path.starts_with(".git")).collect()
                };
                prop_assert_eq!(git(changed.everything()), git(found.clone()));
                changed.undo().unwrap();
            }
            Err(ApplyError::Conflicts(paths)) => prop_assert!(!paths.is_empty()),
            Err(other) => panic!("{other}"),
        }
        prop_assert_eq!(changed.everything(), found);
    }

    #[test]
    fn a_crash_at_any_moment_is_finished_and_can_be_undone(
        before in tree().prop_map(lined),
        agent in edits(),
        apply_until in any::<prop::sample::Index>(),
        undo_until in any::<prop::sample::Index>(),
    ) {
        let (changed, [agents, _]) = set_up(&before, &agent, &(Vec::new(), Tree::new()));
        let found = changed.everything();
        begin(&changed, Direction::Apply, apply_until);
        prop_assert_eq!(changed.recover().unwrap(), State::Applied);
        prop_assert_eq!(changed.files(), agents);

        begin(&changed, Direction::Undo, undo_until);
        prop_assert_eq!(changed.recover().unwrap(), State::Undone);
        prop_assert_eq!(changed.everything(), found);
    }

    #[test]
    fn a_crash_while_taking_back_is_no_matter(
        before in tree().prop_map(lined),
        agent in edits(),
        until in any::<[prop::sample::Index; 4]>(),
    ) {
        let (changed, [agents, _]) = set_up(&before, &agent, &(Vec::new(), Tree::new()));
        let root = &changed.repo.root;
        let found = changed.everything();
        begin(&changed, Direction::Apply, until[0]);
        crash(root, &changed.stage_back(Direction::Apply), until[1]);
        prop_assert_eq!(changed.recover().unwrap(), State::Empty);
        prop_assert_eq!(changed.everything(), found.clone());

        changed.apply().unwrap();
        begin(&changed, Direction::Undo, until[2]);
        crash(root, &changed.stage_back(Direction::Undo), until[3]);
        prop_assert_eq!(changed.recover().unwrap(), State::Applied);
        prop_assert_eq!(changed.files(), agents);
        changed.undo().unwrap();
        prop_assert_eq!(changed.everything(), found);
    }
}

/// Begins, and dies after so many operations.
fn begin(changed: &Changed, way: Direction, until: prop::sample::Index) {
    let transition = changed.stage(way);
    changed.keep().set_state(State::Moving(way)).unwrap();
    crash(&changed.repo.root, &transition, until);
}

/// Carries out the first so many operations.
fn crash(root: &Path, transition: &transition::Transition, until: prop::sample::Index) {
    let operations = commit::operations(transition);
    let until = until.index(operations.len() + 1);
    for operation in &operations[..until] {
        operation.carry_out(root).unwrap();
    }
}
