//! What a judge gave to proposals, as rows of a table that each view draws in its own way.

use std::collections::BTreeSet;

use crate::model::{Decider, Judgement, Label};

use super::table::Table;
use super::words::{clean, or_nothing};

/// A column needs so much room.
const COLUMN: usize = 12;

/// A row of a table: its name, and a cell for each of what is compared.
pub(super) type Fact = (String, Vec<String>);
/// A proposal's label, its model, and whether it won.
pub(super) type Column<'a> = (&'a Label, String, bool);

/// The points of a label's proposal by one criterion.
fn points(judgement: &Judgement, label: &Label, criterion: &str) -> Option<f64> {
    judgement.scores.get(label)?.get(criterion).copied()
}

/// The mean of a proposal's points over the criteria.
pub(super) fn mean(judgement: &Judgement, label: &Label) -> Option<f64> {
    let points = judgement
        .scores
        .get(label)
        .filter(|points| !points.is_empty())?;
    #[expect(clippy::cast_precision_loss, reason = "a few criteria")]
    let count = points.len() as f64;
    Some(points.values().sum::<f64>() / count).filter(|mean| mean.is_finite())
}

/// A row a criterion, in alphabetical order, and the mean; none without points.
pub(super) fn score_rows<'a>(
    judgement: &'a Judgement,
    labels: &[&Label],
) -> Vec<(&'a str, Vec<Option<f64>>)> {
    let criteria = judgement.scores.values().flat_map(|points| points.keys());
    let criteria: BTreeSet<&str> = criteria.map(String::as_str).collect();
    let row = |of: &dyn Fn(&Label) -> Option<f64>| labels.iter().map(|label| of(label)).collect();
    let mut rows: Vec<(&str, Vec<_>)> = criteria
        .into_iter()
        .map(|name| (name, row(&|label| points(judgement, label, name))))
        .collect();
    if !rows.is_empty() {
        rows.push(("mean", row(&|label| mean(judgement, label))));
    }
    rows
}

/// Proposals beside each other, as many as fit: models, points, and what else is known of each.
pub(super) fn score_table(
    all: &[Column<'_>],
    judgement: Option<&Judgement>,
    more: &[Fact],
    width: usize,
) -> String {
    let labels: Vec<&Label> = all.iter().map(|(label, ..)| *label).collect();
    let models = all.iter().map(|(_, model, _)| clean(model)).collect();
    let mut rows = vec![("model".to_owned(), models)];
    for (name, points) in judgement
        .into_iter()
        .flat_map(|one| score_rows(one, &labels))
    {
        let cells = points
            .into_iter()
            .map(|points| or_nothing(points.map(|points| format!("{points:.1}"))));
        rows.push((clean(name), cells.collect()));
    }
    rows.extend_from_slice(more);
    let fitting = (width.saturating_sub(14) / COLUMN).max(2);
    let tables = (0..all.len()).step_by(fitting).map(|first| {
        let mut table = Table::new(2, &[""]);
        for (label, _, wins) in all.iter().skip(first).take(fitting) {
            table.column(&format!("{label}{}", if *wins { " ✓" } else { "" }), false);
        }
        for (name, cells) in &rows {
            let cells = cells.iter().skip(first).take(fitting).cloned();
            table.row([name.clone()].into_iter().chain(cells));
        }
        table.within(width).to_string()
    });
    tables.collect::<Vec<_>>().join("\n")
}

/// Who chose the winner, where it was not a judge.
pub(super) fn picked(by: &Decider) -> &'static str {
    match by {
        Decider::Judge(_) => "",
        Decider::Evidence => ", the commands left no other",
        Decider::Person => ", picked by a person",
        Decider::Only => ", the only one",
    }
}
