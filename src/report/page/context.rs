//! What each call saw: by kind against its window, beside one context that would hold all of it; and from whom.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::Page;
use super::chart::{Bar, legend, percent, row};
use crate::model::CallId;
use crate::report::words::{clean, title, token_count};

/// Rows and columns of the matrix that a person can still read.
const ROWS: usize = 150;
const COLUMNS: usize = 40;

const LEGEND: [(&str, &str); 7] = [
    ("own", "instructions and contract"),
    ("request", "request, a person's words"),
    ("project", "the project's instructions"),
    ("handoff", "handoffs"),
    ("document", "documents and proposals"),
    ("facts", "changes, tests, findings"),
    ("linear", "all so far in one context"),
];

/// The fields of `context.json` that are drawn; others' files may lack any of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ledger {
    window: Option<u64>,
    parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    name: String,
    kind: String,
    source: Value,
    tokens: u64,
}

impl Part {
    fn class(&self) -> &'static str {
        match self.kind.as_str() {
            "request" | "person" => "request",
            "project_instructions" => "project",
            "handoff" | "state" => "handoff",
            "input" | "proposal" | "earlier_proposal" | "worklog" | "faulty" => "document",
            "changes" | "tests" | "findings" | "feedback" | "errors" => "facts",
            _ => "own",
        }
    }

    /// From whom it is; what tipstaff says is known by its own name.
    fn source(&self) -> String {
        match self.source.as_str() {
            Some("tipstaff") => clean(&self.name),
            Some(source) => clean(source.strip_prefix("phase ").unwrap_or(source)),
            None => clean(self.source.to_string()),
        }
    }
}

impl Ledger {
    fn tokens(&self) -> u64 {
        self.parts
            .iter()
            .map(|part| part.tokens)
            .fold(0, u64::saturating_add)
    }
}

/// A call with what it saw, and the tokens of a context that would hold all up to it.
struct Seen<'a> {
    call: &'a CallId,
    ledger: Ledger,
    linear: u64,
}

fn seen<'a>(page: &Page<'a>) -> Vec<Seen<'a>> {
    let mut linear = 0_u64;
    let mut known = BTreeSet::new();
    let ledgers = page.shown.ledgers.iter().map(|(call, ledger)| {
        let ledger = Ledger::deserialize(ledger).unwrap_or_default();
        // What was handed on is there already, and what all calls see is there once.
        for part in &ledger.parts {
            let adds = match part.class() {
                "own" => true,
                "request" | "project" => known.insert((part.kind.clone(), part.source())),
                _ => false,
            };
            linear = linear.saturating_add(if adds { part.tokens } else { 0 });
        }
        let here = linear;
        let written = page
            .shown
            .view
            .call(call)
            .map_or(0, |call| call.usage_so_far().output);
        linear = linear.saturating_add(written);
        Seen {
            call,
            ledger,
            linear: here,
        }
    });
    ledgers.collect()
}

pub(super) fn context(page: &Page<'_>) -> Option<Markup> {
    let all = seen(page);
    let whole = all
        .iter()
        .map(|one| one.ledger.tokens().max(one.linear))
        .max()?
        .max(1);
    let largest = all.iter().map(|one| one.ledger.tokens()).max()?;
    let last = all.last()?.linear;
    Some(html! {
        p.lead {
            "The largest prompt has about " (token_count(largest)) " tokens. In one continued session the last call "
            "would begin with at least " b { (token_count(last)) } ": all instructions and answers before it, "
            "without what its tools returned."
        }
        (legend(&LEGEND))
        table.chart {
            caption.sr { "The parts of each call's prompt in tokens, and how much of its model's window they fill" }
            thead.sr { tr { th scope="col" { "call" } th scope="col" { "parts" } th scope="col" { "tokens" } } }
            tbody {
                @for (index, one) in all.iter().enumerate() {
                    @let before = index.checked_sub(1).and_then(|at| all.get(at)).map_or(0, |one| one.linear);
                    tr {
                        th scope="row" { (title(one.call.as_str())) }
                        td.bar { (row(&bars(&one.ledger), whole, step(before, one.linear, whole))) }
                        td.words { (words(one)) }
                    }
                }
            }
        }
    })
}

fn bars(ledger: &Ledger) -> Vec<Bar> {
    let mut at = 0_u64;
    let mut bars: Vec<Bar> = Vec::new();
    for (class, what) in LEGEND {
        let parts = ledger.parts.iter().filter(|part| part.class() == class);
        let tokens = parts.map(|part| part.tokens).fold(0, u64::saturating_add);
        let (from, to) = (at, at.saturating_add(tokens));
        let title = format!("{what}: {} tokens", token_count(tokens));
        bars.extend((tokens > 0).then_some(Bar {
            class,
            from,
            to,
            title,
        }));
        at = to;
    }
    bars
}

/// This row's part of the curve.
fn step(before: u64, here: u64, whole: u64) -> Markup {
    let (before, here) = (percent(before, whole), percent(here, whole));
    html! {
        line.linear x1=(before) x2=(here) y1="0.75" y2="0.75" {}
        line.linear x1=(here) x2=(here) y1="0" y2="22" {}
    }
}

fn words(one: &Seen<'_>) -> String {
    let tokens = one.ledger.tokens();
    let share = |window: u64| match tokens.saturating_mul(1000) / window.max(1) {
        0 => "<0.1".to_owned(),
        tenths => format!("{}.{}", tenths / 10, tenths % 10),
    };
    let window = one.ledger.window;
    let of = window.map(|all| format!(", {} % of {}", share(all), token_count(all)));
    format!("{}{}", token_count(tokens), of.unwrap_or_default())
}

/// Who saw what: a row a call, a column a source.
pub(super) fn matrix(page: &Page<'_>) -> Option<Markup> {
    let all = seen(page);
    let mut sources: Vec<String> = Vec::new();
    for part in all.iter().flat_map(|one| &one.ledger.parts) {
        if part.class() != "own" && !sources.contains(&part.source()) {
            sources.push(part.source());
        }
    }
    let left_out = sources.len().saturating_sub(COLUMNS) + all.len().saturating_sub(ROWS);
    sources.truncate(COLUMNS);
    if sources.is_empty() {
        return None;
    }
    Some(html! {
        p.lead { "Tokens that a call got from a source. An empty cell was not shown to it." }
        div.scroll tabindex="0" role="region" aria-label="Who saw what" {
            table.matrix {
                caption.sr { "Calls by the sources of their prompts, in tokens" }
                thead { tr { th scope="col" { "call" } @for source in &sources { th scope="col" { span { (title(source)) } } } } }
                tbody {
                    @for one in all.iter().take(ROWS) {
                        tr {
                            th scope="row" { (title(one.call.as_str())) }
                            @for source in &sources { (cell(&one.ledger, source)) }
                        }
                    }
                }
            }
        }
        @if left_out > 0 { p.dim { "There are " (left_out) " more rows and columns; " code { "tipstaff show --json" } " has all." } }
    })
}

fn cell(ledger: &Ledger, source: &str) -> Markup {
    let parts = ledger
        .parts
        .iter()
        .filter(|part| part.class() != "own" && part.source() == source);
    let tokens = parts.map(|part| part.tokens).fold(0, u64::saturating_add);
    let shade = match tokens {
        0 => return html! { td {} },
        1..100 => "s1",
        100..400 => "s2",
        400..1600 => "s3",
        _ => "s4",
    };
    html! { td class=(shade) { (token_count(tokens)) } }
}
