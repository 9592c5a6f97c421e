//! One tiny request to each model, by a run of one call in a project of its own.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::agents::Carried;
use crate::cli::args::OutputArgs;
use crate::cli::failure::{Exit, Failure};
use crate::cli::interruptible::{Interruptible, interrupted};
use crate::cli::run::prepare_work;
use crate::cli::settings::{Settings, mistakes_in};
use crate::cli::work::supervise;
use crate::config::Config;
use crate::engine::Engine;
use crate::model::{Destination, MicroUsd, Millis, RunEnd};
use crate::plan::Plan;
use crate::run::AttemptEnd;
use crate::runtime::now;
use crate::trust::ProjectFiles;
use crate::workflow::{self, Bindings, Library};
use crate::workspace::Project;
use crate::yaml::{self, Source};

/// What a model said to it.
#[derive(Debug, Serialize)]
pub struct Reply {
    /// The names that stand for it.
    pub models: Vec<String>,
    pub answered: bool,
    /// Why it did not.
    pub failure: Option<String>,
    pub wall_ms: Millis,
    pub tokens: u64,
    pub cost_micro_usd: MicroUsd,
}

/// Asks the model that these names stand for.
pub fn ask(
    settings: &Settings,
    config: &Config,
    carried: &Carried,
    models: Vec<String>,
) -> Result<Reply, Failure> {
    let folder = tempfile::tempdir()?;
    let project = Project::discover(folder.path())
        .map_err(|error| Failure::new(Exit::Failed, &error, None))?;
    let own = Settings {
        files: ProjectFiles::new(&project.root, yaml::MAX_BYTES as u64),
        project,
        named: None,
        environment: settings.environment.clone(),
        user_folder: None,
    };
    let plan = plan(config, models.first().map_or("", String::as_str))?;
    let output = OutputArgs {
        json: false,
        yes: true,
        quiet: true,
        pr_body: None,
        plain: false,
        detach: false,
        wait: false,
        unpark: false,
        is_probe: true,
    };
    let interruptible = Interruptible::new()?;
    let (work, begin) = prepare_work(&own, (plan, carried.clone()), interruptible, &output)?;
    let run = work.folder.clone();
    let ended = supervise(&own, work, |(context, _)| begin.input(context));
    own.register()?.forget(&run);
    let (end, engine) = ended?.driven?;
    if end == RunEnd::Interrupted {
        let signal = engine.state().interrupted().unwrap_or("SIGINT");
        return Err(interrupted(signal, "not every model was asked"));
    }
    Ok(reply(&engine, end, models))
}

fn reply(engine: &Engine, end: RunEnd, models: Vec<String>) -> Reply {
    let state = engine.state();
    let attempts = || state.calls().flat_map(|call| &call.attempts);
    let mut failures = attempts().filter_map(|attempt| match attempt.end() {
        Some(AttemptEnd::Failed(failure)) => Some(failure.message.clone()),
        _ => None,
    });
    let spent = state.spent();
    let answered = end == RunEnd::Done;
    let why = || {
        failures
            .next_back()
            .unwrap_or_else(|| "it did not answer".to_owned())
    };
    Reply {
        failure: (!answered).then(why),
        models,
        answered,
        wall_ms: Millis(attempts().map(|attempt| attempt.time(now()).0).sum()),
        tokens: spent.usage.tokens(),
        cost_micro_usd: spent.usage.cost,
    }
}

fn plan(config: &Config, model: &str) -> Result<Plan, Failure> {
    let model = serde_json::Value::from(model);
    let text = format!(
        "name: doctor\nphases:\n  - {{ name: answer, model: {model}, context_strategy: fresh, distill: none, \
         retries: 0, timeout: 3m, prompt: 'Answer with the one word: ready' }}\n"
    );
    let source = Source::new("doctor", text);
    let library = Library {
        prompts: &|_| None,
        names: &Vec::new,
        read_file: &|_| Err("there is none".to_owned()),
    };
    let bindings = Bindings {
        request: "Say that you are ready".to_owned(),
        sets: BTreeMap::new(),
        model_overrides: BTreeMap::new(),
        depth: None,
        best_of: None,
        seed: 0,
        destination: Destination::Nowhere,
        library,
    };
    let parsed = workflow::parse(&source);
    let compiled = parsed.and_then(|workflow| workflow::compile(&workflow, &bindings, config));
    match compiled {
        Ok(compiled) => Ok(compiled.plan),
        Err(mistakes) => Err(mistakes_in(&mistakes, &[source])),
    }
}
