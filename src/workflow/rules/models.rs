//! Every model, role and executor that a phase names exists.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::Workflow;

pub(super) fn check(workflow: &Workflow, config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        found.extend(
            phase
                .executor
                .iter()
                .filter_map(|name| config.unknown_executor(name)),
        );
        for name in phase.model_references() {
            if let Err(unknown) = config.chain(&name.value) {
                let mistake = name.spot.error("unknown-model", unknown.message);
                found.push(mistake.with_hint_opt(unknown.hint));
            }
        }
    }
}
