//! The rules of a workflow, one a file. Each looks at the whole workflow and adds what it finds. What
//! several of them ask of an earlier phase is in [`asked`].

mod asked;
mod braces;
mod checkpoints;
mod conditions;
mod deliverables;
mod editing;
mod ensembles;
mod inputs;
mod lenses;
mod loops;
mod models;
mod names;
mod outputs;
mod scopes;
mod strategy;
mod tasks;
mod times;
mod type_keys;

pub(super) use braces::nearly;
pub(super) use ensembles::MAX_PROPOSALS;
pub(super) use names::why_unusable;
pub(super) use outputs::clash;

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::ast::Workflow;

/// A rule: workflow, configuration with the workflow's own layer, and where findings go.
pub(super) type Rule = fn(&Workflow, &Config, &mut Vec<Diagnostic>);

pub(super) const RULES: &[Rule] = &[
    names::check,
    type_keys::check,
    models::check,
    ensembles::check,
    lenses::check,
    inputs::check,
    outputs::check,
    editing::check,
    checkpoints::check,
    tasks::check,
    deliverables::check,
    loops::check,
    conditions::check,
    scopes::check,
    times::check,
    strategy::check,
    braces::check,
];
