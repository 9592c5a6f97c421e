//! All rules over a workflow.

use crate::config::Config;
use crate::yaml::{Diagnostic, sort};

use super::ast::Workflow;
use super::rules::RULES;

/// Every mistake of a workflow that can be found without a request: those of reading, those of its own
/// configuration keys, those of the rules. Sorted, errors first.
pub fn check(workflow: &Workflow, config: &Config) -> Vec<Diagnostic> {
    let (config, mistakes) = config.with(&workflow.layer);
    let mut found = workflow.mistakes.clone();
    found.extend(mistakes);
    for rule in RULES {
        rule(workflow, &config, &mut found);
    }
    sort(&mut found);
    found
}
