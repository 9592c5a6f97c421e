//! A phase's verdict in words: the decision, who stood behind the winner, the scores, the reasons.

use std::collections::BTreeSet;

use crate::model::{Decider, Judgement, Label};
use crate::run::CallState;

use super::table::{Align, Table};
use super::view::{PhaseView, RunView, short_name};
use super::words::{NOTHING, clean, decision_word, title, wrap};

/// Columns at which reasons are wrapped.
const WIDTH: usize = 92;

/// The verdict of a phase, some lines; `None` where nothing was proposed or decided.
pub fn render_verdict(view: &RunView, phase: PhaseView<'_>) -> Option<String> {
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
        for line in wrap(&judgement.rationale, WIDTH) {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        }
    }
    let scores = scores(view, phase, verdict.map(|(_, judgement)| judgement));
    if !scores.is_empty() {
        text.push_str(&scores.to_string());
    }
    Some(text)
}

fn winner_lines(view: &RunView, phase: PhaseView<'_>) -> String {
    let Some(winner) = phase.state.winner() else {
        return String::new();
    };
    let model = view
        .model_of(&winner.call)
        .map_or_else(|| NOTHING.to_owned(), |model| clean(model.as_str()));
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
    let model = view
        .model_of(&judge.spec.id)
        .map_or_else(|| NOTHING.to_owned(), |model| clean(model.as_str()));
    let named = judgement
        .winner
        .as_ref()
        .map_or_else(String::new, |label| format!(": {}", clean(label.as_str())));
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
    let names: Vec<String> = criteria.iter().map(|name| clean(name)).collect();
    let mut columns = vec![
        ("", Align::Left),
        ("model", Align::Left),
        ("call", Align::Left),
    ];
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    if !criteria.is_empty() {
        columns.push(("sum", Align::Right));
    }
    let mut table = Table::new(&columns).indent(4);
    let mut labels: Vec<&Label> = phase.labels().iter().map(|(label, _)| label).collect();
    labels.sort();
    for label in labels {
        let call = view.behind(phase, label);
        let model = call.and_then(|call| view.model_of(&call.spec.id));
        let mut row = vec![
            label.to_string(),
            model.map_or_else(|| NOTHING.to_owned(), |model| clean(model.as_str())),
            call.map_or_else(|| NOTHING.to_owned(), |call| title(&short_name(call))),
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
    points.map_or_else(
        || NOTHING.to_owned(),
        |points| format!("{}", rounded(points)),
    )
}
