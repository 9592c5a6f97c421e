//! What a judge gets to see of a candidate.

use crate::context;
use crate::model::{CallId, CallInput, InputSource, Label, Verification, VerifyOutcome};
use crate::risk::listed;
use crate::run::{CallState, Out};

use super::accepted::accepted;
use super::phase_context::PhaseContext;

/// What a judge sees of a candidate: what its author says, what tipstaff knows, what it changes; under the letter that
/// it has there, and by the one that people see.
pub fn shown(
    context: &PhaseContext<'_>,
    (seen, label): (&Label, &Label),
    call: &CallId,
) -> Option<CallInput> {
    let result = context.run.call(call).and_then(CallState::result)?;
    let changes = result.changes.as_ref()?;
    let phase = &context.phase.name;
    let results = context.results(None, &changes.tree);
    let mut facts = crossed(context, label);
    for command in context.commands() {
        let before = context
            .run
            .on_ground(phase, &command)
            .map(|one| one.outcome);
        let own = results.iter().find(|result| result.command == command);
        facts.extend(match (own, before) {
            (_, Some(VerifyOutcome::Flaky)) => Some(format!(
                "`{command}` passes at times and fails at times on the unchanged project: it counts for nobody"
            )),
            (Some(own), Some(before)) if own.outcome == VerifyOutcome::Passed => {
                let mends = match before == VerifyOutcome::Passed {
                    true => "",
                    false => "; it failed before the changes",
                };
                Some(context::verification_sentence(own) + mends)
            }
            (own, _) => own.map(|own| context::verification_sentence(own)),
        });
    }
    let refused = changes.refused.iter();
    facts.extend(
        refused.map(|one| format!("a change to `{}` was refused: {}", one.path, one.reason)),
    );
    let acting = changes.files.iter().flat_map(|file| file.paths());
    let accepted = accepted(context.plan, context.run, &[]);
    let acting = listed(acting.filter(|path| !accepted.has(path)));
    facts.extend(acting.iter().flat_map(|(_, those)| those).map(|(path, why)| {
        format!("the change to `{path}` would be held back, because it acts by itself later: {why}")
    }));
    let all = context.run.candidates(phase);
    facts.extend(all.iter().filter_map(|other| match other.out? {
        Out::SameAs(first) if first == label => {
            Some("another author left exactly the same files".to_owned())
        }
        Out::SameAs(_) | Out::Fails(_) => None,
    }));
    Some(CallInput {
        source: InputSource::Candidate {
            label: seen.clone(),
            from: context.state.begun()?.ground.clone(),
            to: changes.tree.clone(),
            facts: facts.into(),
        },
        artifact: result.handoff.clone().or(result.deliverable.clone()),
    })
}

/// What the tests of others say of a candidate's code, and what they say of its own. Without letters: each judge has
/// its own.
fn crossed(context: &PhaseContext<'_>, label: &Label) -> Vec<String> {
    let rows = context.run.cross_tests(&context.phase.name);
    let facts = rows.iter().filter_map(|tests| {
        let whose = match tests.author {
            Some(author) if author == label => {
                let all = tests.results.len();
                let pass = tests.results.iter().filter(|(_, failed)| failed.is_none());
                let pass = pass.count();
                let proves = if pass == 0 { ", so they prove nothing" } else { "" };
                return Some(format!(
                    "its own test files: the code of {pass} of {all} other candidates passes with them{proves}"
                ));
            }
            Some(_) => "another candidate's test files",
            None => "the project's test files, and what runs them, as they were",
        };
        let (_, failed) = tests.results.iter().find(|(of, _)| *of == label)?;
        let how = match failed {
            None => "its code passes".to_owned(),
            Some(failed) if tests.author.is_none() => {
                weakened(context, failed)
            }
            Some(failed) if tests.count => format!(
                "{}; the code of some other candidate passes",
                context::verification_sentence(failed)
            ),
            // They may fit their author's code alone.
            Some(_) => return None,
        };
        Some(format!("with {whose} in the place of its own: {how}"))
    });
    facts.collect()
}

/// How a command fails with the project's tests as they were, of a candidate that passes it with its own.
fn weakened(context: &PhaseContext<'_>, failed: &Verification) -> String {
    let before = context.run.on_ground(&context.phase.name, &failed.command);
    let as_before = before.is_some_and(|before| before.outcome != VerifyOutcome::Passed);
    let as_before = if as_before {
        ", as before the changes"
    } else {
        ""
    };
    format!(
        "{}{as_before}; it passes only with what this author made of them",
        context::verification_sentence(failed)
    )
}
