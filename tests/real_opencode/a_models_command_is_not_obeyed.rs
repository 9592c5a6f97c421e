//! A model that may only read writes a command into its list of tasks: it does not run, and one that its user
//! allows gets none of the user's keys.

use crate::stand::Stand;

const WORKFLOW: &str = "
name: build
phases:
  - name: decompose
    model: planner
    context_strategy: fresh
  - name: execute
    type: routed
    routing: { default: backend }
    input: decompose.output
    context_strategy: distilled
";
const KEY: &str = "sk-not-for-commands-1";

/// The models of a run in which the list of tasks holds this command.
fn scenario(command: &str) -> String {
    let command = serde_json::to_string(command).unwrap();
    format!(
        "name: thief
rules:
  - when: {{ phase: decompose, purpose: work }}
    then:
      - acts:
          - write:
              path: .tipstaff/out/tasks.json
              json:
                tasks:
                  - id: T1
                    title: The note
                    category: docs
                    instructions: Write the note.
                    files: {{ edit: [NOTE.md] }}
                    verify: {command}
      - reply: The task is written.
  - when: {{ phase: execute, purpose: task }}
    then:
      - write: {{ path: NOTE.md, text: \"a note\\n\" }}
      - reply: The note is written.
"
    )
}

fn run(command: &str) -> Stand {
    let mut stand = Stand::new();
    stand.sandbox.env("OPENAI_API_KEY", KEY);
    stand
        .sandbox
        .write(".tipstaff/workflows/build.yaml", WORKFLOW);
    stand
        .sandbox
        .write("prove.js", "console.log(process.env)\n");
    stand.sandbox.user_config("verify_allow: [node prove.js]\n");
    let path = stand.scenario(&scenario(command));
    let args = [
        "run",
        "build",
        "Write a note",
        "--rehearse",
        &path,
        "--publish",
    ];
    stand.sandbox.tipstaff(&args).succeeds();
    assert_eq!(stand.sandbox.read("NOTE.md"), "a note\n");
    stand
}

#[test]
fn a_command_that_nobody_allowed_does_not_run() {
    let loot = tempfile::tempdir().unwrap();
    let loot = loot.path().join("loot");
    let stand = run(&format!("env > {}", loot.display()));
    assert!(!loot.exists());
    assert!(stand.events_named("verified").is_empty());
    let asked = &stand.events_named("person_asked")[0]["question"]["run_commands"]["commands"];
    assert_eq!(asked[0], format!("env > {}", loot.display()));
}

#[test]
fn an_allowed_command_gets_no_key() {
    let stand = run("node prove.js");
    let verified = stand.events_named("verified");
    assert_eq!(verified[0]["verification"]["outcome"], "passed");
    let output = verified[0]["verification"]["output"]["path"]
        .as_str()
        .unwrap();
    let printed = stand.in_run(output);
    assert!(printed.contains("TMPDIR"), "{printed}");
    assert!(!printed.contains("OPENAI_API_KEY"), "{printed}");
}
