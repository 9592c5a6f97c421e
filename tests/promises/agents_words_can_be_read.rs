//! `logs` tells what an agent said and did, while it does and afterwards.

use std::io::{BufRead, BufReader};

use crate::support::{Output, Sandbox, until};

/// A workflow of one proposer, whose agent speaks the Agent Client Protocol.
fn talker(steps: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.trio(&["models: [m1]"]);
    let outside = sandbox.outside("").display().to_string();
    sandbox.acp_agent(&format!(
        "- do:\n{}    - done\n",
        steps.replace("OUTSIDE/", &outside)
    ));
    sandbox
}

#[test]
fn words_and_tools_stand_in_their_order_and_steer_nothing() {
    let sandbox = talker(
        "    - print: \"I look at\\u001b[2J the files.\"\n    - tool: { kind: read, path: src/a.rs }\n    \
         - print: \"Then I write.\"\n    - stderr: deprecated\n",
    );
    sandbox.run_trio(&[]).succeeds();
    let shown = sandbox.tipstaff(&["logs"]);
    let text = &shown.succeeds().stdout;
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no {part:?}\n{text}"))
    };
    assert!(at("plan.work-1, attempt 1: m1 by fake") < at("I look at the files."));
    assert!(at("I look at the files.") < at("→ read src/a.rs"));
    assert!(at("→ read src/a.rs") < at("Then I write."));
    assert!(at("stderr  deprecated") < at("done after "));
    shown.has_no("\u{1b}");
    sandbox
        .tipstaff(&["logs", "--raw", &sandbox.run().id(), "work-1"])
        .succeeds()
        .stdout_has("{\"text\":{\"message\":")
        .has_no("attempt 1");
}

#[test]
fn call_that_is_not_there_is_explained() {
    let sandbox = talker("");
    sandbox
        .tipstaff(&["logs"])
        .exits_with(2)
        .stderr_has("there is no run");
    sandbox.run_trio(&[]).succeeds();
    sandbox
        .tipstaff(&["logs", &sandbox.run().id(), "audit"])
        .exits_with(2)
        .stderr_has("no call of this run is called `audit`")
        .stderr_has("hint: its calls: plan.work-1");
}

#[test]
fn each_attempt_of_a_call_is_shown_with_its_end() {
    let sandbox = Sandbox::new();
    sandbox.trio(&["models: [m1]", "retries: 1"]);
    let count = sandbox.outside("count").display().to_string();
    sandbox.fake_agent(&format!(
        "- when: {{ attempt: 1 }}\n  do: [{{ print: \"one try\" }}, {{ stderr: \"out of luck\" }}, {{ exit: 3 }}]\n\
         - do: [{{ print: \"another try\" }}, {{ append: {{ path: {count}, text: x }} }}, done]\n"
    ));
    sandbox.run_trio(&[]).succeeds();
    let shown = sandbox.tipstaff(&["logs"]);
    shown
        .succeeds()
        .stdout_has("attempt 1: m1")
        .stdout_has("one try\n")
        .stdout_has("stderr  out of luck\nfailed after ")
        .stdout_has("\ncrash: ")
        .stdout_has("attempt 2: m1")
        .stdout_has("another try\n")
        .stdout_has("done after ");
}

#[test]
fn call_under_way_is_followed_to_its_end_without_its_secrets() {
    let mut sandbox = talker(
        "    - print: \"first sk-very-secret-value\\n\"\n    - touch: OUTSIDE/begun\n    \
         - wait_for_file: OUTSIDE/go\n    \
         - print: \"second\\n\"\n",
    );
    sandbox.env("ACME_API_KEY", "sk-very-secret-value");
    let run = sandbox.start_trio(&[]);
    until("the agent works", || sandbox.outside("begun").exists());
    let mut follower = sandbox.command(&["logs", "--follow"]).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = |wanted: &str| {
        let found = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted:?} is not followed"))
    };
    let first = next("first");
    assert!(first.contains("[redacted:ACME_API_KEY]"), "{first}");
    std::fs::write(sandbox.outside("go"), "").unwrap();
    next("second");
    next("done after");
    Output::of(follower).succeeds();
    run.wait().succeeds();
}

#[test]
fn killed_runs_words_are_still_there() {
    let sandbox = Sandbox::new();
    sandbox.trio(&["models: [m1]"]);
    let outside = sandbox.outside("").display().to_string();
    // Its words are in the file before it goes on.
    sandbox.fake_agent(&format!(
        "- do: [{{ print: the last words }}, {{ touch: {outside}begun }}, {{ wait_for_file: {outside}go }}]\n"
    ));
    let run = sandbox.start_trio(&[]);
    until("the agent works", || sandbox.outside("begun").exists());
    sandbox.end(run, rustix::process::Signal::KILL);
    sandbox
        .tipstaff(&["logs", "--follow"])
        .succeeds()
        .stdout_has("the last words")
        .stdout_has("interrupted after ");
}
