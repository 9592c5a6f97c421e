//! Judging how an attempt ended: by the agent's own final event, the files it left and its exit
//! together. Agents are known that exit 0 on an error, and 1 after a good answer.

use crate::model::{ExitStatus, Failure, FailureKind};

use super::agent_error::{plain, shorten};
use super::{AgentError, AnswerIn, Decoder, Transcript};

/// Everything known of an attempt's end besides its transcript.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// How its process ended by itself; `None` if tipstaff ended it, after its final answer or its files were
    /// complete, or because it had to end.
    pub exit: Option<ExitStatus>,
    /// The last lines of its standard error.
    pub stderr_tail: &'a str,
    /// What read its output.
    pub decoder: &'a dyn Decoder,
    /// Whether all the files that were asked for are there.
    pub contract_met: bool,
    /// Whether an answer is there at all, be it without its handoff.
    pub answer_left: bool,
    /// Whether there was a border around it that can refuse it something.
    pub is_closed: bool,
}

/// What a successful attempt said at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalMessage {
    /// Its final text, if it left one that is not blank.
    pub text: Option<String>,
}

/// Judges an attempt.
///
/// # Errors
/// The attempt failed; the failure says how.
pub fn conclude(transcript: &Transcript, ending: &Ending<'_>) -> Result<FinalMessage, Failure> {
    if let Some(failure) = transcript.must_end() {
        return Err(failure);
    }
    if transcript.is_overlong() && !ending.answer_left {
        let megabytes = super::transcript::TEXT_LIMIT >> 20;
        return Err(Failure::new(
            FailureKind::BadOutput,
            format!("the final message is larger than {megabytes} MB"),
        ));
    }
    match transcript.answer_in {
        AnswerIn::LastStep => conclude_steps(transcript, ending),
        AnswerIn::Output => conclude_output(transcript, ending),
    }
}

fn conclude_steps(transcript: &Transcript, ending: &Ending<'_>) -> Result<FinalMessage, Failure> {
    if transcript.is_final() {
        return answered(transcript, ending);
    }
    // Everything asked for is there, and the process was only ended because of that.
    if ending.contract_met && ending.exit.is_none() && transcript.agent_error().is_none() {
        return Ok(FinalMessage { text: None });
    }
    // An error event that names its cause knows best; a general one is explained on standard error.
    if let Some(agent_error) = transcript.agent_error()
        && agent_error.name != "UnknownError"
    {
        return Err(explain_error(transcript, agent_error));
    }
    // Of an agent that had left all its files by then only the closing words are cut off.
    if transcript.last_reason() == Some("length") && ending.contract_met {
        return Ok(FinalMessage { text: None });
    }
    if let Some(failure) = cut_off(transcript.last_reason()) {
        return Err(failure);
    }
    let unended = transcript
        .unended_text()
        .filter(|_| ending.decoder.end_may_be_missing());
    if let (Some(ExitStatus::Exited(0)), Some(text)) = (ending.exit, unended) {
        let text = Some(text.to_owned());
        return Ok(FinalMessage { text });
    }
    if let Some(failure) = ending.decoder.explain(ending.stderr_tail, ending.exit) {
        return Err(match failure.kind {
            FailureKind::SandboxRefused => denied(failure.message, ending),
            _ => failure,
        });
    }
    if let Some(agent_error) = transcript.agent_error() {
        return Err(explain_error(transcript, agent_error));
    }
    match (ending.exit, transcript.last_reason()) {
        (Some(ExitStatus::Exited(0)), Some(reason)) => Err(Failure::new(
            FailureKind::Crash,
            format!("the agent ended after a step with `{reason}`, without a final answer"),
        )),
        (Some(ExitStatus::Exited(0)), None) => {
            let what = if transcript.is_empty() {
                "the agent exited with 0 and said nothing"
            } else {
                "the agent exited with 0 in the middle of its first step"
            };
            Err(Failure::new(FailureKind::Crash, what))
        }
        (Some(status), _) => Err(died(&status.to_string(), transcript, ending)),
        (None, _) => Err(died(
            "was ended before its final answer",
            transcript,
            ending,
        )),
    }
}

/// An answer that the provider ended early; some agents exit 0 all the same.
fn cut_off(reason: Option<&str>) -> Option<Failure> {
    match reason? {
        "length" => Some(Failure::new(
            FailureKind::Truncated,
            "the answer was cut off by the model's output limit",
        )),
        "content-filter" => Some(Failure::new(
            FailureKind::ContentRefused,
            "the provider's content filter blocked the answer",
        )),
        _ => None,
    }
}

/// The final `stop` was seen: only an empty answer without files is a failure, whatever the exit.
fn answered(transcript: &Transcript, ending: &Ending<'_>) -> Result<FinalMessage, Failure> {
    let text = transcript
        .answer()
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned);
    // An error after the last answer that is not a recovered one counts.
    if let Some(agent_error) = transcript.agent_error()
        && !ending.contract_met
    {
        return Err(explain_error(transcript, agent_error));
    }
    if text.is_none() && !ending.answer_left {
        return Err(Failure::new(
            FailureKind::NoDeliverable,
            "the model gave an empty answer and left none of the files it was asked for",
        ));
    }
    Ok(FinalMessage { text })
}

/// An error event as the failure of the attempt.
fn explain_error(transcript: &Transcript, agent_error: &AgentError) -> Failure {
    let mut failure = transcript.failure_of(agent_error);
    if agent_error.name == "MessageAbortedError" {
        failure.kind = FailureKind::Crash;
    }
    failure
}

/// A process that ended badly and named no reason itself.
fn died(how: &str, transcript: &Transcript, ending: &Ending<'_>) -> Failure {
    if let Some(retry) = transcript.retry() {
        return transcript.failure_of(retry);
    }
    let last = last_line(ending.stderr_tail);
    let message = if last.is_empty() {
        format!("the agent {how}")
    } else {
        format!("the agent {how}: {last}")
    };
    let said = [
        "permission denied",
        "read-only file system",
        "eacces",
        "erofs",
    ];
    let words = last.to_lowercase();
    match said.iter().any(|said| words.contains(said)) {
        true => denied(message, ending),
        false => Failure::new(FailureKind::Crash, message),
    }
}

/// The system denied it something: that is the border's doing only where there is one.
fn denied(message: String, ending: &Ending<'_>) -> Failure {
    let kind = match ending.is_closed {
        true => FailureKind::SandboxRefused,
        false => FailureKind::Crash,
    };
    Failure::new(kind, message)
}

fn conclude_output(transcript: &Transcript, ending: &Ending<'_>) -> Result<FinalMessage, Failure> {
    if let Some(error) = transcript.agent_error() {
        return Err(transcript.failure_of(error));
    }
    if ending.exit != Some(ExitStatus::Exited(0))
        && let Some(failure) = ending.decoder.explain(ending.stderr_tail, ending.exit)
    {
        return Err(failure);
    }
    match ending.exit {
        Some(ExitStatus::Exited(0)) => {}
        None if ending.contract_met => {}
        None => return Err(died("was ended", transcript, ending)),
        Some(status) => return Err(died(&status.to_string(), transcript, ending)),
    }
    let text = transcript
        .answer()
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned);
    if text.is_none() && !ending.answer_left {
        let explained = ending.decoder.explain(ending.stderr_tail, ending.exit);
        return Err(explained.unwrap_or_else(|| {
            Failure::new(
                FailureKind::NoDeliverable,
                "the command printed nothing and left none of the files it was asked for",
            )
        }));
    }
    Ok(FinalMessage { text })
}

/// The last line of a text that is not blank, without colours.
fn last_line(text: &str) -> String {
    let plain = plain(text);
    let last = plain.lines().rev().find(|line| !line.trim().is_empty());
    shorten(last.unwrap_or_default().trim(), 500)
}

#[cfg(test)]
#[path = "conclude_tests.rs"]
mod tests;
