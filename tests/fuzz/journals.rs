//! Journals that are torn, out of order or changed: what they say is what they said up to there, and whatever they may
//! say, a run can be taken up after it.

use std::fs;

use tipstaff::engine::{Engine, Input};
use tipstaff::journal::Journal;
use tipstaff::model::Rung;
use tipstaff::plan::Plan;
use tipstaff::run::{Event, Record, RunEvent, RunState};

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

/// The records among its lines, up to its end: what is damaged hides nothing that comes after it.
fn records(bytes: &[u8]) -> Vec<Record> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let records = lines.filter_map(|line| serde_json::from_slice::<Record>(line).ok());
    let numbered = records.zip(1..);
    numbered
        .map(|(record, seq)| Record { seq, ..record })
        .collect()
}

/// Taken up again, whatever happened.
fn resumed(plan: Plan, records: &[Record]) {
    let now = records.iter().map(|record| record.at).max();
    let resume = Input::Resume {
        version: "0".to_owned(),
        sandbox: Rung::None,
        elsewhere: Vec::new(),
        acts: Vec::new(),
        recovered: Vec::new(),
    };
    Engine::new(plan, records).handle(now.unwrap_or_default(), resume);
}

#[test]
fn any_journal_is_read_and_gone_on_with() {
    let journals = files_in("fixtures/journals", "journal.jsonl");
    let plans = files_in("fixtures/journals", "plan.json");
    let plans = plans
        .iter()
        .map(|plan| serde_json::from_slice(plan).unwrap());
    let plans: Vec<Plan> = plans.collect();
    survives("journal", journals, |bytes| {
        journal(bytes);
        let records = records(bytes);
        let workflow = records.iter().find_map(|record| match &record.event {
            Event::Run(RunEvent::Started { workflow, .. }) => Some(workflow),
            _ => None,
        });
        let own = plans.iter().find(|plan| Some(&plan.workflow) == workflow);
        resumed(own.unwrap_or(&plans[0]).clone(), &records);
    });
}
