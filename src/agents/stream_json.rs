//! The lines of `--output-format stream-json`, which Claude Code and Qwen Code have in common: `system`,
//! `assistant` (a block of a message at a time), `user` (results of tools), `result`.
//!
//! A line is read as any JSON: a field of another type than the known one is as good as absent, and what is left
//! still counts.

use serde_json::Value;

use crate::model::{MicroUsd, Millis, Usage};

use super::detail::detail;
use super::{AgentError, Decoder, Signal};

/// How Qwen Code begins the words of an error.
const API_ERROR: &str = "[API Error:";

/// Reads what one attempt prints.
#[derive(Debug, Default)]
pub(super) struct StreamJson {
    /// Of Qwen Code: tokens read from a cache are among those of the input.
    is_qwen: bool,
    /// Messages of the model so far.
    requests: u64,
    /// The message under way.
    open: Option<Message>,
    /// The message that was counted last. It may go on: some tools are run while the model still writes.
    counted: String,
    /// Whether the costs are what the provider takes.
    knows_cost: bool,
    /// Whether the error that ended the work has been told.
    failed: bool,
}

/// A message of the model, and the tools it called that have not answered.
#[derive(Debug)]
struct Message {
    id: String,
    usage: Usage,
    tools: Vec<Tool>,
}

#[derive(Debug)]
struct Tool {
    id: String,
    name: String,
    detail: String,
}

impl Decoder for StreamJson {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return vec![Signal::Noise];
        };
        let signals = match text(&line, "type") {
            "system" => self.system(&line),
            "assistant" => self.assistant(&line),
            "user" => self.tool_results(&line),
            "result" => self.result(&line),
            _ => Vec::new(),
        };
        match signals.is_empty() {
            true => vec![Signal::Noise],
            false => signals,
        }
    }
}

impl StreamJson {
    pub(super) fn of_qwen() -> Self {
        Self {
            is_qwen: true,
            ..Self::default()
        }
    }

    fn system(&mut self, line: &Value) -> Vec<Signal> {
        match text(line, "subtype") {
            "init" => {
                // Behind a gateway they are list prices of another provider's models.
                self.knows_cost = line["served_by_anthropic"] == true;
                Vec::new()
            }
            "api_retry" => {
                let name = text(line, "error");
                let mut error = AgentError::new(name, name.replace('_', " "));
                error.status = status(&line["error_status"]);
                vec![Signal::Retried(error)]
            }
            _ => Vec::new(),
        }
    }

    fn assistant(&mut self, line: &Value) -> Vec<Signal> {
        let message = &line["message"];
        if line["is_api_error_message"] == true || line["error"].is_string() {
            self.failed = true;
            return vec![Signal::AgentError(told_error(line))];
        }
        // Words of the program itself, in the place of a model's.
        if text(message, "model") == "<synthetic>" {
            return Vec::new();
        }
        let id = text(message, "id");
        let mut signals = Vec::new();
        let used = self.usage(&message["usage"], 1);
        // Qwen Code gives the blocks of one message ids of their own, and the tokens with one of them.
        if self.is_qwen
            && let Some(open) = &mut self.open
        {
            id.clone_into(&mut open.id);
            if used.tokens() > 0 {
                open.usage = used;
            }
        }
        if self.open.as_ref().is_none_or(|open| open.id != id) {
            signals.extend(self.end_step("length"));
            signals.push(Signal::StepStarted);
            let again = self.counted == id;
            self.requests += u64::from(!again);
            id.clone_into(&mut self.counted);
            self.open = Some(Message {
                id: id.to_owned(),
                usage: match again {
                    true => Usage::default(),
                    false => used,
                },
                tools: Vec::new(),
            });
        }
        for block in blocks(message) {
            match (text(block, "type"), &mut self.open) {
                ("text", _) => signals.push(Signal::Text {
                    message: id.to_owned(),
                    text: text(block, "text").to_owned(),
                }),
                ("tool_use", Some(open)) => open.tools.push(Tool {
                    id: text(block, "id").to_owned(),
                    name: text(block, "name").to_owned(),
                    detail: detail(&block["input"]).unwrap_or_default(),
                }),
                _ => {}
            }
        }
        signals
    }

    /// With the last result of a message its step is over.
    fn tool_results(&mut self, line: &Value) -> Vec<Signal> {
        let mut signals = Vec::new();
        for block in blocks(&line["message"]) {
            let Some(open) = &mut self.open else { break };
            let of = |tool: &Tool| tool.id == text(block, "tool_use_id");
            if let Some(at) = open.tools.iter().position(of) {
                let tool = open.tools.remove(at);
                signals.push(Signal::Tool {
                    name: tool.name,
                    detail: tool.detail,
                    failed: block["is_error"] == true,
                });
            }
        }
        if !signals.is_empty() && self.open.as_ref().is_some_and(|open| open.tools.is_empty()) {
            signals.extend(self.end_step("tool-calls"));
        }
        signals
    }

    fn end_step(&mut self, reason: &str) -> Option<Signal> {
        let open = self.open.take()?;
        Some(Signal::StepEnded {
            message: open.id,
            reason: reason.to_owned(),
            usage: open.usage,
        })
    }

    fn result(&mut self, line: &Value) -> Vec<Signal> {
        let mut signals = Vec::new();
        // Older versions of Qwen Code call even that a success.
        if line["is_error"] == true || text(line, "result").starts_with(API_ERROR) {
            if !self.failed {
                signals.push(Signal::AgentError(told_error(line)));
            }
        } else {
            if self.open.is_none() {
                signals.push(Signal::Text {
                    message: String::new(),
                    text: text(line, "result").to_owned(),
                });
            }
            let open = self.open.take();
            let (message, usage) = open.map(|open| (open.id, open.usage)).unwrap_or_default();
            signals.push(Signal::StepEnded {
                message,
                reason: "stop".to_owned(),
                usage,
            });
        }
        signals.extend(self.used_in_all(line).map(Signal::UsedInAll));
        signals
    }

    fn usage(&self, counts: &Value, requests: u64) -> Usage {
        let count = |key: &str| counts[key].as_u64().unwrap_or_default();
        let cached = count("cache_read_input_tokens");
        let twice = if self.is_qwen { cached } else { 0 };
        Usage {
            requests,
            input: count("input_tokens").saturating_sub(twice),
            output: count("output_tokens"),
            cache_read: cached,
            cache_write: count("cache_creation_input_tokens"),
            ..Usage::default()
        }
    }

    /// What the `result` says of the whole. Its `usage` is zero after some errors; then `modelUsage` has it.
    fn used_in_all(&self, line: &Value) -> Option<Usage> {
        let mut all = self.usage(&line["usage"], self.requests);
        if let Some(models) = line["modelUsage"].as_object().filter(|all| !all.is_empty()) {
            let sum = |key: &str| {
                models
                    .values()
                    .filter_map(|model| model[key].as_u64())
                    .fold(0, u64::saturating_add)
            };
            let thought = sum("thinkingTokens");
            all = Usage {
                requests: self.requests,
                input: sum("inputTokens"),
                output: u64::saturating_sub(sum("outputTokens"), thought),
                reasoning: thought,
                cache_read: sum("cacheReadInputTokens"),
                cache_write: sum("cacheCreationInputTokens"),
                cost: MicroUsd(0),
            };
        }
        if self.knows_cost {
            all.cost = MicroUsd::from_usd(line["total_cost_usd"].as_f64().unwrap_or_default());
        }
        (all.tokens() > 0).then_some(all)
    }
}

/// The error that a line tells, with its time of reset if that is known.
fn told_error(line: &Value) -> AgentError {
    let all = |texts: Vec<&str>| texts.join("\n");
    let said = blocks(&line["message"])
        .iter()
        .map(|block| text(block, "text"));
    let errors = line["errors"].as_array().into_iter().flatten();
    let found = [
        text(line, "result").to_owned(),
        text(&line["error"], "message").to_owned(),
        all(said.collect()),
        all(errors.filter_map(Value::as_str).collect()),
    ];
    let message = found
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let refused = "refusal";
    let is_refused = [&line["message"], line]
        .map(|of| text(of, "stop_reason"))
        .contains(&refused);
    // The most telling word of those it has.
    let words = [
        text(line, "api_error"),
        text(line, "error"),
        text(line, "subtype"),
    ];
    let name = match words.into_iter().find(|word| !word.is_empty()) {
        _ if is_refused => refused,
        word => word.unwrap_or_default(),
    };
    let limit = &line["api_error_params"]["rate_limit_info"]["resetsAt"];
    let resets_at = limit
        .as_i64()
        .or_else(|| message.rsplit_once('|')?.1.trim().parse().ok());
    // Qwen Code writes `[API Error: 401 invalid key]`, and advice of its own below.
    let told = message.strip_prefix(API_ERROR).map(|rest| {
        let told = rest.split_once("]\n").map_or(rest, |(told, _)| told);
        told.trim_end_matches(']').trim()
    });
    let told_status = told.and_then(|told| told.split(' ').next()?.parse().ok());
    let mut error = AgentError::new(name, told.unwrap_or(&message));
    error.status = status(&line["api_error_status"]).or(told_status);
    error.retry_after = resets_at.and_then(|at| until(at, text(line, "timestamp")));
    error
}

/// From the time of a line until a second of the epoch, or a millisecond: so many seconds are thousands of years.
fn until(epoch: i64, now: &str) -> Option<Millis> {
    let now: jiff::Timestamp = now.parse().ok()?;
    let millis = if epoch < 100_000_000_000 {
        epoch.checked_mul(1000)?
    } else {
        epoch
    };
    let wait = millis.checked_sub(now.as_millisecond())?;
    u64::try_from(wait).ok().map(Millis)
}

fn status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok())
}

fn blocks(message: &Value) -> &[Value] {
    message["content"].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
#[path = "stream_json_tests.rs"]
mod tests;
