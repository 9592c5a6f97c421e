//! An audit loop goes back to a phase that has been there, and on its way something can be mended.

use crate::config::Config;
use crate::yaml::{Diagnostic, did_you_mean};

use super::super::ast::Workflow;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for (index, phase) in workflow.phases.iter().enumerate() {
        let Some(goto) = phase.on_fail.as_ref().map(|rule| &rule.goto) else {
            continue;
        };
        let position = workflow
            .phases
            .iter()
            .position(|other| other.name.value == goto.value);
        match position {
            Some(position) if position <= index => {
                let mends = workflow.phases[position..=index]
                    .iter()
                    .any(|phase| phase.may_edit() || phase.kind.is_none());
                if !mends {
                    let message = format!(
                        "no phase from `{}` to `{}` changes files: the next verdict will hardly be another",
                        goto.value, phase.name.value
                    );
                    let warning = goto.spot.warning("idle-loop", message);
                    found.push(warning.with_hint("go to a phase that may edit"));
                }
            }
            Some(_) => {
                let message = format!(
                    "`goto` leads forward: the phase `{}` comes later",
                    goto.value
                );
                found.push(goto.spot.error("later-phase", message));
            }
            None => {
                let earlier = workflow.phases[..=index]
                    .iter()
                    .map(|phase| phase.name.value.as_str())
                    .filter(|name| !name.is_empty());
                let mistake = goto
                    .spot
                    .error("unknown-phase", format!("unknown phase `{}`", goto.value))
                    .with_hint_opt(did_you_mean(&goto.value, earlier));
                found.push(mistake);
            }
        }
    }
}
