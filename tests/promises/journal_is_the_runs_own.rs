//! The journal is what `--json` shows, and nobody else writes to it unnoticed.

use std::fs::OpenOptions;
use std::io::Write;

use crate::support::{Run, Sandbox, until};

fn append(run: &Run, text: &str) {
    let mut journal = OpenOptions::new()
        .append(true)
        .open(run.path("journal.jsonl"))
        .unwrap();
    journal.write_all(text.as_bytes()).unwrap();
}

#[test]
fn journal_and_json_are_the_same_bytes() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    let output = sandbox.run_trio(&["--json"]);
    assert_eq!(output.stdout, sandbox.run().read("journal.jsonl"));
}

#[test]
fn finished_run_is_read_up_to_a_foreign_line() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    let whole = run.read("journal.jsonl");
    append(&run, "junk\n");
    for command in [&["show"][..], &["show", "--json"], &["runs"]] {
        let output = sandbox.tipstaff(command);
        output
            .succeeds()
            .stdout_has("done")
            .stderr_has("of the journal is not the run's (expected");
    }
    let none = sandbox.tipstaff(&["resume"]);
    none.exits_with(2)
        .stderr_has("no run is left to go on with");
    let again = sandbox.tipstaff(&["resume", &run.id()]);
    again.succeeds().stderr_has("done already");
    assert_eq!(run.read("journal.jsonl"), whole);
    assert_eq!(run.read("journal.torn"), "junk\n\n");
}

#[test]
fn foreign_line_stops_a_run_at_once() {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside("").display().to_string();
    let script = "- when: { purpose: propose, slot: 3 }\n  do: [{ touch: OUTSIDE/third }, { wait_for_file: OUTSIDE/go }, done]\n";
    sandbox.fake_agent(&script.replace("OUTSIDE/", &outside));
    sandbox.trio(&[]);
    let running = sandbox.start_trio(&[]);
    until("the third one works", || sandbox.outside("third").exists());
    let run = sandbox.run();
    run.until(2, "attempt_succeeded");
    let whole = run.read("journal.jsonl");
    append(&run, "junk\n");
    std::fs::write(sandbox.outside("go"), "").unwrap();
    let output = running.wait();
    output
        .exits_with(1)
        .stderr_has("journal.jsonl` was changed by another program while the run worked")
        .stderr_has("tipstaff resume");
    assert_eq!(run.read("journal.jsonl"), whole + "junk\n");
    run.has_no_process();

    let output = sandbox.tipstaff(&["resume"]);
    output
        .succeeds()
        .stderr_has("finished calls kept")
        .stderr_has("journal.torn");
    let show = sandbox.tipstaff(&["show", "--all"]);
    show.succeeds().has_no("warning");
}
