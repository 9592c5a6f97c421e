//! Each wire against requests that the real agents sent, cut to what is read of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::Value;

use super::super::completion::{ClaimedUsage, ToolUse};
use super::super::{Finish, tools};
use super::*;

fn recorded(text: &str) -> ModelRequest {
    let recorded: Value = serde_json::from_str(text).unwrap();
    let Some(Asked::Answer(wire, target)) = asked(recorded["path"].as_str().unwrap()) else {
        panic!("{} is no path of a model", recorded["path"]);
    };
    let body = recorded["body"].to_string();
    wire.decode(target, body.as_bytes()).unwrap()
}

const CLAUDE: &str = include_str!("../../../fixtures/requests/claude.json");
const CODEX: &str = include_str!("../../../fixtures/requests/codex.json");
const GEMINI: &str = include_str!("../../../fixtures/requests/gemini.json");
const QWEN: &str = include_str!("../../../fixtures/requests/qwen.json");
const ALL: [&str; 4] = [CLAUDE, CODEX, GEMINI, QWEN];

#[test]
fn what_real_agents_send_is_understood() {
    for (text, wire, model) in [
        (CLAUDE, Wire::Messages, "claude-sonnet-5"),
        (CODEX, Wire::Responses, "gpt-5.5"),
        (GEMINI, Wire::Gemini, "gemini-2.5-pro"),
        (QWEN, Wire::Chat, "mock-1"),
    ] {
        let request = recorded(text);
        assert_eq!((request.wire, request.model.as_str()), (wire, model));
        assert_eq!(request.workspace.as_deref(), Some("/ws"), "{model}");
        assert_eq!(request.turn(), 3, "{model}");
        assert!(request.stream && !request.aside, "{model}");
        assert!(
            !request.system.is_empty() && request.tokens > 200,
            "{model}"
        );
        assert!(request.text.contains("Do the thing."), "{model}");
    }
}

/// The name of a call's tool and the names of its arguments.
fn shape(call: &ToolUse) -> String {
    let arguments = match &call.arguments {
        Value::Object(arguments) => arguments.keys().cloned().collect::<Vec<_>>().join(" "),
        _ => "text".to_owned(),
    };
    format!("{}: {arguments}", call.name)
}

#[test]
fn acts_become_the_tools_that_each_agent_offers() {
    let shapes = |text: &str| {
        let request = recorded(text);
        let new = tools::write("/ws/.tipstaff/out/a.md", "x", &request).unwrap();
        let old = tools::write("/ws/a.md", "x", &request).unwrap();
        let mut calls = vec![new, old, tools::run("ls", &request)];
        calls.extend(tools::edit("/ws/a.md", "x", "y", &request));
        calls.iter().map(shape).collect::<Vec<_>>()
    };
    let claude = [
        "Write: file_path content",
        "Bash: command description",
        "Bash: command description",
        "Read: file_path",
        "Edit: file_path old_string new_string",
    ];
    assert_eq!(shapes(CLAUDE), claude);
    let codex = [
        "apply_patch: text",
        "apply_patch: text",
        "exec_command: cmd",
        "exec_command: cmd",
    ];
    assert_eq!(shapes(CODEX), codex);
    let gemini = [
        "write_file: file_path content",
        "run_shell_command: command description",
        "run_shell_command: command description",
        "replace: file_path old_string new_string instruction",
    ];
    assert_eq!(shapes(GEMINI), gemini);
    let qwen = [
        "write_file: file_path content",
        "run_shell_command: command description",
        "run_shell_command: command description",
        "read_file: file_path",
        "edit: file_path old_string new_string",
    ];
    assert_eq!(shapes(QWEN), qwen);
}

#[test]
fn a_read_only_sandbox_is_not_written_to() {
    let mut request = recorded(CODEX);
    assert!(tools::write("/ws/a.md", "x", &request).is_some());
    request.system += "`sandbox_mode` is `read-only`: The sandbox only permits reading files.";
    assert_eq!(tools::write("/ws/a.md", "x", &request), None);
}

#[test]
fn a_shell_alone_writes_edits_and_reads() {
    let mut request = recorded(CODEX);
    request.tools.retain(|tool| tool.name == "exec_command");
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join("it's/a b.md")
        .to_string_lossy()
        .into_owned();
    let text = "it's $HOME `x`\n\\1 a.b aXb\n";
    let calls = [
        vec![tools::write(&path, text, &request).unwrap()],
        tools::edit(&path, "a.b", "'$&' \\1", &request),
        vec![tools::read(&path, &request)],
    ];
    let mut said = Vec::new();
    for call in calls.iter().flatten() {
        let command = call.arguments["cmd"].as_str().unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", command])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        said = output.stdout;
    }
    assert_eq!(
        String::from_utf8(said).unwrap(),
        text.replace("a.b", "'$&' \\1")
    );
}

fn completion(finish: Finish, transmission: Transmission) -> Completion {
    let call = |name: &str, arguments| ToolUse {
        name: name.to_owned(),
        arguments,
    };
    Completion {
        text: "Hello 𝄞. ".repeat(100),
        calls: vec![
            call("one", json!({"a": "b\n".repeat(400), "n": 1})),
            call("two", json!("a text".repeat(100))),
        ],
        finish,
        usage: ClaimedUsage {
            prompt: 900,
            cached: 300,
            completion: 50,
            reasoning: 20,
        },
        transmission,
    }
}

/// The events of a streamed answer, without those that are not JSON.
fn events(completion: &Completion, request: &ModelRequest) -> Vec<Value> {
    let bytes = pieces(completion, request).concat();
    let text = String::from_utf8(bytes).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok())
        .collect()
}

fn whole(completion: &Completion, request: &ModelRequest) -> Value {
    let request = ModelRequest {
        stream: false,
        ..request.clone()
    };
    serde_json::from_slice(&pieces(completion, &request).concat()).unwrap()
}

#[test]
fn messages_stream_what_they_say_in_one_piece() {
    let completion = completion(Finish::ToolCalls, Transmission::Arrives);
    let request = recorded(CLAUDE);
    let mut blocks: Vec<(Value, String)> = Vec::new();
    let mut last = Value::Null;
    for event in events(&completion, &request) {
        match event["type"].as_str().unwrap() {
            "message_start" => assert_eq!(event["message"]["usage"]["input_tokens"], 600),
            "content_block_start" => blocks.push((event["content_block"].clone(), String::new())),
            "content_block_delta" => {
                let delta = &event["delta"];
                let piece = delta["text"].as_str().or(delta["partial_json"].as_str());
                blocks.last_mut().unwrap().1 += piece.unwrap();
            }
            "message_delta" => last = event,
            _ => {}
        }
    }
    let joined: Vec<Value> = blocks
        .into_iter()
        .map(|(mut block, said)| {
            match block["type"] == "text" {
                true => block["text"] = said.into(),
                false => {
                    // The second takes a text, which has no place here.
                    block["input"] = serde_json::from_str(&said).unwrap_or(said.into());
                }
            }
            block
        })
        .collect();
    let whole = whole(&completion, &request);
    assert_eq!(whole["content"], Value::Array(joined));
    assert_eq!(whole["stop_reason"], last["delta"]["stop_reason"]);
    assert_eq!(
        (&last["usage"], &last["delta"]["stop_reason"]),
        (&whole["usage"], &json!("tool_use"))
    );
    assert_eq!(whole["usage"]["cache_read_input_tokens"], 300);
}

#[test]
fn responses_stream_what_they_say_in_one_piece() {
    let completion = completion(Finish::ToolCalls, Transmission::Arrives);
    let request = recorded(CODEX);
    let events = events(&completion, &request);
    let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
    let items: Vec<&Value> = of("response.output_item.done")
        .map(|event| &event["item"])
        .collect();
    let whole = whole(&completion, &request);
    assert_eq!(whole["output"], json!(items));
    let joined = |kind: &'static str| {
        of(kind)
            .map(|event| event["delta"].as_str().unwrap())
            .collect::<String>()
    };
    assert_eq!(
        joined("response.output_text.delta"),
        items[0]["content"][0]["text"]
    );
    assert_eq!(
        joined("response.function_call_arguments.delta"),
        items[1]["arguments"]
    );
    assert_eq!(
        joined("response.custom_tool_call_input.delta"),
        items[2]["input"]
    );
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["response"]),
        (&json!("response.completed"), &whole)
    );
    assert_eq!(
        whole["usage"]["output_tokens_details"]["reasoning_tokens"],
        20
    );
    let cut = self::completion(Finish::Length, Transmission::Arrives);
    let last = self::events(&cut, &request).pop().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(
        last["response"]["incomplete_details"]["reason"],
        "max_output_tokens"
    );
}

#[test]
fn gemini_streams_what_it_says_in_one_piece() {
    let completion = completion(Finish::ToolCalls, Transmission::Arrives);
    let request = recorded(GEMINI);
    let events = events(&completion, &request);
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in events
        .iter()
        .map(|event| &event["candidates"][0]["content"]["parts"][0])
    {
        text += part["text"].as_str().unwrap_or_default();
        calls.extend(part.get("functionCall"));
    }
    let whole = whole(&completion, &request);
    let parts = &whole["candidates"][0]["content"]["parts"];
    assert_eq!(
        (&parts[0]["text"], &parts[1]["functionCall"]),
        (&json!(text), calls[0])
    );
    let last = events.last().unwrap();
    assert_eq!(last["usageMetadata"], whole["usageMetadata"]);
    assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 30);
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn broken_answers_break_on_every_wire() {
    for request in ALL.map(recorded) {
        let wire = request.wire;
        let sent = |finish, how| events(&completion(finish, how), &request);
        let all = sent(Finish::Stop, Transmission::Arrives);
        let absent = sent(Finish::Absent, Transmission::Arrives);
        assert_eq!(absent, all[..absent.len()], "{wire:?}");
        assert!(
            absent.len() < all.len(),
            "{wire:?}: nothing says that it ends"
        );
        let dropped = sent(Finish::Stop, Transmission::Dropped);
        assert_eq!(dropped, all[..dropped.len()], "{wire:?}");
        let said = json!(dropped).to_string();
        assert!(
            said.contains("Hello 𝄞. ") && !said.contains("a text"),
            "{wire:?}"
        );
        let garbled = completion(Finish::Stop, Transmission::Garbled);
        let garbled = pieces(&garbled, &request).concat();
        let last = String::from_utf8(garbled).unwrap();
        let last = last.trim_end().rsplit_once("data: ").unwrap().1.to_owned();
        assert!(serde_json::from_str::<Value>(&last).is_err(), "{wire:?}");
        let half = ModelRequest {
            stream: false,
            ..request.clone()
        };
        let half = pieces(&completion(Finish::Stop, Transmission::Dropped), &half).concat();
        assert!(serde_json::from_slice::<Value>(&half).is_err(), "{wire:?}");
    }
}

#[test]
fn errors_have_each_providers_form() {
    let error = |wire: Wire, status| -> Value {
        serde_json::from_str(&wire.error(status, "no", None)).unwrap()
    };
    assert_eq!(
        error(Wire::Messages, 529)["error"]["type"],
        "overloaded_error"
    );
    assert_eq!(
        error(Wire::Messages, 403)["error"]["type"],
        "permission_error"
    );
    assert_eq!(
        error(Wire::Responses, 401)["error"]["code"],
        "invalid_api_key"
    );
    assert_eq!(error(Wire::Gemini, 404)["error"]["status"], "NOT_FOUND");
    for wire in [Wire::Chat, Wire::Messages, Wire::Responses, Wire::Gemini] {
        assert_eq!(error(wire, 500)["error"]["message"], "no");
    }
    let refusal = Refusal {
        status: 429,
        body: None,
        headers: [("retry-after".to_owned(), "7".to_owned())].into(),
        cause: Some(Cause::Quota),
    };
    let told: Value = serde_json::from_str(&Wire::Gemini.error(429, "no", Some(&refusal))).unwrap();
    let details = &told["error"]["details"];
    assert_eq!(
        (&details[1]["retryDelay"], told["error"]["code"].as_u64()),
        (&json!("7s"), Some(429))
    );
    assert!(
        details[0]["violations"][0]["quotaId"]
            .as_str()
            .unwrap()
            .contains("PerDay")
    );
    let told: Value = serde_json::from_str(&Wire::Chat.error(429, "no", Some(&refusal))).unwrap();
    assert_eq!(told["error"]["code"], "insufficient_quota");
}

#[test]
fn calls_in_a_row_are_one_answer() {
    let call =
        |id: u32| json!({"type": "function_call", "call_id": id, "name": "x", "arguments": "{}"});
    let output = |id: u32| json!({"type": "function_call_output", "call_id": id, "output": "x"});
    let said = json!({"type": "message", "role": "assistant", "content": []});
    let input = json!([{"role": "user", "content": "go"}, said, call(1), call(2), output(1), output(2),
        call(3), output(3)]);
    let body = json!({"input": input}).to_string();
    let request = Wire::Responses
        .decode(Target::default(), body.as_bytes())
        .unwrap();
    assert_eq!(request.turn(), 3);
    let asked = json!({"instructions": "Be brief.", "input": "hello"}).to_string();
    let request = Wire::Responses
        .decode(Target::default(), asked.as_bytes())
        .unwrap();
    assert_eq!((request.turn(), request.system.as_str()), (1, "Be brief."));
    assert!(request.text.contains("hello"));
}

#[test]
fn what_an_agent_asks_for_itself_is_an_aside() {
    let ask = |wire: Wire, body: Value| {
        let body = body.to_string();
        wire.decode(Target::default(), body.as_bytes())
            .unwrap()
            .aside
    };
    let messages = json!([{"role": "user", "content": "quota"}]);
    assert!(ask(
        Wire::Messages,
        json!({"messages": messages, "max_tokens": 1})
    ));
    assert!(!ask(
        Wire::Messages,
        json!({"messages": messages, "max_tokens": 9})
    ));
    let contents = json!([{"role": "user", "parts": [{"text": "who speaks next?"}]}]);
    let json = json!({"responseJsonSchema": {}});
    assert!(ask(
        Wire::Gemini,
        json!({"contents": contents, "generationConfig": json})
    ));
    assert!(!ask(Wire::Gemini, json!({"contents": contents})));
}
