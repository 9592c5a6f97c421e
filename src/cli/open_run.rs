//! Reading a run's folder.

use crate::files;
use crate::journal::{Content, Journal, Redactor, RunFolder, RunLock, find, latest};
use crate::model::{CallId, Event, FORMAT, Record};
use crate::plan::Plan;
use crate::report::{RunView, Supervisor};

use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;

/// A run as its folder tells it.
pub struct OpenRun {
    /// The folder.
    pub folder: RunFolder,
    /// The frozen plan.
    pub plan: Plan,
    /// The journal so far.
    pub records: Vec<Record>,
}

/// The folder of the run that the user names, or of the latest one.
pub fn find_run(settings: &Settings, wanted: Option<&str>) -> Result<RunFolder, Failure> {
    let root = &settings.project.root;
    let folder = match wanted {
        Some(wanted) => Some(find(root, wanted).map_err(unknown_run)?),
        None => latest(root)?,
    };
    folder.ok_or_else(|| {
        let message = format!("there is no run in `{}` yet", root.display());
        Failure::said(
            Exit::Usage,
            &message,
            Some("`tipstaff run WORKFLOW \"REQUEST\"` makes one"),
        )
    })
}

fn unknown_run(error: crate::journal::JournalError) -> Failure {
    Failure::new(
        Exit::Usage,
        &error,
        Some("`tipstaff runs` lists the runs of this project"),
    )
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

    /// Whether a supervisor works on it.
    pub fn supervisor(&self) -> Supervisor {
        match RunLock::holder(&self.folder) {
            Ok(Some(_)) => Supervisor::Alive,
            Ok(None) | Err(_) => Supervisor::Gone,
        }
    }

    /// The ledgers of all calls, each of its last attempt.
    pub fn ledgers(&self) -> Vec<(CallId, serde_json::Value)> {
        ledgers(&self.folder, &self.plan, &self.records)
    }
}

/// Opens the journal of a run to go on with it.
pub fn open_journal(
    folder: &RunFolder,
    redactor: Redactor,
) -> Result<(Journal, Vec<Record>), Failure> {
    let (journal, content) = folder.open_journal(redactor)?;
    if let Some(foreign) = content.foreign {
        print::note(&format!(
            "warning: {foreign}; it and what follows stand in `{}/journal.torn` now",
            shown_folder(folder)
        ));
    }
    Ok((journal, content.records))
}

/// The context ledgers that stand in the run folder, in the order of the calls.
pub fn ledgers(
    folder: &RunFolder,
    plan: &Plan,
    records: &[Record],
) -> Vec<(CallId, serde_json::Value)> {
    let mut found: Vec<(CallId, serde_json::Value)> = Vec::new();
    for record in records {
        let Event::AttemptSpawned { call, attempt, .. } = &record.event else {
            continue;
        };
        let phase = plan
            .phases
            .iter()
            .find(|phase| call.as_str().starts_with(&format!("{}.", phase.name)));
        let Some(phase) = phase.and_then(|phase| plan.phase_folder(&phase.name)) else {
            continue;
        };
        let path = folder.path(&format!(
            "{phase}/calls/{call}/attempt-{attempt}/context.json"
        ));
        let ledger = files::read(&path, files::RECORD)
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
    let json = files::read(&path, files::RECORD).map_err(|error| {
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
        Failure::said(
            Exit::Failed,
            &message,
            Some("the run cannot go on; start it anew with `tipstaff run`"),
        )
    })
}
