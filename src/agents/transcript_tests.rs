#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::model::MicroUsd;

fn ended(message: &str, reason: &str, usage: Usage) -> Signal {
    Signal::StepEnded {
        message: message.to_owned(),
        reason: reason.to_owned(),
        usage,
    }
}

fn said(message: &str, text: &str) -> Signal {
    Signal::Text {
        message: message.to_owned(),
        text: text.to_owned(),
    }
}

fn tool(name: &str) -> Signal {
    Signal::Tool {
        name: name.to_owned(),
        detail: String::new(),
        failed: false,
    }
}

fn fold(signals: impl IntoIterator<Item = Signal>) -> Transcript {
    let mut transcript = Transcript::new(AnswerIn::LastStep, None);
    for signal in signals {
        transcript.apply(signal);
    }
    transcript
}

#[test]
fn text_parts_of_the_last_message_are_joined() {
    let transcript = fold([
        Signal::StepStarted,
        said("m1", "first"),
        ended("m1", "tool-calls", Usage::default()),
        Signal::StepStarted,
        said("m2", "a"),
        said("m2", "b"),
        ended("m2", "stop", Usage::default()),
    ]);
    assert_eq!(transcript.answer(), Some("ab"));
}

#[test]
fn a_stop_without_text_does_not_take_an_earlier_text() {
    let transcript = fold([said("m1", "first"), ended("m2", "stop", Usage::default())]);
    assert_eq!(transcript.answer(), Some(""));
}

#[test]
fn a_step_after_the_stop_means_it_is_not_over() {
    let mut transcript = fold([said("m", "x"), ended("m", "stop", Usage::default())]);
    assert!(transcript.is_final());
    transcript.apply(Signal::StepStarted);
    assert!(!transcript.is_final());
}

#[test]
fn prices_count_where_the_agent_tells_no_cost() {
    let price = Price {
        input: 5.0,
        output: 25.0,
        cache_read: None,
        cache_write: None,
    };
    let mut transcript = Transcript::new(AnswerIn::LastStep, Some(price));
    let usage = Usage {
        requests: 1,
        input: 600_000,
        cache_read: 400_000,
        output: 90_000,
        reasoning: 10_000,
        ..Usage::default()
    };
    transcript.apply(ended("m", "stop", usage));
    assert_eq!(transcript.usage().cost, MicroUsd::from_usd(7.5));
    let told = Usage {
        cost: MicroUsd(3),
        ..usage
    };
    transcript.apply(ended("m", "stop", told));
    assert_eq!(transcript.usage().cost, MicroUsd(7_500_003));
    // Whatever a scripted model makes its agent tell, nobody has paid it.
    let cache_read = Some(0.0);
    for free in [
        Price::FREE,
        Price {
            cache_read,
            ..Price::FREE
        },
    ] {
        let mut rehearsed = Transcript::new(AnswerIn::LastStep, Some(free));
        rehearsed.apply(ended("m", "stop", told));
        let unpaid = Usage {
            cost: MicroUsd(0),
            ..told
        };
        assert_eq!(rehearsed.usage(), unpaid);
    }
    let price = Price {
        cache_read: Some(0.5),
        cache_write: Some(6.25),
        ..price
    };
    let usage = Usage {
        cache_write: 100_000,
        ..usage
    };
    assert_eq!(price.of(&usage), MicroUsd::from_usd(6.325));
}

#[test]
fn real_work_between_idle_steps_is_no_loop() {
    let idle = || ended("m", "unknown", Usage::default());
    let work = [
        Signal::StepStarted,
        tool("bash"),
        ended("m", "tool-calls", Usage::default()),
    ];
    let signals = [idle(), idle()]
        .into_iter()
        .chain(work)
        .chain([idle(), idle()]);
    assert_eq!(fold(signals).must_end(), None);
}

#[test]
fn a_runaway_must_end() {
    let steps = (0..=STEP_LIMIT).flat_map(|_| {
        [
            Signal::StepStarted,
            tool("read"),
            ended("m", "tool-calls", Usage::default()),
        ]
    });
    assert_eq!(fold(steps).must_end().unwrap().kind, FailureKind::Loop);
}

#[test]
fn endless_compaction_before_an_answer_must_end() {
    let round = || {
        [
            Signal::StepStarted,
            ended("s", "stop", Usage::default()),
            Signal::Compacted,
            Signal::StepStarted,
        ]
    };
    let rounds = (0..COMPACTION_LIMIT).flat_map(|_| round());
    assert_eq!(fold(rounds).must_end().unwrap().kind, FailureKind::Loop);
}

#[test]
fn progress_forgets_earlier_retries() {
    let refusal = || AgentError::new("AI_APICallError", "Rate limit reached");
    let mut transcript = fold([]);
    transcript.apply(Signal::Retried(refusal()));
    transcript.apply(Signal::Retried(refusal()));
    assert!(transcript.patience().is_some());
    transcript.apply(tool("read"));
    assert_eq!(transcript.patience(), None);
    transcript.apply(Signal::Retried(refusal()));
    assert_eq!(transcript.must_end(), None);
}

fn used(input: u64, cache_read: u64) -> Usage {
    Usage {
        requests: 1,
        input,
        cache_read,
        output: 500,
        ..Usage::default()
    }
}

#[test]
fn between_two_steps_the_context_is_what_the_last_request_read() {
    let mut transcript = fold([]);
    assert_eq!(transcript.boundary(), None);
    let step = |usage| {
        [
            Signal::StepStarted,
            tool("edit"),
            ended("m", "tool-calls", usage),
        ]
    };
    for signal in step(used(3_000, 0))
        .into_iter()
        .chain(step(used(1_000, 8_000)))
    {
        transcript.apply(signal);
    }
    let expected = Boundary {
        began: 3_000,
        context: 9_000,
    };
    assert_eq!(transcript.boundary(), Some(expected));
    transcript.apply(Signal::StepStarted);
    assert_eq!(transcript.boundary(), None, "another step has begun");
    transcript.apply(said("m2", "Done."));
    transcript.apply(ended("m2", "stop", used(100, 9_000)));
    assert_eq!(transcript.boundary(), None, "it is done");
}

#[test]
fn a_step_that_called_nothing_or_tells_no_tokens_is_no_boundary() {
    let calls_nothing = [Signal::StepStarted, ended("m", "tool-calls", used(9, 0))];
    assert_eq!(fold(calls_nothing).boundary(), None);
    let tells_nothing = [tool("edit"), ended("m", "tool-calls", Usage::default())];
    assert_eq!(fold(tells_nothing).boundary(), None);
}

#[test]
fn memory_is_bounded() {
    let mut transcript = fold([]);
    let piece = "x".repeat(TEXT_LIMIT / 4);
    for _ in 0..8 {
        transcript.apply(said("m", &piece));
    }
    assert!(transcript.is_overlong());
    assert_eq!(transcript.text.capacity(), 0);
}
