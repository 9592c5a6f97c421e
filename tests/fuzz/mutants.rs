//! Real inputs with something wrong, and what is done with them.

use std::cell::Cell;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, setrlimit};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

/// Cases of one target in the ordinary tests.
const CASES: u32 = 150;

/// Where something is done, by how much, and with what.
#[derive(Debug, Clone)]
enum Fault {
    Cut(Index, usize),
    Put(Index, Vec<u8>),
    /// A piece is there again, so often.
    Repeat(Index, usize, usize),
    /// Two lines change places.
    Swap(Index, Index),
    DropLine(Index),
    Flip(Index, u8),
    /// The rest never came.
    Tear(Index),
    /// A piece of another input of the target.
    Splice(Index, Index, usize),
}

/// What readers trip over.
const ODD: [&str; 30] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\n",
    "\r\n",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\\ud800",
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "0.1",
    "true",
    "\"\"",
    "{}",
    "[[[[[[[[[[[[[[[[",
    "```",
    "&a *a",
    "<<: ",
    "\t",
    "\u{1b}[2J",
    "../",
];

fn fault() -> impl Strategy<Value = Fault> {
    let odd = prop::sample::select(&ODD[..]).prop_map(|odd| odd.as_bytes().to_vec());
    let put = prop_oneof![3 => odd, 1 => prop::collection::vec(any::<u8>(), 1..6)];
    let at = any::<Index>;
    prop_oneof![
        (at(), 1_usize..40).prop_map(|(at, length)| Fault::Cut(at, length)),
        (at(), put).prop_map(|(at, put)| Fault::Put(at, put)),
        (at(), 1_usize..60, 2_usize..50)
            .prop_map(|(at, length, times)| Fault::Repeat(at, length, times)),
        (at(), at()).prop_map(|(one, other)| Fault::Swap(one, other)),
        at().prop_map(Fault::DropLine),
        (at(), 1_u8..).prop_map(|(at, bits)| Fault::Flip(at, bits)),
        at().prop_map(Fault::Tear),
        (at(), at(), 1_usize..400).prop_map(|(at, from, length)| Fault::Splice(at, from, length)),
    ]
}

fn piece(text: &[u8], at: Index, length: usize) -> std::ops::Range<usize> {
    let from = at.index(text.len() + 1);
    from..(from + length).min(text.len())
}

fn apply(text: &mut Vec<u8>, fault: &Fault, other: &[u8]) {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        text.split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    match fault {
        Fault::Cut(at, length) => drop(text.drain(piece(text, *at, *length))),
        Fault::Put(at, put) => {
            let at = piece(text, *at, 0);
            drop(text.splice(at, put.iter().copied()));
        }
        Fault::Repeat(at, length, times) => {
            let range = piece(text, *at, *length);
            let again = text[range.clone()].repeat(*times);
            drop(text.splice(range, again));
        }
        Fault::Swap(one, with) => {
            let mut lines = lines(text);
            if !lines.is_empty() {
                let (one, with) = (one.index(lines.len()), with.index(lines.len()));
                lines.swap(one, with);
                *text = lines.concat();
            }
        }
        Fault::DropLine(at) => {
            let mut lines = lines(text);
            if !lines.is_empty() {
                lines.remove(at.index(lines.len()));
                *text = lines.concat();
            }
        }
        Fault::Flip(at, bits) => {
            if !text.is_empty() {
                let at = at.index(text.len());
                text[at] ^= bits;
            }
        }
        Fault::Tear(at) => text.truncate(at.index(text.len() + 1)),
        Fault::Splice(at, from, length) => {
            let new = other[piece(other, *from, *length)].to_vec();
            let at = piece(text, *at, 0);
            drop(text.splice(at, new));
        }
    }
}

/// One of these with some faults.
fn mutants(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let any_seed = prop::sample::select(seeds);
    let faults = prop::collection::vec(fault(), 0..6);
    (any_seed.clone(), any_seed, faults).prop_flat_map(|(mut text, other, faults)| {
        for fault in &faults {
            apply(&mut text, fault, &other);
        }
        Just(text)
    })
}

/// The input of a target that was found to be too much for it lies in this folder.
fn found(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/fuzz")
        .join(target)
}

/// Bytes that one input may take beside the others that are tried at the same time; and all together, where the system
/// refuses more.
const MOST: u64 = 64 << 20;
const MOST_OF_ALL: u64 = 4 << 30;

/// A line of what the system says of this process' memory, in bytes.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim_start_matches(':').trim_end_matches("kB");
    kib.trim().parse::<u64>().unwrap() << 10
}

/// The bytes of memory that are taken at most while it reads, by all that is tried at the same time.
fn taken(read: impl FnOnce()) -> u64 {
    // The peak begins anew.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS");
    read();
    memory("VmHWM").saturating_sub(before)
}

/// Survives `read` whatever the seeds become? For so many cases, or as long as `TIPSTAFF_FUZZ` says, in seconds.
#[track_caller]
#[expect(
    clippy::print_stdout,
    reason = "the figures, for who asks for them by --nocapture"
)]
pub fn survives(target: &str, seeds: Vec<Vec<u8>>, read: impl Fn(&[u8])) {
    setrlimit(Resource::RLIMIT_AS, MOST_OF_ALL, MOST_OF_ALL).unwrap();
    let largest = Cell::new(0);
    let read = |bytes: &[u8]| {
        let taken = taken(|| read(bytes));
        largest.set(largest.get().max(taken));
        assert!(taken < MOST, "it took {} MiB", taken >> 20);
    };
    let known = fs::read_dir(found(target)).into_iter().flatten().flatten();
    for file in known {
        read(&fs::read(file.path()).unwrap());
    }
    let seconds = std::env::var("TIPSTAFF_FUZZ").ok();
    let until = seconds.map(|text| Instant::now() + Duration::from_secs(text.parse().unwrap()));
    let strategy = mutants(seeds);
    loop {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let run = TestRunner::new(config).run(&strategy, |text| {
            read(&text);
            Ok::<(), TestCaseError>(())
        });
        if let Err(TestError::Fail(why, text)) = run {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            let kept = found(target).join(format!("{:016x}", hasher.finish()));
            fs::create_dir_all(found(target)).unwrap();
            fs::write(&kept, &text).unwrap();
            panic!("{why}\nthe input is kept as {}", kept.display());
        }
        if until.is_none_or(|until| Instant::now() > until) {
            break;
        }
    }
    println!("{target}: at most {} KiB at once", largest.get() >> 10);
}
