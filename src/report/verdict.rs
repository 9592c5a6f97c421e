//! A phase's verdict in words: the decision, who stood behind the winner, the scores, the reasons.

use std::collections::BTreeSet;

use crate::model::{Decider, Judgement, Label};
use crate::run::CallState;

use super::table::Table;
use super::view::{PhaseView, RunView, short_name};
use super::words::{clean, decision_word, or_nothing, title, wrapped};

/// The verdict of a phase, some lines; `None` where nothing was proposed or decided.
pub fn render_verdict(view: &RunView, phase: PhaseView<'_>, width: usize) -> Option<String> {
    let verdict = view.verdict(phase);
    let chosen = phase
        .state
        .winner()
        .is_some_and(|winner| winner.by != Decider::Only);
    if verdict.is_none() && phase.labels().is_empty() && !chosen {
        return None;
    }
    let mut text = winner_lines(view, phase);
    if let Some((judge, judgement)) = verdict {
        text.push_str(&judged(view, judge, judgement));
        text.push_str(&wrapped("    ", &judgement.rationale, width));
    }
    let scores = scores(view, phase, verdict.map(|(_, judgement)| judgement));
    Some(text + &scores.within(width).to_string())
}

fn winner_lines(view: &RunView, phase: PhaseView<'_>) -> String {
    let Some(winner) = phase.state.winner() else {
        return String::new();
    };
    let model = view.model_words(&winner.call);
    let what = match &winner.label {
        Some(label) => format!("{label}, by {model} ({})", winner.call),
        None => format!("the document of {model} ({})", winner.call),
    };
    let by = match &winner.by {
        Decider::Judge(_) => "",
        Decider::Person => ", picked by a person",
        Decider::Only => ", the only one",
    };
    format!("  winner: {what}{by}\n")
}

fn judged(view: &RunView, judge: &CallState, judgement: &Judgement) -> String {
    let model = view.model_words(&judge.spec.id);
    let named = judgement
        .winner
        .as_ref()
        .map_or_else(String::new, |label| format!(": {}", clean(label)));
    format!(
        "  judge:  {model} {}{named}\n",
        decision_word(judgement.decision)
    )
}

/// A row a label: model, call, points a criterion, their sum. Criteria in alphabetical order.
fn scores(view: &RunView, phase: PhaseView<'_>, judgement: Option<&Judgement>) -> Table {
    let points = |label: &Label| judgement.and_then(|judgement| judgement.scores.get(label));
    let criteria: BTreeSet<&str> = judgement
        .iter()
        .flat_map(|judgement| judgement.scores.values())
        .flat_map(|points| points.keys().map(String::as_str))
        .collect();
    let mut table = Table::new(4, &["", "model", "call"]);
    for name in &criteria {
        table.column(&clean(name), true);
    }
    if !criteria.is_empty() {
        table.column("sum", true);
    }
    let mut labels: Vec<&Label> = phase.labels().iter().map(|(label, _)| label).collect();
    labels.sort();
    for label in labels {
        let call = view.behind(phase, label);
        let mut row = vec![
            label.to_string(),
            or_nothing(call.map(|call| view.model_words(&call.spec.id))),
            or_nothing(call.map(|call| title(&short_name(call)))),
        ];
        let points = points(label);
        let of = |name: &&str| points.and_then(|points| points.get(*name)).copied();
        row.extend(criteria.iter().map(|name| number(of(name))));
        row.push(number(points.map(|points| points.values().sum())));
        table.row(row);
    }
    table
}

fn number(points: Option<f64>) -> String {
    // Rounded, so that sums of fractions do not show how binary numbers work.
    let rounded = |points: f64| (points * 100.0).round() / 100.0;
    or_nothing(points.map(|points| rounded(points).to_string()))
}
