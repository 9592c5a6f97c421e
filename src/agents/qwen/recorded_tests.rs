use crate::agents::recorded::Case::{Answered, Failed};
use crate::agents::recorded::{judge, kinds_of};
use crate::model::FailureKind;
use crate::plan::AgentKind;

#[test]
fn every_recorded_end_has_its_kind() {
    kinds_of(
        AgentKind::Qwen,
        &[
            ("answer", Answered("All done.")),
            ("tools", Answered("All done.")),
            ("unauthorized", Failed(FailureKind::Auth)),
            ("unknown-model", Failed(FailureKind::UnknownModel)),
            ("overflow", Failed(FailureKind::ContextOverflow)),
            ("cut-stream", Failed(FailureKind::Provider)),
            ("rate-limit", Failed(FailureKind::RateLimit)),
            ("server-error", Failed(FailureKind::Provider)),
            ("quota", Failed(FailureKind::Quota)),
        ],
    );
}

#[test]
fn what_the_server_said_is_told_alone() {
    let (_, end) = judge(AgentKind::Qwen, "rate-limit");
    let message = end.expect_err("it failed").message;
    assert_eq!(message, "429 Rate limit reached for requests (HTTP 429)");
}

#[test]
fn blocks_of_one_message_are_one_step() {
    let (transcript, _) = judge(AgentKind::Qwen, "tools");
    let usage = transcript.usage();
    assert_eq!(
        (usage.requests, usage.input, usage.cache_read),
        (9, 1260, 450)
    );
    let log = transcript.worklog().to_string();
    assert!(
        log.contains("- write_file elsewhere/outside.txt (an error)\n"),
        "{log}"
    );
}
