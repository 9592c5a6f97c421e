//! Deliverables are published inside the project, each to a place of its own.

use crate::config::Config;
use crate::yaml::{Diagnostic, Spanned, did_you_mean};

use super::super::ast::Workflow;
use super::super::paths::{check_output, in_the_way};
use super::super::template::placeholders;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    let names = workflow.placeholder_names();
    let mut published: Vec<(&str, String)> = Vec::new();
    for phase in &workflow.phases {
        let Some(output) = &phase.output else {
            continue;
        };
        unknown_names(output, &names, found);
        let path = match check_output(&output.value) {
            Ok(path) => path,
            Err(reason) => {
                let message = format!("the output `{}` {reason}", output.value);
                found.push(output.spot.error("bad-path", message));
                continue;
            }
        };
        let clash = published
            .iter()
            .find_map(|(other, earlier)| clash(output, &path, other, earlier));
        found.extend(clash);
        published.push((&phase.name.value, path));
    }
}

fn unknown_names(output: &Spanned<String>, names: &[&str], found: &mut Vec<Diagnostic>) {
    for (bytes, name) in placeholders(&output.value) {
        if !names.contains(&name) {
            let mistake = output
                .part(bytes)
                .error("unknown-input", format!("unknown input `{{{name}}}`"))
                .with_hint_opt(did_you_mean(name, names.iter().copied()));
            found.push(mistake);
        }
    }
}

/// The mistake of publishing to a path where an earlier phase's document is.
pub(in crate::workflow) fn clash(
    output: &Spanned<String>,
    path: &str,
    other: &str,
    earlier: &str,
) -> Option<Diagnostic> {
    if path == earlier {
        let message = format!("the phase `{other}` publishes to `{path}` already");
        return Some(output.spot.error("duplicate-output", message));
    }
    in_the_way(path, earlier).then(|| {
        let message = format!("`{path}` and `{earlier}` of the phase `{other}` exclude each other");
        let mistake = output.spot.error("duplicate-output", message);
        mistake.with_hint("one would have to be a file and a folder at once")
    })
}
