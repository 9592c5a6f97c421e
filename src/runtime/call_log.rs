//! What an agent says and does, read from its events: those of an attempt under way, or those that were kept. For
//! people who look on; nothing is decided by it.

use std::fs::File;
use std::io;

use crate::agents::{self, Carried, Decoder, Signal, Stamp};
use crate::journal::Redactor;
use crate::model::{Act, Activity, Millis, Timestamp};
use crate::plan::AgentSpec;
use crate::process::{LineTail, TailLine};

use super::streams::LONGEST_LINE;

/// One attempt's events, read in bounded portions: a stream may be as long as it likes.
#[derive(Debug)]
pub struct CallLog {
    decoder: Box<dyn Decoder>,
    /// What is under way still holds secrets.
    redactor: Redactor,
    lines: LineTail,
    /// Tools at work: name, detail, and when they began.
    open: Vec<(String, String, Timestamp)>,
}

impl CallLog {
    pub fn new(events: File, (agent, carried): (&AgentSpec, &Carried), redactor: Redactor) -> Self {
        Self {
            decoder: (agents::of(agent.kind).decoder)(agent, carried),
            redactor,
            lines: LineTail::of(events, LONGEST_LINE),
            open: Vec::new(),
        }
    }

    /// The next lines as they are, without secrets; empty where no more has been written yet. If the attempt is over,
    /// the last one may lack its end.
    pub fn lines(&mut self, is_over: bool) -> io::Result<Vec<TailLine>> {
        let mut lines = self.lines.read_new()?;
        if is_over && lines.is_empty() && !self.lines.has_more() {
            lines.extend(self.lines.finish());
        }
        for line in &mut lines {
            if let TailLine::Text(text) = line {
                *text = self.redactor.redact(text).into_owned();
            }
        }
        Ok(lines)
    }

    /// What they tell.
    pub fn activities(&mut self, lines: Vec<TailLine>) -> Vec<Activity> {
        lines.into_iter().flat_map(|line| self.read(line)).collect()
    }

    /// Whether a portion was read and the next one is there already.
    pub fn has_more(&self) -> bool {
        self.lines.has_more()
    }

    fn read(&mut self, line: TailLine) -> Vec<Activity> {
        let text = match line {
            TailLine::Text(text) => text,
            TailLine::TooLong { bytes } => {
                let act = Act::TooLong(bytes);
                return vec![Activity { at: None, act }];
            }
        };
        let stamp = Stamp::of(&text);
        let signals = self.decoder.line(&text).into_iter();
        let acts = signals.filter_map(|signal| self.act(signal, stamp));
        acts.map(|act| Activity { at: stamp.at, act }).collect()
    }

    fn act(&mut self, signal: Signal, stamp: Stamp) -> Option<Act> {
        Some(match signal {
            Signal::Text { message, text } => Act::Said { message, text },
            Signal::ToolStarted { name, detail } => {
                let began = stamp.at.map(|at| (name.clone(), detail.clone(), at));
                self.open.extend(began);
                Act::Began { tool: name, detail }
            }
            Signal::Tool {
                name,
                detail,
                failed,
            } => Act::Did {
                took: stamp.took.or_else(|| self.since(&name, &detail, stamp.at?)),
                tool: name,
                detail,
                failed,
            },
            Signal::StepEnded { usage, .. } => Act::Used(usage),
            Signal::AgentError(error) => Act::Failed(error.message),
            Signal::Retried(error) => Act::Retried(error.message),
            Signal::Compacted => Act::Compacted,
            Signal::StepStarted | Signal::UsedInAll(_) | Signal::Noise => return None,
        })
    }

    fn since(&mut self, tool: &str, detail: &str, at: Timestamp) -> Option<Millis> {
        let mut open = self.open.iter();
        let is_it = |one: &(String, String, Timestamp)| one.0 == tool && one.1 == detail;
        let (_, _, began) = self.open.remove(open.position(is_it)?);
        Some(at.since(began))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::*;
    use crate::model::AgentEnv;
    use crate::plan::AgentKind;

    fn read(kind: AgentKind, transcript: &str) -> Vec<Activity> {
        let agent = AgentSpec {
            kind,
            command: String::new(),
            args: Vec::new(),
            env: AgentEnv::default(),
            pass_env: Vec::new(),
            sandbox: Default::default(),
            wrapper: Default::default(),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
        let events = crate::files::open(&root.join(transcript)).unwrap();
        let mut log = CallLog::new(events, (&agent, &Carried::default()), Redactor::default());
        let mut all = Vec::new();
        loop {
            let lines = log.lines(true).unwrap();
            if lines.is_empty() {
                return all;
            }
            all.extend(log.activities(lines));
        }
    }

    #[test]
    fn every_agents_events_tell_words_and_tools() {
        let all = [
            (AgentKind::Opencode, "opencode/tools.jsonl"),
            (AgentKind::Claude, "claude/tools.jsonl"),
            (AgentKind::Codex, "codex/tools.jsonl"),
            (AgentKind::Gemini, "gemini/tools.jsonl"),
            (AgentKind::Qwen, "qwen/tools.jsonl"),
        ];
        for (kind, transcript) in all {
            let acts = read(kind, transcript);
            let has = |wanted: fn(&Act) -> bool| acts.iter().any(|one| wanted(&one.act));
            assert!(has(|act| matches!(act, Act::Said { .. })), "{acts:?}");
            assert!(has(|act| matches!(act, Act::Did { .. })), "{acts:?}");
            assert!(has(|act| matches!(act, Act::Used(_))), "{acts:?}");
        }
        let times = |act: &Activity| act.at.is_some();
        assert!(
            read(AgentKind::Gemini, "gemini/tools.jsonl")
                .iter()
                .any(times)
        );
        let took = |one: &Activity| matches!(one.act, Act::Did { took: Some(_), .. });
        assert!(
            read(AgentKind::Opencode, "opencode/tools.jsonl")
                .iter()
                .any(took)
        );
    }
}
