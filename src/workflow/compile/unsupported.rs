//! What can be checked but not executed yet. The run says so when it reaches such a phase; `check` never
//! complains.

use crate::plan::{Strategy, Unsupported};

use super::super::ast::{DistillBy, Gate, Phase, PhaseType};

/// The first thing of a phase that this version cannot execute.
pub(super) fn unsupported(phase: &Phase) -> Option<Unsupported> {
    let what = match phase.kind {
        Some(kind @ (PhaseType::Routed | PhaseType::Parallel)) => {
            Some(format!("phases of type `{}`", kind.word()))
        }
        Some(PhaseType::Single | PhaseType::Ensemble) | None => feature(phase).map(str::to_owned),
    };
    what.map(|what| Unsupported { what })
}

fn feature(phase: &Phase) -> Option<&'static str> {
    if phase.may_edit() {
        return Some("phases that edit files");
    }
    let strategy = phase.strategy.as_ref().map(|strategy| strategy.value);
    if strategy == Some(Strategy::Scoped) || phase.scope.is_some() {
        return Some("the context strategy `scoped`");
    }
    if phase.when.is_some() {
        return Some("`when`");
    }
    if phase
        .gate
        .as_ref()
        .is_some_and(|gate| gate.value != Gate::Open)
    {
        return Some("`gate`");
    }
    if phase.verify.is_some() {
        return Some("`verify`");
    }
    if phase.on_fail.is_some() {
        return Some("`on_fail`");
    }
    if phase.checkpoint.is_some() {
        return Some("`checkpoint`");
    }
    if phase.budget.is_some() {
        return Some("`budget` of a phase");
    }
    let distill = phase.distill.as_ref().map(|rule| &rule.value)?;
    match &distill.by {
        DistillBy::Model(_) => Some("`distill` by another model"),
        DistillBy::Agent | DistillBy::Nobody if !distill.sections.is_empty() => {
            Some("`distill` with chosen sections")
        }
        DistillBy::Agent | DistillBy::Nobody => None,
    }
}
