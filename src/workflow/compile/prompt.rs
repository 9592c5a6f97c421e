//! Which instructions a phase gets: a template of the library, a file, or the text itself.

use crate::yaml::{Diagnostic, Place, Spanned, Spot, nearest};

use super::super::ast::{Phase, Workflow};
use super::super::rules::nearly;

/// The template of phases that have none of their own name.
const GENERAL: &str = "general";

/// The texts that a workflow refers to.
#[derive(Clone, Copy)]
pub struct Library<'a> {
    /// The prompt templates, by name.
    pub prompts: &'a dyn Fn(&str) -> Option<String>,
    pub names: &'a dyn Fn() -> Vec<String>,
    /// Reads a prompt file, relative to the workflow; the error is the reason, as a fragment.
    pub read_file: &'a dyn Fn(&str) -> Result<String, String>,
}

/// The instructions of a phase, inputs not put in yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Instructions {
    pub(super) phase: String,
    pub(super) lenses: Vec<String>,
}

pub fn prompt_files(workflow: &Workflow) -> impl Iterator<Item = &str> {
    let prompts = prompts_of(workflow).map(|prompt| prompt.value.as_str());
    prompts.filter(|prompt| matches!(Form::of(prompt), Form::File))
}

fn prompts_of(workflow: &Workflow) -> impl Iterator<Item = &Spanned<String>> {
    workflow.phases.iter().flat_map(|phase| {
        let lenses = phase.lenses.iter().flat_map(|lenses| &lenses.value);
        let of_lenses = lenses.filter_map(|lens| lens.prompt.as_ref());
        phase.prompt.iter().chain(of_lenses)
    })
}

/// The instructions of each phase.
pub(super) fn resolve_prompts(
    workflow: &Workflow,
    library: Library<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Instructions> {
    let names = workflow.placeholder_names();
    for prompt in prompts_of(workflow) {
        // What cannot be read is reported below.
        let text = library.text(prompt).unwrap_or_default();
        found.extend(nearly(&text, &names, |bytes| {
            match Form::of(&prompt.value) {
                Form::Text => prompt.part(bytes),
                Form::File | Form::Template => Spot {
                    source: format!("prompt {}", prompt.value).into(),
                    place: Place::within(&text, bytes),
                    indent: None,
                },
            }
        }));
    }
    let instructions = |phase| library.instructions(phase, found);
    workflow.phases.iter().map(instructions).collect()
}

impl Library<'_> {
    fn instructions(self, phase: &Phase, found: &mut Vec<Diagnostic>) -> Instructions {
        let of_phase = match &phase.prompt {
            Some(prompt) => self.text(prompt),
            None => self.default_for(&phase.name),
        };
        let mut found_text = |text: Result<String, Box<Diagnostic>>| {
            text.unwrap_or_else(|mistake| {
                found.push(*mistake);
                String::new()
            })
        };
        let of_phase = found_text(of_phase);
        let lenses = phase.lenses.iter().flat_map(|lenses| &lenses.value);
        let lenses = lenses
            .map(|lens| match (&lens.prompt, &phase.prompt) {
                (None, _) => of_phase.clone(),
                (Some(own), None) => found_text(self.text(own)),
                (Some(own), Some(_)) => {
                    let own = found_text(self.text(own));
                    below(&of_phase, &lens.name.value, &own)
                }
            })
            .collect();
        Instructions {
            phase: of_phase,
            lenses,
        }
    }

    fn default_for(self, name: &Spanned<String>) -> Result<String, Box<Diagnostic>> {
        (self.prompts)(&name.value)
            .or_else(|| (self.prompts)(GENERAL))
            .ok_or_else(|| {
                let message = format!("there is no prompt template `{GENERAL}`");
                Box::new(name.spot.error("unknown-prompt", message))
            })
    }

    fn text(self, prompt: &Spanned<String>) -> Result<String, Box<Diagnostic>> {
        match Form::of(&prompt.value) {
            Form::Text => Ok(prompt.value.clone()),
            Form::File => read_prompt_file(prompt, self.read_file),
            Form::Template => (self.prompts)(&prompt.value).ok_or_else(|| {
                let message = format!("unknown prompt template `{}`", prompt.value);
                let mistake = prompt.spot.error("unknown-prompt", message);
                let names = (self.names)();
                let meant = nearest(&prompt.value, names.iter().map(String::as_str));
                Box::new(mistake.with_hint(meant.map_or_else(
                    || {
                        "a file's name ends in `.md` or `.txt` or has a `/` in it; a text has spaces"
                            .to_owned()
                    },
                    |name| format!("did you mean `{name}`?"),
                )))
            }),
        }
    }
}

/// What all lenses of a phase are told, and below it what this one looks at.
fn below(shared: &str, name: &str, own: &str) -> String {
    format!("{}\n\n## Your part: {name}\n\n{own}", shared.trim_end())
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
