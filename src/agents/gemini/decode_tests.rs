use super::*;
use crate::agents::recorded::{Case, judge_exit, kinds_of};
use crate::model::Millis;
use crate::plan::AgentKind;

#[test]
fn each_recorded_end_has_its_kind() {
    use FailureKind as Kind;
    kinds_of(
        AgentKind::Gemini,
        &[
            ("bad-key", Case::Exited(144, Kind::Auth)),
            ("blocked", Case::Exited(0, Kind::Provider)),
            ("content-filter", Case::Exited(0, Kind::ContentRefused)),
            ("cut-stream", Case::Exited(0, Kind::Provider)),
            ("empty", Case::Exited(0, Kind::Provider)),
            ("forbidden", Case::Exited(147, Kind::Auth)),
            ("killed", Case::Exited(0, Kind::Crash)),
            ("length", Case::Answered("half an ans")),
            ("no-key", Case::Exited(41, Kind::Auth)),
            ("overflow", Case::Exited(144, Kind::ContextOverflow)),
            ("overloaded", Case::Exited(247, Kind::Overloaded)),
            ("quota", Case::Exited(173, Kind::Quota)),
            ("rate-limit", Case::Exited(173, Kind::RateLimit)),
            ("rate-limit-with-wait", Case::Exited(143, Kind::RateLimit)),
            ("server-error", Case::Exited(244, Kind::Provider)),
            ("tools", Case::Answered("All done.")),
            ("unauthorized", Case::Exited(145, Kind::Auth)),
            ("unknown-model", Case::Exited(1, Kind::UnknownModel)),
            ("untrusted", Case::Exited(55, Kind::Rejected)),
        ],
    );
}

#[test]
fn a_refusal_that_passes_is_no_quota_and_tells_its_wait() {
    let line = "Attempt 1 failed: You exceeded your current quota. Please retry in 20s.";
    let error = Lines::default()
        .stderr_line(line)
        .expect("it is tried again");
    assert_eq!(
        (error.kind(), error.retry_after),
        (FailureKind::RateLimit, Some(Millis(20_000)))
    );
    let line = r#"Attempt 2 failed with status 503. Retrying with backoff... _ApiError: {"error":{"code":503,"message":"The model is overloaded."}}"#;
    let error = Lines::default()
        .stderr_line(line)
        .expect("it is tried again");
    assert_eq!(
        (error.kind(), error.message.as_str()),
        (FailureKind::Overloaded, "The model is overloaded.")
    );
    for line in [
        "Attempt to write",
        "Attempt 3 failed: no. Max attempts reached",
        "",
    ] {
        assert_eq!(Lines::default().stderr_line(line), None, "{line}");
    }
}

#[test]
fn an_exit_code_is_a_status_of_which_eight_bits_are_left() {
    let (_, end) = judge_exit(AgentKind::Gemini, "rate-limit", 173);
    let message = end.expect_err("it failed").message;
    assert_eq!(
        message,
        "Resource has been exhausted (e.g. check quota). (HTTP 429)"
    );
}

#[test]
fn a_loop_that_gemini_ends_is_no_answer() {
    let mut lines = Lines::default();
    let said =
        r#"{"type":"error","severity":"warning","message":"Loop detected, stopping execution"}"#;
    assert_eq!(lines.line(said), [Signal::Noise]);
    let end = lines.line(r#"{"type":"result","status":"success"}"#);
    assert!(matches!(end.last(), Some(Signal::AgentError(_))), "{end:?}");
}
