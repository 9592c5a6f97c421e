//! What standard error tells (`--print-logs --log-level ERROR`): the only view of silent retries and
//! of some final causes.

use crate::agents::AgentError;
use crate::agents::agent_error::{plain, shorten};
use crate::model::{Failure, FailureKind};

/// A failed model request that OpenCode may retry, or a refused permission.
pub(super) fn decode(line: &str) -> Option<AgentError> {
    let line = plain(line);
    if let Some(what) = refused(&line) {
        return Some(AgentError::new(
            "PermissionRefused",
            format!("permission refused: {what}"),
        ));
    }
    if !line.contains("level=ERROR") || !line.contains("message=\"stream error\"") {
        return None;
    }
    let error = quoted(&line, "error.error=\"")?;
    let (name, message) = error.split_once(": ").unwrap_or(("", &error));
    // A status without a name, such as 529, and a body that is not JSON.
    let message = match message {
        "<none>" => "the provider failed and gives no reason",
        said => said,
    };
    Some(AgentError::new(name, message))
}

/// The cause of a failed attempt, where standard error knows it better than the events.
pub(super) fn explain(tail: &str) -> Option<Failure> {
    let text = plain(tail);
    for line in text.lines().rev() {
        if let Some(what) = refused(line) {
            return Some(Failure::new(
                FailureKind::PermissionRefused,
                format!("the agent asked for a permission that nobody can give: {what}"),
            ));
        }
        if let Some(failure) = known(line) {
            return Some(failure);
        }
    }
    // The message of a refused configuration spans several lines.
    let config = text
        .find("Configuration is invalid")
        .or_else(|| text.find("ConfigInvalidError"));
    config.map(|at| {
        let words: Vec<&str> = text[at..].lines().map(str::trim).take(4).collect();
        Failure::new(
            FailureKind::Rejected,
            format!(
                "OpenCode refuses its configuration: {}",
                shorten(&words.join(" "), 500)
            ),
        )
        .hint("`opencode debug config` shows what is wrong in your own configuration")
    })
}

/// Causes that one line tells.
fn known(line: &str) -> Option<Failure> {
    if let Some(at) = line.find("ProviderModelNotFoundError: ") {
        let rest = &line[at + "ProviderModelNotFoundError: ".len()..];
        let message = rest
            .split(['"', ')'])
            .next()
            .unwrap_or(rest)
            .trim_end_matches('.');
        return Some(
            Failure::new(FailureKind::UnknownModel, shorten(message, 300))
                .hint("`opencode models PROVIDER` lists the models that the provider knows"),
        );
    }
    if line.contains("Unrecognized flag") || line.contains("Invalid value for flag") {
        let message = format!(
            "this OpenCode needs another command line: {}",
            shorten(line.trim(), 200)
        );
        return Some(Failure::new(FailureKind::Rejected, message).hint(
            "`scripts/probe-opencode2` tells how it differs; OpenCode 1 is tested: `npm install -g opencode-ai`",
        ));
    }
    if line.contains("Falling back to default agent") || line.contains("normalization diagnostic") {
        let message = format!(
            "OpenCode did not take the configuration of the call: {}",
            shorten(line.trim(), 200)
        );
        return Some(Failure::new(FailureKind::Rejected, message));
    }
    let (kind, message) =
        if line.contains("database is locked") || line.contains("Failed query: CREATE TABLE") {
            (FailureKind::Crash, "the agent's database was locked")
        } else if line.contains("ENOSPC") || line.contains("no space left") {
            (FailureKind::Machine, "no space left for the agent's state")
        } else if line.contains("EACCES") || line.contains("PermissionDenied: FileSystem") {
            (
                FailureKind::SandboxRefused,
                "the agent may not read or write one of its folders",
            )
        } else if line.contains("EMFILE") || line.contains("ENFILE") {
            (FailureKind::Machine, "too many open files")
        } else {
            return None;
        };
    Some(Failure::new(kind, message))
}

/// What a permission was asked for, in `! permission requested: bash (rm -rf x); auto-rejecting`.
fn refused(line: &str) -> Option<&str> {
    let rest = line.split_once("permission requested: ")?.1;
    Some(rest.split_once("; auto-rejecting")?.0)
}

/// The value after `key="`, up to its closing quote, with `\"` and `\n` undone.
fn quoted(line: &str, key: &str) -> Option<String> {
    let rest = &line[line.find(key)? + key.len()..];
    let mut value = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_retry_is_told_with_its_words() {
        let line = r#"timestamp=2026-11-22T15:46:20.337Z level=ERROR run=aacd6a8f message="stream error" providerID=mock modelID=m1 session.id=s small=false agent=reader mode=primary error.error="AI_APICallError: You \"exceeded\" your current quota""#;
        let agent_error = decode(line).unwrap();
        assert_eq!(agent_error.name, "AI_APICallError");
        assert_eq!(agent_error.message, "You \"exceeded\" your current quota");
    }

    #[test]
    fn other_lines_are_nothing() {
        for line in [
            "",
            "hello",
            r#"level=ERROR message=process error="x""#,
            r#"level=WARN message="stream error""#,
        ] {
            assert_eq!(decode(line), None, "{line}");
        }
    }

    #[test]
    fn colours_are_no_obstacle() {
        let line =
            "\u{1b}[93m\u{1b}[1m! \u{1b}[0mpermission requested: bash (rm -rf x); auto-rejecting";
        assert_eq!(decode(line).unwrap().kind(), FailureKind::PermissionRefused);
        assert!(explain(line).unwrap().message.contains("bash (rm -rf x)"));
    }

    #[test]
    fn a_locked_database_is_a_crash_that_may_pass() {
        let tail = "Error: Unexpected error\n  database is locked\n";
        assert_eq!(explain(tail).unwrap().kind, FailureKind::Crash);
    }
}
