//! From what was typed to a plan.

use std::collections::BTreeMap;
use std::io::Read;

use super::args::{LimitArgs, OutputArgs, RunArgs};
use super::failure::{Exit, Failure};
use super::library::{Texts, find_workflow, project_path};
use super::settings::{Configuration, Settings, mistakes_in, read_text, unreadable};
use super::trust::agree;
use super::{limits, print};
use crate::journal::Redactor;
use crate::model::{AgentEnv, ChangedLimits, Destination};
use crate::plan::{Plan, Rehearsal};
use crate::rehearsal::Scenario;
use crate::trust::{CONFIG, detected_commands};
use crate::workflow::{self, Bindings};

/// Larger requests are refused, in bytes.
const LARGEST_REQUEST: u64 = 8 << 20;

/// Compiles the workflow that `run` names, warnings shown.
pub fn compile(settings: &Settings, args: &RunArgs) -> Result<Plan, Failure> {
    let Configuration {
        config,
        base,
        mut sources,
    } = settings.configuration()?;
    let found = find_workflow(settings, &args.workflow)?;
    sources.push(found.source.clone());
    let parsed =
        workflow::parse(&found.source).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    let rehearsal = args.rehearse.as_deref();
    let rehearsal = rehearsal.map(|name| read_rehearsal(name, args.publish));
    let rehearsal = rehearsal.transpose()?;
    let request = request(args)?;
    let texts = Texts::of(settings, &found);
    let bindings = Bindings {
        request,
        sets: pairs(&args.sets, "--set")?,
        model_overrides: pairs(&args.models, "--model")?,
        depth: args.depth,
        seed: args.seed.unwrap_or_else(random_seed),
        destination: destination(args),
        library: workflow::Library {
            prompts: &|name| texts.template(name),
            names: &|| texts.template_names(),
            read_file: &|file| texts.prompt_file(file),
        },
    };
    let compiled = workflow::compile(&parsed, &bindings, &config);
    texts.problem()?;
    let compiled = compiled.map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    if !compiled.warnings.is_empty() {
        print::diagnostics(&compiled.warnings, &sources);
    }
    let mut plan = compiled.plan;
    limit(&mut plan, &args.limits)?;
    plan.rehearsal = rehearsal;
    agree(settings, &plan, &base, &texts.of_project(), &args.output)?;
    let commands = detected_commands(&settings.project.root);
    plan.verify.allow.extend(commands);
    if config.accept.len() > base.accept.len() || !parsed.layer.accept.is_empty() {
        print::note("warning: `accept` counts in your own configuration only; others are ignored");
    }
    plan.accept = [base.accept, args.destination.accept.accept.clone()].concat();
    if !parsed.layer.agents.is_empty() || parsed.layer.verify.env != AgentEnv::default() {
        let file = std::path::absolute(&*found.source.name)?;
        plan.file = Some(file.display().to_string());
    }
    Ok(plan)
}

fn limit(plan: &mut Plan, args: &LimitArgs) -> Result<(), Failure> {
    let planned = ChangedLimits {
        run: plan.limits,
        changes: plan.change_limits,
        budgets: BTreeMap::new(),
    };
    let changed = limits::change(plan, planned, args)?;
    plan.limits = changed.run;
    plan.change_limits = changed.changes;
    for phase in &mut plan.phases {
        if let Some(budget) = changed.budgets.get(&phase.name) {
            phase.budget = *budget;
        }
    }
    Ok(())
}

fn destination(args: &RunArgs) -> Destination {
    // Scripted results are nobody's work: whatever else was said, they stay in the run.
    if args.rehearse.is_some() && !args.publish {
        return Destination::Nowhere;
    }
    let args = &args.destination;
    match &args.branch {
        Some(name) => Destination::Branch(name.clone()),
        None if args.keep => Destination::Nowhere,
        None => Destination::Tree,
    }
}

fn read_rehearsal(wanted: &str, publishes: bool) -> Result<Rehearsal, Failure> {
    let scenario = Scenario::find(wanted).map_err(|error| {
        Failure::new(
            Exit::Usage,
            &error,
            Some("--rehearse takes the name of a scenario or a file; put it after the request"),
        )
    })?;
    drop(scenario);
    let text = match Scenario::builtin(wanted) {
        Some(_) => None,
        None => {
            Some(read_text(wanted.as_ref()).map_err(|error| unreadable(wanted.as_ref(), &error))?)
        }
    };
    Ok(Rehearsal {
        scenario: wanted.to_owned(),
        text,
        publishes,
    })
}

fn request(args: &RunArgs) -> Result<String, Failure> {
    let text = match (&args.request_file, args.request.as_slice()) {
        (Some(path), _) => {
            let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
            read_request(file, &path.display().to_string())?
        }
        (None, [dash]) if dash == "-" => read_request(std::io::stdin().lock(), "standard input")?,
        (None, words) => words.join(" "),
    };
    if text.trim().is_empty() {
        let hint = format!("tipstaff run {} \"what you want\"", args.workflow);
        return Err(Failure::said(
            Exit::Usage,
            "the request is empty",
            Some(&hint),
        ));
    }
    Ok(text)
}

/// The plan as it may be kept: what is frozen into the run folder is what the run works with.
pub fn without_secrets(mut plan: Plan, redactor: &Redactor) -> Result<Plan, Failure> {
    // They are started as they are; the values of their variables are not kept.
    let agents = std::mem::take(&mut plan.agents);
    for (name, agent) in &agents {
        let words = agent.args.iter().chain([&agent.command]);
        if words
            .into_iter()
            .any(|word| *redactor.redact(word) != **word)
        {
            let message = format!("a secret stands in `command` or `args` of agent `{name}`");
            let hint = "others see a command line; give it by `env` or `pass_env`";
            return Err(Failure::said(Exit::Usage, &message, Some(hint)));
        }
    }
    let of_verify = std::mem::take(&mut plan.verify.env);
    let mut clean = redactor.redact_data(plan.clone());
    if clean != plan {
        print::note("warning: the request or the workflow holds a secret; it was taken out");
    }
    clean.agents = agents;
    clean.verify.env = of_verify;
    Ok(clean)
}

/// Gives a plan that was read the values of its variables.
pub fn complete(settings: &Settings, plan: &mut Plan, output: &OutputArgs) -> Result<(), Failure> {
    let is_empty = |env: &AgentEnv| *env == AgentEnv::default();
    if plan.agents.values().all(|agent| is_empty(&agent.env)) && is_empty(&plan.verify.env) {
        return Ok(());
    }
    let Configuration {
        mut config, base, ..
    } = settings.configuration()?;
    let file = plan.file.clone();
    let mut paths = vec![CONFIG.to_owned()];
    let workflow = file
        .as_ref()
        .and_then(|file| project_path(settings, file.as_ref()));
    paths.extend(workflow);
    // The project may say something else by now than the user agreed to.
    agree(settings, plan, &base, &paths, output)?;
    if let Some(file) = &file
        && let Ok(found) = find_workflow(settings, file)
        && let Ok(workflow) = workflow::parse(&found.source)
    {
        (config, _) = config.with(&workflow.layer);
    }
    plan.verify.env.complete(&config.verify.env).map_err(|missing| {
        let message = format!(
            "the run needs `{missing}` of `verify_env`, which the configuration does not set any more"
        );
        let hint = format!("set it as `verify_env: {{ {missing}: … }}`; the run folder does not keep it");
        Failure::said(Exit::Usage, &message, Some(&hint))
    })?;
    for (name, agent) in &mut plan.agents {
        let known = config.agents.get(name).map(|known| known.env.clone());
        agent.env.complete(&known.unwrap_or_default()).map_err(|missing| {
            let message = format!(
                "the run needs `{missing}` of agent `{name}`, which the configuration does not set any more"
            );
            let hint = format!(
                "set it as `agents: {{ {name}: {{ env: {{ {missing}: … }} }} }}`; the run folder does not keep it"
            );
            Failure::said(Exit::Usage, &message, Some(&hint))
        })?;
    }
    Ok(())
}

fn read_request(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    from.take(LARGEST_REQUEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_REQUEST {
        let message = format!(
            "the request from {name} is larger than {} MiB",
            LARGEST_REQUEST >> 20
        );
        return Err(Failure::said(Exit::Usage, &message, None));
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::said(
            Exit::Usage,
            &format!("the request from {name} is not UTF-8 text"),
            None,
        )
    })
}

/// The last value of a key counts twice: that is a mistake, not a choice.
pub fn pairs(given: &[(String, String)], flag: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut pairs = BTreeMap::new();
    for (key, value) in given {
        if pairs.insert(key.clone(), value.clone()).is_some() {
            let message = format!("{flag} {key} is given twice");
            return Err(Failure::said(Exit::Usage, &message, None));
        }
    }
    Ok(pairs)
}

/// The standard library's own random state is as random as an order of proposals has to be.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
