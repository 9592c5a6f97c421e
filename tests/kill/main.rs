//! The supervisor is killed at random moments, again and again, and nothing is lost, doubled or left behind.
//!
//! ```text
//! scripts/kill-test [N] [--seed SEED]
//! ```
//!
//! Runs of an ensemble, a decomposition, eight tasks, commands that verify, and an audit that sends the work
//! back once. The supervisor gets SIGKILL at N moments, in a third of them together with its wardens, and is
//! resumed each time. At each run's end: the same files byte for byte as without any kill, no call finished
//! twice, no process, no temporary folder, no key. Exits with 1 at the first run for which that is not so.
//! With a cluster (`scripts/test-cluster kill`) all calls are its jobs, which live on: each agent is started once, and no
//! job is left.
#![expect(clippy::unwrap_used, reason = "tests")]

mod blow;
mod left;
mod project;
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the promises, which use other parts of it"
)]
#[path = "../promises/support/mod.rs"]
mod support;

use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use blow::{Chance, Count};
use project::Project;

/// As many as belong to the tests; `scripts/kill-test 200` is for the page of figures.
const KILLS: u32 = 40;

fn main() -> ExitCode {
    let Some((kills, seed)) = wanted() else {
        return ExitCode::SUCCESS;
    };
    say(&format!("{kills} kills, seed {seed}\n"));
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .expect("what is left behind can be adopted");
    let mut chance = Chance::new(seed);
    let undisturbed = Project::new();
    undisturbed.run_to_its_end();
    let wanted = undisturbed.result();
    let starts = undisturbed.starts();
    undisturbed.assert_clean(&wanted, starts);
    let (mut count, mut runs) = (Count::default(), 0);
    while count.kills() < kills {
        let project = Project::new();
        project.run_through(&mut chance, kills, &mut count);
        project.assert_clean(&wanted, starts);
        runs += 1;
    }
    say(&format!(
        "{count} in {runs} runs: the same {} files each time, no call finished twice, no process, no temporary \
         folder and no key left\n",
        wanted.len()
    ));
    ExitCode::SUCCESS
}

/// How many kills, and from which seed; nothing if the tests that were asked for are others.
fn wanted() -> Option<(u32, u64)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (mut kills, mut seed) = (KILLS, u64::from(now.subsec_nanos()));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seed" => seed = args.next()?.parse().expect("a seed is a number"),
            "--test-threads" | "--skip" => drop(args.next()),
            // Of `cargo test`.
            flag if flag.starts_with('-') => {}
            number if number.parse::<u32>().is_ok() => kills = number.parse().unwrap(),
            name if "kill".contains(name) => {}
            _ => return None,
        }
    }
    Some((kills, seed))
}

/// Prints at once.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
