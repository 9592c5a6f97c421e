//! `scope` belongs to the `scoped` strategy, and its files lie in the project.

use crate::config::Config;
use crate::plan::Strategy;
use crate::yaml::Diagnostic;

use super::super::ast::{Phase, PhaseType, Workflow};
use super::super::paths::{check_glob, check_inside};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let strategy = phase.strategy.as_ref().map(|strategy| strategy.value);
        if strategy == Some(Strategy::Scoped) {
            sees_nothing(phase, found);
        }
        let Some(scope) = &phase.scope else {
            continue;
        };
        if strategy != Some(Strategy::Scoped) {
            let message = "`scope` changes nothing without `context_strategy: scoped`";
            found.push(phase.key_spot("scope").warning("unused-scope", message));
        }
        if let Some(tokens) = scope
            .value
            .expand_tokens
            .as_ref()
            .filter(|_| !scope.value.expand)
        {
            let message = "`expand_tokens` changes nothing without `expand: imports`";
            found.push(tokens.spot.warning("unused-scope", message));
        }
        for path in scope.value.files.iter().chain(&scope.value.always) {
            if let Err(reason) = check_inside(path) {
                let message = format!("`{path}` in `scope` {reason}");
                found.push(scope.spot.error("bad-path", message));
            } else if let Err(reason) = check_glob(path) {
                let message = format!("`{path}` in `scope` {reason}");
                let warning = scope.spot.warning("bad-glob", message);
                found.push(warning.with_hint("it stands for one file of exactly this name"));
            }
        }
    }
}

/// Tasks bring their files along; any other phase has those of `scope` and no more.
fn sees_nothing(phase: &Phase, found: &mut Vec<Diagnostic>) {
    let has_files = phase
        .scope
        .as_ref()
        .is_some_and(|scope| !(scope.value.files.is_empty() && scope.value.always.is_empty()));
    if has_files || matches!(phase.kind, Some(PhaseType::Routed) | None) {
        return;
    }
    let message = format!(
        "the phase `{}` is `scoped` and names no files: its workspace will be empty",
        phase.name.value
    );
    let warning = phase
        .key_spot("context_strategy")
        .warning("empty-scope", message);
    found.push(warning.with_hint("name them: `scope: { files: [\"src/**\"] }`"));
}
