//! Files that people write: workflows, configurations, scenarios.

use std::collections::BTreeMap;

use tipstaff::config;
use tipstaff::model::Destination;
use tipstaff::rehearsal::Scenario;
use tipstaff::workflow::{Bindings, Library, check, compile, parse};
use tipstaff::yaml::{Colour, Source, render};

use crate::mutants::survives;
use crate::seeds::{blocks, files_in};

fn source(bytes: &[u8]) -> Source {
    Source::new("w.yaml", String::from_utf8_lossy(bytes))
}

fn bindings() -> Bindings<'static> {
    Bindings {
        request: "Add a page".to_owned(),
        sets: BTreeMap::new(),
        model_overrides: BTreeMap::new(),
        depth: None,
        best_of: None,
        seed: 7,
        destination: Destination::Tree,
        library: Library {
            prompts: &|_| Some("Do {{request}}.".to_owned()),
            names: &|| vec!["general".to_owned()],
            read_file: &|_| Ok("Mine.".to_owned()),
        },
    }
}

pub fn workflow(bytes: &[u8]) {
    let source = source(bytes);
    let config = config::load(&[]).unwrap();
    let found = match parse(&source) {
        Ok(workflow) => {
            let found = check(&workflow, &config);
            let compiled = compile(&workflow, &bindings(), &config);
            compiled.err().unwrap_or(found)
        }
        Err(found) => found,
    };
    render(&found, &[source], Colour::On);
}

pub fn configuration(bytes: &[u8]) {
    let source = source(bytes);
    if let Err(found) = config::load(std::slice::from_ref(&source)) {
        render(&found, &[config::builtin(), source], Colour::On);
    }
}

#[test]
fn any_workflow_is_explained() {
    let mut seeds = files_in("workflows", ".yaml");
    seeds.extend(files_in("fixtures/workflows", ".yaml"));
    survives("workflow", seeds, workflow);
}

#[test]
fn any_configuration_is_explained() {
    let mut seeds = blocks("yaml");
    seeds.push(config::builtin().text.as_bytes().to_vec());
    survives("configuration", seeds, configuration);
}

#[test]
fn any_scenario_is_explained() {
    survives(
        "scenario",
        files_in("fixtures/scenarios", ".yaml"),
        |bytes| {
            let _ = Scenario::parse(&String::from_utf8_lossy(bytes), "s.yaml");
        },
    );
}
