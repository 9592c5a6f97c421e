//! What a run may use is held for the calls under way before further ones start, so that no limit is passed by more
//! than a step, and no paid step is torn off.

use crate::support::{Output, Sandbox, fake_agent, until};

/// A project in which lens after lens asks a command that says what it used: `{json}` in the place of its answer's
/// line. More configuration may be given.
fn priced(json: &str, workflow: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let program = sandbox.outside("agent.sh");
    let line = format!("printf '%s\\n' '{json}'");
    sandbox.program_at(&program, &format!("cat >/dev/null; {line}"));
    let program = serde_json::to_string(&program.to_string_lossy()).unwrap();
    sandbox
        .user_config(&format!(
            "agents:\n  own:\n    kind: command\n    command: {program}\n    \
             output: {{ text: text, input_tokens: tokens, cost: usd }}\nmodels:\n  m1: {{ agent: own, id: m1 }}\n{more}"
        ))
        .write(".tipstaff/workflows/look.yaml", workflow);
    sandbox
}

const LENSES: &str = "name: look\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n  - name: look\n    \
     type: parallel\n    model: m1\n    context_strategy: fresh\n    retries: 0\n    \
     lenses: { a: \"Look at a\", b: \"Look at b\", c: \"Look at c\" }\n";

fn look(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "look", "Look"], args].concat())
}

/// What happened to calls, in order: `start` or `end`.
fn starts_and_ends(sandbox: &Sandbox) -> Vec<&'static str> {
    let events = sandbox.run().events().into_iter();
    let words = events.filter_map(|(name, _)| match name.as_str() {
        "attempt_started" => Some("start"),
        "attempt_succeeded" => Some("end"),
        _ => None,
    });
    words.collect()
}

#[test]
fn what_calls_are_expected_to_use_is_held_for_them() {
    let answer = r#"{"text":"It is so.","tokens":400,"usd":0.4}"#;
    let sandbox = priced(answer, LENSES, "");
    // The first call used 400, and so does each of the three that follow: 1600 in all.
    look(&sandbox, &["--limit", "tokens=1700"]).succeeds();
    let order = starts_and_ends(&sandbox);
    assert_eq!(
        order,
        [
            "start", "end", "start", "start", "start", "end", "end", "end"
        ]
    );

    let sandbox = priced(answer, LENSES, "");
    look(&sandbox, &["--limit", "cost=1.5"]).exits_with(5);
    // Two more make 1.20, and a third one at the same time would pass the limit: it is begun alone.
    let order = starts_and_ends(&sandbox);
    assert_eq!(
        order,
        [
            "start", "end", "start", "start", "end", "end", "start", "end"
        ]
    );
}

/// Two models that tell their steps: the first one passes the limit while the second one is in a step, which ends so.
fn stopped_in_a_step(end: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let script = sandbox.outside("script.yaml");
    let entries = format!(
        "- when: {{ call: plan.propose-1 }}\n  do: [{{ wait_for_file: OUTSIDE/go }}, {{ turn: 1200 }}, hang]\n\
         - when: {{ call: plan.propose-2 }}\n  do:\n    - event: {{ type: step_start, part: {{ messageID: m }} }}\n    \
         - touch: OUTSIDE/begun\n    - wait_for_file: OUTSIDE/reached\n{end}\n- do: [done]\n"
    );
    let outside = sandbox.outside("").display().to_string();
    std::fs::write(&script, entries.replace("OUTSIDE/", &outside)).unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    sandbox.user_config(&format!(
        "agents:\n  opencode:\n    command: {}\n    args: [--script, {}, --opencode-events]\nmodels:\n  \
         m1: {{ agent: opencode, id: test/m1 }}\n  m2: {{ agent: opencode, id: test/m2 }}\n",
        quoted(fake_agent()),
        quoted(&script.to_string_lossy()),
    ));
    sandbox.trio(&["models: [m1, m2]", "judge: m1"]);
    let running = sandbox.start_trio(&["--rehearse", "--limit", "tokens=1000"]);
    until("the step has begun", || sandbox.outside("begun").exists());
    sandbox.run().until(2, "attempt_spawned");
    std::fs::write(sandbox.outside("go"), "").unwrap();
    sandbox.run().until(1, "limit_reached");
    std::fs::write(sandbox.outside("reached"), "").unwrap();
    let output = running.wait();
    output.exits_with(5).stderr_has("tokens: 1000");
    sandbox
}

#[test]
fn a_paid_step_is_let_end_and_none_follows_it() {
    let sandbox = stopped_in_a_step(
        "    - event: { type: tool_use, part: { tool: bash } }\n    \
         - event: { type: step_finish, part: { messageID: m, reason: tool-calls, tokens: { input: 300 } } }\n    - hang",
    );
    let run = sandbox.run();
    let ended = run.all("attempt_failed");
    for event in &ended {
        assert_eq!(event["failure"]["kind"], "cancelled");
        assert_eq!(
            event["usage"]["requests"], 1,
            "it ends with its step: {event}"
        );
    }
    assert_eq!((ended.len(), run.all("attempt_started").len()), (2, 2));
}

#[test]
fn work_that_is_done_with_its_step_is_not_lost() {
    let sandbox = stopped_in_a_step("    - done");
    assert_eq!(sandbox.run().calls("attempt_succeeded"), ["plan.propose-2"]);
}
