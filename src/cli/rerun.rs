//! `tipstaff rerun RUN --from PHASE`: a phase is done again in a new run, which takes over what was before it.

use std::collections::BTreeSet;
use std::path::Path;

use rustix::fs::syncfs;

use super::args::{DestinationArgs, RerunArgs};
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{TakenUp, find_run};
use super::prepare::named_destination;
use super::print;
use super::resume::{left_alone, work_on};
use super::settings::Settings;
use super::steer;
use super::typed::command;
use crate::files::{make_folders, open_folder};
use crate::journal::{Journal, RunFolder, RunLock, new_run_id};
use crate::model::{CallId, CommitStyle, PhaseName, RunId};
use crate::plan::Plan;
use crate::run::{NewRun, NotTakenOver, PhaseEvent, Record, RunState, take_over};
use crate::runtime::{Delivering, now};
use crate::workspace::{copy_folder, link_folder, remove_tree, reopen_store};
use crate::yaml::did_you_mean;

pub fn rerun(settings: &Settings, args: &RerunArgs) -> Result<Exit, Failure> {
    let old = find_run(settings, Some(&args.run))?;
    let from = PhaseName::from(args.from.as_str());
    let what = (
        "copying what the new run takes over",
        Interruptible::NOTHING_RAN,
    );
    let run = Interruptible::new()?.blocking(what, || {
        new_run(settings, left_alone(settings, old)?, &from, args)
    })?;
    let (folder, taken) = (run.folder.clone(), run.records.len());
    print::note(&format!(
        "run {} goes on from run {} at phase `{from}`; its calls work on the project as it was when that run began",
        folder.id(),
        args.run
    ));
    let done = work_on(settings, run, &args.output, |known, folder| {
        let mut acts = steer::acts(settings, (&args.steer, None), known, folder)?;
        let text = args.note.as_deref().unwrap_or_default().trim();
        if !text.is_empty() {
            let text = settings.redactor(None, None).redact(text).into_owned();
            acts.push(PhaseEvent::Noted { text }.of(from));
        }
        Ok(acts)
    });
    let journal = Journal::read(&folder.path(RunFolder::JOURNAL));
    if done.is_err() && journal.is_ok_and(|journal| journal.records.len() == taken) {
        // It never began to do anything.
        settings.register()?.forget(&folder);
        let _ = remove_tree(folder.root());
    }
    done
}

/// The new run, as if it had been left alone right before the phase.
fn new_run(
    settings: &Settings,
    old: TakenUp,
    from: &PhaseName,
    args: &RerunArgs,
) -> Result<TakenUp, Failure> {
    let mut plan = old.plan.clone();
    let index = index_of(&plan, from, old.folder.id())?;
    redirect(settings, &mut plan, &args.destination)?;
    // What was cut off of its deliveries is finished where it began.
    let state = RunState::of(&old.records);
    Delivering::new(&settings.project, (&old.plan, &old.folder), &state)?;
    let register = settings.register()?;
    let redactor = settings.redactor(Some(&plan), None);
    let at = now();
    let new = NewRun {
        id: new_run_id(at, &plan.workflow),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: crate::model::Digest::new(""),
        at,
    };
    // Refused before anything is made.
    take_over(&old.records, &new, from).map_err(|why| refused(settings, &why, &old.folder))?;
    let folder = RunFolder::create(&settings.project.root, new.id.clone())?;
    let lock = RunLock::acquire(&folder)?;
    let made = || {
        let json = serde_json::to_vec_pretty(&plan)?;
        let artifact = folder.write_artifact(RunFolder::PLAN, &redactor.clean(&json))?;
        let plan = artifact.digest;
        let records = take_over(&old.records, &NewRun { plan, ..new }, from)
            .map_err(|why| refused(settings, &why, &old.folder))?;
        copy_files(&old, (&folder, &records), &plan_folders(&old.plan), index)?;
        reopen_store(&folder.path(RunFolder::STORE), &old.base)?;
        // The journal names all of it.
        syncfs(open_folder(folder.root())?).map_err(std::io::Error::from)?;
        let mut journal = folder.create_journal(&register, redactor.clone())?;
        let records = journal.add(records)?;
        Ok((journal, records))
    };
    let (journal, records) = made().inspect_err(|_: &Failure| {
        register.forget(&folder);
        let _ = remove_tree(folder.root());
    })?;
    Ok(TakenUp {
        folder,
        plan,
        lock,
        journal,
        records,
        base: old.base,
    })
}

/// Where the phase is in the plan.
pub fn index_of(plan: &Plan, phase: &PhaseName, run: &RunId) -> Result<usize, Failure> {
    let names = || plan.phases.iter().map(|phase| phase.name.as_str());
    names()
        .position(|name| name == phase.as_str())
        .ok_or_else(|| {
            let all: Vec<&str> = names().collect();
            let all = format!("its phases are {}", all.join(", "));
            let hint = did_you_mean(phase.as_str(), names()).unwrap_or(all);
            let message = format!("run {run} has no phase `{phase}`");
            Failure::said(Exit::Usage, &message, Some(&hint))
        })
}

fn refused(settings: &Settings, why: &NotTakenOver, run: &RunFolder) -> Failure {
    let hint = format!("`{}` goes on with it", command(settings, "resume", run));
    Failure::new(Exit::Usage, why, Some(&hint))
}

/// What the flags say of it; scripted results are nobody's work and stay in the run.
fn redirect(settings: &Settings, plan: &mut Plan, args: &DestinationArgs) -> Result<(), Failure> {
    let is_scripted = plan.rehearsal.as_ref().is_some_and(|its| !its.publishes);
    if let (Some(to), false) = (named_destination(settings, args)?, is_scripted) {
        plan.destination = to;
    }
    if args.commits.style() != CommitStyle::default() {
        plan.commits = args.commits.style();
    }
    plan.accept.extend(args.accept.accept.iter().cloned());
    Ok(())
}

fn plan_folders(plan: &Plan) -> Vec<String> {
    let names = plan.phases.iter().map(|phase| &phase.name);
    names.filter_map(|name| plan.phase_folder(name)).collect()
}

/// What the taken-over events name: nothing of the phases that are done again but calls of rounds before.
fn copy_files(
    old: &TakenUp,
    (folder, records): (&RunFolder, &[Record]),
    phases: &[String],
    done_again: usize,
) -> Result<(), Failure> {
    let state = RunState::of(records);
    let calls: BTreeSet<&CallId> = state.calls().map(|call| &call.spec.id).collect();
    let copied = |path: &str| copy_if_there((&old.folder, folder), path, copy_folder);
    for path in ["inputs", "models", "undo"] {
        copied(path)?;
    }
    let objects = format!("{}/objects", RunFolder::STORE);
    copy_if_there((&old.folder, folder), &objects, link_folder)?;
    for (index, phase) in phases.iter().enumerate() {
        if index < done_again {
            copied(phase)?;
            continue;
        }
        for part in ["verify", "previous"] {
            copied(&format!("{phase}/{part}"))?;
        }
        for call in &calls {
            copied(&format!("{phase}/calls/{call}"))?;
        }
    }
    Ok(())
}

fn copy_if_there(
    (old, new): (&RunFolder, &RunFolder),
    path: &str,
    copy: impl Fn(&Path, &Path) -> Result<(), crate::workspace::WorkspaceError>,
) -> Result<(), Failure> {
    let (from, to) = (old.path(path), new.path(path));
    if from.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        make_folders(&to)?.sync();
        copy(&from, &to)?;
    }
    Ok(())
}
