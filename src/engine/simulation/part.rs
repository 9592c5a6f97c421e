//! Which part of its work a call is, as its name and its inputs tell.

use crate::model::{Artifact, CallId, CallInput, CallSpec, InputSource, WorkState};

/// Which part of a try a call is, from 1: `p1.task-T1.2.part-3@2` is the third one.
pub fn part_of(call: &CallId) -> u32 {
    split(call).1
}

/// The name of the part before it; none for the first one.
pub fn part_before(call: &CallId) -> Option<CallId> {
    let (first, number, round) = split(call);
    (number > 1).then(|| named(first, number - 1, round))
}

/// The name of the part after it.
pub fn part_after(call: &CallId) -> CallId {
    let (first, number, round) = split(call);
    named(first, number + 1, round)
}

fn named(first: &str, number: u32, round: &str) -> CallId {
    CallId::new(match number {
        1 => format!("{first}{round}"),
        number => format!("{first}.part-{number}{round}"),
    })
}

/// A name without its part and round, the part, the round with its sign.
fn split(call: &CallId) -> (&str, u32, &str) {
    let id = call.as_str();
    let (name, round) = id.split_at(id.find('@').unwrap_or(id.len()));
    match name.rsplit_once(".part-") {
        Some((first, number)) => (first, number.parse().unwrap(), round),
        None => (name, 1, round),
    }
}

/// The states of unfinished work that a call gets, with their words.
pub fn states_of(call: &CallSpec) -> impl Iterator<Item = (&WorkState, &Artifact)> {
    call.inputs.iter().filter_map(|input| match &input.source {
        InputSource::State(state) => Some((state, input.artifact.as_ref()?)),
        _ => None,
    })
}

/// What a call gets to see beside those.
pub fn without_states(call: &CallSpec) -> Vec<&CallInput> {
    let inputs = call.inputs.iter();
    let others = inputs.filter(|input| !matches!(input.source, InputSource::State(_)));
    others.collect()
}

/// What a call is to distill the state of a part from, if it is to.
pub fn worklog_of(call: &CallSpec) -> Option<&Artifact> {
    let mut inputs = call.inputs.iter();
    let worklog = inputs.find(|input| input.source == InputSource::Worklog)?;
    worklog.artifact.as_ref()
}
