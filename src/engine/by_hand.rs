//! What a person does about the results of a run while no supervisor works on it.

use crate::model::{Destination, HeldChange, Results, RunEnd, Unmerged};
use crate::plan::Plan;
use crate::run::{Event, RunEvent, RunState};

use super::ending::current;

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// `apply` put results there.
    Applied(Destination, InProject),
    /// `undo` did.
    TakenBack(InProject),
}

/// What the user's files, or a branch, hold of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InProject {
    /// Its results, nothing, or else one tree with the documents in it.
    pub results: Results,
    pub files: u64,
    pub unmerged: Unmerged,
    /// What stays in the run until it is accepted.
    pub held: Vec<HeldChange>,
}

/// Why the results are not delivered by hand; nothing if they may be.
pub fn refusal(plan: &Plan, history: &RunState, to: &Destination) -> Option<&'static str> {
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
pub fn untold(history: &RunState, is_in_project: bool) -> Option<Event> {
    let told = *history.in_project() != history.before();
    (told && !is_in_project).then(|| {
        Event::Run(RunEvent::ChangesUndone {
            unmerged: Unmerged::default(),
        })
    })
}

/// The events of what a person did. A run that only waited for its results to be delivered is done as soon as a
/// person has delivered them: what did not merge is theirs, and an `apply` takes it over later, too.
pub fn events(plan: &Plan, history: &RunState, did: ByHand) -> Vec<Event> {
    let delivers = !matches!(did, ByHand::TakenBack(_));
    let (to, there) = match did {
        ByHand::TakenBack(there) if there.results == history.before() => {
            return vec![Event::Run(RunEvent::ChangesUndone {
                unmerged: there.unmerged,
            })];
        }
        ByHand::TakenBack(there) => (Destination::Tree, there),
        ByHand::Applied(to, there) => (to, there),
    };
    let told = Event::Run(RunEvent::ChangesApplied {
        tree: there.results.tree,
        documents: there.results.documents,
        to,
        files: there.files,
        by_hand: true,
        unmerged: there.unmerged,
        held: there.held,
    });
    // Once all is done, a run can wait for nothing else.
    let waited = history.ended() == Some(RunEnd::Waiting) && current(plan, history).is_none();
    let done = (delivers && waited).then_some(Event::Run(RunEvent::Ended { end: RunEnd::Done }));
    [told].into_iter().chain(done).collect()
}
