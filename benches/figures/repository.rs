//! What a large repository costs: nothing is copied, and what did not change is not read again.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tipstaff::run::{CallEvent, Event, Record};

use crate::figure::{Figure, median};
use crate::ground::Ground;
use crate::page::Measured;

const FOLDERS: usize = 1000;
const FILES_A_FOLDER: usize = 100;
const ROUNDS: usize = 3;

/// Three propose, one judges, and two edit one after the other.
const SIX: &str = "\
name: six
phases:
  - { name: plan, type: ensemble, models: [m, m, m], judge: m, context_strategy: fresh }
  - { name: one, model: m, edits: true, context_strategy: fresh }
  - { name: two, model: m, edits: true, context_strategy: fresh }
";
const AGENT: &str = "#!/bin/sh
case $TIPSTAFF_PHASE/$TIPSTAFF_PURPOSE in
  plan/judge) echo '{\"decision\":\"pick\",\"winner\":\"A\",\"rationale\":\"The first.\"}' >.tipstaff/out/verdict.json ;;
  plan/*) echo '# Nothing' >.tipstaff/out/deliverable.md ;;
  *) echo $TIPSTAFF_PHASE >>src/d001/f01.txt; echo '{\"summary\":\"One line.\"}' >.tipstaff/out/handoff.json ;;
esac
";
const NOTE: &str = "\
The same commands on the same machine in turns. The first run of a project reads and stores it once and checks it
out once, as `git worktree add` does; later ones pay for what changed. A call's time is from its beginning to its
result, with a shell script as the agent.
";

pub fn figures() -> Measured {
    let files = (0..FOLDERS * FILES_A_FOLDER).map(|number| {
        let (folder, file) = (number / FILES_A_FOLDER, number % FILES_A_FOLDER);
        let text = format!("file {number}\n{}", "a line of some length\n".repeat(40));
        (format!("src/d{folder:03}/f{file:02}.txt"), text)
    });
    let workflow = [".tipstaff/workflows/six.yaml", SIX].map(str::to_owned);
    let ground = Ground::holding(files.chain([workflow.into()]));
    let agent = ground.put("agent", AGENT);
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755))
        .expect("a file can be made executable");
    ground.agent(&agent, &[]);
    git(&ground, &["gc", "--quiet"]);
    let trees = ["a", "b", "c"].map(|name| {
        let at = ground.path(name).display().to_string();
        git(&ground, &["worktree", "add", "--quiet", "--detach", &at])
    });
    let tree = median(trees.into());
    let (first, _) = run(&ground);
    let (mut begun, mut states, mut whole, mut reads, mut edits) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        states.push(git(&ground, &["status", "--short"]));
        let (all, records) = run(&ground);
        whole.push(all);
        let work = records.last().expect("a run ends").at.0 - records[0].at.0;
        begun.push(all - work as f64);
        let (read, edit): (Vec<_>, Vec<_>) = calls(&records)
            .into_iter()
            .partition(|(call, _)| call.starts_with("plan."));
        reads.extend(
            read.into_iter()
                .filter(|(call, _)| call.contains("judge"))
                .map(|of| of.1),
        );
        edits.extend(edit.into_iter().map(|of| of.1));
    }
    let [begun, state, whole, read, edit] = [begun, states, whole, reads, edits].map(median);
    let figures = vec![
        Figure {
            what: "first run ever to `git worktree add`",
            value: first / tree,
            unit: "",
            target: Some(2.0),
            from: format!("{first:.0} ms and {tree:.0} ms"),
        },
        Figure {
            what: "later run of six calls to `git worktree add`",
            value: whole / tree,
            unit: "",
            target: Some(0.5),
            from: format!("{whole:.0} ms and {tree:.0} ms"),
        },
        Figure {
            what: "all of a later run but its calls to `git status`",
            value: begun / state,
            unit: "",
            target: None,
            from: format!("{begun:.0} ms (snapshot, beginning, end) and {state:.0} ms"),
        },
        Figure {
            what: "a later run's beginning and end",
            value: begun,
            unit: "ms",
            target: Some(1000.0),
            from: "everything but the calls".to_owned(),
        },
        Figure {
            what: "a reading call",
            value: read,
            unit: "ms",
            target: Some(50.0),
            from: "the judge: workspace, process, verdict".to_owned(),
        },
        Figure {
            what: "an editing call",
            value: edit,
            unit: "ms",
            target: Some(100.0),
            from: "workspace, process, capture".to_owned(),
        },
    ];
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

/// Runs all six calls; how long that took in milliseconds, and the journal.
fn run(ground: &Ground) -> (f64, Vec<Record>) {
    let args = ["run", "six", "Measure", "--keep"].map(str::to_owned);
    let start = Instant::now();
    ground.tipstaff(&args);
    (millis(start), ground.journal())
}

/// How long a command of git takes in milliseconds.
fn git(ground: &Ground, args: &[&str]) -> f64 {
    let mut git = ground.command(Path::new("git"), "home");
    let start = Instant::now();
    let status = Command::args(&mut git, args).status().expect("git starts");
    assert!(status.success(), "git {args:?}");
    millis(start)
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// The calls with the milliseconds from their beginning to their result.
fn calls(records: &[Record]) -> Vec<(String, f64)> {
    let mut begun = Vec::new();
    let mut done = Vec::new();
    for record in records {
        let Event::Call { call, event } = &record.event else {
            continue;
        };
        match event {
            CallEvent::AttemptStarted { .. } => begun.push((call.clone(), record.at.0)),
            CallEvent::AttemptSucceeded { .. } => {
                let start = begun.iter().rev().find(|(name, _)| name == call);
                done.extend(start.map(|(_, at)| (call.to_string(), (record.at.0 - at) as f64)));
            }
            _ => {}
        }
    }
    done
}
