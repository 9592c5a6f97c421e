//! What a large repository costs: nothing is copied, and what did not change is not read again.

use std::collections::HashSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use tipstaff::run::{CallEvent, Event, Record};

use crate::figure::{Figure, median};
use crate::ground::{ENSEMBLE, Ground, TIPSTAFF};
use crate::own_cost;
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
/// Waits until all are there.
const WAITING: &str = "#!/bin/sh
: >'ROOT'/waiting/$TIPSTAFF_CALL
while [ ! -e 'ROOT'/go ]; do sleep 0.05; done
echo '# Nothing' >.tipstaff/out/deliverable.md
case $TIPSTAFF_PURPOSE in
  judge) echo '{\"decision\":\"pick\",\"winner\":\"A\",\"rationale\":\"The first.\"}' >.tipstaff/out/verdict.json ;;
esac
";
const CELLS: u32 = 16;
const NOTE: &str = "\
The same commands on the same machine in turns. The first run of a project reads and stores it once and checks it
out once, as `git worktree add` does; later ones pay for what changed. A call's time is from its beginning to its
result, with a shell script as the agent.
";

pub fn figures() -> Measured {
    let ground = large([("six", SIX), ("ensemble", ENSEMBLE)]);
    agent(&ground, AGENT);
    git(&ground, &["gc", "--quiet"]);
    let trees = ["a", "b", "c"].map(|name| {
        let at = ground.path(name).display().to_string();
        git(&ground, &["worktree", "add", "--quiet", "--detach", &at])
    });
    let tree = median(trees.into());
    let first = run(&ground).whole;
    let [
        mut begun,
        mut heard,
        mut states,
        mut whole,
        mut reads,
        mut edits,
    ] = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        states.push(git(&ground, &["status", "--short"]));
        let Run {
            whole: all,
            first,
            records,
        } = run(&ground);
        whole.push(all);
        heard.push(first);
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
    let [begun, heard, state, whole, read, edit] =
        [begun, heard, states, whole, reads, edits].map(median);
    let disk = disk(&ground);
    let own = |ground: &Ground| {
        let (call, bare) = own_cost::reading(ground);
        call - bare
    };
    let (large, small) = (own(&ground), own(&Ground::new()));
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
            what: "first event of a later run to `git status`",
            value: heard / state,
            unit: "",
            target: Some(2.0),
            from: format!("{heard:.0} ms from the start of the process, and {state:.0} ms"),
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
        Figure {
            what: "own cost of a reading call to that among 200 files",
            value: large / small,
            unit: "",
            target: Some(1.3),
            from: format!("{large:.1} ms and {small:.1} ms, measured as above"),
        },
        disk,
    ];
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

/// A project of 100,000 files with these workflows.
pub fn large<const N: usize>(workflows: [(&str, &str); N]) -> Ground {
    let files = (0..FOLDERS * FILES_A_FOLDER).map(|number| {
        let (folder, file) = (number / FILES_A_FOLDER, number % FILES_A_FOLDER);
        let text = format!("file {number}\n{}", "a line of some length\n".repeat(40));
        (format!("src/d{folder:03}/f{file:02}.txt"), text)
    });
    let workflows = workflows.map(|(name, workflow)| {
        let path = format!(".tipstaff/workflows/{name}.yaml");
        (path, workflow.to_owned())
    });
    Ground::holding(files.chain(workflows))
}

/// A run of all six calls.
struct Run {
    /// How long it took in milliseconds.
    whole: f64,
    /// And until its first event.
    first: f64,
    records: Vec<Record>,
}

fn run(ground: &Ground) -> Run {
    let args = ["run", "six", "Measure", "--keep"].map(str::to_owned);
    let (start, clock) = (Instant::now(), SystemTime::now());
    ground.tipstaff(&args);
    let whole = millis(start);
    let records = ground.journal();
    let started = clock.duration_since(SystemTime::UNIX_EPOCH);
    let started = started.expect("it is later than 1970").as_secs_f64() * 1000.0;
    Run {
        whole,
        first: records[0].at.0 as f64 - started,
        records,
    }
}

/// What is on disk while all cells of an ensemble are open.
fn disk(ground: &Ground) -> Figure {
    let root = ground.path("").display().to_string();
    agent(ground, &WAITING.replace("ROOT", &root));
    let waiting = ground.path("waiting");
    std::fs::create_dir(&waiting).expect("folders can be made");
    let mut command = ground.command(Path::new(TIPSTAFF), "home");
    command.args(Ground::ensemble(CELLS, CELLS));
    let mut child = command.spawn().expect("tipstaff starts");
    while std::fs::read_dir(&waiting).map_or(0, Iterator::count) < CELLS as usize {
        let ended = child.try_wait().expect("it can be waited for");
        assert!(ended.is_none(), "the calls wait for each other");
        std::thread::sleep(Duration::from_millis(20));
    }
    let caches = std::fs::read_dir(ground.path("home/.cache/tipstaff")).expect("there is a cache");
    let bases: Vec<PathBuf> = caches
        .flatten()
        .map(|cache| cache.path().join("bases"))
        .collect();
    let base = allocated(&bases);
    let all = allocated(&[bases, vec![ground.path("tmp")]].concat());
    ground.put("go", "");
    let status = child.wait().expect("it can be waited for");
    assert!(status.success(), "the ensemble of {CELLS}: {status}");
    Figure {
        what: "disk used by 16 open cells to one base",
        value: all / base,
        unit: "",
        target: Some(1.05),
        from: format!("{:.0} MB and {:.0} MB", all / 1e6, base / 1e6),
    }
}

/// The bytes that files and folders take; of several links to one file, once.
fn allocated(folders: &[PathBuf]) -> f64 {
    let (mut ahead, mut seen, mut all) = (folders.to_vec(), HashSet::new(), 0);
    while let Some(path) = ahead.pop() {
        // Something may be removed just now.
        let Ok(found) = path.symlink_metadata() else {
            continue;
        };
        if seen.insert((found.dev(), found.ino())) {
            all += found.blocks() * 512;
        }
        if found.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            ahead.extend(entries.map(|entry| entry.path()));
        }
    }
    all as f64
}

/// Makes a script the agent.
fn agent(ground: &Ground, script: &str) {
    ground.agent(&executable(ground, "agent", script), &[]);
}

pub fn executable(ground: &Ground, relative: &str, script: &str) -> PathBuf {
    let program = ground.put(relative, script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("a file can be made executable");
    program
}

/// How long a command of git takes in milliseconds.
pub fn git(ground: &Ground, args: &[&str]) -> f64 {
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
pub fn calls(records: &[Record]) -> Vec<(String, f64)> {
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
