//! Only one call at a time edits the user's files.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{PhaseType, Workflow};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let (Some(kind), Some(edits)) = (phase.kind, &phase.edits) else {
            continue;
        };
        let refused = match kind {
            PhaseType::Ensemble | PhaseType::Parallel => edits.value,
            PhaseType::Single | PhaseType::Routed => false,
        };
        if refused {
            let message = format!(
                "a phase of type `{}` cannot edit: parallel editors overwrite each other, and code needs \
                 one source of truth",
                kind.word()
            );
            let mistake = edits.spot.error("parallel-edits", message);
            found.push(mistake.with_hint(
                "let it decide on a document, and let a `single` or `routed` phase do the edits",
            ));
        }
    }
}
