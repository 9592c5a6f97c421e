//! Tests of the module as a whole.

#![expect(clippy::unwrap_used, reason = "tests")]

mod broken;
mod compiling;
mod flow;
mod judging;
mod keys;
mod phases;
mod properties;
mod shipped;

use std::collections::BTreeMap;

use crate::config::{self, Config};
use crate::model::Destination;
use crate::yaml::{Colour, Diagnostic, Source, render};

use super::{Bindings, Compiled, Library, Workflow, compile, parse};

/// The seed document's workflow, letter for letter.
const SEED: &str = include_str!("../../../fixtures/workflows/feature-build.yaml");

fn config() -> Config {
    config::load(&[]).unwrap()
}

fn source(text: &str) -> Source {
    Source::new("w.yaml", text)
}

fn workflow(text: &str) -> Workflow {
    parse(&source(text)).unwrap()
}

fn shown(diagnostics: &[Diagnostic], text: &str) -> String {
    render(diagnostics, &[source(text)], Colour::Off)
}

fn stub_prompt(name: &str) -> Option<String> {
    let known = ["general", "plan", "workshop", "debug", "execute", "review"];
    known
        .contains(&name)
        .then(|| format!("Instructions of {name} for {{feature}}, {{\"json\": {{unknown}}}}"))
}

fn stub_file(path: &str) -> Result<String, String> {
    match path {
        "prompts/mine.md" => Ok("Mine.".to_owned()),
        "empty.md" => Ok("\n".to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

fn bindings(request: &str) -> Bindings<'static> {
    Bindings {
        request: request.to_owned(),
        sets: BTreeMap::new(),
        model_overrides: BTreeMap::new(),
        depth: None,
        best_of: None,
        seed: 7,
        destination: Destination::Tree,
        library: LIBRARY,
    }
}

const LIBRARY: Library<'static> = Library {
    prompts: &stub_prompt,
    names: &|| vec!["general".to_owned(), "review".to_owned()],
    read_file: &stub_file,
};

fn compiled(text: &str, bindings: &Bindings<'_>) -> Compiled {
    compile(&workflow(text), bindings, &config())
        .unwrap_or_else(|found| panic!("{}", shown(&found, text)))
}

fn refused(text: &str, bindings: &Bindings<'_>) -> String {
    shown(
        &compile(&workflow(text), bindings, &config()).unwrap_err(),
        text,
    )
}
