//! The calls of a run. After each event it is asked what they used and which are under way, and a long run has thousands:
//! of those that are over, only sums and maxima are looked at.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::model::{CallId, PhaseName};

use super::CallState;
use super::used::Used;

#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    /// In the order of their creation. Boxed: a map keeps room to spare.
    all: IndexMap<CallId, Box<CallState>>,
    by_phase: BTreeMap<PhaseName, Vec<usize>>,
    /// So many of the first ones are over, and counted in `used`.
    settled: usize,
    used: Used,
}

/// The rest follows from the calls.
impl PartialEq for Calls {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Calls {
    pub fn get(&self, id: &CallId) -> Option<&CallState> {
        self.all.get(id).map(Box::as_ref)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &CallState> {
        self.all.values().map(Box::as_ref)
    }

    pub fn of_phase(&self, phase: &PhaseName) -> impl Iterator<Item = &CallState> {
        let places = self.by_phase.get(phase).into_iter().flatten();
        places.filter_map(|place| Some(self.all.get_index(*place)?.1.as_ref()))
    }

    /// What those that are settled used, and the others.
    pub fn used(&self) -> (&Used, impl Iterator<Item = &CallState>) {
        (&self.used, self.iter().skip(self.settled))
    }

    pub fn get_mut(&mut self, id: &CallId) -> Option<&mut CallState> {
        let (place, _, call) = self.all.get_full_mut(id)?;
        if place < self.settled {
            (self.settled, self.used) = Default::default();
        }
        Some(call)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut CallState> {
        (self.settled, self.used) = Default::default();
        self.all.values_mut().map(Box::as_mut)
    }

    /// Takes the place of the call of this name, if there is one.
    pub fn insert(&mut self, call: CallState) {
        let (id, phase) = (call.spec.id.clone(), call.spec.phase.clone());
        match self.get_mut(&id) {
            Some(known) => *known = call,
            None => {
                let (place, _) = self.all.insert_full(id, Box::new(call));
                self.by_phase.entry(phase).or_default().push(place);
            }
        }
    }

    /// Counts those that are over by now.
    pub fn settle(&mut self) {
        let rest = self.all.values().skip(self.settled);
        for call in rest.take_while(|call| call.is_over()) {
            self.used.add(call);
            self.settled += 1;
        }
    }
}
