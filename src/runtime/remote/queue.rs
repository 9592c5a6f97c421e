//! What schedulers say of this run's jobs. They are asked for all at once, and not more often than that needs.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::executors::{self, Seen};
use crate::model::Failure;
use crate::plan::ExecutorKind;

use super::super::blocking::blocking;

/// Between two questions, and how much more for each job.
const GAP: Duration = Duration::from_secs(1);
const GAP_A_JOB: Duration = Duration::from_millis(20);

/// The jobs of a run that are followed, by their names.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// None before it was first asked for.
    jobs: BTreeMap<String, Option<Word>>,
    asked: Option<Instant>,
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// Nobody has asked since it is followed, or no scheduler answered.
    Nothing,
    /// The scheduler does not know it, or not any more.
    Unknown,
    Known(Seen),
}

impl Queue {
    /// What is known of a job that is followed from now on. Asks if it is time to.
    pub async fn look(&self, kind: ExecutorKind, name: &str) -> Word {
        // Somebody is asking: what comes of it is seen the next time.
        let Ok(mut known) = self.0.try_lock() else {
            return Word::Nothing;
        };
        known.jobs.entry(name.to_owned()).or_default();
        let count = u32::try_from(known.jobs.len()).unwrap_or(u32::MAX);
        let gap = GAP + GAP_A_JOB * count;
        if known.asked.is_none_or(|at| at.elapsed() >= gap) {
            let names: Vec<String> = known.jobs.keys().cloned().collect();
            let asked = blocking(move || (executors::of(kind).look)(&names)).await;
            known.asked = Some(Instant::now());
            let Ok(mut seen) = asked else {
                return Word::Nothing;
            };
            for (name, job) in &mut known.jobs {
                *job = Some(seen.remove(name).map_or(Word::Unknown, Word::Known));
            }
        }
        let word = known.jobs.get(name).cloned();
        word.flatten().unwrap_or(Word::Nothing)
    }

    /// A job that is not followed any more.
    pub async fn forget(&self, name: &str) {
        self.0.lock().await.jobs.remove(name);
    }

    /// What a scheduler knows of this job now.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ask(kind: ExecutorKind, name: &str) -> Result<Option<Seen>, Failure> {
        let names = [name.to_owned()];
        let seen = blocking(move || (executors::of(kind).look)(&names)).await?;
        Ok(seen.into_values().next())
    }
}
