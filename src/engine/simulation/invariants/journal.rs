//! The journal.

use super::super::trace::Trace;
use super::{Verdict, ensure};
use crate::run::{Record, RunState};

/// The journal is all there is: read back from its text, in any two parts, it gives the same state.
pub fn the_journal_tells_everything(trace: &Trace) -> Verdict {
    let journal = trace.journal();
    let state = RunState::of(&journal);
    let mut read: Vec<Record> = Vec::new();
    for record in &journal {
        let text = serde_json::to_string(record).unwrap();
        read.push(serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?);
        ensure(read.last() == Some(record), || {
            format!("comes back as another: {text}")
        })?;
    }
    let mut parts = RunState::of(&read[..read.len() / 2]);
    for record in &read[read.len() / 2..] {
        parts.apply(record.at, &record.event);
    }
    ensure(parts == state, || {
        "two halves make another state".to_owned()
    })
}
