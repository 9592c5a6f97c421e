//! Only one call at a time edits the user's files, and only edits are verified.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{Phase, PhaseType, Workflow};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let Some(kind) = phase.kind else {
            continue;
        };
        match kind {
            PhaseType::Ensemble | PhaseType::Parallel => found.extend(parallel_edits(phase, kind)),
            PhaseType::Routed => found.extend(tasks_without_edits(phase)),
            PhaseType::Single => found.extend(nothing_to_verify(phase)),
        }
    }
}

fn parallel_edits(phase: &Phase, kind: PhaseType) -> Option<Diagnostic> {
    let edits = phase.edits.as_ref().filter(|edits| edits.value)?;
    let message = format!(
        "a phase of type `{}` cannot edit: parallel editors overwrite each other, and code needs \
         one source of truth",
        kind.word()
    );
    let mistake = edits.spot.error("parallel-edits", message);
    Some(mistake.with_hint(
        "let it decide on a document, and let a `single` or `routed` phase do the edits",
    ))
}

fn tasks_without_edits(phase: &Phase) -> Option<Diagnostic> {
    let edits = phase.edits.as_ref().filter(|edits| !edits.value)?;
    let message = "a routed phase edits: its tasks are changes to files";
    let mistake = edits.spot.error("tasks-without-edits", message);
    Some(mistake.with_hint("for several documents at once take `type: parallel`"))
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
