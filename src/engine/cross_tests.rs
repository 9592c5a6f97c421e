//! Running the tests that one candidate wrote with the code of the others: a candidate's own tests say nothing for it
//! alone.

use crate::model::{ChangeKind, Changes, TreeId, VerifyOutcome};
use crate::plan::{PhaseKind, TestFiles};
use crate::run::{Candidate, PendingVerification};

use super::phase_context::PhaseContext;

/// The next command that has to run on a candidate's code with another one's test files; none if all are known, or
/// nobody asked for it.
pub fn uncrossed(
    context: &PhaseContext<'_>,
    left: &[Candidate<'_>],
) -> Option<PendingVerification> {
    let PhaseKind::Ensemble { cross_tests, .. } = &context.phase.kind else {
        return None;
    };
    if cross_tests.is_empty() || left.len() < 2 {
        return None;
    }
    let tests = TestFiles::new(cross_tests);
    let authors = left.iter().filter(|one| writes(&tests, one.changes));
    let of_authors = authors.flat_map(|author| {
        let others = left.iter().filter(|one| one.label != author.label);
        others.map(|one| (&author.changes.tree, one))
    });
    // The tests that were there are somebody else's, too: for those who changed them.
    let ground = &context.state.begun()?.ground;
    let changers = left.iter().filter(|one| alters(&tests, one.changes));
    let of_project = changers.map(|one| (ground, one));
    let mut pairs = of_project.chain(of_authors);
    pairs.find_map(|(tests_of, one)| unknown(context, tests_of, one))
}

/// The first command that both pass by themselves and nobody has run with the two together; none after one failed.
fn unknown(
    context: &PhaseContext<'_>,
    tests_of: &TreeId,
    one: &Candidate<'_>,
) -> Option<PendingVerification> {
    let (phase, tree) = (&context.phase.name, &one.changes.tree);
    let passes = |tree: &TreeId, command: &str| {
        let results = context.results(None, tree).into_iter();
        let mut own = results.rev().filter(|result| result.command == command);
        own.next()
            .is_some_and(|result| result.outcome == VerifyOutcome::Passed)
    };
    let known: Vec<_> = context.run.crossed(phase, tree, tests_of).collect();
    if known.iter().any(|result| result.is_bad()) {
        return None;
    }
    let mut commands = context.commands().into_iter();
    let command = commands.find(|command| {
        passes(tests_of, command)
            && passes(tree, command)
            && known.iter().all(|result| result.command != *command)
    })?;
    Some(PendingVerification {
        task: None,
        tree: tree.clone(),
        command,
        tests_of: Some(tests_of.clone()),
    })
}

/// Whether there are tests of its own in these changes.
fn writes(tests: &TestFiles, changes: &Changes) -> bool {
    let mut files = changes.files.iter();
    files.any(|file| file.kind != ChangeKind::Deleted && tests.has(&file.path))
}

/// Whether they change tests that were there.
fn alters(tests: &TestFiles, changes: &Changes) -> bool {
    let mut files = changes.files.iter();
    files.any(|file| file.kind != ChangeKind::Added && file.paths().any(|path| tests.has(path)))
}
