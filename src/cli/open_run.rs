//! Reading a run's folder.

use std::path::Path;

use crate::files;
use crate::journal::{
    Content, Journal, Origin, RunFolder, RunLock, RunRegister, find, latest, list,
};
use crate::model::{CallId, Digest, FORMAT, RunEnd, TreeId};
use crate::plan::Plan;
use crate::report::{RunView, Supervisor};
use crate::run::{CallEvent, Event, Record, RunEvent};
use crate::workspace::reopen_store;

use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;
use super::typed::command;

/// A run as its folder tells it.
pub struct OpenRun {
    pub folder: RunFolder,
    pub plan: Plan,
    pub records: Vec<Record>,
}

/// The folder of the run that the user names, or of the latest one.
pub fn find_run(settings: &Settings, wanted: Option<&str>) -> Result<RunFolder, Failure> {
    let root = &settings.project.root;
    let folder = match wanted {
        Some(wanted) => Some(named(root, wanted)?),
        None => latest(root)?,
    };
    folder.ok_or_else(|| {
        let message = format!("there is no run in `{}` yet", root.display());
        let hint = "`tipstaff run WORKFLOW \"REQUEST\"` makes one";
        Failure::said(Exit::Usage, &message, Some(hint))
    })
}

fn named(root: &Path, wanted: &str) -> Result<RunFolder, Failure> {
    let (folder, fitting) = find(root, wanted).map_err(unknown_run)?;
    if fitting > 1 {
        let run = folder.id();
        print::note(&format!(
            "note: {fitting} runs begin with `{wanted}`; {run} is the newest"
        ));
    }
    Ok(folder)
}

/// The readable runs of this user whose last line tells an end like that, or none, the newest first.
pub fn own_runs(
    settings: &Settings,
    is_meant: impl Fn(Option<RunEnd>) -> bool,
) -> Result<Vec<RunFolder>, Failure> {
    let (root, register) = (&settings.project.root, settings.register()?);
    let mut own = Vec::new();
    for run in list(root)? {
        if run.problem.is_none() && is_meant(run.end) {
            let folder = RunFolder::open(root, run.id)?;
            match register.origin(&folder)? {
                Origin::Own | Origin::Moved(_) => own.push(folder),
                Origin::Copied(_) | Origin::Unknown => {}
            }
        }
    }
    Ok(own)
}

fn unknown_run(error: crate::journal::JournalError) -> Failure {
    let hint = "`tipstaff runs` lists the runs of this project";
    Failure::new(Exit::Usage, &error, Some(hint))
}

impl OpenRun {
    /// Reads plan and journal without touching anything.
    pub fn read(folder: RunFolder) -> Result<Self, Failure> {
        let Content { records, foreign } = Journal::read(&folder.path(RunFolder::JOURNAL))?;
        if let Some(foreign) = foreign {
            print::note(&format!(
                "warning: run {}: {foreign}; it is shown up to there",
                folder.id()
            ));
        }
        let plan = read_plan(&folder)?;
        Ok(Self {
            folder,
            plan,
            records,
        })
    }

    /// The view of the whole journal. The lock, not the journal, tells whether anybody works on the run.
    pub fn view(&self) -> RunView {
        let view = RunView::replay(&self.plan, &self.records);
        match self.supervisor() {
            Supervisor::Alive => view,
            Supervisor::Gone => view.without_supervisor(),
        }
    }

    pub fn supervisor(&self) -> Supervisor {
        match RunLock::holder(&self.folder) {
            Ok(Some(_)) => Supervisor::Alive,
            Ok(None) | Err(_) => Supervisor::Gone,
        }
    }
}

/// A run that this process alone works on, and that is this user's own.
pub struct TakenUp {
    pub folder: RunFolder,
    pub plan: Plan,
    pub lock: RunLock,
    pub journal: Journal,
    pub records: Vec<Record>,
    pub base: TreeId,
}

/// Refuses a run that is not this user's own: nothing is written into its folder, not even a lock.
pub fn own(settings: &Settings, folder: &RunFolder) -> Result<(RunRegister, Origin), Failure> {
    let register = settings.register()?;
    let origin = register.origin(folder)?;
    let Some(why) = foreign(folder, &origin) else {
        return Ok((register, origin));
    };
    let [show, diff] = ["show", "diff"].map(|verb| command(settings, verb, folder));
    let hint = format!("`{show}` and `{diff}` read it; `tipstaff run` makes a run of your own");
    Err(Failure::said(Exit::Usage, &why, Some(&hint)))
}

/// Takes a run up. The only way to act upon what a run folder says: all of it is as tipstaff wrote it.
pub fn take_up(settings: &Settings, folder: RunFolder) -> Result<TakenUp, Failure> {
    let (register, origin) = own(settings, &folder)?;
    let plan = read_plan(&folder)?;
    let lock = RunLock::acquire(&folder)?;
    let (journal, content) = folder.open_journal(&register, settings.redactor(None, None))?;
    if let Some(foreign) = content.foreign {
        print::note(&format!(
            "warning: {foreign}; it and what follows are in `{}/journal.torn` now",
            shown_folder(&folder)
        ));
    }
    let base = frozen(&folder, &content.records)?;
    if let Origin::Moved(from) = origin {
        register.note(&folder)?;
        print::note(&format!(
            "note: run {} lay in `{}` before",
            folder.id(),
            from.display()
        ));
    }
    reopen_store(&folder.path(RunFolder::STORE), &base)?;
    Ok(TakenUp {
        folder,
        plan,
        lock,
        journal,
        records: content.records,
        base,
    })
}

/// Why nothing is done with a run, if it is not this user's own.
fn foreign(folder: &RunFolder, origin: &Origin) -> Option<String> {
    let run = folder.id();
    match origin {
        Origin::Own | Origin::Moved(_) => None,
        Origin::Copied(of) => Some(format!(
            "run {run} is a copy; yours lies in `{}`",
            of.display()
        )),
        Origin::Unknown => Some(format!(
            "run {run} is foreign: you did not begin it on this machine"
        )),
    }
}

/// Says that a run is only read.
pub fn tell_foreign(settings: &Settings, folder: &RunFolder) {
    let origin = settings.register().ok().map(|runs| runs.origin(folder));
    // Reading needs no home to look for the register in.
    if let Some(Ok(origin)) = origin
        && let Some(why) = foreign(folder, &origin)
    {
        print::note(&format!("note: {why}; it is only read"));
    }
}

/// The snapshot of the run, after checking that the plan is still the one it began with.
fn frozen(folder: &RunFolder, records: &[Record]) -> Result<TreeId, Failure> {
    let started = records.iter().find_map(|record| match &record.event {
        Event::Run(RunEvent::Started { plan, base, .. }) => Some((plan, base)),
        _ => None,
    });
    let damaged = |message: String| {
        let hint = "start it anew with `tipstaff run`";
        Failure::said(Exit::Failed, &message, Some(hint))
    };
    let Some((plan, base)) = started else {
        return Err(damaged(format!("run {} never began", folder.id())));
    };
    let found: Digest = folder.describe_artifact(RunFolder::PLAN)?.digest;
    if &found != plan {
        let run = folder.id();
        return Err(damaged(format!(
            "the plan of run {run} was changed since it began"
        )));
    }
    Ok(base.clone())
}

/// The context ledgers that are in the run folder, in the order of the calls.
pub fn ledgers(
    folder: &RunFolder,
    plan: &Plan,
    records: &[Record],
) -> Vec<(CallId, serde_json::Value)> {
    let mut found: Vec<(CallId, serde_json::Value)> = Vec::new();
    for record in records {
        let Event::Call {
            call,
            event: CallEvent::AttemptSpawned { attempt, .. },
        } = &record.event
        else {
            continue;
        };
        let mut phases = plan.phases.iter();
        let phase = phases.find(|phase| call.as_str().starts_with(&format!("{}.", phase.name)));
        let Some(phase) = phase.and_then(|phase| plan.phase_folder(&phase.name)) else {
            continue;
        };
        let path = format!("{phase}/calls/{call}/attempt-{attempt}/context.json");
        let ledger = files::read_below(folder.root(), path.as_ref(), files::RECORD)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        found.retain(|(known, _)| known != call);
        found.extend(ledger.map(|ledger| (call.clone(), ledger)));
    }
    found
}

/// The run folder as the user would type it.
pub fn shown_folder(folder: &RunFolder) -> String {
    format!(".tipstaff/runs/{}", folder.id())
}

/// Reads the frozen plan; one of another format is refused.
pub fn read_plan(folder: &RunFolder) -> Result<Plan, Failure> {
    let path = folder.path(RunFolder::PLAN);
    let plan = RunFolder::PLAN.as_ref();
    let json = files::read_below(folder.root(), plan, files::RECORD).map_err(|error| {
        let message = format!("failed to read the plan `{}`: {error}", path.display());
        Failure::said(Exit::Failed, &message, None)
    })?;
    let format = serde_json::from_slice::<serde_json::Value>(&json)
        .ok()
        .and_then(|plan| plan.get("format")?.as_u64());
    if let Some(other) = format.filter(|format| *format != u64::from(FORMAT)) {
        let message = format!(
            "run {} was written by another tipstaff (format {other}; this one reads format {FORMAT})",
            folder.id()
        );
        let hint = "use that version for it; nothing was changed";
        return Err(Failure::said(Exit::Failed, &message, Some(hint)));
    }
    serde_json::from_slice(&json).map_err(|error| {
        let message = format!("the plan `{}` is damaged: {error}", path.display());
        let hint = "the run cannot go on; start it anew with `tipstaff run`";
        Failure::said(Exit::Failed, &message, Some(hint))
    })
}
