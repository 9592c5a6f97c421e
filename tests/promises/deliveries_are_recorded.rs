//! What a run says it has put into your project is there, however often it is applied, undone and resumed.

use crate::support::{Run, Sandbox};

/// Two phases that edit; the second fails as long as the file `let-it` is not there.
fn two_phases() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write("b.txt", "b\n")
        .write(
            ".tipstaff/workflows/two.yaml",
            "name: two\nphases:\n  - { name: first, model: m1, edits: true, context_strategy: distilled, \
             retries: 0 }\n  - { name: second, model: m2, edits: true, context_strategy: distilled, \
             retries: 0 }\n",
        )
        .git_init();
    let first = "- when: { model: m1 }\n  do: [{ write: { path: a.txt, text: \"A\\n\" } }, done]\n";
    sandbox.fake_agent(&format!(
        "{first}- when: {{ model: m2 }}\n  do: [{{ exit: 1 }}]\n"
    ));
    sandbox.tipstaff(&["run", "two", "Do both"]).exits_with(1);
    let second =
        "- when: { model: m2 }\n  do: [{ write: { path: b.txt, text: \"B\\n\" } }, done]\n";
    sandbox.fake_agent(&format!("{first}{second}"));
    sandbox
}

fn on(sandbox: &Sandbox, run: &Run, verb: &str) {
    sandbox.tipstaff(&[verb, &run.id()]).succeeds();
}

fn files(sandbox: &Sandbox) -> (String, String) {
    (sandbox.read("a.txt"), sandbox.read("b.txt"))
}

fn both(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn resumed_run_adds_what_came_after_apply() {
    let sandbox = two_phases();
    let run = sandbox.run();
    on(&sandbox, &run, "apply");
    assert_eq!(files(&sandbox), both("A\n", "b\n"));
    sandbox
        .tipstaff(&["resume", &run.id()])
        .succeeds()
        .stderr_has("2 changed files in your project");
    assert_eq!(files(&sandbox), both("A\n", "B\n"));
    on(&sandbox, &run, "undo");
    assert_eq!(files(&sandbox), both("a\n", "b\n"));
}

#[test]
fn show_tells_of_an_earlier_state_in_the_project() {
    let sandbox = two_phases();
    let run = sandbox.run();
    on(&sandbox, &run, "apply");
    let changes = || {
        let shown = sandbox.tipstaff(&["show", &run.id(), "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown.succeeds().stdout).unwrap();
        shown["changes"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(changes(), "applied");
    sandbox.fake_agent("- when: { purpose: work }\n  do: [{ exit: 1 }]\n");
    sandbox.tipstaff(&["resume", &run.id()]).exits_with(1);
    assert_eq!(changes(), "applied", "it is there still");
    on(&sandbox, &run, "undo");
    assert_eq!(changes(), "kept");
}

#[test]
fn undone_changes_come_from_the_beginning_again() {
    let sandbox = two_phases();
    let run = sandbox.run();
    on(&sandbox, &run, "apply");
    on(&sandbox, &run, "undo");
    assert_eq!(files(&sandbox), both("a\n", "b\n"));
    on(&sandbox, &run, "resume");
    assert_eq!(files(&sandbox), both("A\n", "B\n"));
    let again = sandbox.tipstaff(&["apply", &run.id()]);
    again.exits_with(2).stderr_has("in your project already");
    on(&sandbox, &run, "undo");
    on(&sandbox, &run, "apply");
    assert_eq!(files(&sandbox), both("A\n", "B\n"));
    assert_eq!(run.all("changes_undone").len(), 2);
}

#[test]
fn undo_of_two_deliveries_touches_nothing_if_one_was_edited() {
    let sandbox = two_phases();
    let run = sandbox.run();
    on(&sandbox, &run, "apply");
    on(&sandbox, &run, "resume");
    sandbox.write("a.txt", "A\nmine\n");
    sandbox
        .tipstaff(&["undo", &run.id()])
        .exits_with(1)
        .stderr_has("a.txt");
    assert_eq!(files(&sandbox), both("A\nmine\n", "B\n"));
}

#[test]
fn branch_by_hand_leaves_the_project_to_the_run() {
    let sandbox = two_phases();
    let run = sandbox.run();
    let branch = ["apply", &run.id(), "--branch", "early"];
    sandbox.tipstaff(&branch).succeeds();
    assert_eq!(files(&sandbox), both("a\n", "b\n"));
    on(&sandbox, &run, "resume");
    assert_eq!(files(&sandbox), both("A\n", "B\n"));
}

#[test]
fn killed_undo_is_written_down_by_the_next_command() {
    let sandbox = two_phases();
    let run = sandbox.run();
    on(&sandbox, &run, "apply");
    let written = sandbox.written(&run);
    on(&sandbox, &run, "undo");
    // The files are as before, and the last line never came to the disk.
    sandbox.write_back(&written);
    on(&sandbox, &run, "resume");
    assert_eq!(files(&sandbox), both("A\n", "B\n"));
    assert_eq!(run.all("changes_undone").len(), 1);
}

#[test]
fn killed_apply_is_no_obstacle() {
    let sandbox = two_phases();
    let run = sandbox.run();
    let written = sandbox.written(&run);
    on(&sandbox, &run, "apply");
    sandbox.write_back(&written);
    sandbox.write("a.txt", "A\nmine\n");
    on(&sandbox, &run, "resume");
    assert_eq!(files(&sandbox), both("A\nmine\n", "B\n"));
}
