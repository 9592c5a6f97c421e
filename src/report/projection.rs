//! What a run is expected to use, as a line and as a table.

use super::table::Table;
use super::words::{clean, counted, token_count, wrapped};
use crate::costs::{Estimate, Projection, Span};
use crate::model::MicroUsd;
use crate::plan::Expected;

/// `4 calls, 650k tokens, $1.20; at most 24 calls, $10.00`.
pub fn projection_line(projection: &Projection) -> String {
    let all = &projection.total;
    let expected = format!(
        "{}, {} tokens, {}",
        counted(all.calls.expected, "call"),
        token_count(all.tokens.expected),
        known(all, |cost| dollars(cost.expected)).unwrap_or_else(|| "an unknown cost".to_owned())
    );
    let cost_limit = all.cost_micro_usd.and_then(Span::limit);
    let limits = [
        all.tokens
            .limit()
            .map(|most| format!("{} tokens", token_count(most))),
        cost_limit.map(dollars),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let most = match (limits.as_slice(), all.calls.high) {
        ([], Some(calls)) => {
            let cost = all.cost_micro_usd.and_then(|cost| cost.high);
            let cost = cost.and_then(|most| known(all, |_| format!(", {}", dollars(most))));
            let cost = cost.unwrap_or_default();
            format!("; at most {}{cost}", counted(calls, "call"))
        }
        ([], None) => String::new(),
        (limits, _) => format!("; the limits allow {}", limits.join(" and ")),
    };
    let is_learned = |one: &Expected| one.learned_from > 0;
    let from = match (projection.runs, projection.expected.iter().any(is_learned)) {
        (0, _) => "assumed, without an earlier run".to_owned(),
        (runs, true) => format!("from {}", counted(runs, "earlier run")),
        (runs, false) => format!("tokens assumed, {} told none", counted(runs, "earlier run")),
    };
    format!("expected: {expected}{most} ({from})")
}

fn dollars(micro: u64) -> String {
    MicroUsd(micro).to_string()
}

/// What is known of a cost, and that more is unknown if it is.
fn known(of: &Estimate, words: impl FnOnce(Span) -> String) -> Option<String> {
    let cost = words(of.cost_micro_usd?);
    Some(match of.some_price_unknown {
        true => format!("{cost} + unknown"),
        false => cost,
    })
}

/// A row a phase, and what it was assumed by.
pub fn projection_table(projection: &Projection, width: usize) -> String {
    let mut table = Table::new(0, &["expected", "calls", "tokens", "cost"]);
    let several = (projection.phases.len() > 1).then_some(&projection.total);
    for one in projection.phases.iter().chain(several) {
        let cost = known(one, |cost| span(cost, dollars));
        table.row([
            one.phase.as_ref().map_or("all".to_owned(), clean),
            span(one.calls, |calls| calls.to_string()),
            span(one.tokens, token_count),
            cost.unwrap_or_else(|| "unknown".to_owned()),
        ]);
    }
    let mut text = table.within(width).to_string();
    if projection.runs > 0 {
        let from = format!("from {}", counted(projection.runs, "earlier run"));
        text.push_str(&wrapped("", &from, width));
    }
    if !projection.assumptions.is_empty() {
        let assumed = format!("assumed: {}", projection.assumptions.join("; "));
        text.push_str(&wrapped("", &assumed, width));
    }
    text
}

/// `8 (4 to 40)`, or `8 (limit 5)`.
fn span(span: Span, word: impl Fn(u64) -> String) -> String {
    let Span {
        low,
        expected,
        high,
    } = span;
    if let Some(most) = span.limit() {
        return format!("{} (limit {})", word(expected), word(most));
    }
    match high {
        Some(high) if low == expected && expected == high => word(expected),
        Some(high) => format!("{} ({} to {})", word(expected), word(low), word(high)),
        None => format!("{} (from {})", word(expected), word(low)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::History;
    use crate::report::{sample, sample_build};
    use crate::run::RunState;

    #[test]
    fn as_lines_and_tables_that_fit() {
        let mut small = sample_build::build().plan;
        small.limits.cost = Some(MicroUsd(10_000));
        small.limits.calls = None;
        let plans = [sample::ensemble().plan, sample_build::build().plan, small];
        let shown = plans.map(|plan| {
            let projection = Projection::of(&plan, &RunState::default(), &History::default());
            let tables = [60, 80, 120].map(|width| {
                let table = projection_table(&projection, width);
                for line in table.lines() {
                    assert!(
                        console::measure_text_width(line) <= width,
                        "{width}: {line}"
                    );
                }
                table
            });
            format!("{}\n{}", projection_line(&projection), tables.join("\n"))
        });
        insta::assert_snapshot!(shown.join("\n"));
    }
}
