//! A run of a thousand tasks: nothing of it grows with what is behind it.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF};

const TASKS: usize = 1000;
/// Tasks take some 70 ms each.
const SAMPLED_EVERY: Duration = Duration::from_millis(20);
const SHOWN: usize = 11;

const WORKFLOW: &str = "\
name: soak
phases:
  - name: decompose
    model: m
    context_strategy: fresh
  - name: execute
    type: routed
    routing: { default: m }
    input: decompose.output
    context_strategy: scoped
";

/// The supervisor after so many tasks.
struct Sample {
    done: usize,
    memory_kib: f64,
    descriptors: usize,
}

pub fn figures() -> Vec<Figure> {
    let ground = ground();
    let mut command = ground.command(Path::new(TIPSTAFF), "home");
    command.args([
        "run",
        "soak",
        "Soak",
        "--limit",
        "calls=5000",
        "--limit",
        "wall=4h",
    ]);
    let start = Instant::now();
    let mut child = command.spawn().expect("tipstaff starts");
    let samples = watch(&ground, &mut child);
    let wall = start.elapsed();
    let second = of(&samples, TASKS / 10..TASKS / 5);
    let last = of(&samples, TASKS - TASKS / 10..TASKS);
    let memory = |samples: &[&Sample]| {
        samples.iter().map(|sample| sample.memory_kib).sum::<f64>() / samples.len() as f64
    };
    let most = |samples: &[&Sample]| {
        let counts = samples.iter().map(|sample| sample.descriptors);
        counts.max().unwrap_or_default()
    };
    let shown = (0..SHOWN).map(|_| {
        let start = Instant::now();
        ground.tipstaff(&["show".to_owned()]);
        start.elapsed().as_secs_f64() * 1000.0
    });
    vec![
        Figure {
            what: "memory in the last tenth of 1,000 tasks to the second tenth",
            value: memory(&last) / memory(&second),
            unit: "",
            target: Some(1.2),
            from: format!(
                "{:.1} MB to {:.1} MB of the supervisor; the run took {:.0} s",
                memory(&last) / 1000.0,
                memory(&second) / 1000.0,
                wall.as_secs_f64()
            ),
        },
        Figure {
            what: "descriptors in the last tenth beyond those in the second",
            value: most(&last) as f64 - most(&second) as f64,
            unit: "",
            target: Some(0.0),
            from: format!(
                "the most at one time: {} and {}",
                most(&last),
                most(&second)
            ),
        },
        Figure {
            what: "tipstaff show of a run of 1,000 tasks",
            value: median(shown.collect()),
            unit: "ms",
            target: Some(300.0),
            from: format!("median of {SHOWN}"),
        },
    ]
}

/// A project with a file for each task.
fn ground() -> Ground {
    let files = (1..=TASKS).map(|task| (format!("part/{task}.txt"), String::from("open\n")));
    let workflow = [".tipstaff/workflows/soak.yaml", WORKFLOW].map(str::to_owned);
    let ground = Ground::holding(files.chain([workflow.into()]));
    let tasks: Vec<_> = (1..=TASKS)
        .map(|task| {
            serde_json::json!({
                "id": format!("T{task}"), "title": format!("Part {task}"), "category": "backend",
                "instructions": "Close it.", "files": { "edit": [format!("part/{task}.txt")] },
            })
        })
        .collect();
    let list = serde_json::json!({ "tasks": tasks }).to_string();
    let mut script = format!(
        "- when: {{ phase: decompose }}\n  do: [{{ write: {{ path: .tipstaff/out/tasks.json, text: {} }} }}, done]\n",
        serde_json::Value::from(list)
    );

    for task in 1..=TASKS {
        script.push_str(&format!(
            "- when: {{ call: execute.task-T{task} }}\n  do: [{{ write: {{ path: part/{task}.txt, text: closed }} }}, done]\n"
        ));
    }
    ground.fake_agent(&script);
    ground
}

/// Looks at the supervisor until it has ended, which it must do well.
fn watch(ground: &Ground, child: &mut Child) -> Vec<Sample> {
    let (mut samples, mut done, mut read) = (Vec::new(), 0, 0);
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            assert!(status.success(), "the run of {TASKS} tasks: {status}");
            assert_eq!(done, TASKS, "all tasks are done");
            return samples;
        }
        if ground.has_journal() {
            done += finished(&ground.run_folder().join("journal.jsonl"), &mut read);
        }
        samples.extend(sample(child.id(), done));
        std::thread::sleep(SAMPLED_EVERY);
    }
}

/// How many tasks were finished since the last look, by the whole lines of the journal.
fn finished(journal: &Path, read: &mut u64) -> usize {
    let mut file = std::fs::File::open(journal).expect("the journal is there");
    file.seek(SeekFrom::Start(*read))
        .expect("it can be read on");
    let mut news = Vec::new();
    file.read_to_end(&mut news).expect("it can be read");
    let whole = news
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    *read += whole as u64;
    String::from_utf8_lossy(&news[..whole])
        .matches("\"task_done\"")
        .count()
}

/// Nothing once it has ended.
fn sample(pid: u32, done: usize) -> Option<Sample> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(Sample {
        done,
        memory_kib: memory.trim().trim_end_matches(" kB").parse().ok()?,
        descriptors: std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
    })
}

fn of(samples: &[Sample], tasks: Range<usize>) -> Vec<&Sample> {
    samples
        .iter()
        .filter(|sample| tasks.contains(&sample.done))
        .collect()
}
