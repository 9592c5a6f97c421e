//! Work that is too long for one process is stopped between two steps, and a fresh process goes on with it
//! in the same workspace.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Output, Run, Sandbox, fake_agent, has_all, until};

/// The workflow `long`: one phase that edits, with a checkpoint at 1000 tokens. More keys may be given.
fn project(more: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let keys: String = more.iter().map(|line| format!("    {line}\n")).collect();
    sandbox
        .write(".gitignore", ".tipstaff/\nbuild/\n.env\n")
        .write("a.txt", "a\n")
        .write("b.txt", "b\n")
        .write("c.txt", "c\n")
        .write(
            ".tipstaff/workflows/long.yaml",
            &format!(
                "name: long\nphases:\n  - name: execute\n    model: worker\n    distill: quick\n    \
                 context_strategy: fresh\n    retries: 0\n    idle_timeout: 20s\n    \
                 checkpoint: {{ after_tokens: 1000 }}\n{keys}"
            ),
        )
        .git_init();
    sandbox
}

/// The fake agent as OpenCode, whose events tell tokens. `OUTSIDE/` stands for a folder beside the project.
fn script(sandbox: &Sandbox, entries: &str) {
    let path = sandbox.outside("script.yaml");
    let outside = sandbox.outside("").display().to_string();
    std::fs::write(&path, entries.replace("OUTSIDE/", &outside)).unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    sandbox.user_config(&format!(
        "agents:\n  opencode:\n    command: {}\n    args: [--script, {}, --opencode-events]\nmodels:\n  \
         worker: {{ agent: opencode, id: test/worker, price: {{ input: 5, output: 25 }} }}\n  writer: {{ agent: opencode, id: test/writer }}\n\
         roles:\n  quick: writer\nverify_allow: [grep*]\n",
        quoted(fake_agent()),
        quoted(&path.to_string_lossy()),
    ));
}

/// What the writer writes down.
const WRITER: &str = "\
- when: { purpose: distill }
  do: [{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"a.txt is done, b.txt is left\"}' } }]
";

fn run(sandbox: &Sandbox) -> Output {
    sandbox.tipstaff(&["run", "long", "Work on it", "--rehearse", "--publish"])
}

fn started(run: &Run) -> Vec<String> {
    let events = run.all("attempt_started").into_iter();
    events
        .map(|event| event["call"].as_str().unwrap().to_owned())
        .collect()
}

fn in_call(run: &Run, call: &str, file: &str) -> String {
    run.read(format!(
        "phases/01-execute/calls/execute.{call}/attempt-1/{file}"
    ))
}

/// Where the first part was stopped.
fn stop(run: &Run) -> Value {
    let events = run.all("attempt_succeeded").into_iter();
    let mut stops = events.filter_map(|event| {
        let stopped = event["result"]["answer"]["unfinished"].clone();
        stopped.is_object().then_some(stopped)
    });
    stops.next().expect("a call was stopped")
}

#[test]
fn a_fresh_process_goes_on_in_the_same_workspace_with_the_distilled_state() {
    let sandbox = project(&[]);
    let entries = "\
- when: { call: execute.work-1 }
  do:
    - turn: 400
    - write: { path: a.txt, text: done }
    - write: { path: build/cache, text: built }
    - write: { path: build/.claude/settings.json, text: '{}' }
    - write: { path: .env, text: 'SECRET=1' }
    - write: { path: .opencode/plugin/evil.js, text: evil }
    - write: { path: .tipstaff/out/notes, text: notes }
    - print: The first file is done.
    - turn: 1200
    - hang
- when: { call: execute.work-1.part-2 }
  do:
    - turn: 500
    - show: a.txt
    - show: build/cache
    - show: build/.claude/settings.json
    - show: .env
    - show: .opencode/plugin/evil.js
    - show: .tipstaff/out/notes
    - write: { path: b.txt, text: done }
    - write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"both are done\"}' }
";
    script(&sandbox, &format!("{entries}{WRITER}"));
    let output = run(&sandbox);
    output
        .succeeds()
        .stderr_has("stopped at its checkpoint after")
        .stderr_has("with a context of 1.2k tokens: ");
    let run = sandbox.run();
    assert_eq!(
        started(&run),
        [
            "execute.work-1",
            "execute.distill-1.part-1",
            "execute.work-1.part-2"
        ]
    );
    assert_eq!(sandbox.read("a.txt"), "done");
    assert_eq!(sandbox.read("b.txt"), "done");
    let seen = in_call(&run, "work-1.part-2", "deliverable.md");
    assert_eq!(
        seen,
        "a.txt: done\nbuild/cache: built\nbuild/.claude/settings.json: none\n.env: none\n\
         .opencode/plugin/evil.js: none\n.tipstaff/out/notes: none\n"
    );
    let stop = stop(&run);
    assert_eq!(
        (&stop["began"], &stop["context"]),
        (&400.into(), &1200.into())
    );

    let asked = in_call(&run, "distill-1.part-1", "prompt.md");
    has_all(
        &asked,
        &[
            "Work on it",
            "The first file is done.",
            "- bash true",
            "+done",
        ],
    );
    let prompt = in_call(&run, "work-1.part-2", "prompt.md");
    has_all(
        &prompt,
        &[
            "This work was begun by another process",
            "a.txt is done, b.txt is left",
            "- `a.txt`\n",
            "`.opencode`: it configures agents",
        ],
    );
    assert!(
        !prompt.contains("The first file is done."),
        "raw text:\n{prompt}"
    );

    let show = sandbox.tipstaff(&["show", "--all"]);
    show.succeeds()
        .stdout_has("stopped at 1.2k")
        .stdout_has("call execute.work-1, its state, distilled by a model")
        .stdout_has(".opencode, by execute.work-1: it configures agents");
    let json: Value = serde_json::from_str(&sandbox.tipstaff(&["show", "--json"]).stdout).unwrap();
    assert_eq!(json["calls"][0]["state"], "stopped");
    assert_eq!(json["calls"][0]["attempts"][0]["context_tokens"], 1200);
    assert_eq!(json["calls"][2]["continues"]["call"], "execute.work-1");
    run.has_no_process();
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn what_only_the_workspace_has_goes_on_from_part_to_part() {
    let sandbox = project(&[]);
    let entries = "\
- when: { call: execute.work-1 }
  do: [{ link: { path: build/self, to: ../a.txt } }, { write: { path: a.txt, text: one } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { call: execute.work-1.part-2 }
  do: [{ show: build/self }, { write: { path: b.txt, text: two } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { call: execute.work-1.part-3 }
  do: [{ show: build/self }, { write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"s\"}' } }]
";
    script(&sandbox, &format!("{entries}{WRITER}"));
    run(&sandbox).succeeds();
    let run = sandbox.run();
    let seen = in_call(&run, "work-1.part-3", "deliverable.md");
    assert_eq!(seen, "build/self: one\n");
    let created = run.all("call_created");
    let begun = |call: &str| {
        let mut calls = created.iter().map(|event| &event["call"]);
        let call = calls.find(|spec| spec["id"] == call).unwrap();
        call["continues"].clone()
    };
    assert_eq!(
        begun("execute.work-1.part-3"),
        begun("execute.work-1.part-2")
    );
}

#[test]
fn an_agent_that_is_done_is_done_whatever_its_context() {
    let sandbox = project(&[]);
    // Its last files are there when the context passes the checkpoint, or it just says so.
    for end in ["{ turn: 5000 }, hang", "{ print: Done. }"] {
        let entries = format!(
            "- when: {{ purpose: work }}\n  do:\n    - write: {{ path: a.txt, text: done }}\n    - write: \
             {{ path: .tipstaff/out/handoff.json, text: '{{\"summary\": \"s\"}}' }}\n    - {}\n",
            end.replace(", ", "\n    - ")
        );
        script(&sandbox, &entries);
        run(&sandbox).succeeds();
        let runs = sandbox.project().join(".tipstaff/runs");
        let run = sandbox.run();
        assert_eq!(started(&run), ["execute.work-1"]);
        std::fs::remove_dir_all(runs).unwrap();
        sandbox.write("a.txt", "a\n");
    }
}

#[test]
fn a_step_that_has_begun_is_let_end() {
    let sandbox = project(&[]);
    // One step is over and beyond the checkpoint, but another one has begun, and its tool writes a file.
    let both = r#"{"type":"step_finish","part":{"messageID":"m","reason":"tool-calls","tokens":{"input":2000}}}
{"type":"step_start","part":{"messageID":"m"}}"#;
    let both = serde_json::to_string(both).unwrap();
    let entries = format!(
        "- when: {{ call: execute.work-1 }}\n  do:\n    - event: {{ type: tool_use, part: {{ tool: bash }} }}\n    \
         - event: {both}\n    - write: {{ path: a.txt, text: half }}\n    - sleep_ms: 700\n    \
         - write: {{ path: a.txt, text: whole }}\n    - turn: 2500\n    - hang\n\
         - when: {{ purpose: work }}\n  do: [done]\n"
    );
    script(&sandbox, &format!("{entries}{WRITER}"));
    run(&sandbox).succeeds();
    assert_eq!(stop(&sandbox.run())["context"], 2500);
    assert_eq!(sandbox.read("a.txt"), "whole");
}

#[test]
fn the_work_is_proved_as_a_whole_and_what_is_wrong_is_fed_back_to_a_fresh_try() {
    let sandbox = project(&["verify: grep -q good a.txt"]);
    let entries = "\
- when: { call: execute.work-1 }
  do: [{ write: { path: a.txt, text: bad } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { call: execute.work-1.2 }
  do: [{ write: { path: a.txt, text: good } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { purpose: work }
  do: [{ append: { path: c.txt, text: more } }, done]
";
    script(&sandbox, &format!("{entries}{WRITER}"));
    run(&sandbox).succeeds();
    let run = sandbox.run();
    let parts: Vec<String> = started(&run)
        .into_iter()
        .filter(|call| call.contains("work"))
        .collect();
    assert_eq!(
        parts,
        [
            "execute.work-1",
            "execute.work-1.part-2",
            "execute.work-1.2",
            "execute.work-1.2.part-2",
        ]
    );
    let outcomes: Vec<Value> = run
        .all("verified")
        .into_iter()
        .map(|event| event["verification"]["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["already_failing", "passed"]);
    // The last process still knows why there was another try.
    let prompt = in_call(&run, "work-1.2.part-2", "prompt.md");
    assert!(
        prompt.contains("An earlier try was not good enough."),
        "{prompt}"
    );
    assert_eq!(sandbox.read("c.txt"), "c\nmoremore");
}

#[test]
fn what_no_model_distills_is_extracted_by_rule_and_said_to_be() {
    for (distill, writer) in [
        ("none", ""),
        (
            "quick",
            "- when: { purpose: distill }\n  do: [{ exit: 3 }]\n",
        ),
    ] {
        let sandbox = project(&[]);
        let workflow = sandbox.read(".tipstaff/workflows/long.yaml");
        sandbox.write(
            ".tipstaff/workflows/long.yaml",
            &workflow.replace("distill: quick", &format!("distill: {distill}")),
        );
        let entries = "\
- when: { call: execute.work-1 }
  do: [{ write: { path: a.txt, text: done } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { purpose: work }
  do: [done]
";
        script(&sandbox, &format!("{entries}{writer}"));
        run(&sandbox).succeeds();
        let run = sandbox.run();
        let prompt = in_call(&run, "work-1.part-2", "prompt.md");
        assert!(
            prompt.contains("extracted by rule and may miss things"),
            "{prompt}"
        );
        assert!(prompt.contains("- `a.txt`: changed, +1 -1"), "{prompt}");
        sandbox
            .tipstaff(&["show", "--all"])
            .succeeds()
            .stdout_has("its state, extracted by rule")
            .stdout_has("extracted by rule: no model distilled it");
    }
}

#[test]
fn work_that_does_not_move_is_given_up() {
    let sandbox = project(&[]);
    let entries = "- when: { purpose: work }\n  do: [{ turn: 400 }, { turn: 2000 }, hang]\n";
    script(&sandbox, &format!("{entries}{WRITER}"));
    run(&sandbox)
        .exits_with(1)
        .stderr_has("two processes in a row came to the checkpoint (1000 tokens)")
        .stderr_has("hint: raise `after_tokens`");
    assert_eq!(started(&sandbox.run()).len(), 3);
}

#[test]
fn a_run_that_ended_in_the_middle_keeps_the_parts_that_were_stopped() {
    // After an orderly end nothing is left but the run folder: what the rules ignore has to be made anew.
    for (signal, ignored) in [(Signal::KILL, "built"), (Signal::INT, "none")] {
        let sandbox = project(&[]);
        let entries = "\
- when: { call: execute.work-1 }
  do: [{ write: { path: a.txt, text: done } }, { write: { path: build/x, text: built } }, { turn: 400 }, { turn: 2000 }, hang]
- when: { call: execute.work-1.part-2, attempt: 1 }
  do: [{ write: { path: c.txt, text: torn } }, { delete: a.txt }, { touch: OUTSIDE/second }, hang]
- when: { call: execute.work-1.part-2 }
  do: [{ show: a.txt }, { show: c.txt }, { show: build/x }, { write: { path: b.txt, text: done } },
       { write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"s\"}' } }]
";
        script(&sandbox, &format!("{entries}{WRITER}"));
        let running = sandbox.start(&["run", "long", "Work on it", "--rehearse", "--publish"]);
        until("the second part works", || {
            sandbox.outside("second").exists()
        });
        let run = sandbox.end(running, signal);

        sandbox.tipstaff(&["resume"]).succeeds();
        assert_eq!(
            started(&run),
            [
                "execute.work-1",
                "execute.distill-1.part-1",
                "execute.work-1.part-2",
                "execute.work-1.part-2",
            ]
        );
        let folder = "phases/01-execute/calls/execute.work-1.part-2/attempt-2";
        let seen = run.read(format!("{folder}/deliverable.md"));
        let expected = format!("a.txt: done\nc.txt: c\n\nbuild/x: {ignored}\n");
        assert_eq!(seen, expected);
        assert_eq!(sandbox.read("b.txt"), "done");
        assert_eq!(sandbox.read("c.txt"), "c\n");
        assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
    }
}

#[test]
fn a_task_goes_on_with_its_own_files_and_is_proved_once() {
    let sandbox = project(&[]);
    sandbox.write(
        ".tipstaff/workflows/long.yaml",
        "name: long\nphases:\n  - name: decompose\n    model: worker\n    context_strategy: fresh\n  - name: execute\n    \
         type: routed\n    routing: { default: worker }\n    input: decompose.output\n    distill: quick\n    \
         context_strategy: scoped\n    idle_timeout: 20s\n    checkpoint: { after_tokens: 1000 }\n",
    );
    let tasks = r#"{"tasks": [{"id": "T1", "title": "Both", "category": "default", "instructions": "Do both.",
        "files": {"edit": ["a.txt", "new.txt"], "read": ["b.txt"]}, "verify": "grep -q done new.txt"}]}"#;
    let tasks = serde_json::to_string(tasks).unwrap();
    let entries = format!(
        "\
- when: {{ phase: decompose }}
  do: [{{ write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }} }}, done]
- when: {{ call: execute.task-T1 }}
  do:
    - write: {{ path: a.txt, text: done }}
    - write: {{ path: new.txt, text: half }}
    - write: {{ path: stray.txt, text: stray }}
    - write: {{ path: build/x, text: built }}
    - turn: 400
    - turn: 2000
    - hang
- when: {{ call: execute.task-T1.part-2 }}
  do:
    - list: list
    - show: list
    - delete: list
    - write: {{ path: new.txt, text: done }}
    - write: {{ path: .tipstaff/out/handoff.json, text: '{{\"summary\": \"s\"}}' }}
"
    );
    script(&sandbox, &format!("{entries}{WRITER}"));
    run(&sandbox).succeeds();
    let run = sandbox.run();
    let seen = run.read("phases/02-execute/calls/execute.task-T1.part-2/attempt-1/deliverable.md");
    assert_eq!(seen, "list: a.txt\nb.txt\nbuild/x\nnew.txt\n\n");
    assert_eq!(run.all("verified").len(), 1);
    assert_eq!(run.all("task_done")[0]["call"], "execute.task-T1.part-2");
    assert_eq!(sandbox.read("new.txt"), "done");
    assert!(!sandbox.exists("stray.txt"));
    let asked = run.read("phases/02-execute/calls/execute.distill-T1.part-1/attempt-1/prompt.md");
    assert!(asked.contains("T1: Both\n\nDo both."), "{asked}");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("stray.txt, by execute.task-T1: ");
}

#[test]
fn a_part_that_came_to_its_checkpoint_when_the_supervisor_died_is_kept() {
    let sandbox = project(&[]);
    let entries = "\
- when: { call: execute.work-1 }
  do: [{ turn: 400 }, { touch: OUTSIDE/first }, { wait_for_file: OUTSIDE/go }, { write: { path: a.txt, text: done } },
       { turn: 2000 }, { touch: OUTSIDE/second }, hang]
- when: { purpose: work }
  do: [done]
";
    script(&sandbox, &format!("{entries}{WRITER}"));
    let running = sandbox.start(&["run", "long", "Work on it", "--rehearse", "--publish"]);
    until("the agent works", || sandbox.outside("first").exists());
    // The supervisor sees nothing of what follows.
    running.signal(Signal::STOP);
    std::fs::write(sandbox.outside("go"), "").unwrap();
    until("the context has grown", || {
        sandbox.outside("second").exists()
    });
    let run = sandbox.end(running, Signal::KILL);

    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(
        started(&run),
        [
            "execute.work-1",
            "execute.distill-1.part-1",
            "execute.work-1.part-2",
        ]
    );
    assert_eq!(sandbox.read("a.txt"), "done");
    let first = &run.all("attempt_succeeded")[0];
    assert_eq!(first["result"]["usage"]["cost"], 0, "a rehearsal is free");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("came to its checkpoint while its supervisor was gone");
}

#[test]
fn an_agent_that_tells_no_tokens_is_said_to_have_no_checkpoint() {
    let sandbox = project(&[]);
    sandbox.fake_agent("- do: [{ write: { path: a.txt, text: done } }, done]\n");
    let workflow = sandbox.read(".tipstaff/workflows/long.yaml");
    let workflow = workflow.replace("model: worker", "model: m1");
    sandbox.write(".tipstaff/workflows/long.yaml", &workflow);
    sandbox
        .tipstaff(&["check", "long"])
        .succeeds()
        .stderr_has("the agent `fake` of the model `m1` does not count the tokens");
    sandbox.tipstaff(&["run", "long", "Work on it"]).succeeds();
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("execute.work-1: its agent does not count the tokens");
}
