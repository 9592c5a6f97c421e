//! One line of `--json`.

use serde::Deserialize;

use crate::agents::wait::wait_in;
use crate::agents::{AgentError, Decoder, Signal};
use crate::model::{ExitStatus, Failure, FailureKind, Usage};

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    item: Item,
    #[serde(default)]
    usage: Tokens,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error: Error,
}

/// The output of a command is passed over: it may be large.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    text: String,
    status: String,
    command: String,
    changes: Vec<Change>,
    query: String,
    tool: String,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    path: String,
}

/// Input includes what was read from the cache, output what was thought.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: u64,
    cached_input_tokens: u64,
    cache_write_input_tokens: u64,
    output_tokens: u64,
    reasoning_output_tokens: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Error {
    message: String,
}

/// A turn is all of the attempt: its requests are not told apart.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The last text: the answer, if nothing follows.
    message: String,
}

impl Decoder for Lines {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            return vec![Signal::Noise];
        };
        match line.kind.as_str() {
            "turn.started" => vec![Signal::StepStarted],
            "item.completed" => vec![self.item(line.item)],
            "error" => vec![match line.message.strip_prefix("Reconnecting") {
                Some(rest) => {
                    let why = rest.split_once('(').map_or(rest, |(_, why)| why);
                    Signal::Retried(error(why.strip_suffix(')').unwrap_or(why)))
                }
                None => Signal::AgentError(error(&line.message)),
            }],
            "turn.completed" => vec![
                Signal::StepEnded {
                    message: std::mem::take(&mut self.message),
                    reason: "stop".to_owned(),
                    usage: Usage::default(),
                },
                Signal::UsedInAll(usage(&line.usage)),
            ],
            "turn.failed" => vec![Signal::AgentError(error(&line.error.message))],
            _ => vec![Signal::Noise],
        }
    }

    fn explain(&self, stderr_tail: &str, _exit: Option<ExitStatus>) -> Option<Failure> {
        let refused = "Input exceeds the maximum length";
        let line = stderr_tail
            .lines()
            .find_map(|line| line.split_once(refused))?
            .1;
        let limit = line.split_once(". (").map_or(line, |(limit, _)| limit);
        Some(Failure::new(
            FailureKind::ContextOverflow,
            format!("the prompt is longer than Codex takes: {}", limit.trim()),
        ))
    }
}

impl Lines {
    fn item(&mut self, item: Item) -> Signal {
        let (name, detail) = match item.kind.as_str() {
            "agent_message" => {
                self.message.clone_from(&item.id);
                return Signal::Text {
                    message: item.id,
                    text: item.text,
                };
            }
            "command_execution" => ("shell", bare(&item.command).to_owned()),
            "file_change" => {
                let paths = item.changes.iter().map(|change| change.path.as_str());
                ("apply_patch", paths.collect::<Vec<_>>().join(", "))
            }
            "web_search" => ("web_search", item.query),
            "mcp_tool_call" => ("mcp", item.tool),
            // Thoughts, lists, and remarks of Codex on itself (`error`).
            _ => return Signal::Noise,
        };
        Signal::Tool {
            name: name.to_owned(),
            detail: detail.lines().next().unwrap_or_default().to_owned(),
            failed: item.status == "failed",
        }
    }
}

/// The command that the model wrote, without the shell around it.
fn bare(command: &str) -> &str {
    let inner = command
        .split_once(" -lc ")
        .map_or(command, |(_, inner)| inner);
    let quoted = inner.strip_prefix(['\'', '"']);
    quoted
        .and_then(|inner| inner.strip_suffix(['\'', '"']))
        .unwrap_or(inner)
}

fn usage(tokens: &Tokens) -> Usage {
    let cached = tokens.cached_input_tokens;
    let cached = cached.saturating_add(tokens.cache_write_input_tokens);
    Usage {
        // How many there were it does not say.
        requests: 1,
        input: tokens.input_tokens.saturating_sub(cached),
        output: tokens
            .output_tokens
            .saturating_sub(tokens.reasoning_output_tokens),
        reasoning: tokens.reasoning_output_tokens,
        cache_read: tokens.cached_input_tokens,
        cache_write: tokens.cache_write_input_tokens,
        ..Usage::default()
    }
}

/// What went wrong, out of the sentence that Codex makes of it.
fn error(sentence: &str) -> AgentError {
    let name = match sentence.split_once("Incomplete response returned, reason: ") {
        Some((_, "max_output_tokens")) => "MessageOutputLengthError",
        Some((_, "content_filter")) => "ContentFilterError",
        _ => "",
    };
    let status = ["unexpected status ", "last status: "]
        .iter()
        .find_map(|before| {
            let rest = sentence.split_once(before)?.1;
            rest.get(..3)?.parse().ok()
        });
    // `unexpected status 401 Unauthorized: WHY, url: …, cf-ray: …`
    let why = sentence
        .strip_prefix("unexpected status ")
        .and_then(|rest| {
            let why = rest.split_once(": ")?.1;
            Some(why.split_once(", url: ").map_or(why, |(why, _)| why))
        });
    // The answer to a bad request is told as it came.
    let refused: Option<serde_json::Value> = serde_json::from_str(sentence).ok();
    let refused = refused
        .as_ref()
        .and_then(|body| body["error"]["message"].as_str());
    let message = refused.or(why).unwrap_or(sentence);
    let mut error = AgentError::new(name, message);
    if refused.is_some() {
        error = error.body(sentence);
    }
    error.status = status.or(refused.map(|_| 400));
    error.retry_after = wait_in(sentence);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::recorded::{Case, judge, kinds_of};
    use crate::plan::AgentKind;

    #[test]
    fn each_recorded_end_has_its_kind() {
        use FailureKind as Kind;
        kinds_of(
            AgentKind::Codex,
            &[
                ("bad-request", Case::Failed(Kind::Rejected)),
                ("content-filter", Case::Failed(Kind::ContentRefused)),
                ("cut-stream", Case::Failed(Kind::Network)),
                ("forbidden", Case::Failed(Kind::Auth)),
                ("killed", Case::Failed(Kind::Crash)),
                ("length", Case::Failed(Kind::Truncated)),
                ("overflow", Case::Failed(Kind::ContextOverflow)),
                ("overloaded", Case::Failed(Kind::Overloaded)),
                ("prompt-too-large", Case::Failed(Kind::ContextOverflow)),
                ("quota", Case::Failed(Kind::Quota)),
                ("rate-limit", Case::Failed(Kind::RateLimit)),
                ("rate-limit-long-wait", Case::Failed(Kind::RateLimit)),
                ("rate-limit-with-wait", Case::Failed(Kind::RateLimit)),
                ("refusal", Case::Failed(Kind::NoDeliverable)),
                ("server-error", Case::Failed(Kind::Provider)),
                ("tools", Case::Answered("All done.")),
                ("unauthorized", Case::Failed(Kind::Auth)),
                ("unknown-model", Case::Failed(Kind::UnknownModel)),
                ("usage-limit", Case::Failed(Kind::Quota)),
            ],
        );
    }

    #[test]
    fn a_wait_and_a_reason_are_kept() {
        let (_, end) = judge(AgentKind::Codex, "rate-limit-with-wait");
        let failure = end.expect_err("it failed");
        assert_eq!(failure.retry_after, Some(crate::model::Millis(20_000)));
        let (_, end) = judge(AgentKind::Codex, "unauthorized");
        let message = end.expect_err("it failed").message;
        assert_eq!(message, "Incorrect API key provided: sk-…. (HTTP 401)");
    }
}
