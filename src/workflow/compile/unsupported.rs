//! What can be checked but not executed yet. The run says so when it reaches such a phase; `check` never
//! complains.

use crate::plan::Unsupported;

use super::super::ast::Phase;

/// The first thing of a phase that this version cannot execute.
pub(super) fn unsupported(phase: &Phase) -> Option<Unsupported> {
    let what = if phase.checkpoint.is_some() {
        "`checkpoint`"
    } else {
        return None;
    };
    Some(Unsupported {
        what: what.to_owned(),
    })
}
