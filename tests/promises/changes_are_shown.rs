//! `diff` shows what a run changed: at a terminal in colour and by the user's pager, to a program as it is.

use serde_json::Value;

use crate::support::{Output, Sandbox, Terminal};

const TASKS: &str = r#"{"tasks": [
  {"id": "T1", "title": "The server", "category": "backend", "instructions": "Serve it.",
   "files": {"edit": ["api/server.txt"]}},
  {"id": "T2", "title": "The page", "category": "backend", "instructions": "Show it.",
   "files": {"edit": ["web/page.txt"]}}]}"#;

/// Two tasks changed a file each; the result is kept.
fn built() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("TERM", "xterm-256color");
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("api/server.txt", "old\n")
        .write(
            ".tipstaff/workflows/build.yaml",
            "name: build\nphases:\n  - { name: decompose, model: m4, context_strategy: fresh, retries: 0 }\n  \
             - name: execute\n    type: routed\n    routing: { default: m1 }\n    input: decompose.output\n    \
             context_strategy: scoped\n    retries: 0\n",
        )
        .git_init();
    let tasks = serde_json::to_string(TASKS).unwrap();
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose }}\n  do: [{{ write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }} }}, done]\n\
         - when: {{ call: execute.task-T1 }}\n  do: [{{ write: {{ path: api/server.txt, text: \"new\\nand more\\n\" }} }}, done]\n\
         - when: {{ call: execute.task-T2 }}\n  do: [{{ write: {{ path: web/page.txt, text: \"page\\n\" }} }}, done]\n\
         - do: [done]\n"
    ));
    sandbox
        .tipstaff(&["run", "build", "Build it", "--keep"])
        .succeeds();
    sandbox
}

fn at_a_terminal(sandbox: &Sandbox, args: &[&str]) -> Output {
    Terminal::start(sandbox, args).wait()
}

#[test]
fn patch_at_a_terminal_is_coloured_and_paged() {
    let mut sandbox = built();
    sandbox.env("GIT_PAGER", "sed s/^/paged:/");
    let shown = at_a_terminal(&sandbox, &["diff"]);
    shown
        .succeeds()
        .stdout_has("paged:\u{1b}[32m+and more\u{1b}[0m")
        .stdout_has("paged:\u{1b}[31m-old\u{1b}[0m");
    at_a_terminal(&sandbox, &["diff", "--no-pager"])
        .succeeds()
        .stdout_has("\u{1b}[32m+and more")
        .has_no("paged:");
    sandbox
        .tipstaff(&["diff"])
        .succeeds()
        .stdout_has("\n+and more\n")
        .has_no("paged:")
        .has_no("\u{1b}");
}

#[test]
fn pager_is_the_users_own_and_never_the_projects() {
    let mut sandbox = built();
    sandbox.git(&["config", "core.pager", "sed s/^/project:/"]);
    sandbox.env("PAGER", "sed s/^/variable:/");
    at_a_terminal(&sandbox, &["diff"])
        .succeeds()
        .stdout_has("variable:")
        .has_no("project:");
    let mine = sandbox.home().join(".gitconfig");
    std::fs::write(mine, "[core]\n  pager = sed s/^/mine:/\n").unwrap();
    at_a_terminal(&sandbox, &["diff"])
        .succeeds()
        .stdout_has("mine:")
        .has_no("variable:");
    sandbox.env("GIT_PAGER", "no-such-pager-anywhere");
    at_a_terminal(&sandbox, &["diff"])
        .succeeds()
        .stdout_has("+and more");
}

#[test]
fn changes_are_told_by_file_and_by_task() {
    let sandbox = built();
    sandbox
        .tipstaff(&["diff", "--stat"])
        .succeeds()
        .stdout_has(" api/server.txt     |   3 ++-\n web/page.txt (new) |   1 +\n")
        .stdout_has(" 2 files, 3 lines added, 1 removed\n");
    sandbox
        .tipstaff(&["diff", "--task", "T2"])
        .succeeds()
        .stdout_has("+page")
        .has_no("server");
    sandbox
        .tipstaff(&["diff", "--task", "T7"])
        .exits_with(2)
        .stderr_has("task `T7` has changed nothing in this run");
    let json = sandbox.tipstaff(&["diff", "--json"]);
    let json: Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    assert_eq!(json["insertions"], 3);
    assert_eq!(
        json["files"][0],
        serde_json::json!({
            "path": "api/server.txt", "status": "modified", "from": null,
            "insertions": 2, "deletions": 1, "tasks": ["T1"],
        })
    );
    assert_eq!(json["files"][1]["status"], "added");
}

/// Three lines are added, and then one of them is changed.
#[test]
fn lines_of_a_file_that_two_calls_changed_are_counted_once() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "a\n").write(
        ".tipstaff/workflows/two.yaml",
        "name: two\nphases:\n  - { name: make, model: m1, edits: true, context_strategy: distilled }\n  \
         - { name: mend, model: m2, edits: true, context_strategy: distilled }\n",
    );
    sandbox.git_init();
    sandbox.fake_agent(
        "- when: { model: m1 }\n  do: [{ write: { path: new.txt, text: \"1\\n2\\n3\\n\" } }, done]\n\
         - when: { model: m2 }\n  do: [{ write: { path: new.txt, text: \"1\\ntwo\\n3\\n\" } }, done]\n",
    );
    let ended = sandbox.tipstaff(&["run", "two", "Do it"]);
    ended.succeeds().stderr_has("1 file +3 -0");
    for (command, told) in [
        (&["show"][..], "1 file +3 -0"),
        (&["show", "--files"], "added  +3 -0"),
        (&["report", "--markdown"], "new.txt added, +3 -0"),
    ] {
        sandbox.tipstaff(command).succeeds().stdout_has(told);
    }
}
