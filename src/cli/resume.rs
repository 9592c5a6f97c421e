//! `tipstaff resume [RUN]`.

use std::path::Path;
use std::time::Duration;

use super::args::{OutputArgs, ResumeArgs};
use super::changes::catch_up;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{OpenRun, TakenUp, find_run, own_runs, take_up};
use super::preflight::preflight;
use super::prepare::complete;
use super::projection::{announce, project};
use super::settings::Settings;
use super::typed::command;
use super::work::{self, Work, carry_over};
use super::{print, steer};
use crate::engine::{Engine, Input};
use crate::journal::{Holder, Journal, RunFolder, RunLock};
use crate::model::RunEnd;
use crate::plan::Plan;
use crate::process;
use crate::run::{Event, PhaseEvent, RunState};
use crate::runtime::{elsewhere, now, recover};
use crate::workspace::Scratch;

pub fn resume(settings: &Settings, args: &ResumeArgs) -> Result<Exit, Failure> {
    let folder = match &args.run {
        Some(wanted) => find_run(settings, Some(wanted))?,
        None => latest_open(settings)?,
    };
    let acts = |known: (&Plan, &RunState), folder: &RunFolder| {
        steer::acts(settings, (&args.steer, args.rounds), known, folder)
    };
    go_on(settings, folder, &args.output, acts)
}

/// The latest run of this user that is not done.
fn latest_open(settings: &Settings) -> Result<RunFolder, Failure> {
    for folder in own_runs(settings, |end| end != Some(RunEnd::Done))? {
        // The last line tells no end where changes were applied or undone after it.
        let journal = Journal::read(&folder.path(RunFolder::JOURNAL))?;
        if RunState::of(&journal.records).ended() != Some(RunEnd::Done) {
            return Ok(folder);
        }
    }
    let message = "no run is left to go on with";
    Err(Failure::said(Exit::Usage, message, None))
}

/// Takes a run up again with a person's answer. A supervisor that asks for it gets it instead.
pub fn go_on_with(
    settings: &Settings,
    OpenRun { folder, .. }: OpenRun,
    output: &OutputArgs,
    answer: Event,
) -> Result<Exit, Failure> {
    if let Some(holder) = RunLock::holder(&folder)? {
        return hand_over(settings, &folder, &holder, &answer);
    }
    go_on(settings, folder, output, |(_, state), _| {
        still_asks(state, &answer)?;
        Ok(vec![answer])
    })
}

/// A supervisor that asks looks for answers ten times a second; one that works does not.
fn hand_over(
    settings: &Settings,
    folder: &RunFolder,
    holder: &Holder,
    answer: &Event,
) -> Result<Exit, Failure> {
    folder.leave_answer(answer, &settings.redactor(None, None))?;
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(100));
        let journal = Journal::read(&folder.path(RunFolder::JOURNAL))?;
        if still_asks(&RunState::of(&journal.records), answer).is_err() {
            print::note(&format!("{holder} goes on with your answer"));
            return Ok(Exit::Done);
        }
    }
    let _ = folder.take_answer();
    let message = format!("{holder} works on run {} and takes no answer", folder.id());
    Err(Failure::said(Exit::Failed, &message, None))
}

fn go_on(
    settings: &Settings,
    folder: RunFolder,
    output: &OutputArgs,
    acts: impl FnOnce((&Plan, &RunState), &RunFolder) -> Result<Vec<Event>, Failure>,
) -> Result<Exit, Failure> {
    work_on(settings, left_alone(settings, folder)?, output, acts)
}

/// A run that nobody works on, with what its journal lacks.
pub fn left_alone(settings: &Settings, folder: RunFolder) -> Result<TakenUp, Failure> {
    let mut run = take_up(settings, folder)?;
    end_processes(settings, &run.folder)?;
    catch_up(settings, &mut run)?;
    Ok(run)
}

/// What goes on elsewhere is not lost because its folder is not mounted here.
pub fn has_shared_folders(plan: &Plan, state: &RunState) -> Result<(), Failure> {
    let calls = state.running().map(|(call, _)| call);
    let executors = calls.filter_map(|call| plan.executor(&call.spec.phase, call.model()?));
    for (name, executor) in executors {
        let shared = &executor.shared;
        if !Path::new(shared).is_dir() {
            let message = format!(
                "the folder `{shared}` of the executor `{name}` is not there, and calls may go on by it"
            );
            let hint =
                "mount it; if it is gone for good, make an empty one: these calls begin anew";
            return Err(Failure::said(Exit::Failed, &message, Some(hint)));
        }
    }
    Ok(())
}

/// Works on a run that was taken up.
pub fn work_on(
    settings: &Settings,
    run: TakenUp,
    output: &OutputArgs,
    acts: impl FnOnce((&Plan, &RunState), &RunFolder) -> Result<Vec<Event>, Failure>,
) -> Result<Exit, Failure> {
    let TakenUp {
        folder,
        plan,
        lock,
        journal,
        records,
        base,
    } = run;
    let mut state = RunState::of(&records);
    if state.ended() == Some(RunEnd::Done) {
        // Its supervisor may have been killed between that and its own cleaning up.
        let journal = folder.path(RunFolder::JOURNAL);
        Scratch::claim(folder.id(), &journal, settings.runtime_folder())?.remove()?;
        let run = folder.id();
        print::note(&format!("run {run} is done already; nothing was run again"));
        return Ok(Exit::Done);
    }
    has_shared_folders(&plan, &state)?;
    let known = records.iter().map(|record| &record.event);
    let plan = steer::steered(plan, &folder, known)?;
    let acts = acts((&plan, &state), &folder)?;
    let mut plan = steer::steered(plan, &folder, acts.iter())?;
    for act in &acts {
        state.apply(now(), act);
    }
    complete(settings, &mut plan, output)?;
    let (config, _) = settings.user_configuration()?;
    let rest = project(settings, &plan, &state);
    announce(&rest, config.confirm_above, (&plan, output))?;
    let mut carried = carry_over(settings, &plan)?;
    let redactor = settings.redactor(Some(&plan), Some(&carried));
    let journal = journal.redacting(redactor.clone());
    let used = |model| state.in_place_of(model);
    preflight(settings, &plan, used, &mut carried, Ok(()))?;
    let work = Work {
        folder,
        lock,
        carried,
        redactor,
        engine: Engine::new(plan, &records),
        journal,
        records,
        base,
        output,
        interruptible: Interruptible::new()?,
    };
    work::work(settings, work, |(context, engine)| Input::Resume {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sandbox: context.cells.rung,
        acts,
        recovered: recover(context, engine.state()),
        elsewhere: elsewhere(context, engine.state()),
    })
}

/// Ends what a killed supervisor left running: nothing is begun beside it.
fn end_processes(settings: &Settings, folder: &RunFolder) -> Result<(), Failure> {
    let run = folder.id();
    let survivors = process::sweep(run.as_str()).survivors;
    if survivors.is_empty() {
        return Ok(());
    }
    let named = survivors.iter().map(|left| format!("\n  {left}"));
    let message = format!(
        "failed to end what run {run} left behind{}",
        named.collect::<String>()
    );
    let them = if survivors.len() == 1 { "it" } else { "them" };
    let resume = command(settings, "resume", folder);
    let hint = format!("end {them} yourself, then `{resume}`");
    Err(Failure::said(Exit::Failed, &message, Some(&hint)))
}

/// Someone else may have answered meanwhile.
fn still_asks(state: &RunState, answer: &Event) -> Result<(), Failure> {
    let asks = state.open_question().map(|(phase, _)| phase);
    match answer {
        Event::Phase {
            phase,
            event: PhaseEvent::PersonAnswered { .. },
        } if Some(phase) != asks => {
            let message = format!("phase `{phase}` does not wait for an answer any more");
            Err(Failure::said(Exit::Usage, &message, None))
        }
        _ => Ok(()),
    }
}
