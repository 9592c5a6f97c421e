//! The runs of a project, from the first and the last line of their journals.

use std::cmp::Reverse;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::run_folder::{RUNS, runs_dir};
use super::scan::{last_line, read_first};
use super::{Holder, Journal, JournalError, RunFolder, RunLock};
use crate::files;
use crate::model::{RunEnd, RunId, Timestamp};
use crate::run::{Event, Record, RunEvent};

/// A first line is a few hundred bytes; what is longer than this is none.
const MAX_FIRST_LINE: u64 = 1024 * 1024;

/// What a list of runs tells of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    pub id: RunId,
    /// The workflow's name; none if the journal cannot be read.
    pub workflow: Option<String>,
    pub started: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// How the supervisor's work ended; none if one works on it, or was killed.
    pub end: Option<RunEnd>,
    pub holder: Option<Holder>,
    /// Why the journal cannot be read, if it cannot.
    pub problem: Option<String>,
}

/// All runs of a project, the newest first. A run that cannot be read is listed with its problem.
///
/// # Errors
/// [`JournalError::Io`] if the folder of the runs cannot be read; without one there are no runs.
pub fn list(project_root: &Path) -> Result<Vec<RunSummary>, JournalError> {
    let mut runs = Vec::new();
    for id in ids(project_root)? {
        if let Ok(folder) = RunFolder::open(project_root, id) {
            runs.push(summarize(&folder));
        }
    }
    runs.sort_by_cached_key(|run| Reverse((run.started, run.id.clone())));
    Ok(runs)
}

pub fn latest(project_root: &Path) -> Result<Option<RunFolder>, JournalError> {
    match list(project_root)?.into_iter().next() {
        Some(run) => RunFolder::open(project_root, run.id).map(Some),
        None => Ok(None),
    }
}

/// The run that a user means by its name or a part of it, and how many runs fit.
///
/// The end of a name, for example `plan-3f2a`, has to fit one run alone. Of several whose name or workflow begins
/// like that, the newest is meant. Any other part has to fit one run alone, too.
pub fn find(project_root: &Path, wanted: &str) -> Result<(RunFolder, usize), JournalError> {
    let all = ids(project_root)?;
    let fitting = |fits: &dyn Fn(&str) -> bool| -> Vec<&RunId> {
        let fits = |id: &&RunId| !wanted.is_empty() && fits(id.as_str());
        all.iter().filter(fits).collect()
    };
    let begins = |id: &str| id.starts_with(wanted) || workflow_of(id).starts_with(wanted);
    let ending = format!("-{wanted}");
    let found = [
        fitting(&|id| id == wanted),
        fitting(&|id| id.ends_with(&ending)),
        fitting(&begins),
        fitting(&|id| id.contains(wanted)),
    ];
    let mut found = found.iter().enumerate();
    match found.find(|(_, found)| !found.is_empty()) {
        Some((_, found)) if found.len() == 1 => {
            Ok((RunFolder::open(project_root, found[0].clone())?, 1))
        }
        // Names tell seconds only.
        Some((2, found)) => {
            let mut newest = list(project_root)?.into_iter().map(|run| run.id);
            let newest = newest.find(|id| found.contains(&id));
            let id = newest.unwrap_or_else(|| found[0].clone());
            Ok((RunFolder::open(project_root, id)?, found.len()))
        }
        Some((_, several)) => {
            let names: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
            Err(JournalError::Ambiguous {
                wanted: wanted.to_owned(),
                fitting: names.join(", "),
            })
        }
        None => Err(JournalError::NoRun {
            wanted: wanted.to_owned(),
            folder: project_root.join(RUNS),
        }),
    }
}

/// A run's name without its time: `plan-3f2a` of `20261122-154501-plan-3f2a`.
fn workflow_of(id: &str) -> &str {
    id.splitn(3, '-').last().unwrap_or(id)
}

/// The folders of all runs of a project, by their names.
pub fn folders(project_root: &Path) -> Result<Vec<RunFolder>, JournalError> {
    let ids = ids(project_root)?.into_iter();
    Ok(ids
        .filter_map(|id| RunFolder::open(project_root, id).ok())
        .collect())
}

/// The names of all runs, sorted.
fn ids(project_root: &Path) -> Result<Vec<RunId>, JournalError> {
    let Some(runs) = runs_dir(project_root)? else {
        return Ok(Vec::new());
    };
    let entries = fs::read_dir(&runs).map_err(JournalError::io("read", &runs))?;
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.map_err(JournalError::io("read", &runs))?;
        if entry.path().is_dir()
            && let Some(name) = entry.file_name().to_str()
            && !name.starts_with('.')
        {
            ids.push(RunId::new(name));
        }
    }
    ids.sort();
    Ok(ids)
}

fn summarize(folder: &RunFolder) -> RunSummary {
    let mut summary = RunSummary {
        id: folder.id().clone(),
        workflow: None,
        started: None,
        last: None,
        end: None,
        holder: RunLock::holder(folder).unwrap_or(None),
        problem: None,
    };
    match first_and_last(&folder.path(RunFolder::JOURNAL)) {
        Ok((first, last)) => {
            summary.started = Some(first.at);
            summary.last = Some(last.at);
            if let Event::Run(RunEvent::Started { workflow, .. }) = first.event {
                summary.workflow = Some(workflow);
            }
            if let Event::Run(RunEvent::Ended { end }) = last.event {
                summary.end = Some(end);
            }
        }
        Err(problem) => summary.problem = Some(problem),
    }
    summary
}

fn first_and_last(journal: &Path) -> Result<(Record, Record), String> {
    let with_path = |error: io::Error| format!("`{}`: {error}", journal.display());
    let mut file = files::open(journal).map_err(with_path)?;
    let mut line = Vec::new();
    BufReader::new((&mut file).take(MAX_FIRST_LINE))
        .read_until(b'\n', &mut line)
        .map_err(with_path)?;
    if line.is_empty() {
        return Err("nothing happened yet".to_owned());
    }
    let first = read_first(&line)?;
    let line = last_line(&mut file).map_err(with_path)?;
    // Only what is not the run's makes it necessary to read all of it.
    let last = serde_json::from_slice(&line).or_else(|_| {
        let content = Journal::read(journal).map_err(|error| error.to_string())?;
        content.records.last().cloned().ok_or_else(String::new)
    })?;
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::journal::Redactor;
    use crate::journal::journal_tests::{progressed, started};

    fn run(project: &Path, id: &str, at: u64, events: &[Event]) {
        let folder = RunFolder::create(project, RunId::new(id)).unwrap();
        let mut journal =
            Journal::create(&folder.path(RunFolder::JOURNAL), Redactor::default()).unwrap();
        journal.append(Timestamp(at), events).unwrap();
    }

    #[test]
    fn lists_the_newest_first_with_their_ends() {
        let temp = tempfile::tempdir().unwrap();
        assert!(list(temp.path()).unwrap().is_empty());
        assert!(latest(temp.path()).unwrap().is_none());
        let end = Event::Run(RunEvent::Ended { end: RunEnd::Done });
        run(temp.path(), "b-old", 1, &[started(), end]);
        let mut long = vec![started()];
        long.extend((0..2000).map(progressed));
        run(temp.path(), "a-new", 2, &long);
        RunFolder::create(temp.path(), RunId::new("c-empty")).unwrap();
        let runs = list(temp.path()).unwrap();
        let names: Vec<_> = runs.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(names, ["a-new", "b-old", "c-empty"]);
        assert_eq!(runs[1].end, Some(RunEnd::Done));
        assert_eq!(runs[0].end, None);
        assert_eq!(runs[0].workflow.as_deref(), Some("plan"));
        assert!(runs[2].problem.is_some());
        assert_eq!(latest(temp.path()).unwrap().unwrap().id().as_str(), "a-new");
    }

    #[test]
    fn finds_the_newest_run_that_begins_like_that() {
        let temp = tempfile::tempdir().unwrap();
        for id in ["1-1-plan-aa", "1-2-plan-bb", "1-3-quick-aa", "2-1-plan-ab"] {
            RunFolder::create(temp.path(), RunId::new(id)).unwrap();
        }
        let find = |wanted| find(temp.path(), wanted);
        let found = |wanted| find(wanted).map(|(run, fitting)| (run.id().to_string(), fitting));
        for (wanted, id, fitting) in [
            ("1-1-plan-aa", "1-1-plan-aa", 1),
            ("quick", "1-3-quick-aa", 1),
            ("pl", "2-1-plan-ab", 3),
            ("1-", "1-3-quick-aa", 3),
            ("plan-aa", "1-1-plan-aa", 1),
            ("bb", "1-2-plan-bb", 1),
            ("n-b", "1-2-plan-bb", 1),
        ] {
            assert_eq!(found(wanted).unwrap(), (id.to_owned(), fitting), "{wanted}");
        }
        let error = found("aa").unwrap_err().to_string();
        assert!(error.contains("1-1-plan-aa, 1-3-quick-aa"), "{error}");
        assert!(matches!(found("an-a"), Err(JournalError::Ambiguous { .. })));
        for wanted in ["", "z", ".."] {
            assert!(matches!(found(wanted), Err(JournalError::NoRun { .. })));
        }
    }
}
