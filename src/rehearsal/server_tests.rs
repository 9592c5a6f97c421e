//! The server through its socket: every ending as a client sees it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::model::Endpoint;

use super::server_state::tests::{body, judge_call, propose_call};
use super::{Scenario, Server};

/// Nothing here takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

fn serving(then: &str) -> (Server, Endpoint) {
    let yaml = format!("name: x\nrules:\n  - then:\n      - {then}\n");
    let server = Server::start(Scenario::parse(&yaml, "test").unwrap()).unwrap();
    let endpoint = server.endpoint(judge_call());
    (server, endpoint)
}

/// The endpoint's host and the path below it.
fn split(endpoint: &Endpoint) -> (&str, String) {
    let (host, path) = endpoint
        .base_url
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap();
    (host, format!("/{path}"))
}

fn post(endpoint: &Endpoint, body: &[u8]) -> TcpStream {
    let (host, path) = split(endpoint);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "POST {path}/chat/completions HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        endpoint.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

/// Everything until the connection ends, however it ends.
fn all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn ask(endpoint: &Endpoint, stream: bool) -> String {
    all(post(endpoint, &body(0, stream)))
}

/// The chunks of a streamed answer.
fn events(answer: &str) -> Vec<Value> {
    let data = answer
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// A streamed answer ended properly: the last chunk of the chunked encoding came.
fn complete(answer: &str) -> bool {
    answer.ends_with("0\r\n\r\n")
}

#[test]
fn a_streamed_answer_has_text_finish_and_usage() {
    let (_server, endpoint) = serving("{ reply: 'Hello', usage: { input: 9, output: 3 } }");
    let answer = ask(&endpoint, true);
    assert!(
        answer.starts_with("HTTP/1.1 200") && complete(&answer),
        "{answer}"
    );
    assert!(answer.contains("content-type: text/event-stream") && answer.contains("[DONE]"));
    let events = events(&answer);
    assert_eq!(events[1]["choices"][0]["delta"]["content"], "Hello");
    assert_eq!(events[2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(events[3]["usage"]["prompt_tokens"], 9);
    assert_eq!(events[3]["usage"]["total_tokens"], 12);
}

#[test]
fn streamed_tool_calls_add_up() {
    let server = Server::start(Scenario::default()).unwrap();
    let answer = ask(&server.endpoint(propose_call(1)), true);
    let mut arguments = [String::new(), String::new()];
    for event in events(&answer) {
        for call in event["choices"][0]["delta"]["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            arguments[index] += call["function"]["arguments"].as_str().unwrap();
        }
    }
    let document: Value = serde_json::from_str(&arguments[0]).unwrap();
    assert!(
        document["content"]
            .as_str()
            .unwrap()
            .starts_with("# Plan: Add rate limiting")
    );
    let handoff: Value = serde_json::from_str(&arguments[1]).unwrap();
    assert_eq!(handoff["filePath"], "/ws/.tipstaff/out/handoff.json");
}

#[test]
fn an_answer_in_one_piece() {
    let (_server, endpoint) = serving("bash: { command: ls }");
    let answer = ask(&endpoint, false);
    let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(json["choices"][0]["finish_reason"], "tool_calls");
    let call = &json["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"]["name"], "bash");
    let arguments = call["function"]["arguments"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(arguments).unwrap()["command"],
        "ls"
    );
}

#[test]
fn http_errors_with_body_and_headers() {
    let (_server, endpoint) =
        serving("error: { status: 429, body: 'later', headers: { retry-after: '5' } }");
    let answer = ask(&endpoint, true);
    assert!(
        answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("retry-after: 5\r\n") && answer.contains("later"),
        "{answer}"
    );
    let (_server, endpoint) = serving("error: { status: 529 }");
    let answer = ask(&endpoint, true);
    assert!(
        answer.starts_with("HTTP/1.1 529") && answer.contains("server_error"),
        "{answer}"
    );
}

#[test]
fn a_drop_before_the_headers_leaves_nothing() {
    let (_server, endpoint) = serving("drop: before_headers");
    assert_eq!(ask(&endpoint, true), "");
}

#[test]
fn a_drop_in_the_middle_leaves_the_text_and_half_of_the_calls() {
    for stream in [true, false] {
        let then = "{ drop: mid_stream, say: Hello, bash: { command: whoami } }";
        let (_server, endpoint) = serving(then);
        let answer = ask(&endpoint, stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(
            answer.contains("Hello") && !answer.contains("whoami"),
            "{answer}"
        );
        assert!(!complete(&answer), "{answer}");
    }
}

#[test]
fn a_stall_says_nothing_and_holds_the_connection() {
    let (server, endpoint) = serving("stall: before_headers");
    let mut silent = post(&endpoint, &body(0, true));
    silent
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let error = silent.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    ));
    // Others are served meanwhile, and the end of the server is the end of the stall.
    assert_eq!(server.received().len(), 1);
    drop(server);
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(all(silent), "");
}

#[test]
fn a_stall_in_the_middle_sends_the_text_first() {
    let (server, endpoint) = serving("{ stall: mid_stream, say: Hello }");
    let mut stream = post(&endpoint, &body(0, true));
    let mut seen = String::new();
    while !seen.contains("Hello") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "closed after: {seen}");
        seen += std::str::from_utf8(&piece[..read]).unwrap();
    }
    drop(server);
    assert!(!complete(&all(stream)));
}

#[test]
fn odd_endings() {
    let (_server, endpoint) = serving("{ finish: none, say: Hello }");
    let answer = ask(&endpoint, true);
    assert!(complete(&answer) && answer.contains("Hello"), "{answer}");
    assert!(
        !answer.contains("[DONE]") && !answer.contains("usage"),
        "{answer}"
    );
    let (_server, endpoint) = serving("finish: none");
    let answer = ask(&endpoint, true);
    assert!(complete(&answer) && events(&answer).is_empty(), "{answer}");
    let (_server, endpoint) = serving("finish: unknown");
    assert!(ask(&endpoint, true).contains("\"finish_reason\":\"unknown\""));
    let (_server, endpoint) = serving("{ malformed: true, say: Hello }");
    let answer = ask(&endpoint, true);
    let last = answer
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    assert!(
        complete(&answer) && serde_json::from_str::<Value>(last).is_err(),
        "{answer}"
    );
}

#[test]
fn a_delay_comes_before_the_first_byte() {
    let (_server, endpoint) = serving("{ reply: late, delay: 150ms }");
    let start = Instant::now();
    assert!(ask(&endpoint, true).contains("late"));
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[test]
fn malformed_clients_are_refused_and_the_server_lives() {
    let (server, endpoint) = serving("reply: alive");
    let (host, path) = split(&endpoint);
    let status = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        all(stream)
            .split(' ')
            .nth(1)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    assert_eq!(status(b"\x16\x03\x01 what\r\n\r\n"), "400");
    assert_eq!(
        status(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"),
        "404"
    );
    assert_eq!(
        status(b"GET /nobody/v1/models HTTP/1.1\r\nconnection: close\r\n\r\n"),
        "404"
    );
    assert_eq!(
        status(format!("PUT {path}/models HTTP/1.1\r\nconnection: close\r\n\r\n").as_bytes()),
        "405"
    );
    assert_eq!(
        status(format!("GET {path}/models HTTP/1.1\r\nconnection: close\r\n\r\n").as_bytes()),
        "401"
    );
    let keyed = format!(
        "connection: close\r\nauthorization: Bearer {}\r\n",
        endpoint.key
    );
    assert_eq!(
        status(format!("GET {path}/models HTTP/1.1\r\n{keyed}\r\n").as_bytes()),
        "200"
    );
    assert_eq!(
        status(format!("GET {path}/else HTTP/1.1\r\n{keyed}\r\n").as_bytes()),
        "404"
    );
    let broken_off =
        format!("POST {path}/chat/completions HTTP/1.1\r\n{keyed}content-length: 9000\r\n\r\n{{");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(broken_off.as_bytes()).unwrap();
    drop(stream);
    assert!(all(post(&endpoint, b"{}")).starts_with("HTTP/1.1 400"));
    assert!(ask(&endpoint, true).contains("alive"));
    assert_eq!(server.received().len(), 1, "only what could be read counts");
}

/// Asks for that path below the endpoint's root with these lines of a header.
fn ask_at(endpoint: &Endpoint, path: &str, header: &str, body: &str) -> String {
    let (host, root) = endpoint
        .root()
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (method, path) = path.split_once(' ').unwrap();
    let head = format!(
        "{method} /{root}/{path} HTTP/1.1\r\nconnection: close\r\n{header}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    all(stream)
}

#[test]
fn each_wire_is_answered_by_its_own_key_and_form() {
    let (server, endpoint) = serving("reply: 'Hello'");
    let key = &endpoint.key;
    let messages = r#"{"messages": [{"role": "user", "content": "hi"}]}"#;
    let contents = r#"{"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}"#;
    let gemini = "POST v1beta/models/g-1:streamGenerateContent";
    let keyed = |name: &str| format!("{name}: {key}");
    for (path, header, body, told) in [
        (
            "POST v1/messages?beta=true",
            keyed("x-api-key"),
            messages,
            r#""text":"Hello""#,
        ),
        (
            "POST v1/responses",
            format!("authorization: Bearer {key}"),
            r#"{"input": "hi"}"#,
            r#""text":"Hello""#,
        ),
        (
            &format!("{gemini}?alt=sse"),
            keyed("x-goog-api-key"),
            contents,
            "text/event-stream",
        ),
        (
            &format!("{gemini}?alt=sse&key={key}"),
            "x-y: z".to_owned(),
            contents,
            r#""text":"Hello""#,
        ),
        (
            "POST v1/messages/count_tokens",
            keyed("x-api-key"),
            messages,
            r#"{"input_tokens":"#,
        ),
        (
            "POST v1beta/models/g-1:countTokens",
            keyed("x-goog-api-key"),
            contents,
            r#"{"totalTokens":"#,
        ),
    ] {
        let answer = ask_at(&endpoint, path, &header, body);
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(told),
            "{path}: {answer}"
        );
    }
    assert_eq!(
        server.received().len(),
        4,
        "counting is no request of a model"
    );
    for (path, header, status, told) in [
        (
            "POST v1/messages",
            "x-api-key: other",
            "401",
            "authentication_error",
        ),
        (
            "POST v1beta/models/g-1:countTokens",
            "x-y: z",
            "401",
            "UNAUTHENTICATED",
        ),
        (
            "GET v1/responses",
            "upgrade: websocket",
            "426",
            "no WebSockets",
        ),
        ("GET v1/messages", "x-y: z", "405", "invalid_request_error"),
        (
            "POST v1beta/models/g-1:embedContent",
            "x-y: z",
            "404",
            "no such path",
        ),
    ] {
        let body = if path.contains("v1beta") {
            contents
        } else {
            messages
        };
        let answer = ask_at(&endpoint, path, header, body);
        let status = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&status) && answer.contains(told),
            "{path}: {answer}"
        );
    }
}

#[test]
fn a_cause_is_told_in_the_providers_own_words() {
    let (_server, endpoint) = serving("error: { status: 400, cause: overflow }");
    assert!(ask(&endpoint, true).contains("context_length_exceeded"));
    let header = format!("x-api-key: {}", endpoint.key);
    let answer = ask_at(
        &endpoint,
        "POST v1/messages",
        &header,
        r#"{"messages": []}"#,
    );
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("prompt is too long"),
        "{answer}"
    );
}

#[test]
fn large_requests_and_many_clients_at_once() {
    let server = Server::start(Scenario::default()).unwrap();
    let mut large: Value = serde_json::from_slice(&body(0, true)).unwrap();
    large["messages"][1]["content"] = Value::String("x".repeat(2 << 20));
    let large = serde_json::to_vec(&large).unwrap();
    std::thread::scope(|scope| {
        for slot in 1..=8 {
            let endpoint = server.endpoint(propose_call(slot));
            let large = &large;
            scope.spawn(move || assert!(complete(&all(post(&endpoint, large)))));
        }
    });
    let received = server.received();
    assert_eq!(received.len(), 8);
    assert!(
        received
            .iter()
            .all(|received| received.bytes == large.len() as u64)
    );
    let calls: std::collections::BTreeSet<_> = received
        .iter()
        .map(|received| received.call.as_str())
        .collect();
    assert_eq!(calls.len(), 8, "each endpoint speaks for its own call");
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let (server, endpoint) = serving("reply: again");
    let (host, path) = split(&endpoint);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = body(0, true);
    for _ in 0..3 {
        let head = format!(
            "POST {path}/chat/completions HTTP/1.1\r\nauthorization: Bearer {}\r\n\
             content-length: {}\r\n\r\n",
            endpoint.key,
            body.len()
        );
        stream
            .write_all(&[head.as_bytes(), &body].concat())
            .unwrap();
        let mut seen = String::new();
        while !complete(&seen) {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).unwrap();
            assert!(read > 0, "closed after: {seen}");
            seen += std::str::from_utf8(&piece[..read]).unwrap();
        }
    }
    assert_eq!(server.received().len(), 3);
}

fn clean() -> Box<dyn Fn(&str) -> String + Send> {
    Box::new(str::to_owned)
}

#[test]
fn the_log_has_a_line_for_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("requests.jsonl");
    let server = Server::start_logged(Scenario::default(), &log, clean()).unwrap();
    let endpoint = server.endpoint(propose_call(1));
    ask(&endpoint, true);
    ask(&endpoint, false);
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["call"], &lines[0]["turn"]),
        (&"plan.propose-1".into(), &1.into())
    );
    let missing =
        Server::start_logged(Scenario::default(), &folder.path().join("no/such"), clean());
    assert!(missing.unwrap_err().to_string().contains("no/such"));
}

#[test]
fn a_dropped_server_is_gone() {
    let (server, endpoint) = serving("reply: x");
    drop(server);
    assert!(TcpStream::connect(split(&endpoint).0).is_err());
}
