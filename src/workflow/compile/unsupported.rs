//! What can be checked but not executed yet. The run says so when it reaches such a phase; `check` never
//! complains.

use crate::plan::Unsupported;

use super::super::ast::Phase;

/// The first thing of a phase that this version cannot execute.
pub(super) fn unsupported(phase: &Phase) -> Option<Unsupported> {
    let what = if phase.budget.is_some() {
        "`budget` of a phase"
    } else if phase.scope.as_ref().is_some_and(|scope| scope.value.expand) {
        "`scope` with `expand: imports`"
    } else if phase
        .distill
        .as_ref()
        .is_some_and(|rule| !rule.value.sections.is_empty())
    {
        "`distill` with chosen sections"
    } else {
        return None;
    };
    Some(Unsupported {
        what: what.to_owned(),
    })
}
