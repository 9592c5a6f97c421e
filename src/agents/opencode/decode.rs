//! One line of `--format json`.

use std::collections::BTreeMap;

use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;
use serde_json::Value;

use crate::agents::detail::detail;
use crate::agents::{AgentError, Signal};
use crate::model::{MicroUsd, Millis, Usage};

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    part: Option<Part>,
    #[serde(default)]
    error: Option<SessionError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    #[serde(rename = "messageID")]
    message: String,
    text: String,
    synthetic: bool,
    metadata: Option<TextMetadata>,
    reason: String,
    tokens: Tokens,
    cost: Option<f64>,
    tool: String,
    state: ToolState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TextMetadata {
    compaction_continue: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input: Option<f64>,
    output: Option<f64>,
    reasoning: Option<f64>,
    cache: Cache,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cache {
    read: Option<f64>,
    write: Option<f64>,
}

/// The output and the attachments of a tool are passed over: one may hold megabytes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ToolState {
    status: String,
    title: Option<String>,
    /// As the model wrote it: any JSON.
    input: Value,
}

/// OpenCode 1 fills `name` and `data`, OpenCode 2 the rest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SessionError {
    name: String,
    data: ErrorData,
    #[serde(rename = "type")]
    kind: String,
    message: String,
    status: Option<u16>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ErrorData {
    message: Option<String>,
    status_code: Option<u16>,
    response_body: Option<String>,
    response_headers: BTreeMap<String, String>,
}

pub(super) fn decode(line: &str) -> Vec<Signal> {
    let Ok(line) = serde_json::from_str::<Line>(line) else {
        return vec![Signal::Noise];
    };
    let part = line.part.unwrap_or_default();
    let signal = match line.kind.as_str() {
        "step_start" => Signal::StepStarted,
        "step_finish" => Signal::StepEnded {
            usage: usage(&part),
            message: part.message,
            reason: part.reason,
        },
        "text" if part.metadata.is_some_and(|data| data.compaction_continue) => Signal::Compacted,
        "text" if part.synthetic => Signal::Noise,
        "text" => Signal::Text {
            message: part.message,
            text: part.text,
        },
        "tool_use" => Signal::Tool {
            detail: detail(&part.state.input)
                .or(part.state.title)
                .unwrap_or_default(),
            failed: part.state.status == "error",
            name: part.tool,
        },
        "error" => Signal::AgentError(line.error.map(agent_error).unwrap_or_default()),
        _ => Signal::Noise,
    };
    vec![signal]
}

fn usage(part: &Part) -> Usage {
    Usage {
        requests: 1,
        input: count(part.tokens.input),
        output: count(part.tokens.output),
        reasoning: count(part.tokens.reasoning),
        cache_read: count(part.tokens.cache.read),
        cache_write: count(part.tokens.cache.write),
        cost: MicroUsd::from_usd(part.cost.unwrap_or_default()),
    }
}

/// Counts are JSON numbers; a provider that reports nonsense must not break the fold.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and NaN is zero"
)]
fn count(number: Option<f64>) -> u64 {
    number.unwrap_or_default().min(1e12) as u64
}

fn agent_error(error: SessionError) -> AgentError {
    if !error.kind.is_empty() {
        let mut of_two = AgentError::new(name_of(error.kind), error.message);
        of_two.status = error.status;
        return of_two;
    }
    let data = error.data;
    let message = data.message.unwrap_or_else(|| error.name.clone());
    let mut agent_error =
        AgentError::new(error.name, message).body(&data.response_body.unwrap_or_default());
    agent_error.status = data.status_code;
    agent_error.retry_after = retry_after(&data.response_headers);
    agent_error
}

/// The name of OpenCode 1 for an error of OpenCode 2 that says no more than one of its.
fn name_of(kind: String) -> String {
    match kind.as_str() {
        "unknown" | "provider.unknown" => "UnknownError".to_owned(),
        "aborted" => "MessageAbortedError".to_owned(),
        _ => kind,
    }
}

/// `retry-after-ms`, or `retry-after` in seconds, or as a date: by the `date` of the answer, whatever this clock says.
fn retry_after(headers: &BTreeMap<String, String>) -> Option<Millis> {
    let header = |name: &str| {
        let mut headers = headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    };
    let number = |name: &str| {
        let number = header(name)?.parse::<f64>().ok();
        number.filter(|number| *number >= 0.0)
    };
    let date = |name: &str| {
        let date = DateTimeParser::new().parse_timestamp(header(name)?).ok();
        date.map(|date| date.as_second())
    };
    let seconds = || number("retry-after").map(|seconds| seconds * 1000.0);
    let millis = number("retry-after-ms").or_else(seconds);
    millis
        .map(|millis| Millis(count(Some(millis))))
        .or_else(|| {
            let wait = date("retry-after")?.checked_sub(date("date")?)?;
            u64::try_from(wait).ok().map(Millis::seconds)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    #[test]
    fn an_error_of_the_second_generation_says_its_kind() {
        let kind = |error: &str| {
            let line = format!(r#"{{"type":"error","sessionID":"","error":{error}}}"#);
            let Some(Signal::AgentError(error)) = decode(&line).pop() else {
                panic!("no agent_error")
            };
            error.kind()
        };
        for (error, expected) in [
            (
                r#"{"type":"provider.auth","message":"HTTP 401","status":401}"#,
                FailureKind::Auth,
            ),
            (
                r#"{"type":"provider.quota","message":"m","status":429}"#,
                FailureKind::Quota,
            ),
            (
                r#"{"type":"provider.rate-limit","message":"m"}"#,
                FailureKind::RateLimit,
            ),
            (
                r#"{"type":"provider.no-route","message":"m"}"#,
                FailureKind::UnknownModel,
            ),
            (
                r#"{"type":"unknown","message":"Model unavailable: p/m"}"#,
                FailureKind::UnknownModel,
            ),
            (
                r#"{"type":"provider.internal","message":"m","status":500}"#,
                FailureKind::Provider,
            ),
            (
                r#"{"type":"provider.transport","message":"m"}"#,
                FailureKind::Network,
            ),
            (
                r#"{"type":"provider.invalid-request","message":"prompt is too long","status":400}"#,
                FailureKind::ContextOverflow,
            ),
        ] {
            assert_eq!(kind(error), expected, "{error}");
        }
    }

    #[test]
    fn an_error_without_data_is_still_a_trouble() {
        let Some(Signal::AgentError(agent_error)) =
            decode(r#"{"type":"error","error":{"name":"MessageAbortedError"}}"#).pop()
        else {
            panic!("no agent_error")
        };
        assert_eq!(agent_error.message, "MessageAbortedError");
    }

    #[test]
    fn usage_without_figures_counts_the_request() {
        let line = r#"{"type":"step_finish","part":{"messageID":"m","reason":"stop","tokens":{"input":null}}}"#;
        let Some(Signal::StepEnded { usage, .. }) = decode(line).pop() else {
            panic!("no end")
        };
        assert_eq!((usage.requests, usage.tokens()), (1, 0));
    }

    #[test]
    fn retry_after_may_be_a_date() {
        let wait = |at: &str| {
            let headers = [
                ("Retry-After", at),
                ("date", "Sun, 29 Nov 2026 01:00:00 GMT"),
            ];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            super::retry_after(&headers.into())
        };
        let at_three = wait("Sun, 29 Nov 2026 03:00:00 GMT");
        assert_eq!(at_three, Some(Millis::minutes(120)));
        assert_eq!(wait("Sun, 29 Nov 2026 00:59:00 GMT"), None, "it is over");
        assert_eq!(wait("tomorrow"), None);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        for (header, millis) in [("retry-after", 600_000), ("Retry-After-Ms", 600)] {
            let line = format!(
                r#"{{"type":"error","error":{{"name":"APIError","data":{{"message":"m","statusCode":429,"responseHeaders":{{"{header}":"600"}}}}}}}}"#
            );
            let Some(Signal::AgentError(agent_error)) = decode(&line).pop() else {
                panic!("no agent_error")
            };
            assert_eq!(agent_error.retry_after, Some(Millis(millis)));
            assert_eq!(agent_error.kind(), FailureKind::RateLimit);
        }
    }

    #[test]
    fn a_tool_is_named_with_what_it_worked_on() {
        let line = r#"{"type":"tool_use","part":{"tool":"write","state":{"status":"error","input":{"filePath":"/a/b/c/src/x.rs","content":"y"}}}}"#;
        let expected = Signal::Tool {
            name: "write".to_owned(),
            detail: "src/x.rs".to_owned(),
            failed: true,
        };
        assert_eq!(decode(line), vec![expected]);
    }
}
