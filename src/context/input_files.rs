//! Where a call finds its inputs as files, besides reading them in its prompt.

use std::collections::BTreeMap;

use crate::model::{CallInput, InputSource, TreeId};

/// The folder of a call's inputs, relative to its workspace.
pub const IN: &str = ".tipstaff/in";

/// The path of an input's file below `.tipstaff/in`; `None` for what is in the prompt only.
pub fn input_file(source: &InputSource) -> Option<String> {
    Some(match source {
        InputSource::Deliverable(phase) => format!("{phase}/output.md"),
        InputSource::Handoff(phase) => format!("{phase}/handoff.json"),
        InputSource::EarlierProposal(slot) => format!("proposals/{slot}.md"),
        InputSource::Proposal(label) => format!("proposals/{label}.md"),
        InputSource::Candidate { label, .. } => format!("proposals/{label}.patch"),
        InputSource::Faulty => "faulty.txt".to_owned(),
        InputSource::Changes(phase) => format!("{phase}/changes.patch"),
        InputSource::Tests(phase) => format!("{phase}/verify.md"),
        InputSource::Findings(phase) => format!("{phase}/verdict.json"),
        InputSource::Lens(name) => format!("lenses/{name}.md"),
        InputSource::Printed { number, .. } => format!("feedback/{number}.txt"),
        InputSource::State(_) => "state.json".to_owned(),
        InputSource::Worklog => "worklog.md".to_owned(),
        InputSource::Request
        | InputSource::File(_)
        | InputSource::Person(_)
        | InputSource::Feedback(_)
        | InputSource::Reasons { .. }
        | InputSource::Errors(_) => return None,
    })
}

/// What an input's file holds, out of all contents: of a candidate its patch, of the others their artifact.
pub fn content_of<'a>(
    input: &CallInput,
    contents: &'a BTreeMap<String, String>,
) -> Option<&'a str> {
    let content = match &input.source {
        InputSource::Candidate { from, to, .. } => contents.get(&diff_key(from, to)),
        _ => contents.get(&input.artifact.as_ref()?.path),
    };
    content.map(String::as_str)
}

/// Where among the contents the difference of two trees is: it is no artifact.
pub fn diff_key(from: &TreeId, to: &TreeId) -> String {
    format!("diff {from} {to}")
}
