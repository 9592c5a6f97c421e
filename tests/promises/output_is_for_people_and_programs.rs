//! Data on standard output, everything for people on standard error, and exit codes as documented.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Output, Sandbox};

fn ready() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox
}

fn lines(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn with_json_standard_output_holds_one_event_a_line_and_nothing_else() {
    let sandbox = ready();
    let output = sandbox.run_trio(&["--json"]);
    let events = lines(&output.succeeds().stdout);
    assert_eq!(events.first().unwrap()["event"]["type"], "run_started");
    assert_eq!(events.last().unwrap()["event"]["type"], "run_ended");
    let numbers: Vec<_> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    assert_eq!(events.len(), sandbox.run().events().len());
}

#[test]
fn with_json_a_resumed_run_goes_on_counting() {
    let sandbox = ready();
    let first = sandbox.run_trio(&["--json", "--yes", "--limit", "calls=1"]);
    let first = lines(&first.exits_with(5).stdout);
    assert_eq!(first.last().unwrap()["event"]["end"], "limited");
    let second = sandbox.tipstaff(&["resume", "--json", "--limit", "calls=9"]);
    let second = lines(&second.succeeds().stdout);
    assert_eq!(second[0]["event"]["type"], "run_resumed");
    assert_eq!(second[0]["seq"], first.len() + 1);
}

#[test]
fn a_reader_that_has_seen_enough_does_not_end_the_run() {
    let sandbox = ready();
    let mut command = sandbox.command(&["run", "trio", "Plan it", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("run_started"));
    Output::of(child).succeeds();
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn data_that_does_not_arrive_is_an_error() {
    let sandbox = ready();
    sandbox.run_trio(&[]).succeeds();
    for command in [&["show"][..], &["runs", "--json"], &["schema", "workflow"]] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut told = sandbox.command(command);
        let child = told.stdout(full.unwrap()).spawn().unwrap();
        Output::of(child)
            .exits_with(1)
            .stderr_has("failed to write to standard output: No space left");
    }
}

#[test]
fn piped_progress_is_plain_lines_on_standard_error() {
    let mut sandbox = ready();
    for no_color in [false, true] {
        if no_color {
            sandbox.env("NO_COLOR", "1");
        }
        let output = sandbox.run_trio(&[]);
        assert_eq!(output.succeeds().stdout, "");
        for told in [
            "propose-1 · m1 · started",
            "published docs/plan.md",
            "tipstaff show",
        ] {
            output.stderr_has(told);
        }
        output.has_no("\u{1b}").has_no("\r");
    }
}

#[test]
fn runs_and_show_tell_of_a_run() {
    let sandbox = ready();
    sandbox
        .tipstaff(&["runs"])
        .succeeds()
        .stderr_has("no runs in this project yet");
    sandbox
        .tipstaff(&["show", "--all"])
        .exits_with(2)
        .stderr_has("there is no run");
    sandbox.run_trio(&[]).succeeds();
    let id = sandbox.run().id();

    sandbox
        .tipstaff(&["runs"])
        .succeeds()
        .stdout_has(&id)
        .stdout_has("done");
    let runs = sandbox.tipstaff(&["runs", "--json"]);
    assert!(serde_json::from_str::<Value>(&runs.succeeds().stdout).is_ok());
    for args in [
        vec!["show", "--all"],
        vec!["show", &id, "--all"],
        vec!["show", id.rsplit('-').next().unwrap(), "--all"],
    ] {
        let show = sandbox.tipstaff(&args);
        for told in [
            id.as_str(),
            "docs/plan.md",
            "verdict of plan",
            "context: what each call saw",
            "journal.jsonl",
        ] {
            show.succeeds().stdout_has(told);
        }
        assert_eq!(show.stderr, "");
    }
    let show = sandbox.tipstaff(&["show", "--json"]);
    let show: Value = serde_json::from_str(&show.succeeds().stdout).unwrap();
    assert!(show.to_string().contains(&id));
    sandbox
        .tipstaff(&["show", "nothing-of-the-kind"])
        .exits_with(2)
        .stderr_has("tipstaff runs");
}

#[test]
fn every_file_format_has_a_schema() {
    let sandbox = Sandbox::new();
    for format in ["handoff", "judgement", "audit", "workflow", "config"] {
        let output = sandbox.tipstaff(&["schema", format]);
        let schema: Value = serde_json::from_str(&output.succeeds().stdout).unwrap();
        assert!(
            schema["$schema"].is_string() && schema["type"] == "object",
            "{schema}"
        );
    }
    sandbox
        .tipstaff(&["schema", "poem"])
        .exits_with(2)
        .stderr_has("handoff");
}

#[test]
fn shells_can_complete() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = sandbox.tipstaff(&["completions", shell]);
        output.succeeds().stdout_has("TIPSTAFF_COMPLETE");
    }
}

#[test]
fn shells_know_workflows_runs_phases_and_letters() {
    let mut sandbox = ready();
    sandbox.run_trio(&[]).succeeds();
    let id = sandbox.run().id();
    let short = id.splitn(3, '-').last().unwrap().to_owned();
    sandbox.env("TIPSTAFF_COMPLETE", "fish");
    for (typed, offered) in [
        (&["run", "pl"][..], "plan"),
        (&["run", "tr"], "trio"),
        (&["show", "trio-"], &short),
        (&["show", "20"], &id),
        (&["compare", &short, "p"], "plan"),
        (&["compare", &short, "B"], "B"),
        (&["res"], "resume"),
    ] {
        let line = [&["--", "tipstaff"][..], typed].concat();
        let output = sandbox.tipstaff(&line);
        output.succeeds().stdout_has(offered);
    }
}

#[test]
fn help_is_data_and_wrong_usage_is_not() {
    let sandbox = Sandbox::new();
    let help = sandbox.tipstaff(&["--help"]);
    assert_eq!(help.succeeds().stdout_has("Exit codes: 0 done").stderr, "");
    sandbox
        .tipstaff(&["--version"])
        .succeeds()
        .stdout_has(env!("CARGO_PKG_VERSION"));
    for args in [
        vec!["dance"],
        vec!["run"],
        vec!["run", "plan", "x", "--depth", "0"],
        vec!["run", "plan", "x", "--limit", "calls=many"],
        vec!["pick", "x"],
    ] {
        let output = sandbox.tipstaff(&args);
        assert_eq!(output.exits_with(2).stdout, "");
    }
}

#[test]
fn check_tells_that_a_workflow_is_fine() {
    let sandbox = ready();
    sandbox.tipstaff(&["check", "trio"]).succeeds();
    sandbox.tipstaff(&["check", "plan"]).succeeds();
    let seed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/workflows/feature-build.yaml"
    );
    Sandbox::new().tipstaff(&["check", seed]).succeeds();
}

#[test]
fn events_of_a_run_in_the_background_are_promised_to_nobody() {
    let sandbox = Sandbox::new();
    sandbox.trio(&[]);
    let refused = sandbox.tipstaff(&["run", "trio", "Plan it", "--detach", "--json"]);
    refused.exits_with(2).stderr_has("cannot be used with");
}
