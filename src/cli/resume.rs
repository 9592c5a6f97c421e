//! `tipstaff resume [RUN]`.

use super::args::{OutputArgs, ResumeArgs};
use super::changes::catch_up;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{OpenRun, find_run, open_journal, read_plan};
use super::preflight::preflight;
use super::prepare::complete;
use super::settings::Settings;
use super::work::{self, Work, carry_over};
use super::{limits, print};
use crate::engine::{Engine, History, Input, PhaseState};
use crate::journal::{Journal, RunFolder, RunLock, list};
use crate::model::{ChangedLimits, Digest, Event, PersonAnswer, PhaseName, Record, RunEnd};
use crate::plan::Plan;
use crate::process;
use crate::runtime::salvage;
use crate::workspace::{Scratch, TreeId};

pub fn resume(settings: &Settings, args: &ResumeArgs) -> Result<Exit, Failure> {
    let folder = match &args.run {
        Some(wanted) => find_run(settings, Some(wanted))?,
        None => latest_open(settings)?,
    };
    let raised = |plan: &Plan, in_force| {
        let changed = !args.limits.limits.is_empty();
        changed
            .then(|| limits::change(plan, in_force, &args.limits))
            .transpose()
    };
    go_on(settings, folder, &args.output, raised, None)
}

/// The latest run that is not done.
fn latest_open(settings: &Settings) -> Result<RunFolder, Failure> {
    for run in list(&settings.project.root)? {
        if run.problem.is_some() || run.end == Some(RunEnd::Done) {
            continue;
        }
        // The last line tells no end where changes were applied or undone after it.
        let folder = RunFolder::open(&settings.project.root, run.id)?;
        let journal = Journal::read(&folder.path(RunFolder::JOURNAL))?;
        if History::of(&journal).ended() != Some(RunEnd::Done) {
            return Ok(folder);
        }
    }
    let message = "no run is left to go on with";
    Err(Failure::said(Exit::Usage, message, None))
}

/// Takes a run up again with a person's answer.
pub fn go_on_with(
    settings: &Settings,
    folder: RunFolder,
    output: &OutputArgs,
    answer: (PhaseName, PersonAnswer),
) -> Result<Exit, Failure> {
    go_on(settings, folder, output, |_, _| Ok(None), Some(answer))
}

fn go_on(
    settings: &Settings,
    folder: RunFolder,
    output: &OutputArgs,
    raised: impl FnOnce(&Plan, ChangedLimits) -> Result<Option<ChangedLimits>, Failure>,
    answer: Option<(PhaseName, PersonAnswer)>,
) -> Result<Exit, Failure> {
    let mut plan = read_plan(&folder)?;
    let lock = RunLock::acquire(&folder)?;
    let (mut journal, mut records) = open_journal(&folder, settings.redactor(None, None))?;
    catch_up(settings, &folder, &mut journal, &mut records)?;
    let base = frozen(&folder, &records)?;
    if History::of(&records).ended() == Some(RunEnd::Done) {
        // Its supervisor may have been killed between that and its own cleaning up.
        process::sweep(&format!("{}/", folder.id()));
        Scratch::claim(folder.id(), folder.root(), settings.runtime_folder())?.remove()?;
        print::note(&format!(
            "run {} is done already; nothing was run again",
            folder.id()
        ));
        return Ok(Exit::Done);
    }
    complete(settings, &mut plan, output)?;
    let mut carried = carry_over(settings, &plan)?;
    let redactor = settings.redactor(Some(&plan), Some(&carried));
    let journal = journal.redacting(redactor.clone());
    let engine = Engine::new(plan, &records);
    if let Some((phase, _)) = &answer {
        still_asks(&engine, phase)?;
    }
    let in_force = ChangedLimits {
        run: engine.history().limits(engine.plan().limits),
        budgets: engine.history().changed_budgets().clone(),
    };
    let limits = raised(engine.plan(), in_force)?;
    preflight(settings, engine.plan(), &mut carried, Ok(()))?;
    let work = Work {
        folder,
        lock,
        carried,
        redactor,
        engine,
        journal,
        records,
        base,
        output,
        interruptible: Interruptible::new()?,
    };
    work::work(settings, work, |(site, engine)| Input::Resume {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        limits,
        answer,
        salvaged: salvage(site, engine.history()),
    })
}

/// Someone else may have answered while the question stood on a terminal.
fn still_asks(engine: &Engine, phase: &PhaseName) -> Result<(), Failure> {
    let state = engine.history().phase(phase);
    if state.and_then(PhaseState::open_question).is_some() {
        return Ok(());
    }
    let message = format!("phase `{phase}` does not wait for an answer any more");
    Err(Failure::said(Exit::Usage, &message, None))
}

/// The snapshot of the run, after checking that the plan is still the one it began with.
fn frozen(folder: &RunFolder, records: &[Record]) -> Result<TreeId, Failure> {
    let started = records.iter().find_map(|record| match &record.event {
        Event::RunStarted { plan, base, .. } => Some((plan, TreeId::parse(base))),
        _ => None,
    });
    let damaged = |message: String| {
        Failure::said(
            Exit::Failed,
            &message,
            Some("start it anew with `tipstaff run`"),
        )
    };
    let Some((plan, Some(base))) = started else {
        return Err(damaged(format!("run {} never began", folder.id())));
    };
    let found: Digest = folder.describe_artifact(RunFolder::PLAN)?.digest;
    if &found != plan {
        return Err(damaged(format!(
            "the plan of run {} was changed since it began",
            folder.id()
        )));
    }
    Ok(base)
}

/// The run as it can be read without taking it up.
pub fn look(settings: &Settings, wanted: &str) -> Result<OpenRun, Failure> {
    OpenRun::read(find_run(settings, Some(wanted))?)
}
