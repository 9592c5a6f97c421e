//! What schedulers say of this run's jobs. They are asked for all at once, and ever less often while nothing changes:
//! what a job does is read in the shared folder, and one scheduler has many to answer.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::executors::{self, Seen};
use crate::plan::ExecutorKind;

use super::super::blocking::blocking;

/// Between two questions after a change; twice as much after each answer that brings none.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(32);

/// The jobs of a run that are followed, by their names.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    jobs: BTreeMap<String, Answer>,
    asked: Option<Instant>,
    gap: Duration,
}

/// What is known of a job.
#[derive(Debug, Default, Clone, PartialEq)]
pub enum Answer {
    /// Nobody has asked since it is followed.
    #[default]
    NotAsked,
    /// The scheduler does not answer.
    None,
    /// The scheduler does not know it, or not any more.
    Unknown,
    Known(Seen),
}

impl Queue {
    /// What is known of a job that is followed from now on. Asks if it is time to.
    pub async fn poll(&self, kind: ExecutorKind, name: &str) -> Answer {
        // Somebody is asking: what comes of it is seen the next time.
        let Ok(mut known) = self.0.try_lock() else {
            return Answer::NotAsked;
        };
        if !known.jobs.contains_key(name) {
            known.jobs.insert(name.to_owned(), Answer::NotAsked);
            known.gap = SHORTEST;
        }
        if known.asked.is_none_or(|at| at.elapsed() >= known.gap) {
            let names: Vec<String> = known.jobs.keys().cloned().collect();
            let mut seen = blocking(move || (executors::of(kind).poll)(&names)).await;
            known.asked = Some(Instant::now());
            known.gap = LONGEST.min(known.gap * 2);
            let mut changes = false;
            for (name, answer) in &mut known.jobs {
                let now = match &mut seen {
                    Ok(seen) => seen.remove(name).map_or(Answer::Unknown, Answer::Known),
                    Err(_) => Answer::None,
                };
                changes |= now != *answer;
                *answer = now;
            }
            if changes {
                known.gap = SHORTEST;
            }
        }
        known.jobs.get(name).cloned().unwrap_or_default()
    }

    /// A job that is not followed any more.
    pub async fn forget(&self, name: &str) {
        self.0.lock().await.jobs.remove(name);
    }
}
