//! What tipstaff adds to a call whose agent does nothing, and to a task that changes a line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tipstaff::run::{CallEvent, Event};

use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF, times};
use crate::measure::measure;
use crate::page::Measured;

/// Writes the two files of the contract and ends. Nothing but the shell itself is started.
const AGENT: &str = "#!/bin/sh
cat >/dev/null
echo '# Nothing' >.tipstaff/out/deliverable.md
case $TIPSTAFF_PURPOSE in
  judge) echo '{\"decision\":\"pick\",\"winner\":\"A\",\"rationale\":\"The first.\"}' >.tipstaff/out/verdict.json ;;
  *) echo '{\"summary\":\"Nothing.\"}' >.tipstaff/out/handoff.json ;;
esac
";
const CALLS: u32 = 20;
const ROUNDS: usize = 5;

/// Adds a line to a file. The list of tasks is what `TASKS` holds.
const EDITOR: &str = "#!/bin/sh
cat >/dev/null
case $TIPSTAFF_PHASE in
  decompose) while read -r line; do echo \"$line\"; done <'TASKS' >.tipstaff/out/tasks.json ;;
  *) echo changed >>src/part_1/file_1.rs; echo '{\"summary\":\"One line.\"}' >.tipstaff/out/handoff.json ;;
esac
";
const TASKS: &str = "\
name: tasks
phases:
  - { name: decompose, model: m, context_strategy: fresh }
  - name: execute
    type: routed
    routing: { default: m }
    input: decompose.output
    context_strategy: scoped
";
/// Of a run with so many tasks more than another, what is more is the tasks'.
const FEW: u32 = 5;
const MANY: u32 = 45;

/// What a reader of the figures has to know besides.
const NOTE: &str = "\
An agent's own time, by the same command from a shell loop, is taken off. Of tasks, it is processor time of all
processes of a run, of which one with few tasks is taken off: workspace, process, capture, journal.
";

pub fn figures() -> Measured {
    let (call, bare) = reading(&Ground::new());
    let figures = vec![
        Figure {
            what: "own cost of a call in a workspace of 200 files",
            value: call - bare,
            unit: "ms",
            target: Some(15.0),
            from: format!(
                "{call:.1} ms a call, {bare:.1} ms the same command from a shell loop; medians"
            ),
        },
        editing(),
    ];
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

/// Milliseconds from one reading call's beginning to the next one's, so that nothing of tipstaff's own work is left out,
/// and of the agent alone.
pub fn reading(ground: &Ground) -> (f64, f64) {
    let agent = program(ground, AGENT);
    let (mut bare, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let status = shell_loop(ground, &agent, CALLS).status();
        assert!(status.expect("a shell starts").success());
        bare.push(start.elapsed().as_secs_f64() * 1000.0 / f64::from(CALLS));
        ground.tipstaff(&Ground::ensemble(CALLS, 1));
        let begun = times(&ground.journal(), |event| {
            matches!(
                event,
                Event::Call {
                    event: CallEvent::AttemptStarted { .. },
                    ..
                }
            )
        });
        calls.extend(begun.windows(2).map(|pair| pair[1] - pair[0]));
    }
    (median(calls), median(bare))
}

fn editing() -> Figure {
    let ground = Ground::new();
    ground.put("project/.tipstaff/workflows/tasks.yaml", TASKS);
    let list = ground.path("tasks.json").display().to_string();
    let agent = program(&ground, &EDITOR.replace("TASKS", &list));
    let (mut bare, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let run = |number| {
            ground.put("tasks.json", &list_of(number));
            let args = ["run", "tasks", "Measure", "--keep", "--limit", "calls=100"];
            cpu(&ground, Path::new(TIPSTAFF), &args.map(str::to_owned))
        };
        tasks.push((run(MANY) - run(FEW)) / f64::from(MANY - FEW));
        let script = script(&ground, &agent, MANY);
        let alone = cpu(&ground, Path::new("/bin/sh"), &["-c".to_owned(), script]);
        bare.push(alone / f64::from(MANY));
    }
    let (bare, task) = (median(bare), median(tasks));
    Figure {
        what: "processor time of a task that changes a line of one of 200 files",
        value: task - bare,
        unit: "ms",
        target: Some(30.0),
        from: format!(
            "{task:.1} ms a task, {bare:.1} ms the same command from a shell loop; medians"
        ),
    }
}

/// Tasks that all change one file.
fn list_of(tasks: u32) -> String {
    let tasks = (1..=tasks).map(|task| {
        serde_json::json!({
            "id": format!("T{task}"), "title": "A line", "category": "backend",
            "instructions": "Add it.", "files": { "edit": ["src/part_1/file_1.rs"] },
        })
    });
    format!(
        "{}\n",
        serde_json::json!({ "tasks": tasks.collect::<Vec<_>>() })
    )
}

/// Processor milliseconds of a program that is run in the project, with all that it starts.
fn cpu(ground: &Ground, program: &Path, args: &[String]) -> f64 {
    measure(ground, "home", program, args, Path::new("/dev/null")).cpu_ms as f64
}

/// Makes a script the agent.
fn program(ground: &Ground, script: &str) -> PathBuf {
    let agent = ground.put("agent", script);
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755))
        .expect("a file can be made executable");
    ground.agent(&agent, &[]);
    agent
}

/// A shell that starts the command again and again.
fn shell_loop(ground: &Ground, agent: &Path, times: u32) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script(ground, agent, times)]);
    shell
}

fn script(ground: &Ground, agent: &Path, times: u32) -> String {
    let prompt = ground.put("shell/prompt.md", "Measure\n");
    ground.put("shell/.tipstaff/out/keep", "");
    ground.put("shell/src/part_1/file_1.rs", "");
    format!(
        "cd '{}'; i=0; while [ $i -lt {times} ]; do '{}' <'{}' >out 2>err; i=$((i+1)); done",
        ground.path("shell").display(),
        agent.display(),
        prompt.display()
    )
}
