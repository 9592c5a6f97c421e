//! What commands said of the candidates of an ensemble that edits, as rows of a table that each view draws in its own
//! way.

use serde_json::{Value, json};

use crate::model::{Label, Verification};

use super::scores::Fact;
use super::view::{PhaseView, RunView};
use super::words::{NOTHING, clean};
use super::words_work::out_words;

/// A row for the phase's own commands, and one for each author whose tests ran with the code of others; none where
/// proposals are documents.
pub(super) fn evidence_rows(view: &RunView, phase: PhaseView<'_>, labels: &[&Label]) -> Vec<Fact> {
    let candidates = view.state.candidates(phase.name());
    if candidates.is_empty() {
        return Vec::new();
    }
    let passed = || "passed".to_owned();
    let fails = |result: &Verification| format!("fails {}", clean(&result.command));
    let own = labels.iter().map(|label| {
        let candidate = candidates.iter().find(|one| one.label == *label);
        let mends = candidate.map_or(0, |one| one.mends);
        match out_words(view, phase.name(), label) {
            Some(why) => why,
            None if mends > 0 => format!("passed, mends {mends}"),
            None => passed(),
        }
    });
    let mut rows = vec![("commands".to_owned(), own.collect())];
    for tests in view.state.cross_tests(phase.name()) {
        let cell = |label: &&Label| match tests.results.iter().find(|(of, _)| of == label) {
            Some((_, None)) => passed(),
            Some((_, Some(result))) => fails(result),
            None if tests.author == Some(label) => "its own".to_owned(),
            None => NOTHING.to_owned(),
        };
        let whose = match tests.author {
            Some(author) => format!("tests of {}", clean(author)),
            None => "tests before".to_owned(),
        };
        let alone = if tests.count() { "" } else { " (void)" };
        rows.push((whose + alone, labels.iter().map(cell).collect()));
    }
    rows
}

/// The tests that ran with the code of others, for programs.
pub(super) fn cross_tests(view: &RunView, phase: PhaseView<'_>) -> Vec<Value> {
    let rows = view.state.cross_tests(phase.name()).into_iter();
    let row = rows.map(|tests| {
        let results = tests.results.iter();
        let results = results.map(|(label, failed)| json!({"label": label, "failed": failed}));
        json!({
            "author": tests.author,
            "count": tests.count(),
            "results": results.collect::<Vec<_>>(),
        })
    });
    row.collect()
}
