//! What a judge gave to proposals, as rows of a table that each view draws in its own way.

use std::collections::BTreeSet;

use crate::model::{Criterion, Judgement, Label};

use super::table::Table;
use super::words::{clean, or_nothing};

/// A column needs so much room.
const COLUMN: usize = 12;

/// A row of a table: its name, and a cell for each of what is compared.
pub(super) type Fact = (String, Vec<String>);
/// A proposal's label, its model, and whether it won.
pub(super) type Column<'a> = (&'a Label, String, bool);

/// A verdict, and the criteria that its workflow names.
pub type Scored<'a> = (&'a Judgement, &'a [Criterion]);

/// The points of a label's proposal by one criterion.
fn points(judgement: &Judgement, label: &Label, criterion: &str) -> Option<f64> {
    judgement.scores.get(label)?.get(criterion).copied()
}

/// A row a criterion, in alphabetical order, and the mean; none without points.
pub(super) fn score_rows<'a>(
    (judgement, weights): Scored<'a>,
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
        let mean = if weights.is_empty() {
            "mean"
        } else {
            "weighted"
        };
        rows.push((mean, row(&|label| judgement.points(label, weights))));
    }
    rows
}

/// Proposals beside each other, as many as fit: models, points, and what else is known of each.
pub(super) fn score_table(
    all: &[Column<'_>],
    judgement: Option<Scored<'_>>,
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
