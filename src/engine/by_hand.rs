//! What a person does about the results of a run while no supervisor works on it.

use crate::model::{Destination, Documents, Event, RunEnd};
use crate::plan::Plan;

use super::History;
use super::ending::current;

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// The results were delivered.
    Applied {
        /// Where.
        to: Destination,
        /// How many files changed.
        files: u64,
    },
    /// Something was delivered or taken back, but files were left as they are.
    Partly {
        /// The tree of the run that is in the project now, documents included.
        tree: String,
        /// How many files changed.
        files: u64,
    },
    /// Everything was taken back that was in the project.
    Undone {
        /// How many files are as they were before.
        files: u64,
    },
}

/// Why the results are not delivered by hand; nothing if they may be.
pub fn refusal(plan: &Plan, history: &History, to: &Destination) -> Option<&'static str> {
    let rehearsal = plan.rehearsal.as_ref();
    if rehearsal.is_some_and(|rehearsal| !rehearsal.publishes) {
        return Some("this run is a rehearsal; its results are scripted and are not applied");
    }
    let results = history.results();
    if *to == Destination::Tree && results == *history.in_project() {
        return Some(match results == history.before() {
            true => "this run changed nothing",
            false => "the results of this run are in your project already",
        });
    }
    (results == history.before()).then_some("this run changed nothing")
}

/// What a person's command did and could not write down any more, because it was killed: everything was
/// taken back. An application that was not written down is found out by whoever delivers next.
pub fn untold(history: &History, is_in_project: bool, files: u64) -> Option<Event> {
    let told = *history.in_project() != history.before();
    (told && !is_in_project).then_some(Event::ChangesUndone { files })
}

/// The events of what a person did. A run that only waited for its results to be delivered is done with it.
pub fn events(plan: &Plan, history: &History, did: ByHand) -> Vec<Event> {
    match did {
        ByHand::Applied { to, files } => {
            let results = history.results();
            let applied = Event::ChangesApplied {
                tree: results.tree,
                documents: results.documents,
                to,
                files,
                by_hand: true,
            };
            // Once all is done, a run can wait for nothing else.
            let waited =
                history.ended() == Some(RunEnd::Waiting) && current(plan, history).is_none();
            let done = waited.then_some(Event::RunEnded { end: RunEnd::Done });
            [applied].into_iter().chain(done).collect()
        }
        // The run still has to deliver the rest, so it is not done with it.
        ByHand::Partly { tree, files } => vec![Event::ChangesApplied {
            tree,
            documents: Documents::new(),
            to: Destination::Tree,
            files,
            by_hand: true,
        }],
        ByHand::Undone { files } => vec![Event::ChangesUndone { files }],
    }
}
