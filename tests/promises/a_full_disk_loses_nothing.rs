//! Wherever the disk gets full, at whichever write: no file of the project is half written, nothing is done that is not,
//! it is said what is missing, and once there is room the run goes on to its end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{Output, Sandbox, TIPSTAFF, has_all};

/// Mounts a small disk at `$1` with so much more (`$2`, `$3`: which limit, how many) than is in use, runs, makes room,
/// goes on, and does it anew if there was nothing to go on with.
const SCRIPT: &str = r#"
cp -a "$1" ../was
mount -t tmpfs -o size=64m,mode=755 tmpfs "$1" || exit 1
cp -a ../was/. "$1"
cd "$PWD"
case $2 in
size) room=$(($(df -k --output=used "$1" | tail -1) + $3))k ;;
*) room=$(($(df --output=iused "$1" | tail -1) + $3)) ;;
esac
look() { for file in a.txt docs/plan.md new/b.txt; do wc -c <$file || echo none; done 2>/dev/null; }
mount -o "remount,$2=$room" "$1"
"$0" run full 'Plan it' 2>../run.log
echo "run $?" $(look)
cat .tipstaff/runs/*/journal.jsonl 2>/dev/null | wc -l >../events
mount -o remount,size=64m,nr_inodes=100000 "$1"
"$0" resume 2>../resume.log
case $? in
0) echo "resumed" ;;
2) grep -q 'no run is left' ../resume.log && "$0" run full 'Plan it' 2>>../resume.log; echo "anew $?" ;;
esac
echo "end" $(look)
"#;

const BEFORE: &str = "2 none none";
const PUBLISHED: &str = "2 30000 none";
const DELIVERED: &str = "50000 30000 50000";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(
            ".tipstaff/workflows/full.yaml",
            "name: full\nphases:\n  - { name: plan, type: ensemble, models: [m1, m2], judge: judge, \
             context_strategy: distilled, output: docs/plan.md, retries: 0 }\n  - { name: mend, model: m1, \
             edits: true, context_strategy: distilled, retries: 0 }\n",
        )
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .git_init()
        .fake_agent(
            "- when: { purpose: propose }\n  do: [{ write_size: { path: .tipstaff/out/deliverable.md, bytes: 30000 } }]\n\
             - when: { phase: mend }\n  do: [{ write_size: { path: a.txt, bytes: 50000 } }, \
             { write_size: { path: new/b.txt, bytes: 50000 } }, done]\n",
        )
        .agree(&["run", "full"]);
    std::fs::create_dir_all(sandbox.project().join(".tipstaff/runs")).unwrap();
    std::fs::create_dir_all(sandbox.home().join(".cache")).unwrap();
    sandbox
}

/// What the run came to, and where the room was gone: how much was in its journal, and what it said. `None` where it came
/// to its end at once.
type Ended = Option<(usize, String)>;

fn survives(folder: &str, limit: &str, room: usize) -> Ended {
    let sandbox = sandbox();
    let at = sandbox.outside(folder);
    let mut command = sandbox.program("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, TIPSTAFF]);
    command.arg(at).args([limit, &room.to_string()]);
    let output = Output::of(command.spawn().unwrap());
    let said = |name: &str| std::fs::read_to_string(sandbox.outside(name)).unwrap_or_default();
    let [run, resumed] = ["run.log", "resume.log"].map(said);
    let all = format!(
        "{folder}, {limit} {room}: {}\n{run}\n{resumed}",
        output.stdout
    );
    let mut lines = output
        .stdout
        .lines()
        .filter(|line| line.contains(' ') || *line == "resumed");
    let Some(first) = lines.next() else {
        panic!(
            "this needs namespaces that may mount: {all}\n{}",
            output.stderr
        );
    };
    assert!(!all.contains("panicked"), "{all}");
    let is_done = first == format!("run 0 {DELIVERED}");
    if !is_done {
        // Nobody but the machine is in the way, at the judge and at the delivery too.
        let ends = [BEFORE, PUBLISHED].map(|files| format!("run 1 {files}"));
        assert!(ends.into_iter().any(|end| end == first), "{all}");
        assert!(run.to_lowercase().contains("no space left"), "{all}");
        assert!(!run.contains("--3way"), "{all}");
    }
    has_all(&all, &[&format!("end {DELIVERED}\n")]);
    let events = said("events").trim().parse().unwrap_or(0);
    // Without what is another one in each run.
    let words = run.split_whitespace();
    let words = words.map(|word| word.rsplit('/').next().unwrap_or_default());
    let stable = words.filter(|word| !word.contains(|char: char| char.is_ascii_digit()));
    let said: Vec<&str> = stable.collect();
    (!is_done).then(|| (events, format!("{first} {}", said.join(" "))))
}

/// A few rooms. With `TIPSTAFF_FUZZ`, for so many seconds, all from none to enough at which something else happens than
/// with a `step` less, the widest gap first.
fn sweep(folder: &str, limit: &str, few: &[usize], (step, enough): (usize, usize)) {
    let tries = |room: usize| survives(folder, limit, room);
    let Ok(seconds) = std::env::var("TIPSTAFF_FUZZ") else {
        few.iter().for_each(|room| drop(tries(*room)));
        return;
    };
    let until = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let most = enough / step;
    let mut known = BTreeMap::from([(1, tries(step)), (most, tries(most * step))]);
    assert_eq!(known[&most], None, "{enough} is not enough");
    while Instant::now() < until {
        let gaps = known.iter().zip(known.iter().skip(1));
        let gaps = gaps.filter(|((low, one), (high, other))| *high - *low > 1 && one != other);
        let gaps = gaps.map(|((low, _), (high, _))| (high - low, *low));
        let Some((wide, low)) = gaps.max() else {
            break;
        };
        let middle = low + wide / 2;
        known.insert(middle, tries(middle * step));
    }
}

#[test]
fn project_without_room_for_more() {
    sweep("project", "size", &[60, 130, 420, 600], (4, 1200));
}

#[test]
fn project_without_room_for_more_files() {
    sweep("project", "nr_inodes", &[28, 50, 58, 75, 88], (1, 300));
}

#[test]
fn runs_without_room() {
    sweep("project/.tipstaff/runs", "size", &[470], (4, 1200));
    sweep("project/.tipstaff/runs", "nr_inodes", &[36], (1, 300));
}

#[test]
fn state_and_cache_without_room() {
    sweep("home/.local/state", "size", &[4], (4, 200));
    sweep("home/.local/state", "nr_inodes", &[2], (1, 50));
    // A run needs none.
    assert_eq!(survives("home/.cache", "size", 4), None);
    assert_eq!(survives("home/.cache", "nr_inodes", 1), None);
}
