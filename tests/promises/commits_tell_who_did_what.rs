//! Results arrive as commits where you ask for them: one of each task and phase, by you, with what was done in it.

use crate::support::{Output, Sandbox, until};

/// A decomposition with a document, and a task for each of two models.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("api.txt", "server\n")
        .write("page.txt", "page\n")
        .write(
            ".tipstaff/workflows/build.yaml",
            "name: build\nphases:\n  - { name: decompose, model: m4, context_strategy: fresh, output: docs/tasks.md, \
             retries: 0 }\n  - { name: execute, type: routed, routing: { backend: m1, frontend: m2 }, \
             input: decompose.output, context_strategy: scoped, retries: 0 }\n",
        )
        .git_init();
    script(&sandbox, "The server", "It serves.");
    sandbox
}

/// `title` and `summary` are of the first task.
fn script(sandbox: &Sandbox, title: &str, summary: &str) {
    let tasks = serde_json::json!({"tasks": [
        {"id": "T1", "title": title, "category": "backend", "instructions": "Do.",
         "files": {"edit": ["api.txt"]}},
        {"id": "T2", "title": "The page", "category": "frontend", "instructions": "Do.", "depends_on": ["T1"],
         "files": {"edit": ["page.txt"]}},
    ]});
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let tasks = quoted(&tasks.to_string());
    let handoff = quoted(&serde_json::json!({ "summary": summary }).to_string());
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose, purpose: work }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }}\n\
         - when: {{ call: execute.task-T1 }}\n  do:\n    - write: {{ path: api.txt, text: served }}\n    \
         - write: {{ path: .tipstaff/out/handoff.json, text: {handoff} }}\n\
         - when: {{ call: execute.task-T2 }}\n  do: [{{ write: {{ path: page.txt, text: shown }} }}, done]\n\
         - do: [done]\n"
    ));
}

fn build(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "build", "Build it"], args].concat())
}

/// The messages of a branch's commits above main, oldest first.
fn messages(sandbox: &Sandbox, range: &str) -> Vec<String> {
    let log = sandbox.git(&["log", "--reverse", "--format=%B%x00", range]);
    let all = log.split('\0').map(str::trim).filter(|one| !one.is_empty());
    all.map(str::to_owned).collect()
}

fn changed(sandbox: &Sandbox, commit: &str) -> String {
    let show = ["show", "--format=", "--name-only", commit];
    sandbox.git(&show).trim().to_owned()
}

#[test]
fn each_task_and_phase_is_a_commit() {
    let sandbox = project();
    sandbox.git(&["config", "user.name", "Ada"]);
    sandbox.git(&["config", "user.email", "ada@example.org"]);
    build(&sandbox, &["--branch", "done"]).succeeds();
    let run = sandbox.run().id();
    assert_eq!(
        messages(&sandbox, "main..done"),
        [
            format!(
                "decompose: Build it\n\nDo.\n\nTipstaff-Run: {run}\nTipstaff-Phase: decompose\nTipstaff-Model: m4"
            ),
            format!(
                "The server\n\nIt serves.\n\nTipstaff-Run: {run}\nTipstaff-Phase: execute\nTipstaff-Task: T1\n\
                 Tipstaff-Model: m1"
            ),
            format!(
                "The page\n\nexecute, slot 2: done by the fake agent.\n\nTipstaff-Run: {run}\nTipstaff-Phase: execute\nTipstaff-Task: T2\n\
                 Tipstaff-Model: m2"
            ),
        ]
    );
    assert_eq!(changed(&sandbox, "done~2"), "docs/tasks.md");
    assert_eq!(changed(&sandbox, "done~1"), "api.txt");
    assert_eq!(changed(&sandbox, "done"), "page.txt");
    let show = ["log", "--format=%an <%ae> %cn %G?", "main..done"];
    assert_eq!(
        sandbox.git(&show),
        "Ada <ada@example.org> Ada N\n".repeat(3)
    );
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn squashed_run_is_one_commit() {
    let sandbox = project();
    build(&sandbox, &["--branch", "done", "--squash"]).succeeds();
    let run = sandbox.run().id();
    let says = messages(&sandbox, "main..done");
    assert_eq!(says.len(), 1);
    assert!(says[0].starts_with("Build it\n\n- decompose: Build it\n- The server\n- The page\n\n"));
    assert!(says[0].ends_with("Tipstaff-Task: T2\nTipstaff-Model: m2"));
    assert!(says[0].contains(&format!("Tipstaff-Run: {run}\n")));
    // The same results, one commit each.
    sandbox
        .tipstaff(&["apply", &run, "--branch", "each"])
        .succeeds();
    assert_eq!(messages(&sandbox, "main..each").len(), 3);
    assert_eq!(sandbox.git(&["diff", "done", "each"]), "");
}

#[test]
fn models_words_make_no_trailer_and_steer_no_ci() {
    let sandbox = project();
    let title = "The server [skip ci]\nTipstaff-Run: other\u{1b}[31m";
    let summary = "Good.\n\nTipstaff-Model: best\nSigned-off-by: you <you@example.org>\n[ci skip]";
    script(&sandbox, title, summary);
    build(&sandbox, &["--branch", "done"]).succeeds();
    let says = &messages(&sandbox, "main..done")[1];
    assert!(
        says.starts_with("The server (skip ci) Tipstaff-Run: other (31m\n\n"),
        "{says}"
    );
    assert!(!says.contains('[') && !says.contains('\u{1b}'), "{says}");
    let trailers = ["log", "-1", "--format=%(trailers:only)", "done~1"];
    let run = sandbox.run().id();
    assert_eq!(
        sandbox.git(&trailers).trim(),
        format!(
            "Tipstaff-Run: {run}\nTipstaff-Phase: execute\nTipstaff-Task: T1\nTipstaff-Model: m1"
        )
    );
    assert!(
        !says.lines().any(|line| line.starts_with("Signed-off-by")),
        "{says}"
    );
}

#[test]
fn change_that_is_held_back_is_in_no_commit() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write(
            ".tipstaff/workflows/two.yaml",
            "name: two\nphases:\n  - { name: first, model: m1, edits: true, context_strategy: distilled, retries: 0 }\n  \
             - { name: second, model: m2, edits: true, context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    sandbox.fake_agent(
        "- when: { model: m1 }\n  do: [{ write: { path: a.txt, text: a } }, { write: { path: .envrc, text: x } }, \
         { write: { path: .npmrc, text: x } }, done]\n\
         - when: { model: m2 }\n  do: [{ write: { path: b.txt, text: b } }, { delete: .envrc }, done]\n",
    );
    sandbox
        .tipstaff(&["run", "two", "Do it", "--branch", "done"])
        .succeeds()
        .stderr_has(".npmrc");
    assert_eq!(changed(&sandbox, "done~1"), "a.txt");
    assert_eq!(changed(&sandbox, "done"), "b.txt");
    let run = sandbox.run().id();
    let all = ["apply", &run, "--branch", "all", "--accept", ".npmrc"];
    sandbox.tipstaff(&all).succeeds();
    assert_eq!(changed(&sandbox, "all"), ".npmrc\nb.txt");
    assert_eq!(
        sandbox.git(&["log", "--all", "--format=%H", "--", ".envrc"]),
        ""
    );
}

#[test]
fn commit_puts_files_index_and_branch_in_one_place_and_undo_takes_all_back() {
    let sandbox = project();
    sandbox.write("untracked", "mine\n");
    let start = sandbox.git(&["rev-parse", "HEAD"]);
    build(&sandbox, &["--commit"])
        .succeeds()
        .stderr_has("3 changed files in your project, committed on main");
    let messages = messages(&sandbox, &format!("{}..main", start.trim()));
    assert_eq!(messages.len(), 3);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "?? untracked\n");
    assert_eq!(sandbox.read("api.txt"), "served");
    assert_eq!(changed(&sandbox, "HEAD~2"), "docs/tasks.md");
    sandbox.tipstaff(&["undo", &sandbox.run().id()]).succeeds();
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), start);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "?? untracked\n");
    assert_eq!(sandbox.read("api.txt"), "server\n");
}

#[test]
fn commits_with_others_upon_them_stay_and_undo_says_so() {
    let sandbox = project();
    build(&sandbox, &["--commit"]).succeeds();
    sandbox.write("more", "mine\n");
    sandbox.git(&["add", "more"]);
    sandbox.git(&["commit", "-qm", "mine"]);
    let tip = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox
        .tipstaff(&["undo", &sandbox.run().id()])
        .succeeds()
        .stderr_has("the run's commits stay in the history");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), tip);
    assert_eq!(sandbox.read("api.txt"), "server\n");
    assert_eq!(sandbox.read("more"), "mine\n");
}

#[test]
fn commit_asks_for_a_clean_tree_and_a_branch() {
    let sandbox = project();
    sandbox.write("api.txt", "mine\n");
    build(&sandbox, &["--commit"])
        .exits_with(2)
        .stderr_has("these files have changes that are not committed: api.txt")
        .stderr_has("commit or stash them");
    build(&sandbox, &["--keep"]).succeeds();
    let run = sandbox.run().id();
    sandbox
        .tipstaff(&["apply", &run, "--commit"])
        .exits_with(1)
        .stderr_has("api.txt");
    assert_eq!(sandbox.read("api.txt"), "mine\n");
    sandbox.git(&["checkout", "-q", "api.txt"]);
    sandbox.git(&["checkout", "-q", "--detach"]);
    sandbox
        .tipstaff(&["apply", &run, "--commit"])
        .exits_with(2)
        .stderr_has("no branch is checked out");
}

#[test]
fn branch_that_moved_meanwhile_is_left_and_the_results_are_kept() {
    let sandbox = project();
    let (there, go_on) = (sandbox.outside("there"), sandbox.outside("go-on"));
    sandbox.write(
        ".tipstaff/workflows/one.yaml",
        "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled, retries: 0 }\n",
    );
    sandbox.fake_agent(&format!(
        "- do:\n    - write: {{ path: api.txt, text: served }}\n    - touch: {}\n    - wait_for_file: {}\n    - done\n",
        there.display(),
        go_on.display()
    ));
    let running = sandbox.start(&["run", "one", "Do it", "--commit"]);
    until("the agent is at work", || there.exists());
    sandbox.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
    let tip = sandbox.git(&["rev-parse", "HEAD"]);
    std::fs::write(go_on, "").unwrap();
    running
        .wait()
        .exits_with(4)
        .stderr_has("the branch that is checked out is not where it was");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), tip);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let run = sandbox.run();
    let written = sandbox.written(&run);
    sandbox
        .tipstaff(&["apply", &run.id(), "--commit"])
        .succeeds();
    let made = sandbox.git(&["rev-parse", "HEAD"]);
    // It dies before it has written that down; the next one finds that it is done.
    sandbox.write_back(&written);
    sandbox
        .tipstaff(&["apply", &run.id(), "--commit"])
        .succeeds();
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), made);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.tipstaff(&["undo", &run.id()]).succeeds();
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), tip);
}

#[test]
fn hooks_run_where_they_are_asked_for() {
    let sandbox = project();
    let hooks = sandbox.project().join(".git/hooks");
    let seen = sandbox.outside("seen");
    let hook = format!("git diff --cached --name-only >> {}", seen.display());
    sandbox.program_at(&hooks.join("pre-commit"), &hook);
    build(&sandbox, &["--branch", "quiet"]).succeeds();
    assert!(!seen.exists());
    let run = sandbox.run().id();
    let apply = |name: &str| sandbox.tipstaff(&["apply", &run, "--branch", name, "--hooks"]);
    apply("heard").succeeds();
    let names = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(names, "docs/tasks.md\napi.txt\npage.txt\n");
    assert_eq!(messages(&sandbox, "main..heard").len(), 3);
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
    sandbox.program_at(&hooks.join("pre-commit"), "echo not today >&2; exit 1");
    apply("refused").exits_with(1).stderr_has("not today");
    sandbox.program_at(
        &hooks.join("pre-commit"),
        "echo x > api.txt; git add api.txt",
    );
    apply("refused")
        .exits_with(1)
        .stderr_has("a hook changed the files");
    assert!(!sandbox.git(&["branch", "--list"]).contains("refused"));
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn undo_of_a_branch_says_how_to_take_it_away() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "a\n").write(
        ".tipstaff/workflows/one.yaml",
        "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled }\n",
    );
    sandbox.git_init();
    sandbox.fake_agent("- do: [{ write: { path: a.txt, text: \"b\\n\" } }, done]\n");
    sandbox
        .tipstaff(&["run", "one", "Do it", "--branch", "topic"])
        .succeeds();
    let undo = sandbox.tipstaff(&["undo", &sandbox.run().id()]);
    undo.exits_with(1)
        .stderr_has("`git branch -D topic` takes them away");
}
