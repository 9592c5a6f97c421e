//! A result is on one screen, and what it says to do next works as it is printed.

use crate::support::{Output, Sandbox};

/// What a person sees below the progress: from the line with the outcome on.
fn result(output: &Output) -> String {
    let lines: Vec<&str> = output.stderr.lines().collect();
    let begins = |line: &&str| ["✓ ", "✗ ", "! "].iter().any(|sign| line.starts_with(sign));
    let from = lines.iter().rposition(begins).unwrap();
    lines[from..].join("\n")
}

/// The commands below `next`, without what they are for.
fn commands(result: &str) -> Vec<Vec<String>> {
    let from = result.find("\nnext ").unwrap();
    let lines = result[from..].lines().filter(|line| !line.is_empty());
    let command = |line: &str| {
        let line = line
            .trim_start_matches("next")
            .split("  #")
            .next()
            .unwrap_or_default();
        line.split_whitespace()
            .map(|word| word.trim_matches('\'').to_owned())
            .collect()
    };
    lines.map(command).collect()
}

fn is_on_one_screen(result: &str, columns: usize) {
    assert!(result.lines().count() <= 20, "{result}");
    for line in result.lines() {
        let is_command = line.contains("tipstaff ");
        let width = line.chars().count();
        assert!(is_command || width <= columns, "{columns} columns: {line}");
    }
}

/// Runs all of these that only look; the others have to be commands that there are.
fn work_as_printed(sandbox: &Sandbox, commands: &[Vec<String>]) {
    assert!(!commands.is_empty() && commands.len() <= 3, "{commands:?}");
    for command in commands {
        assert_eq!(command[0], "tipstaff", "{command:?}");
        let looks = command
            .iter()
            .any(|word| ["show", "diff", "compare"].contains(&word.as_str()));
        let args: Vec<&str> = command[1..].iter().map(String::as_str).collect();
        if looks {
            sandbox.tipstaff(&args).succeeds();
        }
        let line: Vec<&str> = command.iter().map(String::as_str).collect();
        tipstaff::cli::parses(&line).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }
}

#[test]
fn done_and_failed_and_waiting_and_limited_are_on_one_screen() {
    let none = super::proposals_are_judged_fairly::judge_says(
        r#"{"decision":"none","winner":null,"rationale":"All miss the point."}"#,
    );
    let fails = "- when: { purpose: propose }\n  do: [{ exit: 3 }]\n- do: [done]\n";
    for (script, code, more, sentence) in [
        ("[]", 0, &[][..], "is done: 3 of 3 models proposed"),
        (
            none.as_str(),
            4,
            &[],
            "waits for a person: which proposal of plan wins?",
        ),
        (fails, 1, &[], "failed in plan"),
        (
            "[]",
            5,
            &["--yes", "--limit", "calls=2"],
            "stopped by a limit in plan",
        ),
    ] {
        for columns in [60, 80] {
            let mut sandbox = Sandbox::new();
            sandbox.env("COLUMNS", &columns.to_string());
            sandbox.fake_agent(script).trio(&[]);
            let output = sandbox.run_trio(more);
            let result = result(output.exits_with(code));
            let unwrapped = result.replace('\n', " ");
            assert!(unwrapped.contains(sentence), "{result}");
            is_on_one_screen(&result, columns);
            work_as_printed(&sandbox, &commands(&result));
            let shown = sandbox.tipstaff(&["show"]);
            is_on_one_screen(&shown.succeeds().stdout, columns);
        }
    }
}

#[test]
fn a_limit_is_raised_by_the_command_that_is_printed() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    let output = sandbox.run_trio(&["--limit", "calls=2", "--yes"]);
    let commands = commands(&result(output.exits_with(5)));
    sandbox.tipstaff(&commands[0][1..]).succeeds();
}

#[test]
fn who_stands_elsewhere_is_told_commands_and_paths_from_there() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.agree(&["run", "trio", "Plan it"]);
    let elsewhere = |args: &[String]| {
        let mut command = sandbox.command(args);
        Output::of(command.current_dir(sandbox.home()).spawn().unwrap())
    };
    let run = ["-C", "../project", "run", "trio", "Plan it"].map(str::to_owned);
    let output = elsewhere(&run);
    let result = result(output.succeeds());
    assert!(result.contains("../project/docs/plan.md"), "{result}");
    for command in commands(&result) {
        assert_eq!(command[..3], ["tipstaff", "-C", "../project"], "{result}");
        elsewhere(&command[1..]).succeeds();
    }
}

#[test]
fn parts_of_a_run_are_shown_when_they_are_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.run_trio(&[]).succeeds();
    for (flag, has) in [
        ("--timeline", "from start to end"),
        ("--calls", "plan.propose-2"),
        ("--verdict", "verdict of plan"),
        ("--context", "what each call saw"),
        ("--files", "journal.jsonl"),
    ] {
        sandbox.tipstaff(&["show", flag]).succeeds().stdout_has(has);
        sandbox.tipstaff(&["show"]).succeeds().has_no(has);
        sandbox.tipstaff(&["show", "--all"]).stdout_has(has);
    }
}

/// A trio whose second and third proposal differ from the first.
fn differing() -> Sandbox {
    let sandbox = Sandbox::new();
    let proposal = |slot: u32, text: &str, decision: &str| {
        let handoff =
            format!(r#"{{"summary":"s","decisions":["{decision}"],"files":["src/a.js"]}}"#);
        format!(
            "- when: {{ purpose: propose, slot: {slot} }}\n  do:\n    - write: {{ path: .tipstaff/out/handoff.json, text: {} }}\n    - write: {{ path: .tipstaff/out/deliverable.md, text: {} }}\n",
            serde_json::to_string(&handoff).unwrap(),
            serde_json::to_string(text).unwrap(),
        )
    };
    let all = [
        proposal(
            1,
            "# Plan\n\n## Storage\n\nIn memory.\n",
            "keep it in memory",
        ),
        proposal(
            2,
            "# Plan\n\n## Rollout\n\nBehind a flag in `src/flags.js`.\n",
            "behind a flag",
        ),
        proposal(
            3,
            "# Plan\n\n## Storage\n\nIn \u{1b}[31mRedis.\n",
            "use Redis",
        ),
    ];
    sandbox.fake_agent(&all.concat()).trio(&[]);
    sandbox
}

#[test]
fn proposals_are_compared_and_each_can_be_read() {
    let sandbox = differing();
    sandbox.run_trio(&[]).succeeds();
    let compared = sandbox.tipstaff(&["compare", "trio"]);
    for told in [
        "m1",
        "m2",
        "m3",
        "Storage",
        "Rollout",
        "src/flags.js",
        "keep it in memory",
    ] {
        compared.succeeds().stdout_has(told);
    }
    let behind = sandbox.run().labels();
    let label = |call: &str| {
        behind
            .iter()
            .find(|(_, of)| of.as_str() == call)
            .unwrap()
            .0
            .as_str()
    };
    let (first, third) = (label("plan.propose-1"), label("plan.propose-3"));
    let differ = sandbox.tipstaff(&["compare", "trio", first, third]);
    differ
        .succeeds()
        .stdout_has("-In memory.")
        .stdout_has("+In ")
        .has_no("\u{1b}");
    let read = sandbox.tipstaff(&["show", "trio", &first.to_lowercase()]);
    assert_eq!(
        read.succeeds().stdout,
        "# Plan\n\n## Storage\n\nIn memory.\n"
    );
    sandbox
        .tipstaff(&["compare", "trio", "A", "Z"])
        .exits_with(2)
        .stderr_has("A, B, C");
}

#[test]
fn two_runs_are_compared() {
    let sandbox = differing();
    sandbox.run_trio(&[]).succeeds();
    sandbox
        .run_trio(&["--limit", "calls=2", "--yes"])
        .exits_with(5);
    let runs = sandbox.tipstaff(&["runs", "--json"]).stdout;
    let runs: serde_json::Value = serde_json::from_str(&runs).unwrap();
    let id = |at: usize| runs[at]["run"].as_str().unwrap();
    let compared = sandbox.tipstaff(&["compare", id(1), id(0)]);
    compared
        .succeeds()
        .stdout_has("is done")
        .stdout_has("stopped by a limit");
}
