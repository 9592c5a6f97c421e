#![expect(clippy::unwrap_used, reason = "tests")]
use super::super::Scenario;
use serde_json::{Value, json};

use super::super::request::Tool;
use super::super::server_state::tests::{body, chat, judge_call, propose_call};
use super::*;

/// The first answer that the scenario's only rule gives.
fn scripted(then: &str) -> Turn {
    let yaml = format!("name: x\nrules:\n  - then:\n      - {then}\n");
    let scenario = Scenario::parse(&yaml, "test").unwrap();
    scenario.rules[0].then.as_ref().unwrap()[0].clone()
}

fn request(tools: &[&str]) -> ModelRequest {
    let mut request = chat(&body(0, true));
    request.tools = tools
        .iter()
        .map(|tool| Tool::new(tool, &Value::Null))
        .collect();
    request
}

fn completed(then: &str, tools: &[&str]) -> Completion {
    match answer(&scripted(then), &judge_call(), &request(tools)) {
        Answer::Completion(completion) => completion,
        other => panic!("{other:?} is no completion"),
    }
}

#[test]
fn acts_become_opencodes_tools_in_order() {
    let then = "{ say: 'I am {phase}', acts: [
        { read: { path: a.rs } }, { edit: { path: /b.rs, old: x, new: '{slot}' } },
        { bash: { command: 'echo {request}' } }, { tool: { name: todo, arguments: { n: [1] } } },
        { write: { path: 'c-{first_label}.md', text: hi } } ] }";
    let completion = completed(then, &["write"]);
    let names: Vec<&str> = completion
        .calls
        .iter()
        .map(|call| call.name.as_str())
        .collect();
    assert_eq!(names, ["read", "edit", "bash", "todo", "write"]);
    assert_eq!(
        completion.calls[0].arguments,
        json!({"filePath": "/ws/a.rs"})
    );
    let edit = json!({"filePath": "/b.rs", "oldString": "x", "newString": "1"});
    assert_eq!(completion.calls[1].arguments, edit);
    assert_eq!(completion.calls[3].arguments, json!({"n": [1]}));
    assert_eq!(
        completion.calls[4].arguments,
        json!({"filePath": "/ws/c-A.md", "content": "hi"})
    );
    assert_eq!(
        (completion.text.as_str(), completion.finish),
        ("I am plan", Finish::ToolCalls)
    );
}

#[test]
fn json_is_written_as_json() {
    let then = "write: { path: v.json, json: { winner: '{first_label}', why: '{request}' } }";
    let mut call = judge_call();
    call.request = "a \"b\"\nc".to_owned();
    let Answer::Completion(completion) = answer(&scripted(then), &call, &request(&["write"]))
    else {
        panic!("a completion was scripted");
    };
    let text = completion.calls[0].arguments["content"].as_str().unwrap();
    let json: Value = serde_json::from_str(text).unwrap();
    assert_eq!(json, json!({"winner": "A", "why": "a \"b\"\nc"}));
}

#[test]
fn without_a_tool_to_write_the_files_are_handed_in() {
    let turn = default_behaviour::turn(&propose_call(1), 0, 1);
    let Answer::Completion(completion) = answer(&turn, &propose_call(1), &request(&["read"]))
    else {
        panic!("the default is a completion");
    };
    assert_eq!(
        (completion.calls.len(), completion.finish),
        (0, Finish::Stop)
    );
    assert!(
        completion.text.starts_with("# Plan: "),
        "{}",
        completion.text
    );
    assert_eq!(completion.text.matches("```json\n{").count(), 1);
    let invalid = completed("write: { path: v.json, text: 'no json' }", &[]);
    assert_eq!(invalid.text, "```json\nno json\n```");
}

#[test]
fn apply_patch_writes_where_write_is_missing() {
    let completion = completed(
        "write: { path: a.md, text: \"x\\n\\ny\" }",
        &["apply_patch"],
    );
    let patch = completion.calls[0].arguments["patchText"].as_str().unwrap();
    assert_eq!(
        patch,
        "*** Begin Patch\n*** Add File: /ws/a.md\n+x\n+\n+y\n*** End Patch"
    );
}

#[test]
fn endings() {
    let finish = |then: &str| completed(then, &["write"]).finish;
    assert_eq!(finish("{ finish: length, say: cut }"), Finish::Length);
    assert_eq!(finish("finish: content_filter"), Finish::ContentFilter);
    assert_eq!(finish("finish: unknown"), Finish::Unknown);
    assert_eq!(finish("finish: none"), Finish::Absent);
    assert_eq!(finish("finish: tool_calls"), Finish::ToolCalls);
    assert_eq!(finish("reply: ''"), Finish::Stop);
    assert_eq!(
        completed("{ drop: mid_stream, say: x }", &[]).transmission,
        Transmission::Dropped
    );
    assert_eq!(
        completed("stall: mid_stream", &[]).transmission,
        Transmission::Stalled
    );
    assert_eq!(
        completed("malformed: true", &[]).transmission,
        Transmission::Garbled
    );
    let whole = |then: &str| answer(&scripted(then), &judge_call(), &request(&[]));
    assert_eq!(whole("drop: before_headers"), Answer::Drop);
    assert_eq!(whole("stall: before_headers"), Answer::Stall);
    let Answer::Refusal(refusal) = whole("error: { status: 400, body: 'in {phase}' }") else {
        panic!("a refusal was scripted");
    };
    assert_eq!(refusal.body.as_deref(), Some("in plan"));
}

#[test]
fn usage_is_counted_or_claimed() {
    let counted = completed("reply: 123456", &[]).usage;
    let tokens = chat(&body(0, true)).tokens;
    assert_eq!((counted.prompt, counted.completion), (tokens, 2));
    let then =
        "{ reply: x, usage: { input: 2000, cache_read: 8000, output: 300, reasoning: 200 } }";
    let claimed = ClaimedUsage {
        prompt: 10_000,
        cached: 8_000,
        completion: 500,
        reasoning: 200,
    };
    assert_eq!(completed(then, &[]).usage, claimed);
}
