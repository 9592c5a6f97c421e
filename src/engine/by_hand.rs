//! Deliveries of a run's results, and what a person does about them while no supervisor works on the run.

use crate::model::{Destination, Direction, HeldChange, Results, RunEnd, Unmerged};
use crate::plan::Plan;
use crate::run::{Event, RunEvent, RunState};

use super::ending::current;

/// Results that go into the user's files or onto a branch, or back out of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub direction: Direction,
    pub to: Destination,
    /// What is there of the run afterwards: its results, nothing, or else one tree with the documents in it.
    pub results: Results,
    pub files: u64,
    pub unmerged: Unmerged,
    /// What stays in the run until it is accepted.
    pub held: Vec<HeldChange>,
}

impl Transfer {
    pub fn of(results: Results, held: Vec<HeldChange>, to: Destination) -> Self {
        Self {
            direction: Direction::Apply,
            to,
            results,
            files: 0,
            unmerged: Unmerged::default(),
            held,
        }
    }

    /// All of the run out of the user's files.
    pub fn back(state: &RunState) -> Self {
        Self {
            direction: Direction::Undo,
            ..Self::of(state.before(), Vec::new(), Destination::Tree)
        }
    }

    /// What the journal says of it.
    pub fn event(self, by_hand: bool) -> Event {
        Event::Run(RunEvent::ChangesApplied {
            tree: self.results.tree,
            documents: self.results.documents,
            to: self.to,
            files: self.files,
            by_hand,
            unmerged: self.unmerged,
            held: self.held,
        })
    }
}

/// Why the results are not delivered by hand; nothing if they may be.
pub fn refusal(plan: &Plan, state: &RunState, to: &Destination) -> Option<&'static str> {
    let rehearsal = plan.rehearsal.as_ref();
    if rehearsal.is_some_and(|rehearsal| !rehearsal.publishes) {
        return Some("this run is a rehearsal; its results are scripted and are not applied");
    }
    let results = state.results();
    if results == state.before() {
        return Some("this run changed nothing");
    }
    (results == state.held_by(to)).then_some("the results of this run are in your project already")
}

/// What a person's command did and could not write down any more, because it was killed: everything was
/// taken back. An application that was not written down is found out by whoever delivers next.
pub fn missing_event(state: &RunState, is_in_project: bool) -> Option<Event> {
    let in_journal = *state.in_project() != state.before();
    (in_journal && !is_in_project).then(|| {
        Event::Run(RunEvent::ChangesUndone {
            unmerged: Unmerged::default(),
        })
    })
}

/// The events of what a person did. A run that only waited for its results to be delivered is done as soon as a
/// person has delivered them: what did not merge is theirs, and an `apply` takes it over later, too.
pub fn events(plan: &Plan, state: &RunState, done: Transfer) -> Vec<Event> {
    let delivers = done.direction == Direction::Apply;
    if !delivers && done.results == state.before() {
        let unmerged = done.unmerged;
        return vec![Event::Run(RunEvent::ChangesUndone { unmerged })];
    }
    // Once all is done, a run can wait for nothing else.
    let waited = state.ended() == Some(RunEnd::Waiting) && current(plan, state).is_none();
    let ended = (delivers && waited).then_some(Event::Run(RunEvent::Ended { end: RunEnd::Done }));
    [done.event(true)].into_iter().chain(ended).collect()
}
