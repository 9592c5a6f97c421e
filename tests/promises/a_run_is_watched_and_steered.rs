//! A run under way is watched and steered by a person, at its terminal and from elsewhere.

use rustix::process::Signal;

use crate::support::{Running, Sandbox, Terminal, until};

/// A trio whose third proposer waits.
fn with_straggler() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 3 }}\n  do: [{{ touch: {} }}, {{ wait_for_file: {} }}, done]\n- do: [done]\n",
        sandbox.outside("third").display(),
        sandbox.outside("go").display()
    ));
    sandbox.trio(&[]);
    sandbox
}

/// Two proposals are in, the third one is under way.
fn is_in_the_middle(sandbox: &Sandbox) {
    until("the third one works", || sandbox.outside("third").exists());
    sandbox.run().until(2, "attempt_succeeded");
}

fn in_the_middle(sandbox: &Sandbox) -> Running {
    let running = sandbox.start_trio(&[]);
    is_in_the_middle(sandbox);
    running
}

fn let_it_go(sandbox: &Sandbox) {
    std::fs::write(sandbox.outside("go"), "").unwrap();
}

fn socket(sandbox: &Sandbox) -> std::path::PathBuf {
    let name = format!(".local/state/tipstaff/runs/{}.sock", sandbox.run().id());
    sandbox.home().join(name)
}

#[test]
fn stop_ends_a_run_resumably_and_waits_for_its_end() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    assert!(socket(&sandbox).exists());
    let stopped = sandbox.tipstaff(&["stop", &run.id()]);
    stopped.succeeds().stderr_has("tipstaff resume");
    run.has_no_process();
    let output = running.wait();
    output.exits_with(130).stderr_has("stopped by a person");
    assert!(!socket(&sandbox).exists());
    let again = sandbox.tipstaff(&["stop", &run.id()]);
    again.succeeds().stderr_has("nobody works on run");
    let_it_go(&sandbox);
    sandbox.tipstaff(&["resume"]).succeeds();
    // Three proposals, the judge, and once more the third one.
    assert_eq!(run.calls("attempt_started").len(), 5);
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn killed_supervisor_leaves_no_stale_channel() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.end(running, Signal::KILL);
    assert!(socket(&sandbox).exists());
    let stop = sandbox.tipstaff(&["stop", &run.id()]);
    stop.succeeds().stderr_has("nobody works on run");
    let running = sandbox.start(&["resume"]);
    run.until(4, "attempt_started");
    sandbox.tipstaff(&["stop", &run.id()]).succeeds();
    running.wait().exits_with(130);
    run.has_no_process();
    assert!(!socket(&sandbox).exists());
}

#[test]
fn foreign_run_is_not_stopped() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    std::fs::remove_file(socket(&sandbox).with_extension("json")).unwrap();
    let stop = sandbox.tipstaff(&["stop", &run.id()]);
    stop.exits_with(2).stderr_has("foreign");
    sandbox.end(running, Signal::INT);
}

const TRIO: [&str; 3] = ["run", "trio", "Plan it"];

/// At a terminal of this size; the third proposer is under way and shown.
fn at_terminal(sandbox: &Sandbox, size: (u16, u16)) -> Terminal {
    let terminal = Terminal::of_size(sandbox, &TRIO, size);
    is_in_the_middle(sandbox);
    terminal.until_shows(1, "propose-3");
    terminal
}

#[test]
fn paused_run_starts_nothing_until_it_is_continued() {
    let sandbox = with_straggler();
    let mut terminal = at_terminal(&sandbox, (80, 24));
    let run = sandbox.run();
    terminal
        .types("p")
        .until_shows(1, "paused: what is under way ends");
    let_it_go(&sandbox);
    terminal.until_shows(1, "paused; p goes on");
    assert_eq!(run.calls("attempt_succeeded").len(), 3);
    assert_eq!(run.calls("attempt_started").len(), 3, "no judge");
    sandbox.tipstaff(&["runs"]).stdout_has(" paused ");
    sandbox.tipstaff(&["show"]).stdout_has("is paused");
    terminal.types("p");
    terminal.wait().succeeds();
    assert_eq!(run.all("run_paused")[0]["via"], "keys");
    assert_eq!(run.calls("attempt_started").len(), 4);
}

#[test]
fn ended_call_is_not_tried_again_and_the_run_goes_on() {
    let sandbox = with_straggler();
    let mut terminal = at_terminal(&sandbox, (80, 24));
    terminal
        .types("k")
        .until_shows(1, "k once more ends propose-3");
    terminal.types("k");
    terminal.wait().succeeds();
    let run = sandbox.run();
    assert_eq!(run.calls("call_ended_by_person"), ["plan.propose-3"]);
    assert_eq!(run.calls("attempt_started").len(), 4);
    run.has_no_process();
}

#[test]
fn stragglers_are_left_behind_by_a_key() {
    let sandbox = with_straggler();
    let mut terminal = at_terminal(&sandbox, (120, 40));
    terminal.types("?").until_shows(1, "without the stragglers");
    terminal.types("g");
    terminal.wait().succeeds();
    let run = sandbox.run();
    assert_eq!(run.all("stragglers_dropped").len(), 1);
    assert_eq!(run.labels().len(), 2, "two proposals were judged");
    run.has_no_process();
}

#[test]
fn run_is_stopped_by_a_key_pressed_twice() {
    let sandbox = with_straggler();
    let mut terminal = at_terminal(&sandbox, (80, 24));
    terminal
        .types("s")
        .until_shows(1, "s once more stops the run");
    terminal.types("s");
    terminal
        .wait()
        .exits_with(130)
        .stdout_has("tipstaff resume");
    sandbox.run().has_no_process();
}

#[test]
fn two_watch_a_run_and_each_steers_it() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    let mut first = Terminal::of_size(&sandbox, &["watch"], (80, 24));
    let mut second = Terminal::start(&sandbox, &["watch", &run.id()]);
    first.until_shows(1, "propose-3");
    second.until_shows(1, "propose-3");
    first.types("p");
    second.until_shows(1, "paused: what is under way ends");
    first.types("q");
    let left = first.wait();
    left.succeeds().stdout_has("goes on");
    let_it_go(&sandbox);
    second.until_shows(1, "paused; p goes on");
    second.types("p");
    second.wait().succeeds();
    running.wait().succeeds();
    assert_eq!(run.all("run_paused")[0]["via"], "watch");
    assert_eq!(run.all("run_continued")[0]["via"], "watch");
    // Of a run that is over, the lines it left.
    let over = sandbox.tipstaff(&["watch"]);
    over.succeeds().stderr_has("propose-3");
}

#[test]
fn foreign_run_is_watched_and_not_steered() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    std::fs::remove_file(socket(&sandbox).with_extension("json")).unwrap();
    let mut watcher = Terminal::start(&sandbox, &["watch"]);
    watcher.until_shows(1, "propose-3");
    watcher.types("p");
    watcher.until_shows(1, "is only watched");
    watcher.types("q");
    watcher.wait().succeeds();
    assert!(sandbox.run().all("run_paused").is_empty());
    sandbox.end(running, Signal::INT);
}

#[test]
fn run_in_the_background_is_watched_and_stopped() {
    let sandbox = with_straggler();
    let begun = sandbox.tipstaff(&["run", "trio", "Plan it", "--detach"]);
    let run = sandbox.run();
    begun.succeeds().stderr_has("tipstaff watch");
    assert_eq!(begun.stdout.trim(), run.id());
    is_in_the_middle(&sandbox);
    let watcher = sandbox.start(&["watch"]);
    let_it_go(&sandbox);
    watcher.wait().succeeds().stderr_has("tipstaff show");
    assert!(run.read("output.log").contains("propose-3"));
    run.has_no_process();
}

#[test]
fn run_that_cannot_begin_in_the_background_says_why() {
    let sandbox = Sandbox::new();
    let none = sandbox.tipstaff(&["run", "nowhere", "Plan it", "--detach"]);
    none.exits_with(2).stderr_has("nowhere");
    assert_eq!(none.stdout, "");
}

#[test]
fn quiet_run_shows_its_result_alone() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [done]\n").trio(&[]);
    let quiet = sandbox.run_trio(&["--quiet"]);
    quiet.succeeds().stderr_has("is done").has_no("attempt 1");
    let plain = Terminal::start(&sandbox, &["run", "trio", "Once more", "--plain"]).wait();
    plain.succeeds().has_no("\u{1b}[");
}

#[test]
fn what_an_agent_does_is_shown_and_not_obeyed() {
    let sandbox = Sandbox::new();
    sandbox.acp_agent(&format!(
        "- do: [{{ start_tool: {{ kind: edit, path: \"src/\\e[2Ja\\u202e漢\\u009b2J.rs\" }} }}, {{ wait_for_file: {} }}, done]\n",
        sandbox.outside("go").display()
    ));
    sandbox.trio(&[]);
    let mut terminal = Terminal::of_size(&sandbox, &TRIO, (60, 24));
    terminal.until_shows(1, "edits");
    terminal.types("s").types("s");
    let shown = terminal.wait();
    shown
        .exits_with(130)
        .has_no("[2J")
        .has_no("\u{202e}")
        .has_no("\u{9b}");
}
