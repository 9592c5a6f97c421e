//! The promises about the journal: what was acknowledged is there, whatever happened to the process.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{FORMAT, Failure, FailureKind, RunEnd, Rung, Timestamp, TreeId, Usage};
use crate::run::{CallEvent, Event, PhaseEvent, Record, RunEvent};

pub(super) fn started() -> Event {
    Event::Run(RunEvent::Started {
        run: "r1".into(),
        format: FORMAT,
        version: "0.1.0".into(),
        workflow: "plan".into(),
        plan: "00".into(),
        base: TreeId::sample("11"),
        files: Vec::new(),
        rehearsal: None,
        sandbox: Rung::Namespaces,
    })
}

pub(super) fn progressed(requests: u64) -> Event {
    CallEvent::AttemptProgressed {
        attempt: 1,
        usage: Usage {
            requests,
            ..Usage::default()
        },
        doing: "reads — «ünï»\n\"quoted\"".into(),
    }
    .of("plan.work")
}

fn failed(message: &str) -> Event {
    CallEvent::AttemptFailed {
        attempt: 1,
        failure: Failure::new(FailureKind::Auth, message),
        usage: Usage::default(),
    }
    .of("plan.work")
}

fn create(path: &Path) -> Result<Journal, JournalError> {
    Journal::create(path, Redactor::default())
}

fn open(path: &Path) -> Result<(Journal, Content), JournalError> {
    Journal::open(path, None, Redactor::default())
}

struct Place {
    temp: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("journal.jsonl");
        Self { temp, path }
    }

    /// A journal of several batches.
    fn written() -> (Self, Vec<Record>) {
        let place = Self::new();
        let mut journal = create(&place.path).unwrap();
        let batches: [&[Event]; 4] = [
            &[started(), PhaseEvent::Started.of("plan")],
            &[progressed(1)],
            &[],
            &[
                failed("no key"),
                Event::Run(RunEvent::Ended {
                    end: RunEnd::Failed,
                }),
            ],
        ];
        let mut records = Vec::new();
        for (at, batch) in (1..).zip(batches) {
            records.extend(journal.append(Timestamp(at), batch).unwrap());
        }
        (place, records)
    }
}

#[test]
fn gives_back_what_was_appended_and_goes_on() {
    let (place, mut records) = Place::written();
    assert_eq!(Journal::read(&place.path).unwrap().records, records);
    let (mut journal, found) = open(&place.path).unwrap();
    assert_eq!(found.records, records);
    let resumed = Event::Run(RunEvent::Resumed {
        version: "0.1.0".into(),
        sandbox: Rung::Landlock,
        elsewhere: Vec::new(),
    });
    records.extend(journal.append(Timestamp(9), &[resumed]).unwrap());
    assert_eq!(records.last().unwrap().seq, 6);
    assert_eq!(Journal::read(&place.path).unwrap().records, records);
    assert!(create(&place.path).is_err(), "never twice");
}

#[test]
fn never_loses_a_complete_record_wherever_the_file_is_torn() {
    let (place, records) = Place::written();
    let whole = fs::read(&place.path).unwrap();
    let torn = place.temp.path().join("journal.torn");
    for length in 0..=whole.len() {
        fs::write(&place.path, &whole[..length]).unwrap();
        let _ = fs::remove_file(&torn);
        // A record is complete with its closing brace; its line feed may be missing.
        let mut end = 0;
        let complete = whole
            .split_inclusive(|byte| *byte == b'\n')
            .take_while(|line| {
                end += line.len();
                end <= length + 1
            })
            .count();
        assert_eq!(
            Journal::read(&place.path).unwrap().records,
            records[..complete]
        );
        let (mut journal, found) = open(&place.path).unwrap();
        assert_eq!(found.records, records[..complete], "at {length}");
        let first = if complete == 0 {
            started()
        } else {
            progressed(7)
        };
        journal.append(Timestamp(7), &[first]).unwrap();
        drop(journal);
        let again = Journal::read(&place.path).unwrap().records;
        assert_eq!(again.len(), complete + 1);
        assert_eq!(again[..complete], records[..complete]);
        let kept: usize = again.len() - 1;
        let boundary: usize = whole
            .split_inclusive(|byte| *byte == b'\n')
            .take(kept)
            .map(<[u8]>::len)
            .sum();
        assert_eq!(torn.exists(), boundary < length, "at {length}");
    }
}

#[test]
fn keeps_the_torn_line_aside() {
    let (place, records) = Place::written();
    let mut bytes = fs::read(&place.path).unwrap();
    bytes.extend_from_slice(b"{\"seq\":6,\"at\xff");
    fs::write(&place.path, &bytes).unwrap();
    let (_, found) = open(&place.path).unwrap();
    assert_eq!(found.records, records);
    let torn = fs::read(place.path.with_extension("torn")).unwrap();
    assert_eq!(torn, b"{\"seq\":6,\"at\xff\n");
}

#[test]
fn names_the_line_that_is_damaged() {
    let (place, _) = Place::written();
    let text = fs::read_to_string(&place.path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let damaged = [
        (vec![lines[0], "garbage", lines[2]], "line 2"),
        (vec![lines[0], "", lines[2]], "line 2"),
        (vec![lines[0], lines[2]], "expected record 2, found 3"),
        (vec![lines[1]], "expected record 1, found 2"),
        (vec![&lines[0][..40], lines[1]], "line 1"),
    ];
    for (lines, reason) in damaged {
        fs::write(&place.path, lines.join("\n") + "\n").unwrap();
        let error = open(&place.path).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }));
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn begins_with_the_start_of_the_run() {
    let place = Place::new();
    let mut journal = create(&place.path).unwrap();
    journal.append(Timestamp(1), &[progressed(1)]).unwrap();
    let error = Journal::read(&place.path).unwrap_err().to_string();
    assert!(error.contains("run_started"), "{error}");
}

#[test]
fn refuses_other_formats_even_with_unknown_events() {
    let place = Place::new();
    for (event, format) in [
        (r#"{"type":"run_started","format":99}"#, "format 99"),
        (r#"{"run_started":{"format":2}}"#, "format 2;"),
    ] {
        let first = format!(r#"{{"seq":1,"at":{{"unix":1}},"event":{event}}}"#);
        fs::write(&place.path, format!("{first}\nwho knows\n")).unwrap();
        let error = open(&place.path).unwrap_err().to_string();
        assert!(error.contains("written by another tipstaff"), "{error}");
        assert!(error.contains(format), "{error}");
    }
}

#[test]
fn reads_up_to_what_somebody_else_wrote_and_sets_it_aside() {
    let (place, records) = Place::written();
    let whole = fs::read(&place.path).unwrap();
    let last = whole.split_inclusive(|byte| *byte == b'\n').next_back();
    for junk in [
        b"junk\nmore\n",
        &b"\n"[..],
        b"junk\n{\"seq\":",
        last.unwrap(),
    ] {
        fs::write(&place.path, [&whole, junk].concat()).unwrap();
        let read = Journal::read(&place.path).unwrap();
        assert_eq!(read.records, records);
        let told = read.foreign.unwrap().to_string();
        assert!(told.starts_with("line 6 of the journal"), "{told}");
        let _ = fs::remove_file(place.path.with_extension("torn"));
        let (mut journal, found) = open(&place.path).unwrap();
        assert_eq!(found.records, records);
        let torn = fs::read(place.path.with_extension("torn")).unwrap();
        assert_eq!(torn, [junk, b"\n"].concat());
        journal.append(Timestamp(9), &[progressed(9)]).unwrap();
        assert_eq!(Journal::read(&place.path).unwrap().foreign, None);
    }
}

#[test]
fn writes_nothing_behind_a_line_that_is_not_its_own() {
    let (place, records) = Place::written();
    let (mut journal, _) = open(&place.path).unwrap();
    let whole = fs::read(&place.path).unwrap();
    for changed in [&[&whole, &b"junk\n"[..]].concat()[..], &whole[..9]] {
        fs::write(&place.path, changed).unwrap();
        let error = journal.append(Timestamp(9), &[progressed(9)]).unwrap_err();
        assert!(matches!(error, JournalError::Changed { .. }), "{error:?}");
        assert_eq!(fs::read(&place.path).unwrap(), changed);
    }
    fs::write(&place.path, &whole).unwrap();
    journal.append(Timestamp(9), &[progressed(9)]).unwrap();
    let found = Journal::read(&place.path).unwrap().records;
    assert_eq!(found.len(), records.len() + 1);
}

#[test]
fn names_the_path_and_the_way_out_when_the_disk_is_full() {
    let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
    let mut journal = Journal::on(full, "run/journal.jsonl".as_ref());
    let error = journal.append(Timestamp(1), &[started()]).unwrap_err();
    assert!(matches!(error, JournalError::NoSpace { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("run/journal.jsonl") && text.contains("free some space there"));
}

#[test]
fn cuts_off_what_a_failed_write_left_before_the_next() {
    let (place, records) = Place::written();
    let (mut journal, _) = open(&place.path).unwrap();
    let whole = fs::read(&place.path).unwrap();
    // What a write that ran out of space leaves: some bytes, and an error.
    fs::write(&place.path, [&whole[..], b"{\"seq\":6,"].concat()).unwrap();
    journal.mark_dirty();
    journal.append(Timestamp(8), &[progressed(8)]).unwrap();
    let found = Journal::read(&place.path).unwrap().records;
    assert_eq!(found.len(), records.len() + 1);
}

#[test]
fn writes_no_secret_and_returns_what_it_wrote() {
    let place = Place::new();
    let given = [("A_KEY".to_owned(), "sk-\"12345\"".to_owned())];
    let redactor = Redactor::new([], given);
    let mut journal = Journal::create(&place.path, redactor).unwrap();
    let events = [started(), failed("refused sk-\"12345\"!")];
    let records = journal.append(Timestamp(1), &events).unwrap();
    assert_eq!(records[1].event, failed("refused [redacted:A_KEY]!"));
    assert_eq!(Journal::read(&place.path).unwrap().records, records);
    assert!(!fs::read_to_string(&place.path).unwrap().contains("12345"));
}

#[test]
fn survives_a_secret_that_is_a_word_of_the_format() {
    let place = Place::new();
    let given = [("A_KEY".to_owned(), "rate_limit".to_owned())];
    let redactor = Redactor::new([], given);
    let mut journal = Journal::create(&place.path, redactor).unwrap();
    let limited = CallEvent::AttemptFailed {
        attempt: 1,
        failure: Failure::new(FailureKind::RateLimit, "slow down"),
        usage: Usage::default(),
    }
    .of("plan.work");
    let records = journal
        .append(Timestamp(1), &[started(), limited.clone()])
        .unwrap();
    assert_eq!(records[1].event, limited);
}
