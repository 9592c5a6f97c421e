//! What a run takes over from another one, to do a phase of it again.

use std::collections::BTreeSet;

use crate::model::{CallId, Digest, Millis, PhaseName, RunId, Timestamp};

use super::{Event, PhaseEvent, Record, RunEvent, RunState};

/// Why nothing can be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTakenOver {
    #[error("phase `{0}` has not begun in this run")]
    NotBegun(PhaseName),
}

/// The new run, for the events that name it.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub id: RunId,
    pub version: String,
    /// The digest of its `plan.json`.
    pub plan: Digest,
    pub at: Timestamp,
}

/// The journal of a run in which `phase` and all after it are done again: what was before the last time that the
/// phase began. Of what came later there is what belongs to that: the ends of earlier phases' calls, what a person
/// changed in their documents, models and limits that a person changed, and what the project holds of the run,
/// which the new one answers for from now on.
pub fn take_over(
    records: &[Record],
    new: &NewRun,
    phase: &PhaseName,
) -> Result<Vec<Record>, NotTakenOver> {
    let state = RunState::of(records);
    let begins = |record: &Record| record.event == PhaseEvent::Started.of(phase.clone());
    let has_begun = state.phase(phase).is_some_and(|one| one.begun().is_some());
    let cut = records.iter().rposition(begins).filter(|_| has_begun);
    let (Some(cut), Some(old)) = (cut, &state.id) else {
        return Err(NotTakenOver::NotBegun(phase.clone()));
    };
    let (before, later) = records.split_at(cut);
    let calls: BTreeSet<&CallId> = before.iter().filter_map(created).collect();
    let closed = RunState::of(before);
    let belongs = |record: &&Record| match &record.event {
        Event::Call { call, .. } => calls.contains(call),
        Event::Phase { phase, event } => {
            matches!(event, PhaseEvent::DocumentEdited { .. })
                && closed
                    .phase(phase)
                    .is_some_and(|one| one.closed().is_some())
        }
        Event::Run(event) => matches!(
            event,
            RunEvent::ModelReplaced { .. }
                | RunEvent::LimitsRaised { .. }
                | RunEvent::Noted { .. }
                | RunEvent::ChangesApplied { .. }
                | RunEvent::ChangesUndone { .. }
        ),
    };
    let later = later.iter().filter(belongs).cloned().map(|mut record| {
        // It was not done at the end of this run.
        if let Event::Run(RunEvent::ChangesApplied { by_hand, .. }) = &mut record.event {
            *by_hand = true;
        }
        record
    });
    let mut taken: Vec<Record> = before.iter().cloned().chain(later).collect();
    if let Some(first) = taken.first_mut() {
        first.at = new.at;
        if let Event::Run(RunEvent::Started {
            run, version, plan, ..
        }) = &mut first.event
        {
            (*run, *version, *plan) = (new.id.clone(), new.version.clone(), new.plan.clone());
        }
    }
    taken.push(Record {
        seq: 0,
        at: new.at,
        event: Event::Run(RunEvent::TakenOver {
            run: old.clone(),
            from: phase.clone(),
        }),
    });
    for (record, seq) in taken.iter_mut().zip(1..) {
        record.seq = seq;
    }
    Ok(taken)
}

fn created(record: &Record) -> Option<&CallId> {
    match &record.event {
        Event::Phase {
            event: PhaseEvent::CallCreated { call } | PhaseEvent::CallReused { call, .. },
            ..
        } => Some(&call.id),
        _ => None,
    }
}

impl RunState {
    /// What was done so far was done and paid by another run.
    pub(super) fn taken_over_from(&mut self, run: &RunId) {
        self.from_run = Some(run.clone());
        self.worked = Millis::default();
        for call in self.calls.iter_mut() {
            for attempt in &mut call.attempts {
                attempt.taken_over = true;
            }
        }
    }
}
