//! Every way to fail, met by everyone who can fail in a run: what kind it is told as, how often it is tried, and how
//! the run ends. `docs/failures.md` shows this very table.

use std::fmt::Write as _;

use crate::support::{FAULTS, PLACES, Place, all_faults};

#[track_caller]
fn all_at(place: Place) {
    let cells = FAULTS.iter().map(|fault| (fault, place));
    let cells: Vec<_> = cells
        .filter(|(fault, _)| fault.code(place).is_some())
        .collect();
    all_faults(&cells, None, 4);
}

#[test]
fn proposers_fail_and_the_others_are_judged() {
    all_at(Place::Proposer);
}

#[test]
fn judges_fail_and_a_person_is_asked() {
    all_at(Place::Judge);
}

#[test]
fn tasks_fail_and_so_does_the_run() {
    all_at(Place::Task);
}

#[test]
fn distillers_fail_and_the_document_is_cut_by_rule() {
    all_at(Place::Distiller);
}

#[test]
fn auditors_fail_and_so_does_the_run() {
    all_at(Place::Auditor);
}

#[test]
fn setup_fails_and_so_does_the_run() {
    all_at(Place::Setup);
}

#[test]
fn verify_fails_and_that_is_evidence() {
    all_at(Place::Verify);
}

#[test]
fn documentation_has_this_very_table() {
    let mut table = String::from(
        "| what happens | kind | tries | proposer | judge | task | distiller | auditor | `setup` | `verify` |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for fault in FAULTS {
        let kind = match fault.kind {
            "" => "no failure".to_owned(),
            kind => format!("`{kind}`"),
        };
        let tries = fault
            .agents
            .map_or("—".to_owned(), |_| fault.tries.to_string());
        let _ = write!(table, "| {} | {kind} | {tries} |", fault.what);
        for place in PLACES {
            let _ = match (fault.code(place), fault.is_served(place)) {
                (None, _) => write!(table, " — |"),
                (Some(code), false) => write!(table, " {code} |"),
                (Some(code), true) => write!(table, " **{code}** |"),
            };
        }
        table.push('\n');
    }
    let page = include_str!("../../docs/failures.md");
    assert!(
        page.contains(&table),
        "docs/failures.md lacks this:\n{table}"
    );
}
