//! Trying an executor out by one tiny job.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::executors::{self, Job, JobState};
use crate::model::{Failure, FailureKind, Millis};
use crate::plan::ExecutorSpec;

use super::super::failure::at_path;
use super::JobFolder;
use super::send::{NODE_ARG, make_shared, program_for};

/// Between two looks at what has come of the job.
const LOOK: Duration = Duration::from_millis(200);
/// What a node left may be seen this much later.
const SETTLES: Duration = Duration::from_secs(5);

/// What a node is to look at: itself, with these folders before its PATH.
#[derive(Debug, Serialize, Deserialize)]
pub struct Look {
    pub version: String,
    pub path: Vec<String>,
}

impl Look {
    /// Where a node leaves what it found.
    pub const FOUND: &str = "found.json";
}

/// Has a node look at itself. What it found, and how long the job waited. Blocks.
///
/// # Errors
/// No job can be handed in, it does not begin within `patience`, or the node cannot do it.
pub fn look<T: DeserializeOwned>(
    executor: &ExecutorSpec,
    patience: Duration,
) -> Result<(T, Millis), Failure> {
    let shared = Path::new(&executor.shared);
    let failed = |error: std::io::Error| at_path(shared, &error);
    make_shared(shared)?;
    let folder = tempfile::Builder::new().prefix("look-").tempdir_in(shared);
    let folder = folder.map_err(failed)?;
    let place = JobFolder::at(folder.path().to_owned());
    let wanted = Look {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        path: executor.path.clone(),
    };
    place.write("look.json", &wanted).map_err(failed)?;
    let program = program_for(executor, Path::new("/proc/self/exe"))?;
    let words = [
        &*program,
        Path::new(NODE_ARG),
        Path::new("--look"),
        folder.path(),
    ];
    let name = folder.path().file_name().unwrap_or_default();
    let job = Job {
        name: format!("tipstaff.{}", name.to_string_lossy()),
        command: words.map(|word| word.to_string_lossy().into_owned()).into(),
        output: place.path("job.log"),
        time: Millis::minutes(5),
    };
    let scheduler = executors::of(executor.kind);
    let id = (scheduler.submit)(executor, &job)?;
    let began = Instant::now();
    let found = wait(&place, (executor, &job.name), patience);
    if found.is_err() {
        let _ = (scheduler.cancel)(&[id]);
    }
    let waited = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    found.map(|found| (found, Millis(waited)))
}

fn wait<T: DeserializeOwned>(
    place: &JobFolder,
    (executor, name): (&ExecutorSpec, &String),
    patience: Duration,
) -> Result<T, Failure> {
    let refused = |message: String| Failure::new(FailureKind::JobRefused, message);
    let (began, mut ended) = (Instant::now(), None);
    loop {
        if let Some(found) = place.read(Look::FOUND).ok().flatten() {
            return Ok(found);
        }
        let seen = (executors::of(executor.kind).poll)(std::slice::from_ref(name))?.remove(name);
        let why = match seen.map(|seen| seen.state) {
            Some(JobState::NeverRuns(why)) => {
                return Err(refused(format!("its job will never start: {why}")));
            }
            Some(JobState::Waits(why)) => format!("its job waits: {why}"),
            Some(JobState::Runs) => "its job runs, and nothing is seen of it".to_owned(),
            Some(JobState::Ended(_)) | None => {
                let since = *ended.get_or_insert_with(Instant::now);
                if since.elapsed() > SETTLES {
                    let words = place.last_words();
                    return Err(refused(words.unwrap_or_else(|nothing| nothing)));
                }
                continue;
            }
        };
        if began.elapsed() > patience {
            return Err(refused(why));
        }
        sleep(LOOK);
    }
}
