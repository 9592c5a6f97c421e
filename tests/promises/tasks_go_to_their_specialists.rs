//! The tasks of a decomposed plan are carried out one after another, each by its specialist, each seeing its
//! own files only.

use crate::support::{Output, Run, Sandbox, has_all};

/// A project with the workflow `build`: a decomposition and a routed phase.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("README.md", "readme\n")
        .write("api/server.txt", "server\n")
        .write("web/page.txt", "page\n")
        .write("secret/notes.txt", "notes\n")
        .write(
            "prove.sh",
            "cat api/server.txt; ! grep -q bad api/server.txt\n",
        )
        .write(
            ".tipstaff/workflows/build.yaml",
            "name: build\nphases:\n  - name: decompose\n    model: m4\n    context_strategy: fresh\n    \
             output: docs/tasks.md\n    retries: 0\n  - name: execute\n    type: routed\n    \
             routing: { backend: m1, frontend: m2, default: m3 }\n    input: decompose.output\n    \
             context_strategy: scoped\n    scope: { always: [README.md] }\n    retries: 0\n",
        )
        .git_init();
    sandbox
}

const TWO: &str = r#"{"tasks": [
  {"id": "T2", "title": "The page", "category": "frontend", "instructions": "Show it.",
   "files": {"edit": ["web/page.txt"], "read": ["api/server.txt"]}, "depends_on": ["T1"]},
  {"id": "T1", "title": "The server", "category": "backend", "instructions": "Serve it.",
   "files": {"edit": ["api/server.txt"]}, "verify": "sh prove.sh"}]}"#;

/// A script: the decomposition, then entries for tasks, then what a well-behaved agent does.
fn script(sandbox: &Sandbox, tasks: &str, entries: &str) {
    let tasks = serde_json::to_string(tasks).unwrap();
    let outside = sandbox.outside("").display().to_string();
    let entries = entries.replace("OUTSIDE/", &outside);
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose, purpose: work }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }}\n{entries}- do: [done]\n"
    ));
}

/// An entry for a call of the routed phase: it writes this into a file.
fn writes(call: &str, path: &str, text: &str) -> String {
    format!(
        "- when: {{ call: execute.task-{call} }}\n  do: [{{ write: {{ path: {path}, text: {text} }} }}, done]\n"
    )
}

fn build(sandbox: &Sandbox) -> Output {
    sandbox.tipstaff(&["run", "build", "Build it"])
}

/// Each started attempt of the routed phase: the call and its model, in order.
fn started(run: &Run) -> Vec<(String, String)> {
    let events = run.all("attempt_started").into_iter();
    events
        .map(|event| {
            let word = |key: &str| event[key].as_str().unwrap().to_owned();
            (word("call"), word("model"))
        })
        .filter(|(call, _)| call.starts_with("execute."))
        .collect()
}

fn pair(call: &str, model: &str) -> (String, String) {
    (format!("execute.task-{call}"), model.to_owned())
}

#[test]
fn tasks_run_in_the_order_of_their_dependencies_each_on_the_model_of_its_category() {
    let sandbox = project();
    let entries = writes("T1", "api/server.txt", "served") + &writes("T2", "web/page.txt", "shown");
    script(&sandbox, TWO, &entries);
    build(&sandbox).succeeds();
    assert_eq!(
        started(&sandbox.run()),
        [pair("T1", "m1"), pair("T2", "m2")]
    );
    assert_eq!(sandbox.read("api/server.txt"), "served");
    assert_eq!(sandbox.read("web/page.txt"), "shown");
    let tasks = sandbox.read("docs/tasks.md");
    assert!(
        tasks.find("T1: The server") < tasks.find("T2: The page"),
        "{tasks}"
    );
}

/// One task of each of these categories.
fn of_categories(categories: &[&str]) -> String {
    let task = |(number, category): (usize, &&str)| {
        format!(
            r#"{{"id": "T{number}", "title": "Some", "category": "{category}", "instructions": "Do it.",
                "files": {{"edit": ["docs/{number}.md"]}}}}"#
        )
    };
    let tasks: Vec<String> = (1..).zip(categories).map(task).collect();
    format!(r#"{{"tasks": [{}]}}"#, tasks.join(", "))
}

#[test]
fn a_category_that_is_not_routed_goes_to_the_default_of_the_phase() {
    let sandbox = project();
    let tasks = of_categories(&["Backend", "judge", "gardening", "default"]);
    script(&sandbox, &tasks, "");
    build(&sandbox).succeeds();
    let run = sandbox.run();
    assert_eq!(
        started(&run),
        [
            pair("T1", "m1"),
            pair("T2", "m3"),
            pair("T3", "m3"),
            pair("T4", "m3"),
        ]
    );
    assert_eq!(run.all("call_created").len(), 5, "nothing was repaired");
    // The roles that stand by are nobody's business.
    sandbox
        .tipstaff(&["show", "--all"])
        .stdout_has("routed to backend, frontend, default ");
    let asked = run.read("phases/01-decompose/calls/decompose.work-1/attempt-1/prompt.md");
    let told = "`category` is one of backend, frontend, or where none of them fits another word.";
    assert!(asked.contains(told), "{asked}");
}

#[test]
fn without_a_default_a_category_that_nobody_takes_is_mended() {
    let sandbox = project();
    let path = ".tipstaff/workflows/build.yaml";
    let yaml = sandbox.read(path).replace(", default: m3", "");
    sandbox.write(path, &yaml);
    let good = serde_json::to_string(&of_categories(&["backend", "judge"])).unwrap();
    script(
        &sandbox,
        &of_categories(&["gardening", "judge"]),
        &format!(
            "- when: {{ purpose: repair }}\n  do: [{{ write: {{ path: .tipstaff/out/tasks.json, text: {good} }} }}]\n"
        ),
    );
    build(&sandbox).succeeds();
    let run = sandbox.run();
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T2", "m4")]);
    let asked = run.read("phases/01-decompose/calls/decompose.repair-1/attempt-1/prompt.md");
    let error = "task T1: unknown category `gardening`; the known ones are backend, frontend";
    assert!(asked.contains(error), "{asked}");
}

#[test]
fn a_task_sees_its_own_files_and_what_is_always_there_and_nothing_else() {
    let sandbox = project();
    let entries = "\
- when: { call: execute.task-T1 }
  do: [{ list: OUTSIDE/first }, { write: { path: api/server.txt, text: served } }, done]
- when: { call: execute.task-T2 }
  do: [{ list: OUTSIDE/second }, { show: api/server.txt }, { append: { path: web/page.txt, text: more } }]
";
    script(&sandbox, TWO, entries);
    build(&sandbox).succeeds();
    let seen = |name: &str| std::fs::read_to_string(sandbox.outside(name)).unwrap();
    assert_eq!(seen("first"), "README.md\napi/server.txt\n");
    assert_eq!(seen("second"), "README.md\napi/server.txt\nweb/page.txt\n");
    // What the first one did is what the second one reads.
    let shown = sandbox
        .run()
        .read("phases/02-execute/calls/execute.task-T2/attempt-1/deliverable.md");
    assert!(shown.contains("api/server.txt: served"), "{shown}");
    assert_eq!(sandbox.read("web/page.txt"), "page\nmore");
    assert_eq!(sandbox.read("secret/notes.txt"), "notes\n");
}

#[test]
fn a_file_that_a_task_may_only_read_cannot_be_changed_by_it() {
    let sandbox = project();
    let entries = "\
- when: { call: execute.task-T2 }
  do: [{ write: { path: api/server.txt, text: stray } }, { write: { path: web/page.txt, text: shown } }, done]
";
    script(&sandbox, TWO, entries);
    build(&sandbox).succeeds();
    assert_eq!(sandbox.read("api/server.txt"), "server\n");
    assert_eq!(sandbox.read("web/page.txt"), "shown");
    let again = sandbox
        .run()
        .read("phases/02-execute/calls/execute.task-T2.2/attempt-1/prompt.md");
    assert!(
        again.contains("the change to `api/server.txt` was refused"),
        "{again}"
    );
}

#[test]
fn a_task_that_does_not_prove_good_goes_back_once_with_what_the_command_printed() {
    let sandbox = project();
    let entries =
        writes("T1", "api/server.txt", "a bad thing") + &writes("T1.2", "api/server.txt", "served");
    script(&sandbox, TWO, &entries);
    build(&sandbox).succeeds();
    let run = sandbox.run();
    assert_eq!(
        started(&run),
        [pair("T1", "m1"), pair("T1.2", "m1"), pair("T2", "m2")]
    );
    let again = run.read("phases/02-execute/calls/execute.task-T1.2/attempt-1/prompt.md");
    assert!(again.contains("fails after your changes"), "{again}");
    assert!(again.contains("a bad thing"), "{again}");
    assert_eq!(sandbox.read("api/server.txt"), "served");
}

#[test]
fn a_decomposition_that_cannot_be_carried_out_is_mended_once_with_the_exact_errors() {
    let sandbox = project();
    let bad = TWO.replace("\"depends_on\": [\"T1\"]", "\"depends_on\": [\"T9\"]");
    let bad = bad.replace(
        "\"edit\": [\"api/server.txt\"]",
        "\"edit\": [\"../server.txt\"]",
    );
    let good = serde_json::to_string(TWO).unwrap();
    let repair = format!(
        "- when: {{ phase: decompose, purpose: repair }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/tasks.json, text: {good} }}\n"
    );
    script(&sandbox, &bad, &repair);
    build(&sandbox).succeeds();
    let run = sandbox.run();
    let asked = run.read("phases/01-decompose/calls/decompose.repair-1/attempt-1/prompt.md");
    has_all(
        &asked,
        &[
            "task T2: depends on `T9`, which does not exist",
            "task T1: files.edit: `../server.txt` leads out of the project",
        ],
    );
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T2", "m2")]);
}

#[test]
fn a_decomposition_that_stays_bad_ends_the_run_before_any_task_and_resume_asks_afresh() {
    let sandbox = project();
    let bad = TWO.replace("\"depends_on\": [\"T1\"]", "\"depends_on\": [\"T9\"]");
    let again = serde_json::to_string(&bad).unwrap();
    let repair = format!(
        "- when: {{ phase: decompose, purpose: repair }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/tasks.json, text: {again} }}\n"
    );
    script(&sandbox, &bad, &repair);
    build(&sandbox)
        .exits_with(1)
        .stderr_has("depends on `T9`, which does not exist");
    assert_eq!(started(&sandbox.run()), []);

    script(&sandbox, TWO, "");
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(
        started(&sandbox.run()),
        [pair("T1", "m1"), pair("T2", "m2")]
    );
}

#[test]
fn a_failed_task_stops_the_run_keeps_what_was_done_and_resume_tries_it_alone() {
    let sandbox = project();
    let first = writes("T1", "api/server.txt", "served");
    let crash = "- when: { call: execute.task-T2 }\n  do: [{ exit: 3 }]\n";
    script(&sandbox, TWO, &(first.clone() + crash));
    build(&sandbox).exits_with(1).stderr_has("T2");
    assert_eq!(sandbox.read("api/server.txt"), "server\n");
    let run = sandbox.run();
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T2", "m2")]);

    script(
        &sandbox,
        TWO,
        &(first + &writes("T2", "web/page.txt", "shown")),
    );
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(
        started(&run),
        [pair("T1", "m1"), pair("T2", "m2"), pair("T2", "m2")]
    );
    assert_eq!(sandbox.read("api/server.txt"), "served");
    assert_eq!(sandbox.read("web/page.txt"), "shown");
}

#[test]
fn a_task_that_never_proves_good_stops_the_run_and_resume_tries_it_afresh() {
    let sandbox = project();
    let bad = "- when: { phase: execute, slot: 2 }\n  do: [{ write: { path: api/server.txt, text: bad } }, done]\n";
    script(&sandbox, TWO, bad);
    build(&sandbox).exits_with(1).stderr_has("T1");
    assert_eq!(sandbox.read("api/server.txt"), "server\n");
    let run = sandbox.run();
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T1.2", "m1")]);

    let good = bad.replace("text: bad", "text: served");
    script(&sandbox, TWO, &good);
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(sandbox.read("api/server.txt"), "served");
    let after = started(&run);
    assert_eq!(after.last(), Some(&pair("T2", "m2")), "{after:?}");
}

#[test]
fn the_commands_of_the_phase_itself_are_a_fact_for_later_phases_and_fed_back_to_nobody() {
    let sandbox = project();
    let path = ".tipstaff/workflows/build.yaml";
    let yaml = sandbox.read(path)
        + "    verify: \"! grep -q shown web/page.txt\"\n  - name: review\n    model: m4\n    \
           context_strategy: distilled\n    input: execute.tests\n    when: execute.tests == fail\n";
    sandbox.write(path, &yaml);
    let entries = writes("T1", "api/server.txt", "served") + &writes("T2", "web/page.txt", "shown");
    script(&sandbox, TWO, &entries);
    build(&sandbox).succeeds();
    let run = sandbox.run();
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T2", "m2")]);
    let failed = "`! grep -q shown web/page.txt`: FAILED";
    let handoff = run.read("phases/02-execute/handoff.md");
    assert!(handoff.contains(failed), "{handoff}");
    let asked = run.read("phases/03-review/calls/review.work-1/attempt-1/prompt.md");
    assert!(asked.contains(failed), "{asked}");
    assert_eq!(sandbox.read("web/page.txt"), "shown");
}

#[test]
fn what_proved_the_tasks_is_run_again_on_the_whole_and_the_audit_sees_how_that_stands() {
    let sandbox = project();
    let path = ".tipstaff/workflows/build.yaml";
    let yaml = sandbox.read(path)
        + "  - name: integrate\n    model: m3\n    context_strategy: distilled\n    \
           verify: [execute.tests, \"grep mended api/*.txt || (echo no mend; exit 7)\"]\n    retries: 0\n  - name: audit\n    \
           model: m4\n    context_strategy: fresh\n    input: [integrate.handoff, integrate.tests]\n    \
           on_fail: { goto: integrate }\n";
    sandbox.write(path, &yaml);
    let integrates = |call: &str, text: &str| {
        format!(
            "- when: {{ call: integrate.{call} }}\n  do: [{{ write: {{ path: api/server.txt, text: {text} }} }}, done]\n"
        )
    };
    let passes = r#"{"verdict": "pass", "summary": "Good.", "findings": []}"#;
    let entries = writes("T1", "api/server.txt", "served")
        + &writes("T2", "web/page.txt", "shown")
        + &integrates("work-1", "bad")
        + &integrates("work-1.2", "mended")
        + &format!(
            "- when: {{ phase: audit }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: '{passes}' }} }}, done]\n"
        );
    script(&sandbox, TWO, &entries);
    build(&sandbox).succeeds();
    let run = sandbox.run();
    let told = run.read("phases/03-integrate/calls/integrate.work-1.2/attempt-1/prompt.md");
    has_all(
        &told,
        &[
            "fails after your changes",
            "printed:\n\nbad",
            "printed:\n\nno mend",
        ],
    );
    let seen = run.read("phases/04-audit/calls/audit.work-1/attempt-1/prompt.md");
    let proofs = [
        "sh prove.sh",
        "grep mended api/*.txt || (echo no mend; exit 7)",
    ];
    for proof in proofs {
        assert!(seen.contains(&format!("`{proof}`: passed")), "{seen}");
    }
    assert_eq!(sandbox.read("api/server.txt"), "mended");
}

#[test]
fn tasks_that_do_not_depend_on_a_failed_one_go_on_if_the_workflow_says_so() {
    let sandbox = project();
    let path = ".tipstaff/workflows/build.yaml";
    let yaml = sandbox.read(path) + "    on_task_fail: continue\n";
    sandbox.write(path, &yaml);
    let third = r#"{"id": "T3", "title": "The notes", "category": "else", "instructions": "Note it.",
        "files": {"edit": ["notes.md"]}}"#;
    let two = TWO.strip_suffix("]}").unwrap();
    let three = format!("{two}, {third}]}}");
    let crash = "- when: { call: execute.task-T1 }\n  do: [{ exit: 3 }]\n";
    script(
        &sandbox,
        &three,
        &(crash.to_owned() + &writes("T3", "notes.md", "noted")),
    );
    build(&sandbox)
        .succeeds()
        .stderr_has("T2 The page · task given up: cancelled: it depends on T1, which failed");
    let run = sandbox.run();
    assert_eq!(started(&run), [pair("T1", "m1"), pair("T3", "m3")]);
    assert_eq!(sandbox.read("notes.md"), "noted");
    assert_eq!(sandbox.read("web/page.txt"), "page\n");
    let handoff = run.read("phases/02-execute/handoff.md");
    has_all(&handoff, &["T1 was not done", "T2 was not done"]);
}

#[test]
fn tasks_that_edit_one_file_run_in_the_order_of_the_list() {
    let sandbox = project();
    let one = r#"{"tasks": [
  {"id": "T1", "title": "First", "category": "backend", "instructions": "Write it.",
   "files": {"edit": ["api/server.txt"]}},
  {"id": "T2", "title": "Second", "category": "backend", "instructions": "Go on with it.",
   "files": {"edit": ["api/server.txt"]}}]}"#;
    let second = "- when: { call: execute.task-T2 }\n  do:\n    \
                  - append: { path: api/server.txt, text: second }\n    - done\n";
    script(
        &sandbox,
        one,
        &(writes("T1", "api/server.txt", "first-") + second),
    );
    build(&sandbox).succeeds().stderr_has(
        "tasks T1 and T2 both edit `api/server.txt` and neither depends on the other: T1 is done first",
    );
    assert_eq!(sandbox.read("api/server.txt"), "first-second");
    assert_eq!(sandbox.run().all("call_created").len(), 3, "no repair");
}
