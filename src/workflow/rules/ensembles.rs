//! An ensemble has proposers, judges, and a quorum that can be reached.

use crate::config::Config;
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{PhaseType, Workflow};

/// Most proposals of one ensemble: as many as there are letters to blind them with.
pub(in crate::workflow) const MAX_PROPOSALS: usize = 26;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        if let Some(Spanned { value: judge, spot }) = &phase.judge {
            if judge.by.is_empty() {
                found.push(spot.error("empty", "`by` names no judge"));
            }
            if judge.is_map && phase.kind == Some(PhaseType::Parallel) {
                let message =
                    "the `judge` of a parallel phase joins the answers and is one model or role";
                let hint = "criteria, orders and panels are for `type: ensemble`";
                found.push(spot.error("wrong-type", message).with_hint(hint));
            }
        }
        if phase.kind != Some(PhaseType::Ensemble) {
            continue;
        }
        let Some(models) = &phase.models else {
            continue;
        };
        let count = models.value.len();
        if count == 0 {
            found.push(models.spot.error("empty", "`models` names no model"));
            continue;
        }
        if count > MAX_PROPOSALS {
            let message = format!("{count} models are too many: at most {MAX_PROPOSALS}");
            found.push(models.spot.error("out-of-range", message));
        }
        let Some(quorum) = &phase.quorum else {
            continue;
        };
        let quorum_count = usize::try_from(quorum.value).unwrap_or(usize::MAX);
        if quorum_count == 0 {
            let message = "`quorum` must be at least 1: a judge needs a proposal";
            found.push(quorum.spot.error("out-of-range", message));
        } else if quorum_count > count {
            let message =
                format!("a `quorum` of {quorum_count} can never be reached by {count} models");
            found.push(quorum.spot.error("out-of-range", message));
        }
    }
}
