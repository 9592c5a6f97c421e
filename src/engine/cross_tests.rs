//! Running the tests that one candidate wrote with the code of the others: a candidate's own tests say nothing for it
//! alone.

use crate::model::{ChangeKind, Changes, TreeId, VerifyOutcome};
use crate::plan::{PhaseKind, TestFiles};
use crate::run::{Candidate, PendingVerification};

use super::phase_context::PhaseContext;

/// The next command that has to run on a candidate's code with test files of somebody else; none if all are known.
/// Whoever changed tests that were there, or how they are run, meets them as they were; those that candidates wrote
/// count where somebody asked for it, and only of those that the judging is about, not of what was made of a winner.
pub fn uncrossed(
    context: &PhaseContext<'_>,
    left: &[Candidate<'_>],
) -> Option<PendingVerification> {
    let PhaseKind::Ensemble { cross_tests, .. } = &context.phase.kind else {
        return None;
    };
    let commands = context.commands();
    let tests = TestFiles::new(cross_tests, &commands);
    let ground = &context.state.begun()?.ground;
    let changers = left.iter().filter(|one| alters(&tests, one.changes));
    let of_project = changers.map(|one| (ground, one));
    let writes = |one: &&Candidate<'_>| one.made_of.is_none() && writes(&tests, one.changes);
    let authors = left.iter().filter(|_| !cross_tests.is_empty());
    let of_authors = authors.filter(writes).flat_map(|author| {
        let others = left.iter().filter(|one| one.label != author.label);
        others.map(|one| (&author.changes.tree, one))
    });
    let mut pairs = of_project.chain(of_authors);
    pairs.find_map(|(tests_of, one)| unknown(context, tests_of, one))
}

/// The first command that both pass by themselves and nobody has run with the two together; none after one failed.
/// What fails with the project as it was may be what is to be mended: the candidate passes it, and not by its tests.
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
    let of_project = context
        .state
        .begun()
        .is_some_and(|round| round.ground == *tests_of);
    let mut commands = context.commands().into_iter();
    let command = commands.find(|command| {
        (of_project || passes(tests_of, command))
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
fn writes(tests: &TestFiles<'_>, changes: &Changes) -> bool {
    let mut files = changes.files.iter();
    files.any(|file| file.kind != ChangeKind::Deleted && tests.has(&file.path))
}

/// Whether they change tests that were there, or how tests are run.
fn alters(tests: &TestFiles<'_>, changes: &Changes) -> bool {
    let mut files = changes.files.iter();
    files.any(|file| {
        file.paths()
            .any(|path| tests.runs(path) || file.kind != ChangeKind::Added && tests.has(path))
    })
}
