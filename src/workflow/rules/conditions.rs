//! A condition looks at what is settled before its phase begins.

use crate::config::Config;
use crate::yaml::{Diagnostic, Spot, did_you_mean};

use super::super::ast::{Phase, PhaseType, Workflow};
use super::super::when::WhenSubject;
use super::asked::{earlier, no_tests};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for (index, phase) in workflow.phases.iter().enumerate() {
        let Some(subject) = phase.when.as_ref().map(|when| &when.subject) else {
            continue;
        };
        let spot = &subject.spot;
        found.extend(match &subject.value {
            WhenSubject::Input(name) => unknown_input(workflow, name, spot),
            WhenSubject::Verdict(name) => match earlier(workflow, index, name, spot) {
                Ok(asked) => no_verdict(asked, spot),
                Err(mistake) => Some(*mistake),
            },
            WhenSubject::Tests(name) => match earlier(workflow, index, name, spot) {
                Ok(asked) => no_tests(asked, spot),
                Err(mistake) => Some(*mistake),
            },
        });
    }
}

fn unknown_input(workflow: &Workflow, name: &str, spot: &Spot) -> Option<Diagnostic> {
    let names = workflow.placeholder_names();
    if names.contains(&name) {
        return None;
    }
    let mistake = spot.error("unknown-input", format!("unknown input `{name}`"));
    if workflow.phases.iter().any(|phase| phase.name.value == name) {
        let hint = format!("of a phase a condition sees `{name}.verdict` and `{name}.tests`");
        return Some(mistake.with_hint(hint));
    }
    Some(mistake.with_hint_opt(did_you_mean(name, names)))
}

fn no_verdict(phase: &Phase, spot: &Spot) -> Option<Diagnostic> {
    let kind = phase.kind.filter(|kind| *kind != PhaseType::Single)?;
    let message = format!(
        "the phase `{}` of type `{}` gives no verdict",
        phase.name.value,
        kind.word()
    );
    let mistake = spot.error("no-verdict", message);
    Some(mistake.with_hint("a single phase that audits does"))
}
