//! `tipstaff run WORKFLOW REQUEST`.

use super::args::{OutputArgs, RunArgs};
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::preflight::preflight;
use super::prepare::{self, without_secrets};
use super::settings::Settings;
use super::work::{self, FrozenInputs, Work, carry_over};
use crate::agents::Carried;
use crate::engine::{Begin, Engine, Input};
use crate::journal::{Redactor, RunFolder, RunLock, new_run_id};
use crate::model::{Artifact, FrozenFile, Rung};
use crate::plan::{Plan, PlannedInput};
use crate::runtime::{RunContext, now};
use crate::workspace::{Progress, Snapshot, check_destination, read_files, remove_tree};

pub fn run(settings: &Settings, args: &RunArgs) -> Result<Exit, Failure> {
    let plan = prepare::plan(settings, args)?;
    let mut carried = carry_over(settings, &plan)?;
    let mut interruptible = Interruptible::new()?;
    interruptible.blocking(("", Interruptible::NOTHING_RAN), || {
        let destination = check_destination(&settings.project, &plan.destination);
        preflight(settings, &plan, |model| model, &mut carried, destination)
    })?;
    let (work, begin) = prepare_work(settings, (plan, carried), interruptible, &args.output)?;
    work::work(settings, work, |(context, _)| begin.input(context))
}

/// What a run begins with, but for what is known only once its cells are.
pub struct Beginning(Begin);

impl Beginning {
    pub fn input(self, context: &RunContext) -> Input {
        let sandbox = context.cells.rung;
        Input::Begin(Begin { sandbox, ..self.0 })
    }
}

/// Makes the run's folder, with everything of the present that its calls depend on.
pub fn prepare_work<'a>(
    settings: &Settings,
    (plan, carried): (Plan, Carried),
    mut interruptible: Interruptible,
    output: &'a OutputArgs,
) -> Result<(Work<'a>, Beginning), Failure> {
    let redactor = settings.redactor(Some(&plan), Some(&carried));
    let plan = without_secrets(plan, &redactor)?;

    let id = new_run_id(now(), &plan.workflow);
    let folder = RunFolder::create(&settings.project.root, id.clone())?;
    let lock = RunLock::acquire(&folder)?;
    // Until it has begun, nobody could go on with it.
    let gone = |_: &Failure| drop(remove_tree(folder.root()));
    let register = settings.register().inspect_err(gone)?;
    register.forget_deleted();
    let what = "taking a snapshot of the project";
    let progress = Progress::default();
    let text = || progress.of(what);
    let frozen = interruptible.watched((&text, Interruptible::NOTHING_RAN), || {
        freeze(settings, &folder, &plan, &redactor, &progress)
    });
    let inputs = frozen.inspect_err(gone)?;
    let begin = Begin {
        run: id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: inputs.plan.digest.clone(),
        base: inputs.base.clone(),
        files: inputs.files.clone(),
        sandbox: Rung::default(),
        parked: Vec::new(),
    };
    let journal = folder.create_journal(&register, redactor.clone())?;
    let work = Work {
        folder,
        lock,
        carried,
        redactor,
        engine: Engine::new(plan, &[]),
        journal,
        records: Vec::new(),
        base: inputs.base,
        output,
        interruptible,
    };
    Ok((work, Beginning(begin)))
}

/// Everything of the present that the run's calls depend on, put into its folder.
fn freeze(
    settings: &Settings,
    folder: &RunFolder,
    plan: &Plan,
    redactor: &Redactor,
    progress: &Progress,
) -> Result<FrozenInputs, Failure> {
    let json = serde_json::to_vec_pretty(plan)?;
    let plan_artifact = folder.write_artifact(RunFolder::PLAN, &redactor.clean(&json))?;
    let (store, cache) = (folder.path(RunFolder::STORE), settings.project_cache());
    let snapshot = Snapshot::take(&settings.project, &store, cache.as_ref(), progress)?;
    for remark in &snapshot.remarks {
        super::print::note(&format!("note: {remark}"));
    }
    let mut files = Vec::new();
    for glob in globs(plan) {
        files.extend(freeze_files(settings, folder, &glob, redactor)?);
    }
    Ok(FrozenInputs {
        plan: plan_artifact,
        base: snapshot.tree,
        files,
    })
}

fn globs(plan: &Plan) -> Vec<String> {
    let inputs = plan.phases.iter().flat_map(|phase| &phase.inputs);
    let mut globs: Vec<String> = inputs
        .filter_map(|input| match input {
            PlannedInput::Files(glob) => Some(glob.clone()),
            PlannedInput::Request
            | PlannedInput::Output(_)
            | PlannedInput::Handoff(_)
            | PlannedInput::Changes(_)
            | PlannedInput::Tests(_) => None,
        })
        .collect();
    globs.sort();
    globs.dedup();
    globs
}

fn freeze_files(
    settings: &Settings,
    folder: &RunFolder,
    glob: &str,
    redactor: &Redactor,
) -> Result<Vec<FrozenFile>, Failure> {
    let found = read_files(glob, &settings.project.root)?;
    if found.is_empty() {
        super::print::note(&format!("warning: `file:{glob}` matches no file"));
    }
    found
        .into_iter()
        .map(|file| {
            let kept = format!("inputs/{}", file.path);
            let clean = redactor.clean(&file.bytes);
            let artifact: Artifact = folder.write_artifact(&kept, &clean)?;
            Ok(FrozenFile {
                glob: glob.to_owned(),
                path: file.path,
                artifact,
            })
        })
        .collect()
}
