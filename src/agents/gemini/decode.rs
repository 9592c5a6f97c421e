//! One line of `-o stream-json`, and of standard error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::agents::agent_error::{plain, shorten};
use crate::agents::detail::detail;
use crate::agents::wait::wait_in;
use crate::agents::{AgentError, Decoder, Signal};
use crate::model::{ExitStatus, Failure, FailureKind, Usage};

/// How lines of standard error begin that tell no cause.
const NOISE: [&str; 3] = ["Warning: ", "[STARTUP]", "at "];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    role: String,
    content: String,
    tool_name: String,
    tool_id: String,
    parameters: Value,
    status: String,
    message: String,
    /// Holds a `message`.
    error: Value,
    stats: Stats,
}

/// `input_tokens` includes what was cached, `total_tokens` also what was thought.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    total_tokens: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached: u64,
}

/// Text comes in pieces, and a tool's name with its call alone.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What it is saying, and how much it said before.
    text: String,
    texts: u32,
    /// Tools that were called and have not answered: what they are called, and on what they work.
    called: BTreeMap<String, (String, String)>,
    /// What was last said to be wrong.
    complaint: String,
    /// Why it ended, where the exit code may know more.
    error: Option<AgentError>,
}

impl Decoder for Lines {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            return vec![Signal::Noise];
        };
        match line.kind.as_str() {
            "init" => vec![Signal::StepStarted],
            "message" if line.role == "assistant" => {
                self.text += &line.content;
                vec![Signal::Noise]
            }
            "tool_use" => {
                let what = detail(&line.parameters).unwrap_or_default();
                self.called.insert(line.tool_id, (line.tool_name, what));
                self.said().into_iter().collect()
            }
            "tool_result" => {
                let (name, detail) = self.called.remove(&line.tool_id).unwrap_or_default();
                let failed = line.status == "error";
                vec![Signal::Tool {
                    name,
                    detail,
                    failed,
                }]
            }
            "error" => {
                self.complaint = line.message;
                vec![Signal::Noise]
            }
            "result" => self.end(&line),
            _ => vec![Signal::Noise],
        }
    }

    /// `Attempt 1 failed with status 503. Retrying with backoff... ApiError: {"error":…}`, or
    /// `Attempt 1 failed: You exceeded your current quota. Please retry in 20s.`
    fn stderr_line(&mut self, line: &str) -> Option<AgentError> {
        let line = plain(line);
        let (number, rest) = line.strip_prefix("Attempt ")?.split_once(" failed")?;
        number.parse::<u32>().ok()?;
        if rest.ends_with("Max attempts reached") {
            return None;
        }
        if let Some(why) = rest.strip_prefix(": ") {
            // Gemini goes on by itself where a limit passes within minutes, whatever the provider calls it.
            let mut error = AgentError::new("provider.rate-limit", why);
            error.retry_after = wait_in(why);
            return Some(error);
        }
        let (head, why) = rest.split_once("Retrying with backoff... ")?;
        let mut error = told(why.split_once(": ").map_or(why, |(_, why)| why));
        let status = head
            .trim_end_matches(['.', ' '])
            .strip_prefix(" with status ");
        error.status = status.and_then(|status| status.parse().ok());
        Some(error)
    }

    fn explain(&self, stderr_tail: &str, exit: Option<ExitStatus>) -> Option<Failure> {
        let Some(ExitStatus::Exited(code)) = exit else {
            return None;
        };
        if let Some(error) = &self.error {
            let mut error = error.clone();
            // Codes have eight bits: 429 became 173.
            error.status = u16::try_from(code + 256)
                .ok()
                .filter(|status| (400..512).contains(status));
            return Some(error.failure(Some(&super::PRODUCT)));
        }
        let kind = match code {
            41 => FailureKind::Auth,
            // Input, sandbox, configuration, folder.
            42 | 44 | 52 | 55 => FailureKind::Rejected,
            53 => FailureKind::Loop,
            _ => return None,
        };
        let is_noise = |line: &str| NOISE.iter().any(|begin| line.starts_with(begin));
        let mut lines = stderr_tail.lines().map(str::trim);
        let said = lines.find(|line| !line.is_empty() && !is_noise(line));
        let said = plain(said.unwrap_or("Gemini ended without a word"));
        Some(Failure::new(kind, shorten(&said, 500)))
    }
}

impl Lines {
    /// A text is whole when a tool is called, or at the end.
    fn said(&mut self) -> Option<Signal> {
        let text = std::mem::take(&mut self.text);
        self.texts += 1;
        (!text.is_empty()).then(|| Signal::Text {
            message: self.texts.to_string(),
            text,
        })
    }

    fn end(&mut self, line: &Line) -> Vec<Signal> {
        let used = Signal::UsedInAll(usage(&line.stats));
        if line.status == "success" {
            let said = self.said();
            let end = Signal::StepEnded {
                message: self.texts.to_string(),
                reason: "stop".to_owned(),
                usage: Usage::default(),
            };
            let mut signals: Vec<Signal> = said.into_iter().chain([end, used]).collect();
            // Ended by Gemini itself, all the same a success to it.
            if self.complaint.starts_with("Loop detected") {
                signals.push(Signal::AgentError(AgentError::new("", &self.complaint)));
            }
            return signals;
        }
        let message = line.error["message"].as_str();
        let mut error = told(message.unwrap_or(&self.complaint));
        if error.status.is_none() && error.name.is_empty() && message.is_some() {
            "UnknownError".clone_into(&mut error.name);
            self.error = Some(error.clone());
        }
        vec![used, Signal::AgentError(error)]
    }
}

fn usage(stats: &Stats) -> Usage {
    Usage {
        // How many there were it does not say.
        requests: 1,
        input: stats.input_tokens.saturating_sub(stats.cached),
        output: stats.output_tokens,
        reasoning: stats
            .total_tokens
            .saturating_sub(stats.input_tokens)
            .saturating_sub(stats.output_tokens),
        cache_read: stats.cached,
        ..Usage::default()
    }
}

/// `[API Error: WHY]` and advice, where WHY is a text or the provider's answer.
fn told(message: &str) -> AgentError {
    let why = message.strip_prefix("[API Error: ").unwrap_or(message);
    let why = why.split_once("]\nPlease").map_or(why, |(why, _)| why);
    let answer = why.trim_end_matches(']');
    let body = [why, answer]
        .iter()
        .find_map(|text| serde_json::from_str::<Value>(text).ok())
        .unwrap_or_default();
    let error = &body["error"];
    let name = match why.contains("blocked due to safety") {
        true => "ContentFilterError",
        false => "",
    };
    let text = error["message"].as_str().unwrap_or(answer);
    let mut told = AgentError::new(name, text);
    if !error.is_null() {
        told = told.body(why);
    }
    let status = error["code"].as_u64();
    told.status = status.and_then(|status| u16::try_from(status).ok());
    told.retry_after = wait_in(text);
    told
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
