//! 200 calls under way at one time.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::cluster::Cluster;
use super::travel::size;
use crate::figure::Figure;
use crate::ground::{Ground, TIPSTAFF};

/// No phase has more than 26 calls, and a supervisor carries out one phase at a time.
const RUNS: usize = 8;
const CALLS: usize = 25;
/// For all of them to begin.
const PATIENCE: Duration = Duration::from_secs(600);
const WATCHED: Duration = Duration::from_secs(60);

pub fn figures(cluster: &Cluster) -> Vec<Figure> {
    let ground = Ground::new();
    let models = vec!["m"; CALLS].join(", ");
    let workflow = format!(
        "name: many\nphases:\n  - {{ name: look, type: parallel, models: [{models}], context_strategy: fresh }}\n"
    );
    ground.put("project/.tipstaff/workflows/many.yaml", &workflow);
    let (waiting, go, asked) = (
        ground.path("waiting"),
        ground.path("go"),
        ground.path("asked"),
    );
    ground.fake_agent(&format!(
        "- do: [{{ append: {{ path: '{}', text: \"1\" }} }}, {{ wait_for_file: '{}' }}, done]\n",
        waiting.display(),
        go.display()
    ));
    cluster.executor(&ground, "cluster");
    let path = counted(&ground, "squeue");
    let start = Instant::now();
    let mut supervisors: Vec<Child> = (0..RUNS)
        .map(|_| {
            let mut command = cluster.command(&ground, Path::new(TIPSTAFF));
            let limit = format!("concurrency={CALLS}");
            let args = ["run", "many", "Measure", "--keep", "--limit", &limit];
            command.args(args).args(["--limit", "calls=100"]);
            command.env("PATH", &path).spawn().expect("tipstaff starts")
        })
        .collect();
    while size(&waiting) < (RUNS * CALLS) as f64 {
        let there = size(&waiting);
        assert!(start.elapsed() < PATIENCE, "only {there} calls have begun");
        std::thread::sleep(Duration::from_millis(100));
    }
    let all = || supervisors.iter().map(Child::id);
    let before: f64 = all().map(processor_ms).sum();
    let asked_before = size(&asked);
    let start = Instant::now();
    std::thread::sleep(WATCHED);
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    let while_waiting: f64 = all().map(processor_ms).sum::<f64>() - before;
    let asked = (size(&asked) - asked_before) / minutes / RUNS as f64;
    let memory = all().map(memory_mb).fold(0.0, f64::max);
    let (files, bytes) = (
        count(&ground.path("shared/jobs")),
        size(&ground.path("shared/jobs")),
    );
    ground.put("go", "");
    for supervisor in all() {
        let pid = Pid::from_raw(supervisor as i32).expect("it is a number");
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(pid), ended).expect("it can be waited for");
    }
    let whole: f64 = all().map(processor_ms).sum();
    for supervisor in &mut supervisors {
        assert!(supervisor.wait().expect("it has ended").success());
    }
    let calls = (RUNS * CALLS) as f64;
    vec![
        Figure {
            what: "supervisor's processor time of a call, 200 in flight",
            value: (whole - while_waiting) / calls,
            unit: "ms",
            target: Some(100.0),
            from:
                "all of a run but what it takes while its agents work, with sbatch, squeue and git"
                    .to_owned(),
        },
        Figure {
            what: "and for each minute that its agent works",
            value: while_waiting / minutes / calls,
            unit: "ms",
            target: Some(30.0),
            from: format!("{while_waiting:.0} ms for 200 calls in {minutes:.1} minutes"),
        },
        Figure {
            what: "squeue of each supervisor in a minute",
            value: asked,
            unit: "",
            target: Some(4.0),
            from: format!("{RUNS} supervisors with {CALLS} calls each, while nothing changes"),
        },
        Figure {
            what: "memory of a supervisor with 25 calls in flight",
            value: memory,
            unit: "MB",
            target: None,
            from: format!(
                "the largest of {RUNS}; in the shared folder {:.1} files and {:.0} KB a call",
                files / calls,
                bytes / calls / 1e3
            ),
        },
    ]
}

/// A PATH on which a program adds a byte to the file `asked` each time it is started.
fn counted(ground: &Ground, program: &str) -> String {
    let real = which::which(program).expect("a cluster has it");
    let script = format!(
        "#!/bin/sh\nprintf 1 >>'{}'\nexec '{}' \"$@\"\n",
        ground.path("asked").display(),
        real.display()
    );
    crate::repository::executable(ground, &format!("bin/{program}"), &script);
    let rest = std::env::var("PATH").unwrap_or_default();
    format!("{}:{rest}", ground.path("bin").display())
}

/// Of a process and of those that it has waited for.
fn processor_ms(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is not reaped");
    let (_, fields) = stat.rsplit_once(')').expect("its name is in brackets");
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 * 1000.0 / rustix::param::clock_ticks_per_second() as f64
}

fn memory_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is not reaped");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let most = most.and_then(|most| most.trim().trim_end_matches(" kB").parse().ok());
    most.unwrap_or(0.0) * 1024.0 / 1e6
}

/// How many files and folders there are below a folder.
fn count(folder: &Path) -> f64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| 1.0 + count(&entry.path())).sum()
}
