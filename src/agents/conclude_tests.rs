#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::agents::testing::Bench;
use crate::agents::{Carried, Decoder, Signal, of};
use crate::model::{ExitStatus, Millis};
use crate::plan::AgentKind;

/// A recorded stream and its standard error, from `fixtures/transcripts/opencode`.
struct Recorded {
    transcript: Transcript,
    stderr: String,
    decoder: Box<dyn Decoder>,
}

fn decoder(kind: AgentKind) -> Box<dyn Decoder> {
    (of(kind).decoder)(&Bench::new(kind).agent, &Carried::default())
}

fn recorded(name: &str) -> Recorded {
    let mut recorded = while_silent(name);
    for line in read(name, "jsonl").unwrap_or_default().lines() {
        for signal in recorded.decoder.line(line) {
            recorded.transcript.apply(signal);
        }
    }
    recorded
}

/// The same before its first word on standard output.
fn while_silent(name: &str) -> Recorded {
    let stderr = read(name, "stderr");
    assert!(
        stderr.is_some() || read(name, "jsonl").is_some(),
        "no fixture {name}"
    );
    let stderr = stderr.unwrap_or_default();
    let mut transcript = Transcript::new(AnswerIn::LastStep, None);
    let mut decoder = decoder(AgentKind::Opencode);
    for line in stderr.lines() {
        if let Some(agent_error) = decoder.stderr_line(line) {
            transcript.apply(Signal::Retried(agent_error));
        }
    }
    Recorded {
        transcript,
        stderr,
        decoder,
    }
}

fn read(name: &str, extension: &str) -> Option<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!(
        "{root}/fixtures/transcripts/opencode/{name}.{extension}"
    ))
    .ok()
}

fn judge(
    recorded: &Recorded,
    exit: Option<ExitStatus>,
    contract_met: bool,
) -> Result<FinalMessage, Failure> {
    let ending = Ending {
        exit,
        stderr_tail: &recorded.stderr,
        decoder: &*recorded.decoder,
        contract_met,
        answer_left: contract_met,
        is_closed: true,
    };
    conclude(&recorded.transcript, &ending)
}

fn text(result: Result<FinalMessage, Failure>) -> String {
    result.unwrap().text.unwrap()
}

#[test]
fn every_recorded_failure_has_its_kind() {
    let cases = [
        ("unauthorized", 1, FailureKind::Auth),
        ("forbidden-html", 1, FailureKind::Auth),
        ("not-found", 1, FailureKind::UnknownModel),
        ("unknown-model", 1, FailureKind::UnknownModel),
        ("rate-limit", 1, FailureKind::RateLimit),
        ("quota-exhausted", 1, FailureKind::Quota),
        ("server-error-final", 1, FailureKind::Provider),
        ("malformed-stream", 1, FailureKind::Provider),
        ("stalled", 1, FailureKind::Network),
        ("cannot-connect", 1, FailureKind::Network),
        ("connection-closed", 1, FailureKind::Network),
        ("overflow", 1, FailureKind::ContextOverflow),
        ("content-filter", 1, FailureKind::ContentRefused),
        ("bad-config", 1, FailureKind::Rejected),
        ("database-locked", 1, FailureKind::Crash),
        ("disk-full", 1, FailureKind::Machine),
        ("unwritable-home", 1, FailureKind::SandboxRefused),
        ("permission-rejected", 0, FailureKind::PermissionRefused),
        ("length", 0, FailureKind::Truncated),
        ("empty", 0, FailureKind::NoDeliverable),
    ];
    for (name, code, kind) in cases {
        let failure = judge(&recorded(name), Some(ExitStatus::Exited(code)), false).unwrap_err();
        assert_eq!(failure.kind, kind, "{name}: {failure:?}");
        assert!(!failure.message.trim().is_empty(), "{name}");
    }
}

#[test]
fn a_plain_answer_is_the_text_of_the_last_stop() {
    let recorded = recorded("normal");
    assert!(recorded.transcript.is_final());
    let answer = text(judge(&recorded, Some(ExitStatus::Exited(0)), false));
    assert_eq!(answer, "A short answer.\nTwo lines.");
}

#[test]
fn texts_of_tool_steps_are_not_the_answer() {
    let recorded = recorded("tools");
    assert_eq!(
        text(judge(&recorded, Some(ExitStatus::Exited(0)), true)),
        "The plan is written."
    );
    let usage = recorded.transcript.usage();
    assert_eq!(
        (usage.requests, usage.input, usage.cache_read, usage.output),
        (3, 600, 2400, 150)
    );
}

#[test]
fn an_exit_of_one_after_a_recovered_overflow_is_no_failure() {
    let recorded = recorded("overflow-recovered");
    assert_eq!(recorded.transcript.compactions, 1);
    assert_eq!(
        text(judge(&recorded, Some(ExitStatus::Exited(1)), false)),
        "The real answer."
    );
}

#[test]
fn what_follows_a_compaction_after_the_answer_is_not_the_answer() {
    let recorded = recorded("compacted-after-stop");
    assert!(recorded.transcript.is_final());
    assert_eq!(recorded.transcript.must_end(), None);
    assert_eq!(text(judge(&recorded, None, false)), "First answer.");
}

#[test]
fn endless_loops_must_end() {
    for name in ["loop-unknown", "loop-tool-calls"] {
        let recorded = recorded(name);
        assert_eq!(
            recorded.transcript.must_end().unwrap().kind,
            FailureKind::Loop,
            "{name}"
        );
        let failure = judge(&recorded, None, false).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Loop, "{name}");
    }
}

#[test]
fn silent_retries_are_seen_on_standard_error() {
    let limited = while_silent("rate-limit");
    assert_eq!(
        limited.transcript.must_end().unwrap().kind,
        FailureKind::RateLimit
    );
    assert!(
        limited.transcript.doing().starts_with("retrying: "),
        "{}",
        limited.transcript.doing()
    );
    let quota = recorded("quota");
    assert_eq!(
        quota.transcript.must_end().unwrap().kind,
        FailureKind::Quota
    );
    for name in ["server-error", "connection-refused"] {
        assert_eq!(
            recorded(name).transcript.must_end(),
            None,
            "{name}: the agent may recover"
        );
    }
    assert_eq!(
        recorded("connection-refused")
            .transcript
            .silence(Millis(1))
            .kind,
        FailureKind::Network
    );
}

#[test]
fn a_long_wait_asked_by_the_provider_is_a_rate_limit_and_no_hang() {
    let recorded = recorded("retry-after-600");
    assert_eq!(recorded.transcript.must_end(), None, "one refusal may pass");
    let patience = recorded.transcript.patience().unwrap();
    assert_eq!(
        recorded.transcript.silence(patience).kind,
        FailureKind::RateLimit
    );
    let failure = judge(&recorded, None, false).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimit);
}

#[test]
fn the_wait_that_the_provider_asked_for_is_kept() {
    let failure = judge(&recorded("rate-limit"), Some(ExitStatus::Exited(1)), false).unwrap_err();
    assert_eq!(failure.retry_after, Some(Millis::seconds(2)));
}

#[test]
fn an_empty_answer_is_fine_where_the_files_are_there() {
    let result = judge(&recorded("empty"), Some(ExitStatus::Exited(0)), true);
    assert_eq!(result.unwrap().text, None);
}

#[test]
fn complete_files_excuse_cut_closing_words() {
    assert!(judge(&recorded("length"), Some(ExitStatus::Exited(0)), true).is_ok());
}

#[test]
fn silence_and_exit_zero_is_a_crash() {
    let nothing = Recorded {
        transcript: Transcript::new(AnswerIn::LastStep, None),
        stderr: String::new(),
        decoder: decoder(AgentKind::Opencode),
    };
    for exit in [
        Some(ExitStatus::Exited(0)),
        Some(ExitStatus::Exited(7)),
        Some(ExitStatus::Signaled(9)),
        None,
    ] {
        let failure = judge(&nothing, exit, false).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Crash, "{exit:?}");
    }
    assert_eq!(
        nothing.transcript.silence(Millis::seconds(60)).kind,
        FailureKind::HangAtStart
    );
}

#[test]
fn an_agent_ended_after_its_answer_succeeded() {
    assert!(judge(&recorded("normal"), None, false).is_ok());
    assert!(judge(&recorded("normal"), Some(ExitStatus::Signaled(9)), false).is_ok());
}

#[test]
fn a_cut_stream_is_a_crash_with_the_last_words_of_standard_error() {
    let mut cut = recorded("normal");
    cut.transcript = Transcript::new(AnswerIn::LastStep, None);
    cut.stderr = "first\n\u{1b}[91mpanic: out of luck\u{1b}[0m\n\n".to_owned();
    let failure = judge(&cut, Some(ExitStatus::Signaled(11)), false).unwrap_err();
    assert_eq!(
        failure.message,
        "the agent died of signal 11: panic: out of luck"
    );
}

#[test]
fn a_commands_output_is_its_answer() {
    let mut transcript = Transcript::new(AnswerIn::Output, None);
    let mut decoder = decoder(AgentKind::Command);
    for line in ["# Plan", "", "do it"] {
        for signal in decoder.line(line) {
            transcript.apply(signal);
        }
    }
    let ending = |exit| Ending {
        exit,
        stderr_tail: "bad luck\n",
        decoder: &*decoder,
        contract_met: false,
        answer_left: false,
        is_closed: true,
    };
    let answer = conclude(&transcript, &ending(Some(ExitStatus::Exited(0))));
    assert_eq!(text(answer), "# Plan\n\ndo it\n");
    let failure = conclude(&transcript, &ending(Some(ExitStatus::Exited(3)))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Crash);
    assert_eq!(failure.message, "the agent exited with 3: bad luck");
    for (is_closed, kind) in [
        (true, FailureKind::SandboxRefused),
        (false, FailureKind::Crash),
    ] {
        let ending = Ending {
            stderr_tail: "cat: /etc/shadow: Permission denied\n",
            is_closed,
            ..ending(Some(ExitStatus::Exited(3)))
        };
        let failure = conclude(&transcript, &ending).unwrap_err();
        assert_eq!(failure.kind, kind, "a border: {is_closed}");
    }
    let silent = Transcript::new(AnswerIn::Output, None);
    let failure = conclude(&silent, &ending(Some(ExitStatus::Exited(0)))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoDeliverable);
}

#[test]
fn a_command_may_chatter_without_end_if_it_leaves_its_files() {
    let mut transcript = Transcript::new(AnswerIn::Output, None);
    let mut decoder = decoder(AgentKind::Command);
    let line = "x".repeat(1 << 20);
    for _ in 0..10 {
        for signal in decoder.line(&line) {
            transcript.apply(signal);
        }
    }
    let ending = |contract_met| Ending {
        exit: Some(ExitStatus::Exited(0)),
        stderr_tail: "",
        decoder: &*decoder,
        contract_met,
        answer_left: contract_met,
        is_closed: true,
    };
    assert_eq!(conclude(&transcript, &ending(true)).unwrap().text, None);
    let failure = conclude(&transcript, &ending(false)).unwrap_err();
    assert_eq!(failure.message, "the final message is larger than 2 MB");
}
