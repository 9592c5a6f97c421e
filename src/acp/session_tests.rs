use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

use super::*;
use crate::model::Profile;

fn order(profile: Profile) -> Order {
    Order {
        settings: Settings {
            profile,
            model: "p/m".to_owned(),
            variant: String::new(),
            workspace: "/w".into(),
        },
        prompt: "Do it.".to_owned(),
    }
}

/// A conversation with what came of it so far.
struct Stand {
    session: Session,
    sent: Vec<Value>,
    events: Vec<Event>,
    is_over: bool,
}

impl Stand {
    fn new(profile: Profile) -> Self {
        let (session, effects) = Session::begin(order(profile));
        let mut stage = Self {
            session,
            sent: Vec::new(),
            events: Vec::new(),
            is_over: false,
        };
        stage.take(effects);
        stage
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            assert!(!self.is_over, "nothing comes after the end: {effect:?}");
            match effect {
                Effect::Send(message) => self.sent.push(message),
                Effect::Tell(event) => self.events.push(event),
                Effect::End => self.is_over = true,
            }
        }
    }

    fn line(&mut self, message: &Value) -> &mut Self {
        let effects = self.session.line(&message.to_string());
        self.take(effects);
        self
    }

    /// The answer to the last request.
    fn answer(&mut self, result: &Value) -> &mut Self {
        let id = self.last()["id"].clone();
        self.line(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
    }

    fn refuse(&mut self, code: i64, message: &str, data: &Value) -> &mut Self {
        let id = self.last()["id"].clone();
        let error = json!({ "code": code, "message": message, "data": data });
        self.line(&json!({ "jsonrpc": "2.0", "id": id, "error": error }))
    }

    fn update(&mut self, update: &Value) -> &mut Self {
        let params = json!({ "sessionId": "s", "update": update });
        self.line(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }))
    }

    fn last(&self) -> &Value {
        let mut requests = self.sent.iter().rev();
        let request =
            requests.find(|message| message.get("method").is_some() && message.get("id").is_some());
        request.expect("a request was sent")
    }

    fn method(&self) -> &str {
        self.last()["method"]
            .as_str()
            .expect("requests have methods")
    }

    /// Up to the prompt.
    fn working(profile: Profile) -> Self {
        let mut stage = Self::new(profile);
        let values = json!([{ "value": "p/m", "name": "M" }, { "value": "p/n", "name": "N" }]);
        let model =
            json!({ "id": "model", "category": "model", "currentValue": "p/n", "options": values });
        stage
            .answer(&json!({ "protocolVersion": 1 }))
            .answer(&json!({ "sessionId": "s", "configOptions": [model] }));
        assert_eq!(stage.method(), "session/set_config_option");
        assert_eq!(stage.last()["params"]["value"], "p/m");
        stage.answer(&json!({ "configOptions": [] }));
        assert_eq!(stage.method(), "session/prompt");
        assert_eq!(stage.last()["params"]["prompt"][0]["text"], "Do it.");
        stage
    }

    fn kind(&self) -> Option<FailureKind> {
        match self.events.last() {
            Some(Event::Failed(trouble)) if self.is_over => trouble.kind,
            other => panic!("no failure at the end: {other:?}"),
        }
    }
}

#[test]
fn turn_becomes_events_in_order() {
    let mut stage = Stand::working(Profile::Worker);
    let say = |text: &str, id: &str| json!({ "sessionUpdate": "agent_message_chunk", "messageId": id, "content": { "type": "text", "text": text } });
    stage
        .update(&say("Writing", "a"))
        .update(&say(".", "a"))
        .update(&json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": "write", "kind": "edit", "status": "pending" }))
        .update(&json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "in_progress",
                         "locations": [{ "path": "/w/src/x.rs" }] }))
        .update(&json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed" }))
        .update(&say("Done.", "b"))
        .update(&json!({ "sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": { "amount": 0.5, "currency": "USD" } }))
        .answer(&json!({ "stopReason": "end_turn", "usage": { "inputTokens": 7, "outputTokens": 3, "totalTokens": 10 } }));
    let text = |message, text: &str| Event::Text {
        message,
        text: text.to_owned(),
    };
    let (name, detail) = ("edit".to_owned(), "src/x.rs".to_owned());
    let [usage] = [crate::model::Usage {
        requests: 1,
        input: 7,
        output: 3,
        cost: crate::model::MicroUsd(500_000),
        ..Default::default()
    }];
    let expected = [
        Event::Prompted,
        text(1, "Writing."),
        Event::ToolStarted {
            name: name.clone(),
            detail: detail.clone(),
        },
        Event::ToolEnded {
            name,
            detail,
            failed: false,
        },
        text(2, "Done."),
        Event::Ended {
            message: 2,
            reason: "stop".to_owned(),
            usage,
        },
    ];
    // It wrote to the one tool that it told of twice.
    let heard = |event: &&Event| **event != Event::Heard;
    let events: Vec<&Event> = stage.events.iter().filter(heard).collect();
    assert_eq!(events, expected.iter().collect::<Vec<_>>());
    assert!(stage.is_over);
}

#[test]
fn permissions_follow_the_profile() {
    let ask = |path: &str| {
        let options = json!([{ "optionId": "y", "kind": "allow_once" }, { "optionId": "n", "kind": "reject_once" }]);
        let tool = json!({ "toolCallId": "t", "kind": "edit", "locations": [{ "path": path }] });
        json!({ "id": "q", "method": "session/request_permission",
                "params": { "sessionId": "s", "toolCall": tool, "options": options } })
    };
    for (profile, path, chosen) in [
        (Profile::Reader, "/w/.tipstaff/out/a.md", "y"),
        (Profile::Reader, "/w/a.md", "n"),
        (Profile::Worker, "/w/a.md", "y"),
    ] {
        let mut stage = Stand::working(profile);
        stage.line(&ask(path));
        let reply = stage.sent.last().expect("an answer");
        assert_eq!(
            (&reply["id"], &reply["result"]["outcome"]["optionId"]),
            (&json!("q"), &json!(chosen))
        );
    }
    let mut stage = Stand::working(Profile::Reader);
    stage.line(&ask("/w/a.md"));
    let id = stage.last()["id"].clone();
    stage.line(&json!({ "id": id, "result": { "stopReason": "cancelled" } }));
    assert_eq!(stage.kind(), Some(FailureKind::PermissionRefused));
}

#[test]
fn what_was_never_offered_is_refused() {
    let mut stage = Stand::working(Profile::Worker);
    for method in [
        "fs/read_text_file",
        "fs/write_text_file",
        "terminal/create",
        "x/y",
    ] {
        stage.line(&json!({ "id": 5, "method": method, "params": {} }));
        let reply = stage.sent.last().expect("an answer");
        assert_eq!(
            (&reply["id"], &reply["error"]["code"]),
            (&json!(5), &json!(-32601))
        );
    }
}

#[test]
fn model_that_is_not_offered_is_unknown() {
    let sessions = [
        json!({ "sessionId": "s" }),
        json!({ "sessionId": "s", "models": { "availableModels": [{ "modelId": "other" }] } }),
        json!({ "sessionId": "s", "configOptions": [{ "id": "model", "options": [{ "value": "other" }] }] }),
    ];
    for session in sessions {
        let mut stage = Stand::new(Profile::Reader);
        stage
            .answer(&json!({ "protocolVersion": 1 }))
            .answer(&session);
        assert_eq!(stage.kind(), Some(FailureKind::UnknownModel), "{session}");
    }
}

#[test]
fn older_choices_and_groups_are_known() {
    let grouped = json!({ "sessionId": "s", "configOptions": [{ "id": "x", "category": "model", "currentValue": "o",
        "options": [{ "group": "g", "options": [{ "value": "p/m" }] }] }] });
    let older = json!({ "sessionId": "s", "models": { "currentModelId": "o",
        "availableModels": [{ "modelId": "$long", "name": "p/m" }] },
        "modes": { "currentModeId": "auto", "availableModes": [{ "id": "default" }, { "id": "yolo" }] } });
    for (session, requests) in [
        (grouped, vec![("session/set_config_option", "value", "p/m")]),
        (
            older,
            vec![
                ("session/set_model", "modelId", "$long"),
                ("session/set_mode", "modeId", "default"),
            ],
        ),
    ] {
        let mut stage = Stand::new(Profile::Reader);
        stage
            .answer(&json!({ "protocolVersion": 1 }))
            .answer(&session);
        for (method, key, value) in requests {
            assert_eq!(
                (stage.method(), &stage.last()["params"][key]),
                (method, &json!(value))
            );
            stage.answer(&Value::Null);
        }
        assert_eq!(stage.method(), "session/prompt");
    }
}

#[test]
fn sign_in_is_tried_where_nobody_is_needed() {
    let methods =
        json!([{ "id": "oauth", "name": "Log in" }, { "id": "gemini-api-key", "name": "Key" }]);
    let mut stage = Stand::new(Profile::Reader);
    stage
        .answer(&json!({ "protocolVersion": 1, "authMethods": methods }))
        .refuse(AUTH_REQUIRED, "sign in", &Value::Null);
    assert_eq!(stage.last()["params"]["methodId"], "gemini-api-key");
    stage.answer(&Value::Null);
    assert_eq!(stage.method(), "session/new");
    stage.refuse(AUTH_REQUIRED, "sign in", &Value::Null);
    assert_eq!(stage.kind(), Some(FailureKind::Auth));

    let browser = json!([{ "id": "oauth", "name": "Log in" },
        { "id": "openai", "name": "OpenAI API key", "_meta": { "type": "terminal" } }]);
    let mut stage = Stand::new(Profile::Reader);
    stage
        .answer(&json!({ "protocolVersion": 1, "authMethods": browser }))
        .refuse(AUTH_REQUIRED, "sign in", &Value::Null);
    assert_eq!(stage.kind(), Some(FailureKind::Auth));
}

#[test]
fn errors_keep_what_the_provider_said() {
    let cases = [
        (
            -32603,
            "Internal error",
            json!({ "details": "401 bad key" }),
            Some(401),
            "401 bad key",
        ),
        (
            429,
            r#"{"error":{"message":"slow down"}}"#,
            Value::Null,
            Some(429),
            "slow down",
        ),
        (
            -32603,
            "Internal error: bad key",
            json!({ "errorName": "APIError" }),
            None,
            "bad key",
        ),
    ];
    for (code, message, data, status, said) in cases {
        let mut stage = Stand::working(Profile::Reader);
        stage.refuse(code, message, &data);
        let Some(Event::Failed(trouble)) = stage.events.last() else {
            panic!("no failure")
        };
        assert_eq!((trouble.status, trouble.message.as_str()), (status, said));
        assert!(
            matches!(stage.events[stage.events.len() - 2], Event::Ended { .. }),
            "what it cost is told"
        );
    }
}

#[test]
fn other_version_of_the_protocol_is_refused() {
    let mut stage = Stand::new(Profile::Reader);
    stage.answer(&json!({ "protocolVersion": 2 }));
    assert_eq!(stage.kind(), Some(FailureKind::BadOutput));
}

#[test]
fn banner_is_skipped_and_babble_is_not() {
    let mut stage = Stand::new(Profile::Reader);
    let effects = stage.session.line("Welcome!");
    stage.take(effects);
    stage.answer(&json!({ "protocolVersion": 1 }));
    assert_eq!(stage.method(), "session/new");
    for _ in 0..MOST_STRANGE {
        let effects = stage.session.line("la la");
        stage.take(effects);
    }
    assert_eq!(stage.kind(), Some(FailureKind::BadOutput));

    let mut stage = Stand::new(Profile::Reader);
    let effects = stage.session.line("error: unknown argument --acp");
    stage.take(effects);
    let effects = stage.session.agent_ended(ExitStatus::Exited(2));
    stage.take(effects);
    assert_eq!(stage.kind(), Some(FailureKind::BadOutput));
}

#[test]
fn agent_that_never_answers_hangs() {
    let mut stage = Stand::new(Profile::Reader);
    assert_eq!(stage.session.patience(), Some(START_UP));
    let effects = stage.session.late();
    stage.take(effects);
    assert_eq!(stage.kind(), Some(FailureKind::HangAtStart));
    assert_eq!(
        Stand::working(Profile::Reader).session.patience(),
        None,
        "a call has limits of its own"
    );
}

#[test]
fn cancelled_turn_ends_with_what_it_used() {
    let mut stage = Stand::working(Profile::Worker);
    let effects = stage.session.cancel();
    stage.take(effects);
    assert_eq!(
        stage.sent.last().map(|sent| &sent["method"]),
        Some(&json!("session/cancel"))
    );
    assert_eq!(stage.session.patience(), Some(CANCELLING));
    stage.line(&json!({ "id": 1, "method": "session/request_permission", "params": {} }));
    assert_eq!(
        stage.sent.last().map(|sent| &sent["result"]),
        Some(&cancelled())
    );
    let effects = stage.session.late();
    stage.take(effects);
    assert!(stage.is_over && matches!(stage.events.last(), Some(Event::Ended { .. })));
}

/// What an agent may say that is broken in some way, or comes at the wrong time.
fn anything() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        (0_u64..8).prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    let update = prop_oneof![
        Just("agent_message_chunk"),
        Just("tool_call"),
        Just("tool_call_update"),
        Just("usage_update"),
        Just("x")
    ];
    let results = prop_oneof![
        Just(json!({ "protocolVersion": 1, "authMethods": [{ "id": "api-key" }] })),
        Just(json!({ "sessionId": "s", "models": { "availableModels": [{ "modelId": "p/m" }] } })),
        Just(
            json!({ "stopReason": "end_turn", "usage": { "inputTokens": u64::MAX, "cachedReadTokens": u64::MAX } })
        ),
        Just(json!([1, null])),
    ];
    prop_oneof![
        (id.clone(), results).prop_map(|(id, result)| json!({ "id": id, "result": result }).to_string()),
        (id.clone(), -33000_i64..600).prop_map(|(id, code)| json!({ "id": id, "error": { "code": code } }).to_string()),
        (id, any::<String>()).prop_map(|(id, method)| json!({ "id": id, "method": method }).to_string()),
        (update, any::<String>()).prop_map(|(kind, text)| {
            let update = json!({ "sessionUpdate": kind, "toolCallId": text, "status": "failed", "kind": text,
                                 "content": { "text": text }, "rawInput": { "command": text, "path": 7 } });
            json!({ "method": "session/update", "params": { "sessionId": "s", "update": update } }).to_string()
        }),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn nothing_an_agent_says_breaks_the_conversation(lines in prop::collection::vec(anything(), 0..40)) {
        let mut stage = Stand::new(Profile::Reader);
        for line in lines {
            let (sent, was_over) = (stage.sent.len(), stage.is_over);
            let effects = stage.session.line(&line);
            stage.take(effects);
            let asks = message::read(&line).is_some_and(|read| matches!(read, Message::Request { .. }));
            assert!(was_over || !asks || stage.sent.len() == sent + 1, "every request is answered: {line}");
        }
        if !stage.is_over {
            let effects = stage.session.agent_ended(ExitStatus::Exited(0));
            stage.take(effects);
        }
        assert!(stage.is_over);
    }
}
