//! From what was typed to a plan.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::args::{DestinationArgs, LimitArgs, OutputArgs, RunArgs};
use super::failure::{Exit, Failure};
use super::library::{Texts, find_workflow, project_path};
use super::projection::{announce, fits, project};
use super::settings::{Configuration, Settings, mistakes_in, read_text, unreadable};
use super::trust::agree;
use super::{limits, print};
use crate::config::{Config, Notify};
use crate::journal::Redactor;
use crate::model::{AgentEnv, ChangedLimits, Destination};
use crate::plan::{Plan, Rehearsal, SandboxMode, SetupStep};
use crate::rehearsal::Scenario;
use crate::report::candidates_cost;
use crate::run::RunState;
use crate::trust::{CONFIG, detected_commands, detected_setup};
use crate::workflow::{self, Bindings, Library, Workflow};
use crate::workspace::current_branch;

/// Larger requests are refused, in bytes.
const LARGEST_REQUEST: u64 = 8 << 20;

/// A workflow without mistakes.
pub struct Valid {
    pub plan: Plan,
    pub workflow: Workflow,
    /// How messages call it.
    pub name: Arc<str>,
    pub config: Config,
    /// The same without the project's.
    pub base: Config,
    /// The files of the project that went into it.
    pub files: Vec<String>,
}

/// Compiles the workflow of that path or name, warnings shown. `bind` says with which values.
pub fn compile(
    settings: &Settings,
    wanted: &str,
    bind: impl for<'t> FnOnce(&Workflow, Library<'t>) -> Result<Bindings<'t>, Failure>,
) -> Result<Valid, Failure> {
    let Configuration {
        config,
        base,
        mut sources,
    } = settings.configuration()?;
    let found = find_workflow(settings, wanted)?;
    sources.push(found.source.clone());
    let mistaken = |mistakes: Vec<_>| mistakes_in(&mistakes, &sources);
    let workflow = workflow::parse(&found.source).map_err(mistaken)?;
    let texts = Texts::of(settings, &found);
    let library = Library {
        prompts: &|name| texts.template(name),
        names: &|| texts.template_names(),
        read_file: &|file| texts.prompt_file(file),
    };
    let compiled = workflow::compile(&workflow, &bind(&workflow, library)?, &config);
    texts.problem()?;
    let compiled = compiled.map_err(mistaken)?;
    if !compiled.warnings.is_empty() {
        print::diagnostics(&compiled.warnings, &sources);
    }
    Ok(Valid {
        plan: compiled.plan,
        workflow,
        name: found.source.name.clone(),
        config,
        base,
        files: texts.of_project(),
    })
}

/// The same for who does not run it: a run brings the values.
pub fn compile_unbound(
    settings: &Settings,
    wanted: &str,
    best_of: Option<u32>,
) -> Result<Valid, Failure> {
    compile(settings, wanted, |workflow, library| {
        let needed = workflow.inputs.iter().filter(|input| input.required);
        let names = needed.map(|input| input.name.value.clone());
        Ok(Bindings {
            request: "feature".to_owned(),
            sets: names.map(|name| (name.clone(), name)).collect(),
            model_overrides: BTreeMap::new(),
            depth: None,
            best_of,
            seed: 0,
            destination: Destination::Tree,
            library,
        })
    })
}

/// The plan of the run that was typed.
pub fn plan(settings: &Settings, args: &RunArgs) -> Result<Plan, Failure> {
    let mut rehearsal = None;
    let valid = compile(settings, &args.workflow, |_, library| {
        let wanted = args.rehearse.as_deref();
        let read = wanted.map(|name| read_rehearsal(name, args.publish));
        rehearsal = read.transpose()?;
        Ok(Bindings {
            request: request(args)?,
            sets: pairs(&args.sets, "--set")?,
            model_overrides: pairs(&args.models, "--model")?,
            depth: args.depth,
            best_of: args.candidates.best_of,
            seed: args.seed.unwrap_or_else(random_seed),
            destination: destination(settings, args)?,
            library,
        })
    })?;
    if args.candidates.best_of.is_some() {
        tell_of_candidates(&valid.plan);
    }
    let (mut plan, base, layer) = (valid.plan, valid.base, valid.workflow.layer);
    limit(&mut plan, &args.limits)?;
    plan.rehearsal = rehearsal;
    plan.commits = args.destination.commits.style();
    plan.sandbox_mode = args.sandbox.unwrap_or(plan.sandbox_mode);
    if plan.rehearsal.is_none() {
        plan.mark = random_seed();
    }
    agree(settings, &plan, &base, &valid.files, &args.output)?;
    detect_setup(settings, &mut plan);
    let commands = detected_commands(&settings.project.root);
    plan.verify.allow.extend(commands);
    let of_project = [
        (
            "accept",
            valid.config.accept != base.accept || !layer.accept.is_empty(),
        ),
        (
            "notify",
            valid.config.notify != base.notify || layer.notify != Notify::default(),
        ),
        (
            "confirm_above",
            valid.config.confirm_above != base.confirm_above || layer.confirm_above.is_some(),
        ),
    ];
    for (key, _) in of_project.iter().filter(|(_, is_said)| *is_said) {
        print::note(&format!(
            "warning: `{key}` counts in your own configuration only; others are ignored"
        ));
    }
    plan.accept = [base.accept, args.destination.accept.accept.clone()].concat();
    if !layer.agents.is_empty() || layer.verify.env != AgentEnv::default() {
        let file = std::path::absolute(&*valid.name)?;
        plan.file = Some(file.display().to_string());
    }
    let projection = project(settings, &plan, &RunState::default());
    if !args.output.yes {
        fits(&plan, &projection, &args.workflow)?;
    }
    announce(&projection, base.confirm_above, (&plan, &args.output))?;
    // What real models use says nothing of scripted ones.
    if plan.rehearsal.is_none() {
        plan.expected = projection.expected;
    }
    Ok(plan)
}

/// What the candidates cost, and whether anything but a judge tells them apart.
fn tell_of_candidates(plan: &Plan) {
    let Some(cost) = candidates_cost(plan) else {
        return;
    };
    print::note(&cost);
    let mut editing = plan.phases.iter().filter(|phase| phase.edits);
    if editing.all(|phase| phase.verify.is_empty()) {
        print::note(
            "hint: no command proves them, only a judge compares them; write `verify: COMMAND` into \
             .tipstaff/config.yaml",
        );
    }
}

/// Where nobody said what makes workspaces usable, it is what the project's own files show. It runs code of strangers, so
/// only in a cell; a rehearsal downloads nothing.
pub fn detect_setup(settings: &Settings, plan: &mut Plan) {
    if plan.setup.is_none() && plan.sandbox_mode != SandboxMode::Off && plan.rehearsal.is_none() {
        plan.setup = Some(installers(settings));
    }
}

/// What the project's own files show to install what it depends on.
pub fn installers(settings: &Settings) -> Vec<SetupStep> {
    let path = settings.environment.get(OsStr::new("PATH"));
    let project = &settings.project.root;
    let is_there = |program: &str| which::which_in(program, path, project).is_ok();
    detected_setup(project, is_there)
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

fn destination(settings: &Settings, args: &RunArgs) -> Result<Destination, Failure> {
    // Scripted results are nobody's work: whatever else was said, they stay in the run.
    if args.rehearse.is_some() && !args.publish {
        return Ok(Destination::Nowhere);
    }
    Ok(named_destination(settings, &args.destination)?.unwrap_or(Destination::Tree))
}

/// Where the flags say that results go, if they do.
pub fn named_destination(
    settings: &Settings,
    args: &DestinationArgs,
) -> Result<Option<Destination>, Failure> {
    Ok(match &args.branch {
        Some(name) => Some(Destination::Branch(name.clone())),
        None if args.commit => Some(here(settings)?),
        None => args.keep.then_some(Destination::Nowhere),
    })
}

/// The branch that is checked out.
pub fn here(settings: &Settings) -> Result<Destination, Failure> {
    current_branch(&settings.project).map_err(|error| {
        let hint = "`--branch NAME` makes a new branch in any repository";
        Failure::new(Exit::Usage, &error, Some(hint))
    })
}

fn read_rehearsal(wanted: &str, publishes: bool) -> Result<Rehearsal, Failure> {
    Scenario::find(wanted).map_err(|error| {
        let hint = "--rehearse takes the name of a scenario or a file; put it after the request";
        Failure::new(Exit::Usage, &error, Some(hint))
    })?;
    let file = Path::new(wanted);
    let text = match Scenario::builtin(wanted) {
        Some(_) => None,
        None => Some(read_text(file).map_err(|error| unreadable(file, &error))?),
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
            let message = format!("a secret is in `command` or `args` of agent `{name}`");
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
    let lost = |missing: &str, of: &str, setting: &str| {
        let message = format!(
            "the run needs `{missing}` of {of}, which the configuration does not set any more"
        );
        let hint = format!("set it as `{setting}`; the run folder does not keep it");
        Failure::said(Exit::Usage, &message, Some(&hint))
    };
    let verify = plan.verify.env.complete(&config.verify.env);
    verify.map_err(|missing| {
        let setting = format!("verify_env: {{ {missing}: … }}");
        lost(&missing, "`verify_env`", &setting)
    })?;
    for (name, agent) in &mut plan.agents {
        let known = config.agents.get(name).map(|known| known.env.clone());
        let completed = agent.env.complete(&known.unwrap_or_default());
        completed.map_err(|missing| {
            let setting = format!("agents: {{ {name}: {{ env: {{ {missing}: … }} }} }}");
            lost(&missing, &format!("agent `{name}`"), &setting)
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
        let message = format!("the request from {name} is not UTF-8 text");
        Failure::said(Exit::Usage, &message, None)
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

/// The standard library's own random state is as random as an order of proposals, or a mark, has to be.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
