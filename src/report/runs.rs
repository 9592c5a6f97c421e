//! `tipstaff runs`: a line a run.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::model::{MicroUsd, Millis, RunId, Timestamp};

use super::show::{known_until, minute};
use super::table::Table;
use super::view::{RunView, Supervisor};
use super::words::{self, clean, clock, or_nothing, run_word, token_count};

/// Columns of a request's first words.
const REQUEST_WIDTH: usize = 48;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    run: RunId,
    workflow: String,
    state: String,
    /// Until when it is parked.
    until: Option<Timestamp>,
    /// When it was heard of last.
    last: Option<Timestamp>,
    started: Option<Timestamp>,
    wall: Millis,
    attempts: u64,
    tokens: u64,
    cost: MicroUsd,
    /// The request; of an unreadable run, why it is.
    request: String,
    rehearsal: Option<String>,
}

impl RunRow {
    /// A run as its folder tells; `run` is the folder's name.
    pub fn new(run: RunId, view: &RunView, supervisor: Supervisor, now: Timestamp) -> Self {
        let totals = view.totals(known_until(view, supervisor, now));
        Self {
            run,
            workflow: view.plan.workflow.clone(),
            state: run_word(view, supervisor),
            until: view.parked_until(),
            last: view.state.last,
            started: view.state.started,
            wall: totals.wall,
            attempts: totals.attempts,
            tokens: totals.usage.tokens(),
            cost: totals.usage.cost,
            request: view.plan.request.clone(),
            rehearsal: view
                .plan
                .rehearsal
                .as_ref()
                .map(|rehearsal| rehearsal.scenario.clone()),
        }
    }

    /// A run whose folder cannot be read, and why.
    pub fn unreadable(run: RunId, why: impl Into<String>) -> Self {
        Self {
            run,
            workflow: String::new(),
            state: "unreadable".to_owned(),
            until: None,
            last: None,
            started: None,
            wall: Millis::default(),
            attempts: 0,
            tokens: 0,
            cost: MicroUsd::default(),
            request: why.into(),
            rehearsal: None,
        }
    }
}

/// The runs as a table, in the order given.
pub fn render_runs(rows: &[RunRow], zone: &TimeZone, width: usize) -> String {
    // As much of the requests as fits into one line.
    let least = table(rows, zone, 12).within(width).to_string();
    let used = least.lines().map(console::measure_text_width).max();
    let room = width
        .saturating_sub(used.unwrap_or(0) + 1)
        .saturating_add(12);
    let table = table(rows, zone, room.min(REQUEST_WIDTH)).within(width);
    table.to_string()
}

fn table(rows: &[RunRow], zone: &TimeZone, room: usize) -> Table {
    let mut table = Table::new(
        0,
        &[
            "run",
            "?workflow",
            "state",
            "?started",
            ">time",
            "?>tokens",
            ">cost",
            "request",
        ],
    );
    for row in rows {
        let request = clean(&row.request);
        let until = row.until.zip(row.last);
        let until = until.map(|(until, last)| format!(" until {}", clock(until, last)));
        let state = row.state.clone() + &until.unwrap_or_default();
        table.row([
            clean(&row.run),
            clean(&row.workflow),
            match row.rehearsal {
                Some(_) => format!("{state}, rehearsed"),
                None => state,
            },
            or_nothing(row.started.map(|started| minute(started, zone))),
            or_nothing(row.started.map(|_| row.wall.to_string())),
            or_nothing((row.tokens > 0).then(|| token_count(row.tokens))),
            or_nothing(words::cost(row.cost)),
            console::truncate_str(&request, room, "…").into_owned(),
        ]);
    }
    table
}

/// The runs as a JSON array, in the order given.
pub fn runs_json(rows: &[RunRow]) -> Value {
    rows.iter()
        .map(|row| {
            json!({
                "run": row.run,
                "workflow": row.workflow,
                "state": row.state,
                "parked_until": row.until.map(Timestamp::rfc3339),
                "started": row.started.map(Timestamp::rfc3339),
                "wall_ms": row.wall,
                "attempts": row.attempts,
                "tokens": row.tokens,
                "cost_micro_usd": row.cost,
                "request": row.request,
                "rehearsal": row.rehearsal,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn rows() -> Vec<RunRow> {
        let row = |history: sample::History, run: &str| {
            let view = RunView::replay(&history.plan, &history.records);
            RunRow::new(RunId::from(run), &view, Supervisor::Gone, Timestamp(0))
        };
        vec![
            row(sample::ensemble(), "20261122-154501-plan-3f"),
            row(sample::failed(), "20261122-160212-plan-a0"),
            row(sample::waiting(), "20261122-171530-plan-77"),
            RunRow::unreadable(
                RunId::from("20261123-080000-plan-01"),
                "format 2 is newer than this version reads (1)",
            ),
        ]
    }

    #[test]
    fn as_a_table() {
        let at = |width| render_runs(&rows(), &TimeZone::UTC, width);
        insta::assert_snapshot!([60, 80, 120, usize::MAX].map(at).join("\n"));
    }

    #[test]
    fn as_json() {
        let json = runs_json(&rows());
        assert_eq!(json[0]["state"], "done");
        assert_eq!(json[0]["tokens"], 27_050);
        assert_eq!(json[3]["state"], "unreadable");
    }
}
