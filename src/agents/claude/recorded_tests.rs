#![expect(clippy::unwrap_used, reason = "tests")]

use crate::agents::recorded::Case::{Answered, Failed};
use crate::agents::recorded::{judge, kinds_of};
use crate::model::{FailureKind, Millis, Usage};
use crate::plan::AgentKind;

#[test]
fn every_recorded_end_has_its_kind() {
    kinds_of(
        AgentKind::Claude,
        &[
            ("answer", Answered("All done.")),
            ("tools", Answered("All done.")),
            ("length", Failed(FailureKind::Truncated)),
            ("refusal", Failed(FailureKind::ContentRefused)),
            ("unauthorized", Failed(FailureKind::Auth)),
            ("unknown-model", Failed(FailureKind::UnknownModel)),
            ("server-error", Failed(FailureKind::Provider)),
            ("overloaded", Failed(FailureKind::Overloaded)),
            ("rate-limit", Failed(FailureKind::RateLimit)),
            ("subscription-limit", Failed(FailureKind::Quota)),
            ("credit", Failed(FailureKind::Quota)),
            ("overflow", Failed(FailureKind::ContextOverflow)),
            ("cut-stream", Failed(FailureKind::Provider)),
            ("hang", Failed(FailureKind::Network)),
        ],
    );
}

#[test]
fn used_up_subscription_tells_when_it_is_whole_again() {
    let failure = judge(AgentKind::Claude, "subscription-limit")
        .1
        .unwrap_err();
    assert_eq!(failure.retry_after, Some(Millis(3_599_600)));
    assert!(failure.message.contains("5-hour limit"), "{failure:?}");
}

#[test]
fn hint_of_a_failure_names_the_agents_own_sign_in() {
    let failure = judge(AgentKind::Claude, "unauthorized").1.unwrap_err();
    assert!(failure.hint.unwrap().contains("`claude auth login`"));
}

#[test]
fn tokens_are_those_of_the_result() {
    let expected = Usage {
        requests: 7,
        input: 910,
        output: 127,
        cache_read: 350,
        cache_write: 35,
        // Not asked at the provider itself: the agent's figure counts for nothing.
        ..Usage::default()
    };
    let (transcript, _) = judge(AgentKind::Claude, "tools");
    assert_eq!(transcript.usage(), expected);
}

#[test]
fn worklog_tells_tools_and_their_failures() {
    let (transcript, _) = judge(AgentKind::Claude, "tools");
    let log = transcript.worklog().to_string();
    for entry in [
        "- Write out/deliverable.md\n",
        "- Bash echo x > /elsewhere/outside2.txt; exit 3 (an error)\n",
        "- said: Step 2.\n",
    ] {
        assert!(log.contains(entry), "{entry}: {log}");
    }
}
