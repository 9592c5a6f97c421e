//! Only one call at a time edits the user's files, or one of several candidates is taken; only edits are
//! verified, by what there is then.

use crate::config::Config;
use crate::plan::EnsembleMode;
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{Phase, PhaseType, Proof, Workflow};
use super::super::paths::check_glob;
use super::asked::{earlier, no_tests};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for (index, phase) in workflow.phases.iter().enumerate() {
        found.extend(proofs_of_none(workflow, index));
        let Some(kind) = phase.kind else {
            continue;
        };
        match kind {
            PhaseType::Ensemble => found.extend(candidates(phase)),
            PhaseType::Parallel => found.extend(parallel_edits(phase)),
            PhaseType::Routed => found.extend(tasks_without_edits(phase)),
            PhaseType::Single => found.extend(nothing_to_verify(phase)),
        }
    }
}

/// Candidates are changes to the same files, each in a workspace of its own; one of them is taken.
fn candidates(phase: &Phase) -> Option<Diagnostic> {
    if !phase.may_edit() {
        let mut useless = ["on_none", "cross_tests"].into_iter();
        let useless = useless.find(|key| phase.has(key)).map(|key| {
            let message = format!("`{key}` is for an ensemble with `edits: true`");
            phase.key_spot(key).error("nothing-to-verify", message)
        });
        let synthesis = phase.judge.as_ref().filter(|judge| judge.value.grafts);
        let synthesis = synthesis.map(|judge| {
            let message = "`synthesize` is for an ensemble with `edits: true`";
            let hint =
                "of documents the judge may write one itself, and `refine` makes the winner better";
            judge
                .spot
                .error("nothing-to-graft", message)
                .with_hint(hint)
        });
        return nothing_to_verify(phase).or(useless).or(synthesis);
    }
    for Spanned { value, spot } in &phase.cross_tests {
        if let Err(reason) = check_glob(value) {
            return Some(spot.error("bad-glob", format!("`{value}` {reason}")));
        }
    }
    (phase.mode == Some(EnsembleMode::Sequential)).then(|| {
        let message =
            "candidates that edit cannot be `sequential`: each starts from the same files";
        let mistake = phase.key_spot("mode").error("sequential-edits", message);
        mistake.with_hint("leave `mode` out; later phases can build upon the winner")
    })
}

fn parallel_edits(phase: &Phase) -> Option<Diagnostic> {
    let edits = phase.edits.as_ref().filter(|edits| edits.value)?;
    let message = "a phase of type `parallel` cannot edit: parallel editors overwrite each other, and code needs \
                   one source of truth";
    let mistake = edits.spot.error("parallel-edits", message);
    Some(mistake.with_hint(
        "let a `single` or `routed` phase do the edits, or an `ensemble` with `edits: true`, of which one candidate wins",
    ))
}

fn tasks_without_edits(phase: &Phase) -> Option<Diagnostic> {
    let edits = phase.edits.as_ref().filter(|edits| !edits.value)?;
    let message = "a routed phase edits: its tasks are changes to files";
    let mistake = edits.spot.error("tasks-without-edits", message);
    Some(mistake.with_hint("for several documents at once take `type: parallel`"))
}

/// Names of phases whose tests cannot be run again.
fn proofs_of_none(workflow: &Workflow, index: usize) -> impl Iterator<Item = Diagnostic> {
    let proofs = workflow.phases[index].verify.iter();
    proofs.filter_map(move |proof| {
        let Proof::TestsOf(name) = &proof.value else {
            return None;
        };
        match earlier(workflow, index, name, &proof.spot) {
            Ok(phase) => no_tests(phase, &proof.spot),
            Err(mistake) => Some(*mistake),
        }
    })
}

fn nothing_to_verify(phase: &Phase) -> Option<Diagnostic> {
    if !phase.has("verify") || phase.may_edit() {
        return None;
    }
    let message = format!(
        "the phase `{}` changes no files, so there is nothing to verify",
        phase.name.value
    );
    let mistake = phase.key_spot("verify").error("nothing-to-verify", message);
    Some(mistake.with_hint("give `verify` to the phase that edits, or this one `edits: true`"))
}
