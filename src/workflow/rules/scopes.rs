//! `scope` belongs to the `scoped` strategy, and its files lie in the project.

use crate::config::Config;
use crate::plan::Strategy;
use crate::yaml::Diagnostic;

use super::super::ast::Workflow;
use super::super::paths::check_inside;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let Some(scope) = &phase.scope else {
            continue;
        };
        let strategy = phase.strategy.as_ref().map(|strategy| strategy.value);
        if strategy != Some(Strategy::Scoped) {
            let message = "`scope` changes nothing without `context_strategy: scoped`";
            found.push(phase.key_spot("scope").warning("unused-scope", message));
        }
        for path in scope.value.files.iter().chain(&scope.value.always) {
            if let Err(reason) = check_inside(path) {
                let message = format!("`{path}` in `scope` {reason}");
                found.push(scope.spot.error("bad-path", message));
            }
        }
    }
}
