//! Whatever interrupts a run: it goes on where it stopped, and what was finished is not paid twice.

use std::path::Path;

use rustix::process::Signal;

use crate::support::{Sandbox, until};

/// A step that counts a start beside the project.
fn count(sandbox: &Sandbox) -> String {
    format!(
        "append: {{ path: {}, text: x }}",
        sandbox.outside("starts").display()
    )
}

fn starts(sandbox: &Sandbox) -> usize {
    std::fs::read(sandbox.outside("starts")).map_or(0, |text| text.len())
}

/// A trio whose third proposer does this, while every start of a call is counted.
fn with_third(steps: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let count = count(&sandbox);
    let steps = steps.replace("OUTSIDE", &sandbox.outside("").display().to_string());
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 3 }}\n  do: [{{ {count} }}, {steps}]\n- do: [{{ {count} }}, done]\n"
    ));
    sandbox.trio(&[]);
    sandbox
}

const WAITS: &str = "{ touch: OUTSIDE/third }, { wait_for_file: OUTSIDE/go }, done";

/// Two proposals are in, the third one is under way.
fn in_the_middle(sandbox: &Sandbox) -> crate::support::Running {
    let running = sandbox.start_trio(&[]);
    until("the third one works", || sandbox.outside("third").exists());
    sandbox.run().until(2, "attempt_succeeded");
    running
}

fn let_it_go(sandbox: &Sandbox) {
    std::fs::write(sandbox.outside("go"), "").unwrap();
}

#[test]
fn a_supervisor_that_was_killed_goes_on_where_it_was() {
    let sandbox = with_third(WAITS);
    let running = in_the_middle(&sandbox);
    let run = sandbox.end(running, Signal::KILL);
    sandbox
        .tipstaff(&["runs"])
        .succeeds()
        .stdout_has("interrupted");
    assert_eq!(starts(&sandbox), 3);

    let_it_go(&sandbox);
    sandbox
        .tipstaff(&["resume"])
        .succeeds()
        .stderr_has("2 finished calls kept");
    // Once more the third one, and the judge.
    assert_eq!(starts(&sandbox), 5);
    assert!(sandbox.exists("docs/plan.md"));
    run.has_no_process();
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn an_interrupted_run_goes_on() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let sandbox = with_third(WAITS);
        let running = in_the_middle(&sandbox);
        running.signal(signal);
        let output = running.wait();
        output.exits_with(code).stderr_has("tipstaff resume");
        let run = sandbox.run();
        run.has_no_process();

        let_it_go(&sandbox);
        sandbox.tipstaff(&["resume"]).succeeds();
        assert_eq!(starts(&sandbox), 5);
        run.has_no_process();
    }
}

#[test]
fn the_second_signal_does_not_wait() {
    let sandbox = with_third("ignore_signals, { touch: OUTSIDE/third }, hang");
    let running = in_the_middle(&sandbox);
    running.signal(Signal::INT);
    let run = sandbox.run();
    run.until(1, "run_interrupted");
    let asked = std::time::Instant::now();
    running.signal(Signal::INT);
    running.wait().exits_with(130);
    // The grace time is three seconds.
    assert!(asked.elapsed().as_millis() < 2500, "{:?}", asked.elapsed());
    run.has_no_process();
}

#[test]
fn what_was_complete_when_the_supervisor_died_is_kept() {
    // Everything is written, the agent lingers: the supervisor dies before it can take the proposal.
    let sandbox = with_third("done, { touch: OUTSIDE/third }, hang");
    let running = in_the_middle(&sandbox);
    let run = sandbox.end(running, Signal::KILL);
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(starts(&sandbox), 4, "the third proposal was made twice");
    sandbox
        .tipstaff(&["show", "--all"])
        .stdout_has("finished while its supervisor was gone");
    assert_eq!(run.labels().len(), 3);
}

#[test]
fn a_run_that_is_done_stays_done() {
    let sandbox = with_third("done");
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    let journal = run.read("journal.jsonl");
    sandbox
        .tipstaff(&["resume", &run.id()])
        .succeeds()
        .stderr_has("is done already");
    assert_eq!(run.read("journal.jsonl"), journal);
    sandbox
        .tipstaff(&["resume"])
        .exits_with(2)
        .stderr_has("no run is left to go on with");
}

#[test]
fn after_a_failure_only_what_failed_is_tried_again() {
    let sandbox = Sandbox::new();
    let count = count(&sandbox);
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 2, attempt: 1 }}\n  do: [{{ {count} }}, {{ exit: 3 }}]\n- do: [{{ {count} }}, done]\n"
    ));
    sandbox.trio(&["quorum: 3"]).run_trio(&[]).exits_with(1);
    assert_eq!(starts(&sandbox), 3);
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(starts(&sandbox), 5);
    // The call that failed and then succeeded is one call with two attempts.
    let show = sandbox.tipstaff(&["show", "--calls"]);
    assert_eq!(
        show.succeeds()
            .stdout
            .matches("\n  plan.propose-2  ")
            .count(),
        2,
        "{show}"
    );
}

#[test]
fn a_limit_stops_the_run_and_a_higher_one_goes_on() {
    let sandbox = with_third("done");
    let output = sandbox.run_trio(&["--limit", "calls=2", "--yes"]);
    output.exits_with(5).stderr_has("calls: 2");
    assert_eq!(starts(&sandbox), 2);
    sandbox.tipstaff(&["resume"]).exits_with(5);
    assert_eq!(starts(&sandbox), 2);
    sandbox
        .tipstaff(&["resume", "--limit", "calls=20"])
        .succeeds();
    assert_eq!(starts(&sandbox), 4);
}

#[test]
fn two_supervisors_never_work_on_one_run() {
    let sandbox = with_third(WAITS);
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    let second = sandbox.tipstaff(&["resume", &run.id()]);
    second
        .exits_with(1)
        .stderr_has(&format!("is being worked on by process {}", running.pid()));
    let_it_go(&sandbox);
    running.wait().succeeds();
    assert_eq!(starts(&sandbox), 4);
}

#[test]
fn later_edits_of_the_workflow_do_not_change_a_run_under_way() {
    let sandbox = with_third(WAITS);
    let running = in_the_middle(&sandbox);
    running.signal(Signal::TERM);
    running.wait().exits_with(143);
    sandbox.write(".tipstaff/workflows/trio.yaml", "no workflow at all");
    let_it_go(&sandbox);
    sandbox.tipstaff(&["resume"]).succeeds();
    assert!(sandbox.exists("docs/plan.md"));
}

/// Changes a file of the interrupted run.
fn change(sandbox: &Sandbox, name: &str, change: impl FnOnce(String) -> String) {
    let run = sandbox.run();
    let text = run.read(name);
    std::fs::write(run.path(Path::new(name)), change(text)).unwrap();
}

#[test]
fn a_journal_with_a_torn_last_line_goes_on() {
    let sandbox = with_third(WAITS);
    let running = in_the_middle(&sandbox);
    running.signal(Signal::KILL);
    running.wait();
    change(&sandbox, "journal.jsonl", |text| {
        text + "{\"seq\":99,\"at\":17"
    });
    let_it_go(&sandbox);
    sandbox.tipstaff(&["show", "--all"]).succeeds();
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(starts(&sandbox), 5);
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("done");
}

/// A journal in which the first word was replaced is refused and left alone; `show` gives this exit code
/// and message.
fn is_left_alone(word: &str, by: &str, message: &str, show: i32) {
    let sandbox = with_third("{ exit: 3 }");
    sandbox.trio(&["quorum: 3"]).run_trio(&[]).exits_with(1);
    change(&sandbox, "journal.jsonl", |text| text.replacen(word, by, 1));
    let run = sandbox.run();
    let journal = run.read("journal.jsonl");
    let changed = "was changed since tipstaff wrote it";
    for (command, code, message) in [("resume", 1, changed), ("show", show, message)] {
        let output = sandbox.tipstaff(&[command, &run.id()]);
        output.exits_with(code).stderr_has(message);
    }
    sandbox.tipstaff(&["runs"]).succeeds().stdout_has(&run.id());
    assert_eq!(run.read("journal.jsonl"), journal);
}

#[test]
fn a_damaged_journal_is_explained_and_left_alone() {
    let message = "line 2 of the journal is not the run's (unknown variant `phase_strated`";
    is_left_alone("phase_started", "phase_strated", message, 0);
}

#[test]
fn a_run_of_another_version_is_left_alone() {
    let (present, other) = ("\"format\":1", "\"format\":9");
    is_left_alone(present, other, "another tipstaff (format 9", 1);
}

#[test]
fn a_plan_that_was_changed_is_not_gone_on_with() {
    let sandbox = with_third("{ exit: 3 }");
    sandbox.trio(&["quorum: 3"]).run_trio(&[]).exits_with(1);
    change(&sandbox, "plan.json", |text| {
        text.replacen("Plan it", "Do evil", 1)
    });
    sandbox
        .tipstaff(&["resume"])
        .exits_with(1)
        .stderr_has("was changed since it began");
    assert_eq!(starts(&sandbox), 3);
}
