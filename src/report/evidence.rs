//! What commands said of the candidates of an ensemble that edits, as rows of a table that each view draws in its own
//! way.

use serde_json::{Value, json};

use crate::model::{Decider, Label, PhaseName, Verification, VerifyOutcome};
use crate::run::{Out, Verified};

use super::query::Verdict;
use super::scores::Fact;
use super::view::{PhaseView, RunView};
use super::words::{NOTHING, clean, or_nothing};
use super::words_work::{candidate_words, proved};

/// Who chose the winner, where it was not a judge.
pub(super) fn picked(view: &RunView, phase: &PhaseName, by: &Decider) -> &'static str {
    let all = view.state.candidates(phase);
    let fails = all.iter().any(|one| matches!(one.out, Some(Out::Fails(_))));
    let same = all
        .iter()
        .any(|one| matches!(one.out, Some(Out::SameAs(_))));
    match by {
        Decider::Judge(_) => "",
        Decider::Evidence if same && !fails => ", the others are the same",
        Decider::Evidence => ", the commands decided",
        Decider::Person => ", picked by a person",
        Decider::Only => ", the only one",
    }
}

/// Why the winner won: the words of a verdict for it, or what settled it; nothing where verdicts differ and nobody has
/// chosen.
pub fn reason(view: &RunView, phase: PhaseView<'_>) -> Option<String> {
    let settled = settled(view, phase);
    if settled.is_some() {
        return settled;
    }
    let winner = phase.state.winner();
    let verdict = view.verdict(phase)?;
    let said = |one: &Verdict<'_>| one.judgement.winner.clone();
    let agrees = match winner.map(|winner| (&winner.by, &winner.label)) {
        Some((Decider::Judge(_), _)) => true,
        Some((_, label)) => said(&verdict) == *label,
        None => view
            .verdicts(phase)
            .iter()
            .all(|one| said(one) == said(&verdict)),
    };
    let words = verdict.judgement.rationale;
    (agrees && !words.trim().is_empty()).then_some(words)
}

/// How a winner was found that no judge chose.
pub(super) fn settled(view: &RunView, phase: PhaseView<'_>) -> Option<String> {
    let winner = phase.state.winner();
    let winner = winner.filter(|winner| winner.by == Decider::Evidence)?;
    let label = winner.label.as_ref()?;
    let all = view.state.candidates(phase.name());
    let verdicts = view.verdicts(phase);
    let Some(first) = verdicts.first() else {
        let fails = all.iter().any(|one| matches!(one.out, Some(Out::Fails(_))));
        return Some(match fails {
            true => format!("Only {label} passes what passed before."),
            false => "All left the same files.".to_owned(),
        });
    };
    let model = view.model_words(&first.call.spec.id);
    let is_same = |call| view.model_words(call) == model;
    let who = match verdicts.iter().all(|one| is_same(&one.call.spec.id)) {
        true => format!("{model} changed its mind with the order"),
        false => "The judges differ".to_owned(),
    };
    let mends = |label: &Label| {
        let candidate = all.iter().find(|one| one.label == label);
        candidate.map_or(0, |one| one.mends)
    };
    let named = verdicts
        .iter()
        .filter_map(|one| one.judgement.winner.as_ref());
    let mut others = named.filter(|other| *other != label);
    let what = match others.all(|other| mends(label) > mends(other)) {
        true => "passes more commands",
        false => "fails fewer tests of the others",
    };
    Some(format!("{who}; {label} {what}."))
}

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
        let tree = candidate.map(|one| &one.changes.tree);
        let ran = || view.verified(phase).filter(|one| Some(&one.tree) == tree);
        let has_passed = |one: &Verified| one.verification.outcome == VerifyOutcome::Passed;
        match candidate_words(view, phase.name(), label) {
            Some(why) => why,
            None if ran().any(has_passed) => passed(),
            None => or_nothing(Some(proved(ran())).filter(|words| !words.is_empty())),
        }
    });
    let own: Vec<String> = own.collect();
    let mut rows = Vec::new();
    if own.iter().any(|cell| cell != NOTHING) {
        rows.push(("commands".to_owned(), own));
    }
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
        let alone = if tests.count { "" } else { " (void)" };
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
            "count": tests.count,
            "results": results.collect::<Vec<_>>(),
        })
    });
    row.collect()
}
