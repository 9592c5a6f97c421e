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
        ],
    );
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
