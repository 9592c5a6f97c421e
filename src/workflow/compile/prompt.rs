//! Which instructions a phase gets: a template of the library, a file, or the text itself.

use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{Phase, Workflow};
use super::Bindings;

/// The template of phases that have none of their own name.
const GENERAL: &str = "general";

/// Checks that every prompt that a workflow names is there, as `compile` does.
pub fn check_prompts(
    workflow: &Workflow,
    prompts: &dyn Fn(&str) -> Option<String>,
    read_file: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for phase in &workflow.phases {
        if let Err(mistake) = resolve_prompt(phase, prompts, read_file) {
            found.push(*mistake);
        }
    }
    found
}

/// The instructions of each phase, inputs not put in yet.
pub(super) fn resolve_prompts(
    workflow: &Workflow,
    bindings: &Bindings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let mut texts = Vec::new();
    for phase in &workflow.phases {
        match resolve_prompt(phase, bindings.prompts, bindings.read_file) {
            Ok(text) => texts.push(text),
            Err(mistake) => {
                found.push(*mistake);
                texts.push(String::new());
            }
        }
    }
    texts
}

fn resolve_prompt(
    phase: &Phase,
    prompts: &dyn Fn(&str) -> Option<String>,
    read_file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<String, Box<Diagnostic>> {
    let Some(prompt) = &phase.prompt else {
        return prompts(&phase.name.value)
            .or_else(|| prompts(GENERAL))
            .ok_or_else(|| {
                let message = format!("there is no prompt template `{GENERAL}`");
                Box::new(phase.name.spot.error("unknown-prompt", message))
            });
    };
    match Form::of(&prompt.value) {
        Form::Text => Ok(prompt.value.clone()),
        Form::File => read_prompt_file(prompt, read_file),
        Form::Template => prompts(&prompt.value).ok_or_else(|| {
            let message = format!("unknown prompt template `{}`", prompt.value);
            let mistake = prompt.spot.error("unknown-prompt", message);
            Box::new(mistake.with_hint(
                "a file's name ends in `.md` or `.txt` or has a `/` in it; a text has spaces",
            ))
        }),
    }
}

fn read_prompt_file(
    prompt: &Spanned<String>,
    read_file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<String, Box<Diagnostic>> {
    let path = &prompt.value;
    let mistake = |message: String| Box::new(prompt.spot.error("unreadable-prompt", message));
    let text = read_file(path)
        .map_err(|reason| mistake(format!("failed to read the prompt file `{path}`: {reason}")))?;
    if text.trim().is_empty() {
        return Err(mistake(format!("the prompt file `{path}` is empty")));
    }
    Ok(text)
}

/// What the text under `prompt` is.
enum Form {
    Text,
    File,
    Template,
}

impl Form {
    /// White space makes a text, whatever else is in it: "say this and/or that".
    fn of(prompt: &str) -> Self {
        let prompt = prompt.trim_end();
        if prompt.contains(char::is_whitespace) {
            return Self::Text;
        }
        let file = prompt.contains('/') || prompt.ends_with(".md") || prompt.ends_with(".txt");
        if file { Self::File } else { Self::Template }
    }
}
