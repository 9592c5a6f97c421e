//! `tipstaff costs`: what runs cost as a table, as JSON, and as comma-separated values.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::table::Table;
use super::view::RunView;
use super::words::{clean, cost, counted, not_counted, or_nothing, token_count, wrapped};
use crate::costs::{By, Costs, Sum, of_rehearsal};
use crate::model::{MicroUsd, Timestamp};

pub struct CostsShown<'a> {
    pub costs: &'a Costs,
    pub by: By,
    /// How many runs are not this user's.
    pub foreign: u64,
    pub zone: &'a TimeZone,
}

impl CostsShown<'_> {
    fn rows(&self) -> Vec<(String, Sum)> {
        let day = |at: Timestamp| {
            let zoned = at.instant().to_zoned(self.zone.clone());
            zoned.strftime("%Y-%m-%d").to_string()
        };
        self.costs.by(self.by, day)
    }
}

/// The costs for people.
pub fn render_costs(shown: &CostsShown<'_>, width: usize) -> String {
    let sum = shown.costs.sum();
    let mut text = String::new();
    if sum.calls > 0 {
        let heads = [
            "",
            ">calls",
            "?>tokens in",
            "?>out",
            ">cost",
            ">failed",
            ">losing",
            ">judging",
        ];
        let mut heads = heads.to_vec();
        heads[0] = shown.by.word();
        // The rows themselves are these shares.
        heads.truncate(if shown.by == By::Spending { 5 } else { 8 });
        let mut table = Table::new(0, &heads);
        let rows = shown.rows();
        let several = (rows.len() > 1).then_some(("all".to_owned(), sum));
        for (name, row) in rows.iter().chain(&several) {
            table.row(cells(name, row));
        }
        text = table.known().within(width).to_string() + "\n";
    }
    for line in remarks(shown, &sum) {
        text.push_str(&wrapped("", &line, width));
    }
    text
}

fn cells(name: &str, row: &Sum) -> [String; 8] {
    let usage = &row.usage;
    let tokens = |count: u64| or_nothing((count > 0).then(|| token_count(count)));
    [
        clean(name),
        row.calls.to_string(),
        tokens(usage.input_tokens()),
        tokens(usage.output + usage.reasoning),
        money(row),
        or_nothing(cost(row.failed)),
        or_nothing(cost(row.losing)),
        or_nothing(cost(row.judging)),
    ]
}

/// What is known of a sum. What nobody knows is not nothing.
pub(super) fn money(sum: &Sum) -> String {
    match sum.unknown_calls {
        0 => sum.usage.cost.to_string(),
        all if all == sum.calls => "unknown".to_owned(),
        _ => format!("{} + unknown", sum.usage.cost),
    }
}

/// Of a rehearsal: `would have cost about $0.42`.
pub(super) fn would_have_cost(view: &RunView) -> Option<String> {
    let sum = of_rehearsal(&view.plan, &view.state)?;
    let cost = match sum.unknown_calls {
        0 => format!("about {}", sum.usage.cost),
        _ => money(&sum),
    };
    Some(format!("would have cost {cost}"))
}

fn remarks(shown: &CostsShown<'_>, sum: &Sum) -> Vec<String> {
    let costs = shown.costs;
    let mut lines = Vec::new();
    if sum.unknown_calls > 0 {
        lines.push(format!(
            "unknown: what {} cost, with {} tokens: a subscription, or no `price` is configured",
            counted(sum.unknown_calls, "call"),
            token_count(sum.unknown_tokens)
        ));
    }
    if sum.cache_saved.0 > 0 {
        lines.push(format!(
            "caches: {} tokens read for {}, {} less than anew; {} written for {}",
            token_count(sum.usage.cache_read),
            sum.cache_read,
            sum.cache_saved,
            token_count(sum.usage.cache_write),
            sum.cache_write
        ));
    }
    let (calls, saved) = costs.reused;
    if calls > 0 {
        let saved = cost(saved).map_or_else(String::new, |saved| format!(", {saved}"));
        lines.push(format!(
            "reused, and not paid again: {}{saved}",
            counted(calls, "call")
        ));
    }
    if differ(sum.told, sum.listed) {
        lines.push(format!(
            "agents told of {} where the prices of the plan come to {}: a price may have changed",
            sum.told, sum.listed
        ));
    }
    let runs = match costs.runs {
        0 => "no run with costs".to_owned(),
        some => counted(some, "run"),
    };
    lines.push(runs + &not_counted(costs.rehearsals, shown.foreign));
    lines
}

/// By more than rounding, and than a hundredth.
fn differ(one: MicroUsd, other: MicroUsd) -> bool {
    one.0.abs_diff(other.0) > (one.0.max(other.0) / 100).max(10_000)
}

/// The costs for programs.
pub fn costs_json(shown: &CostsShown<'_>) -> Value {
    let rows = shown.rows().into_iter().map(|(name, sum)| {
        let sum = sum_json(&sum);
        let sum = sum.as_object().into_iter().flatten();
        let sum = sum.map(|(key, value)| (key.clone(), value.clone()));
        let name = [("name".to_owned(), name.into())];
        name.into_iter().chain(sum).collect::<Value>()
    });
    let (calls, saved) = shown.costs.reused;
    json!({
        "by": shown.by.word(),
        "rows": rows.collect::<Vec<Value>>(),
        "total": sum_json(&shown.costs.sum()),
        "reused": { "calls": calls, "cost_micro_usd": saved },
        "runs": shown.costs.runs,
        "rehearsals": shown.costs.rehearsals,
        "foreign": shown.foreign,
    })
}

/// A sum of which nothing is known is `null`.
pub(super) fn sum_json(sum: &Sum) -> Value {
    let mut json = serde_json::to_value(sum).unwrap_or_default();
    let cost = json.as_object_mut().and_then(|sum| sum.remove("cost"));
    let is_known = sum.unknown_calls < sum.calls || sum.calls == 0;
    json["cost_micro_usd"] = cost.filter(|_| is_known).unwrap_or_default();
    json
}

/// The same rows with money in dollars; an unknown cost is empty.
pub fn costs_csv(shown: &CostsShown<'_>) -> String {
    let json = costs_json(shown);
    let cell = |(key, value): (&String, &Value)| match (value, value.as_u64()) {
        (Value::String(name), _) => quoted(name),
        (_, Some(micro)) if key.ends_with("micro_usd") => {
            format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
        }
        (_, count) => count.map_or_else(String::new, |count| count.to_string()),
    };
    let heads = json["total"].as_object().into_iter().flat_map(Map::keys);
    let heads = heads.map(|key| key.replace("micro_usd", "usd"));
    let heads = [shown.by.word().to_owned()].into_iter().chain(heads);
    let rows = json["rows"].as_array().into_iter().flatten();
    let rows = rows.filter_map(|row| Some(row.as_object()?.iter().map(cell).collect()));
    let lines = [heads.collect::<Vec<String>>()].into_iter().chain(rows);
    lines.map(|cells| cells.join(",") + "\n").collect()
}

/// A name that no spreadsheet takes for a formula.
fn quoted(name: &str) -> String {
    let name = clean(name).replace('"', "\"\"");
    let formula = if name.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    format!("\"{formula}{name}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;
    use crate::plan::Price;
    use crate::report::{sample, sample_build};
    use crate::run::RunState;

    static UTC: TimeZone = TimeZone::UTC;

    fn shown(costs: &Costs, by: By) -> CostsShown<'_> {
        CostsShown {
            costs,
            by,
            foreign: 1,
            zone: &UTC,
        }
    }

    fn add(costs: &mut Costs, name: &str, history: &sample::History) {
        let state = RunState::of(&history.records);
        costs.add(
            "/home/u/プロジェクト",
            &RunId::new(name),
            &history.plan,
            &state,
        );
    }

    fn samples() -> Costs {
        let mut costs = Costs::default();
        let mut build = sample_build::build();
        for model in build.plan.models.values_mut() {
            model.price = None;
        }
        let mut ensemble = sample::ensemble();
        for model in ensemble.plan.models.values_mut() {
            model.price = Some(Price {
                input: 5.0,
                output: 25.0,
                cache_read: Some(0.5),
                cache_write: Some(6.25),
            });
        }
        add(&mut costs, "20261122-154501-plan-3f", &ensemble);
        add(&mut costs, "20261122-160212-plan-a0", &sample::failed());
        add(&mut costs, "20261123-101500-build-11", &build);
        costs
    }

    #[test]
    fn sums_are_those_of_the_journals_at_each_moment() {
        for history in [sample::ensemble(), sample::failed(), sample_build::build()] {
            for moment in 0..=history.records.len() {
                let state = RunState::of(&history.records[..moment]);
                let mut costs = Costs::default();
                costs.add("p", &RunId::new("r"), &history.plan, &state);
                let (spent, sum) = (state.own_spent(), costs.sum());
                assert_eq!((sum.calls, sum.usage), (spent.attempts, spent.usage));
                for (by, _) in By::ALL {
                    let rows = shown(&costs, by).rows();
                    let money: u64 = rows.iter().map(|(_, row)| row.usage.cost.0).sum();
                    let calls: u64 = rows.iter().map(|(_, row)| row.calls).sum();
                    assert_eq!(
                        (calls, money),
                        (spent.attempts, spent.usage.cost.0),
                        "{by:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn as_tables_that_fit() {
        let costs = samples();
        let at = |width: usize| {
            let all = [By::Run, By::Project, By::Spending].map(|by| {
                let text = render_costs(&shown(&costs, by), width);
                for line in text.lines() {
                    assert!(
                        console::measure_text_width(line) <= width,
                        "{width}: {line}"
                    );
                }
                text
            });
            format!("{width} columns\n{}", all.join("\n"))
        };
        insta::assert_snapshot!([60, 80, 120].map(at).join("\n"));
    }

    #[test]
    fn names_are_no_formulas() {
        assert_eq!(quoted("=1+\"x\"\u{1b}[2J"), "\"'=1+\"\"x\"\"\"");
    }
}
