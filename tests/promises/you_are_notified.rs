//! Who looks elsewhere hears of each end and each question once, whatever hears of it, and no run fails for that.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::support::{Sandbox, Terminal, has_all};

const GATED: &str = "name: gated\nphases:\n  - name: note\n    model: m1\n    context_strategy: fresh\n    \
     gate: Shall I begin?\n";

fn sandbox(notify: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(".tipstaff/workflows/gated.yaml", GATED);
    sandbox.fake_agent("- do: [done]\n");
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{before}notify:\n{notify}")).unwrap();
    sandbox
}

/// A server on loopback that takes what is posted; its port, and the texts in their order.
fn server() -> (u16, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if tell.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (port, told)
}

#[test]
fn a_webhook_hears_of_each_question_and_each_end_once() {
    let (port, told) = server();
    let sandbox = sandbox(&format!("  webhook: http://127.0.0.1:{port}/x\n"));
    let request = "Say \"it\" \\ now";
    sandbox.tipstaff(&["run", "gated", request]).exits_with(4);
    let run = sandbox.run();
    let asked = told.recv().unwrap();
    assert_eq!(asked["state"], "waiting");
    assert_eq!(asked["phase"], "note");
    assert_eq!(asked["run"], run.id().as_str());
    assert_eq!(asked["request"], request);
    has_all(&asked["question"].to_string(), &["Shall I begin?"]);
    // The same question, asked by another supervisor.
    sandbox.tipstaff(&["resume"]).exits_with(4);
    assert_eq!(run.all("person_asked").len(), 2);
    sandbox.tipstaff(&["approve"]).succeeds();
    // A run that is done ends no more.
    sandbox.tipstaff(&["resume", &run.id()]).succeeds();
    let done: Vec<Value> = told.try_iter().collect();
    assert_eq!(done.len(), 1, "{done:?}");
    assert_eq!(done[0]["state"], "done");
}

#[test]
fn a_command_reads_what_happened_and_no_key() {
    let mut sandbox = sandbox("  command: cat >> \"$HOME/heard\"; env >> \"$HOME/env\"\n");
    sandbox.env("MY_API_KEY", "sk-1234567890");
    std::fs::write(sandbox.outside("script.yaml"), "- do: [{ exit: 1 }]\n").unwrap();
    let failed = sandbox.tipstaff(&["run", "gated", "Say it", "--yes"]);
    failed.exits_with(1).has_no("warning: the command");
    let heard = std::fs::read_to_string(sandbox.home().join("heard")).unwrap();
    let heard: Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(heard["state"], "failed");
    let env = std::fs::read_to_string(sandbox.home().join("env")).unwrap();
    assert!(
        env.contains("HOME=") && !env.contains("sk-1234567890"),
        "{env}"
    );
}

#[test]
fn a_notification_that_fails_is_a_warning() {
    let sandbox = sandbox("  command: echo no such bell >&2; exit 7\n");
    let done = sandbox.tipstaff(&["run", "gated", "Say it", "--yes"]);
    done.succeeds()
        .stderr_has("warning: the command of `notify` failed")
        .stderr_has("no such bell");
}

#[test]
fn the_terminal_rings() {
    let sandbox = sandbox("  terminal: true\n");
    let mut terminal = Terminal::start(&sandbox, &["run", "gated", "Say it"]);
    terminal.until_shows(1, "or [l]ater? ");
    terminal.until_shows(1, "\u{1b}]9;tipstaff: run ");
    terminal.types("a\n");
    terminal.wait().succeeds();
}

#[test]
fn a_project_sends_nothing() {
    let sandbox = sandbox("  terminal: false\n");
    let heard = sandbox.outside("heard");
    sandbox.write(
        ".tipstaff/config.yaml",
        &format!("notify: {{ command: touch {} }}\n", heard.display()),
    );
    let done = sandbox.tipstaff(&["run", "gated", "Say it", "--yes"]);
    done.succeeds().stderr_has("`notify` counts in your own");
    assert!(!heard.exists());
}

#[test]
fn an_address_that_others_can_read_is_refused() {
    let sandbox = sandbox("  webhook: http://hooks.example/x\n");
    let refused = sandbox.tipstaff(&["run", "gated", "Say it"]);
    refused.exits_with(2).stderr_has("https://");
}
