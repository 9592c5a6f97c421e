#![expect(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};

use super::super::Finish;
use super::super::completion::Completion;
use super::super::request::Wire;
use super::super::wire::Target;
use super::*;
use crate::model::{CallId, Contract, Label, ModelName, PhaseName, Purpose, VerdictRules};

/// A proposal's call in phase `plan`.
pub(in super::super) fn propose_call(slot: u32) -> RehearsedCall {
    RehearsedCall {
        call: CallId::new(format!("plan.propose-{slot}")),
        phase: PhaseName::from("plan"),
        purpose: Purpose::Propose,
        model: ModelName::from("claude-opus"),
        slot,
        attempt: 1,
        task: None,
        contract: Contract::Document,
        ballot: None,
        sections: crate::model::Sections::default(),
        builds_on_others: false,
        request: "Add rate limiting to the HTTP API".to_owned(),
    }
}

/// A judge's call over three proposals.
pub(in super::super) fn judge_call() -> RehearsedCall {
    RehearsedCall {
        call: CallId::from("plan.judge"),
        purpose: Purpose::Judge,
        contract: Contract::Judgement {
            labels: (0..3).map(Label::at).collect(),
            rules: VerdictRules::default(),
        },
        ..propose_call(1)
    }
}

/// A call of phase `plan` for that.
pub(in super::super) fn call_for(purpose: Purpose, contract: Contract) -> RehearsedCall {
    RehearsedCall {
        call: CallId::from("plan.work-1"),
        purpose,
        contract,
        ..propose_call(1)
    }
}

/// A request's body after that many answers, with OpenCode's usual tools.
pub(in super::super) fn body(answers: usize, stream: bool) -> Vec<u8> {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let system = "You work.\n<env>\n  Working directory: /ws\n</env>";
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.push(json!({"role": "user", "content": "go"}));
    for _ in 0..answers {
        messages.push(json!({"role": "assistant", "content": "x"}));
    }
    let body = json!({"model": "m1", "messages": messages, "stream": stream,
        "stream_options": {"include_usage": true},
        "tools": [tool("write"), tool("edit"), tool("read"), tool("bash")]});
    serde_json::to_vec(&body).unwrap()
}

/// That body, read.
pub(in super::super) fn chat(body: &[u8]) -> ModelRequest {
    Wire::Chat.decode(Target::default(), body).unwrap()
}

fn server_state(yaml: &str, call: RehearsedCall) -> ServerState {
    let mut server_state = ServerState::new(Scenario::parse(yaml, "test").unwrap(), None);
    server_state.register("t".to_owned(), "k".to_owned(), call);
    server_state
}

fn ask(server_state: &mut ServerState, answers: usize) -> Reply {
    server_state
        .answer("t", Some("k"), chat(&body(answers, true)))
        .unwrap()
}

fn completion(reply: Reply) -> Completion {
    match reply.answer {
        Answer::Completion(completion) => completion,
        other => panic!("{other:?} is no completion"),
    }
}

#[test]
fn the_default_proposer_writes_both_files_and_ends() {
    let mut server_state = server_state("name: x", propose_call(2));
    let first = completion(ask(&mut server_state, 0));
    let paths: Vec<&Value> = first
        .calls
        .iter()
        .map(|call| &call.arguments["filePath"])
        .collect();
    assert_eq!(
        paths,
        [
            "/ws/.tipstaff/out/deliverable.md",
            "/ws/.tipstaff/out/handoff.json"
        ]
    );
    assert_eq!(first.finish, Finish::ToolCalls);
    let second = completion(ask(&mut server_state, 1));
    assert_eq!((second.calls.len(), second.finish), (0, Finish::Stop));
    assert!(second.text.contains("deliverable.md"));
    assert_eq!(completion(ask(&mut server_state, 7)).finish, Finish::Stop);
}

#[test]
fn the_default_judge_writes_a_valid_verdict() {
    let mut server_state = server_state("name: x", judge_call());
    let first = completion(ask(&mut server_state, 0));
    let text = first.calls[0].arguments["content"].as_str().unwrap();
    let verdict: crate::model::Judgement = serde_json::from_str(text).unwrap();
    assert!(verdict.winner.is_some() && verdict.scores.len() == 3);
}

#[test]
fn a_repair_repeats_its_json_in_the_last_message() {
    let call = RehearsedCall {
        purpose: Purpose::Repair,
        ..judge_call()
    };
    let mut server_state = server_state("name: x", call);
    assert_eq!(completion(ask(&mut server_state, 0)).calls.len(), 1);
    let text = completion(ask(&mut server_state, 1)).text;
    let json = text.trim_start_matches("```json").trim_end_matches("```");
    assert!(
        serde_json::from_str::<crate::model::Judgement>(json).is_ok(),
        "{text}"
    );
}

#[test]
fn the_first_fitting_rule_answers_turn_by_turn() {
    let yaml = "
name: x
rules:
  - when: { slot: 3 }
    then: [{ reply: wrong }]
  - when: { phase: 'pl*', model: '*opus', purpose: propose, attempt: 1, call: plan.propose-? }
    then: [{ reply: one }, { reply: two }]
  - then: [{ reply: wrong }]
";
    let mut server_state = server_state(yaml, propose_call(1));
    assert_eq!(completion(ask(&mut server_state, 0)).text, "one");
    assert_eq!(completion(ask(&mut server_state, 1)).text, "two");
    assert_eq!(completion(ask(&mut server_state, 2)).text, "That is all.");
    // A retry is the same request, and gets the same answer.
    assert_eq!(completion(ask(&mut server_state, 0)).text, "one");
    let rules: Vec<_> = server_state
        .received()
        .iter()
        .map(|received| received.rule)
        .collect();
    assert_eq!(rules, [Some(2); 4]);
}

#[test]
fn times_are_counted_per_attempt_and_then_the_next_rule_fits() {
    let yaml = "
name: x
rules:
  - { when: { turn: 1 }, times: 2, then: [{ error: { status: 503 } }] }
  - { when: { turn: 1 }, delay: 2s, then: [{ reply: late, delay: 500ms }] }
";
    let mut server_state = server_state(yaml, propose_call(1));
    server_state.register("other".to_owned(), "k".to_owned(), propose_call(2));
    for _ in 0..2 {
        assert!(matches!(
            ask(&mut server_state, 0).answer,
            Answer::Refusal(_)
        ));
    }
    let third = ask(&mut server_state, 0);
    assert_eq!(third.delay, Millis(2_500));
    assert_eq!(completion(third).text, "late");
    assert!(
        completion(ask(&mut server_state, 1))
            .text
            .contains("deliverable.md"),
        "the default goes on"
    );
    let other = server_state
        .answer("other", Some("k"), chat(&body(0, true)))
        .unwrap();
    assert!(matches!(other.answer, Answer::Refusal(_)));
}

#[test]
fn a_rule_for_one_turn_answers_that_turn() {
    let yaml = "{name: x, rules: [{ when: { turn: 2 }, then: [{ reply: second }] }]}";
    let mut server_state = server_state(yaml, propose_call(1));
    assert_eq!(completion(ask(&mut server_state, 0)).calls.len(), 2);
    assert_eq!(completion(ask(&mut server_state, 1)).text, "second");
}

#[test]
fn a_script_may_repeat_its_last_answer_for_ever() {
    let yaml =
        "{name: x, rules: [{ then: [{ reply: a }, { finish: unknown, say: b }], after: repeat }]}";
    let mut server_state = server_state(yaml, propose_call(1));
    let texts: Vec<String> = [0, 1, 2, 99]
        .map(|answers| completion(ask(&mut server_state, answers)).text)
        .into();
    assert_eq!(texts, ["a", "b", "b", "b"]);
}

#[test]
fn an_aside_uses_no_rule() {
    let yaml = "{name: x, rules: [{ times: 1, then: [{ reply: mine }] }]}";
    let mut server_state = server_state(yaml, propose_call(1));
    let title = json!({"messages": [{"role": "system", "content": "You are a title generator."}]});
    let title = serde_json::to_vec(&title).unwrap();
    let reply = server_state.answer("t", Some("k"), chat(&title)).unwrap();
    assert_eq!(completion(reply).text, "Rehearsal of plan");
    assert_eq!(completion(ask(&mut server_state, 0)).text, "mine");
    assert!(server_state.received()[0].aside && !server_state.received()[1].aside);
}

#[test]
fn strangers_and_wrong_keys_are_refused_and_not_counted() {
    let mut server_state = server_state("name: x", propose_call(1));
    let body = chat(&body(0, true));
    assert!(matches!(
        server_state.answer("u", Some("k"), body.clone()),
        Err(ServerStateError::Stranger)
    ));
    assert!(matches!(
        server_state.answer("t", Some("l"), body.clone()),
        Err(ServerStateError::WrongKey)
    ));
    assert!(matches!(
        server_state.answer("t", None, body),
        Err(ServerStateError::WrongKey)
    ));
    assert!(server_state.received().is_empty());
}

#[test]
fn what_was_received_is_measured() {
    let mut server_state = server_state("name: x", propose_call(1));
    ask(&mut server_state, 1);
    let received = &server_state.received()[0];
    let bytes = body(1, true).len() as u64;
    assert_eq!(received.bytes, bytes);
    let text = String::from_utf8(body(1, true)).unwrap();
    let most = crate::context::tokens(&text);
    assert!(
        (most / 2..=most).contains(&received.prompt_tokens),
        "{} tokens; with the keys of the JSON around them {most}",
        received.prompt_tokens
    );
    assert_eq!((received.turn, received.messages), (2, 3));
    assert_eq!(received.tools, ["write", "edit", "read", "bash"]);
    assert!(received.system_bytes > 20 && received.tools_bytes > 100);
    let own = received.system_bytes + received.tools_bytes;
    assert_eq!(received.shared_bytes, 0);
    ask(&mut server_state, 2);
    let received = &server_state.received()[1];
    assert!(received.shared_bytes > own, "{received:?}");
}
