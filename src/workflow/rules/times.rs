//! Times that can come to pass.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{PhaseType, Workflow};

pub(super) fn check(workflow: &Workflow, config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let timeout = phase.timeout.unwrap_or(config.defaults.timeout);
        if let Some(idle) = phase.idle_timeout.filter(|idle| *idle > timeout) {
            let message = format!(
                "`idle_timeout` never counts: the `timeout` of `{}` ends each attempt after {timeout}, \
                 and this is {idle}",
                phase.name.value
            );
            let warning = phase
                .key_spot("idle_timeout")
                .warning("unused-idle-timeout", message);
            found.push(warning.with_hint("make `idle_timeout` shorter, or `timeout` longer"));
        }
        let waits = phase.kind == Some(PhaseType::Ensemble) && phase.straggler_timeout.is_some();
        if waits && phase.quorum.is_none() {
            let message = "`straggler_timeout` changes nothing without `quorum`: all proposals are waited for";
            let warning = phase
                .key_spot("straggler_timeout")
                .warning("unused-straggler-timeout", message);
            found.push(warning.with_hint("say how many are enough: `quorum: 2`"));
        }
    }
}
