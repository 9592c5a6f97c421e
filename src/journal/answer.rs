//! An answer for a supervisor that asks, from somebody who sits elsewhere.

use std::fs;

use super::{JournalError, Redactor, RunFolder};
use crate::files;
use crate::run::{Event, PhaseEvent};

const ANSWER: &str = "answer.json";
/// An answer with its words, in bytes.
const LARGEST: u64 = 1 << 20;

impl RunFolder {
    /// Leaves an answer for the supervisor that holds the run.
    pub fn leave_answer(&self, act: &Event, redactor: &Redactor) -> Result<(), JournalError> {
        let json = serde_json::to_vec(act).expect("events are plain data with text keys");
        self.write_artifact(ANSWER, &redactor.clean(&json))
            .map(|_| ())
    }

    /// Takes the answer away that somebody left, if it is one.
    pub fn take_answer(&self) -> Option<Event> {
        let path = self.path(ANSWER);
        let json = files::read_below(self.root(), ANSWER.as_ref(), LARGEST).ok();
        // Whatever it is, it is no answer to a later question.
        fs::remove_file(&path).ok()?;
        let json = json?;
        let act: Event = serde_json::from_slice(&json).ok()?;
        matches!(
            act,
            Event::Phase {
                event: PhaseEvent::PersonAnswered { .. },
                ..
            }
        )
        .then_some(act)
    }
}
