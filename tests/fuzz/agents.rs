//! What agents print: the decoders of all adapters.

use tipstaff::agents::{Carried, Ending, Signal, Transcript, conclude, of};
use tipstaff::model::ExitStatus;
use tipstaff::plan::{AgentKind, AgentSpec};

use crate::mutants::survives;
use crate::seeds::files_in;

pub const KINDS: [AgentKind; 7] = [
    AgentKind::Opencode,
    AgentKind::Claude,
    AgentKind::Codex,
    AgentKind::Gemini,
    AgentKind::Qwen,
    AgentKind::Acp,
    AgentKind::Command,
];

/// Both streams are made of it, line by line.
pub fn printed(kind: AgentKind, bytes: &[u8]) {
    let spec: AgentSpec = serde_json::from_value(serde_json::json!({
        "kind": kind, "command": "agent", "args": [], "env": [], "pass_env": [],
    }))
    .unwrap();
    let text = String::from_utf8_lossy(bytes);
    let mut decoder = (of(kind).decoder)(&spec, &Carried::default());
    let mut transcript = Transcript::of(&spec, None);
    for line in text.lines() {
        for signal in decoder.line(line) {
            transcript.apply(signal);
        }
    }
    for line in text.lines() {
        if let Some(error) = decoder.stderr_line(line) {
            transcript.apply(Signal::Retried(error));
        }
    }
    let start = text.floor_char_boundary(text.len().saturating_sub(4096));
    for exit in [
        None,
        Some(ExitStatus::Exited(0)),
        Some(ExitStatus::Exited(1)),
    ] {
        let _ = conclude(
            &transcript,
            &Ending {
                exit,
                stderr_tail: &text[start..],
                decoder: &*decoder,
                contract_met: false,
                answer_left: false,
                is_closed: true,
            },
        );
    }
}

#[test]
fn any_output_of_an_agent_is_read() {
    let mut seeds = files_in("fixtures/transcripts", ".jsonl");
    seeds.extend(files_in("fixtures/transcripts", ".stderr"));
    survives("printed", seeds, |bytes| {
        for kind in KINDS {
            printed(kind, bytes);
        }
    });
}
