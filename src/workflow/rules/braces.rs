//! Braces in texts: names that nearly are an input's, the forms of other template languages, and inputs
//! where none is put in.

use crate::config::Config;
use crate::yaml::{Diagnostic, Spanned, Spot, did_you_mean, nearest};

use super::super::ast::{Gate, Phase, Proof, Workflow};
use super::super::input::Input;
use super::super::template::{Braces, braces};

/// A word shorter than this is near to everything.
const SHORTEST: usize = 3;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    let names = workflow.placeholder_names();
    for phase in &workflow.phases {
        if let Some(gate) = &phase.gate
            && let Gate::Ask(Some(question)) = &gate.value
        {
            let question = gate.clone().map(|_| question.clone());
            found.extend(nearly(&question.value, &names, |bytes| {
                question.part(bytes)
            }));
        }
        for (text, what) in untouched(phase) {
            let name = braces(&text.value).find(|found| names.contains(&found.name));
            found.extend(name.map(|Braces { bytes, name, .. }| {
                let message = format!("`{{{name}}}` stays as it is: no inputs are put into {what}");
                text.part(bytes).warning("unused-braces", message)
            }));
        }
    }
}

/// What is mistaken about the braces of a text into which inputs are put. `spot` is where some bytes of it
/// are.
pub(in crate::workflow) fn nearly(
    text: &str,
    names: &[&str],
    spot: impl Fn(std::ops::Range<usize>) -> Spot,
) -> Vec<Diagnostic> {
    let mistakes = braces(text).filter_map(|Braces { bytes, name, plain }| {
        let written = &text[bytes.clone()];
        if names.contains(&name) {
            let message = format!("`{written}` is not how an input is written");
            let warning = (!plain).then(|| spot(bytes).warning("foreign-braces", message))?;
            return Some(warning.with_hint(format!("write `{{{name}}}`")));
        }
        let meant = (name.len() >= SHORTEST).then(|| nearest(name, names.iter().copied()))??;
        let message = format!("`{written}` is no input, and stays as it is");
        let warning = spot(bytes).warning("unknown-input", message);
        Some(warning.with_hint_opt(did_you_mean(name, [meant])))
    });
    mistakes.collect()
}

/// The texts of a phase that are taken as they are.
fn untouched(phase: &Phase) -> impl Iterator<Item = (Spanned<String>, &'static str)> + '_ {
    let commands = phase.verify.iter().filter_map(|proof| match &proof.value {
        Proof::Command(text) | Proof::Repeated(text, _) => {
            Some((proof.clone().map(|_| text.clone()), "commands"))
        }
        Proof::TestsOf(_) => None,
    });
    let globs = phase.input.iter().filter_map(|input| match &input.value {
        Input::Files(glob) => Some((
            input.clone().map(|_| format!("file:{glob}")),
            "the names of files to read",
        )),
        Input::Request | Input::Phase { .. } => None,
    });
    let scope = phase.scope.iter().flat_map(|scope| {
        let files = scope.value.files.iter().chain(&scope.value.always);
        files.map(|file| (scope.clone().map(|_| file.clone()), "`scope`"))
    });
    commands.chain(globs).chain(scope)
}
