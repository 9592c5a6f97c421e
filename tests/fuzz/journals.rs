//! Journals that are torn, out of order or changed: what they say is what they said up to there.

use std::fs;

use tipstaff::journal::Journal;
use tipstaff::run::RunState;

use crate::mutants::survives;
use crate::seeds::files_in;

pub fn journal(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    fs::write(&path, bytes).unwrap();
    if let Ok(content) = Journal::read(&path) {
        let numbers = content.records.iter().map(|record| record.seq);
        assert!(numbers.eq(1..=content.records.len() as u64));
        RunState::of(&content.records);
    }
    assert_eq!(fs::read(&path).unwrap(), bytes, "reading changes nothing");
}

#[test]
fn any_journal_is_read() {
    survives(
        "journal",
        files_in("fixtures/journals", "journal.jsonl"),
        journal,
    );
}
