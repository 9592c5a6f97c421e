//! Output paths with the inputs put in. No value may lead out of the project, or into another folder
//! than the workflow's author meant.

use std::collections::BTreeMap;

use crate::risk::{Acts, risk_of};
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::Workflow;
use super::super::paths::check_output;
use super::super::rules::clash;
use super::super::template::{fill, placeholders};

/// Longest value in bytes; a name of a file system has 255 at most.
const MAX_VALUE: usize = 200;

/// The output path of each phase.
pub(super) fn fill_outputs(
    workflow: &Workflow,
    values: &BTreeMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Option<String>> {
    let mut published: Vec<(&str, String)> = Vec::new();
    let mut paths = Vec::new();
    for phase in &workflow.phases {
        let path = phase
            .output
            .as_ref()
            .and_then(|output| fill_output(output, values, found));
        if let (Some(output), Some(path)) = (&phase.output, &path) {
            let clash = published
                .iter()
                .find_map(|(other, earlier)| clash(output, path, other, earlier));
            found.extend(clash);
            if risk_of(path).is_some_and(|risk| risk.acts == Acts::ByThemselves) {
                let message = format!("`{path}` acts on its own: the document is held back");
                let warning = output.spot.warning("held-output", message);
                found.push(warning.with_hint(format!("`--accept {path}` publishes it")));
            }
            published.push((&phase.name.value, path.clone()));
        }
        paths.push(path);
    }
    paths
}

fn fill_output(
    output: &Spanned<String>,
    values: &BTreeMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    // A template that is bad by itself has been reported by its rule.
    check_output(&output.value).ok()?;
    let mut good = true;
    for (bytes, name) in placeholders(&output.value) {
        let reason = values.get(name).and_then(|value| why_unsafe(value));
        if let Some(reason) = reason {
            let message = format!("the value of `{name}` cannot be in a path: it {reason}");
            let mistake = output.part(bytes).error("unsafe-input", message);
            found.push(mistake.with_hint(format!("give another one with `--set {name}=…`")));
            good = false;
        }
    }
    if !good {
        return None;
    }
    let filled = fill(&output.value, values);
    match check_output(&filled) {
        Ok(path) => Some(path),
        Err(reason) => {
            let message = format!("the output `{filled}` {reason}");
            found.push(output.spot.error("bad-path", message));
            None
        }
    }
}

fn why_unsafe(value: &str) -> Option<&'static str> {
    if value.trim().is_empty() {
        return Some("is empty");
    }
    if value.contains(['/', '\\']) {
        return Some("has a slash in it");
    }
    if value.contains("..") {
        return Some("has `..` in it");
    }
    if value.chars().any(char::is_control) {
        return Some("has a control character in it");
    }
    (value.len() > MAX_VALUE).then_some("is longer than 200 bytes")
}
