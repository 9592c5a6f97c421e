//! An input that is eight times as long takes about eight times as long.

use nix::sys::resource::{UsageWho, getrusage};
use tipstaff::plan::AgentKind;

use crate::agents::{KINDS, printed};
use crate::answers::answer;
use crate::files::{configuration, workflow};
use crate::journals::journal;

/// Less than the largest answer and the largest file that are read at all.
const SHORT: usize = 1 << 17;

/// Processor time of this thread, which other load does not change, in milliseconds.
fn taken(read: impl FnOnce()) -> i64 {
    let now = || {
        let used = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
        let all = [used.user_time(), used.system_time()];
        all.iter()
            .map(|time| time.tv_sec() * 1000 + time.tv_usec() / 1000)
            .sum::<i64>()
    };
    let before = now();
    read();
    now() - before
}

/// Four times more than in proportion is left to caches and to chance.
#[track_caller]
fn grows_with_its_length(what: &str, piece: &str, read: impl Fn(&[u8])) {
    let of = |bytes: usize| piece.repeat(bytes.div_ceil(piece.len())).into_bytes();
    let (short, long) = (of(SHORT), of(8 * SHORT));
    let short = taken(|| read(&short));
    let long = taken(|| read(&long));
    let shown: String = piece.chars().take(30).collect();
    assert!(
        long <= 8 * 4 * short.max(20),
        "{what}: {shown:?}: {short} ms and {long} ms"
    );
}

const PIECES: [&str; 16] = [
    "x",
    "\n",
    "{",
    "[",
    "\"",
    "```json\n",
    "```\n{\"summary\": 1}\n",
    "{\"a\":",
    "\\",
    "# Title\n",
    "- item\n",
    "| ",
    "a: {b: [\n",
    "é",
    "> ",
    "{\"type\":\"text\",\"text\":\"x\"}\n",
];

#[test]
fn answers_take_time_by_their_length() {
    for piece in PIECES {
        grows_with_its_length("answer", piece, answer);
    }
}

#[test]
fn output_takes_time_by_its_length() {
    for kind in KINDS {
        for piece in [
            "x",
            "{\"type\":\"text\",\"text\":\"x\"}\n",
            "{",
            "[",
            "\"\\",
        ] {
            grows_with_its_length(&format!("{kind:?}"), piece, |bytes| printed(kind, bytes));
        }
    }
    let text = "{\"type\":\"text\",\"sessionID\":\"s\",\"part\":{\"messageID\":\"m\",\"type\":\"text\",\"text\":\"x\"}}\n";
    grows_with_its_length("texts of one message", text, |bytes| {
        printed(AgentKind::Opencode, bytes)
    });
}

#[test]
fn files_take_time_by_their_length() {
    for piece in PIECES {
        grows_with_its_length("workflow", piece, workflow);
        grows_with_its_length("configuration", piece, configuration);
        grows_with_its_length("journal", piece, journal);
    }
}
