//! How the run ended, in a minute; and what it cost.

use indexmap::IndexMap;
use maud::{Markup, html};

use super::Page;
use super::chart::meter;
use super::proposals::winner;
use super::table::table;
use super::texts::{cut, line, remark};
use crate::model::{AuditVerdict, MicroUsd, RunEnd, Usage};
use crate::report::costs::would_have_cost;
use crate::report::evidence::{reason, settled};
use crate::report::next::next_commands;
use crate::report::sections::failures;
use crate::report::sections_work::delivery_state;
use crate::report::show::minute;
use crate::report::view::{RunStatus, RunView};
use crate::report::words::{clean, cost, counted, or_nothing, run_word, token_count, word};
use crate::report::words_work::{findings_words, proved};

pub(super) fn outcome(page: &Page<'_>) -> Markup {
    let view = page.shown.view;
    let totals = view.totals(page.shown.until());
    let files = view.changed_files().len() as u64;
    html! {
        header.hero {
            p.eyebrow {
                (clean(&view.plan.workflow)) " · "
                @if let Some(started) = view.state.started { (minute(started, page.shown.zone)) " · " }
                code { (view.run()) }
            }
            h1 { (clean(cut(view.plan.request.lines().next().unwrap_or_default(), 300))) }
            @if view.plan.request.trim().lines().count() > 1 {
                details { summary { "the whole request" } div.doc { (remark(&view.plan.request)) } }
            }
            p { span class={ "pill big " (tone(view.status())) } { (run_word(view, page.shown.supervisor)) }
                @if let Some(rehearsal) = &view.plan.rehearsal { " " span.pill.odd { "rehearsed: " (clean(&rehearsal.scenario)) } }
            }
            dl.figures {
                (figure("time", &totals.wall.to_string()))
                (figure("tokens", &token_count(totals.usage.tokens())))
                (figure("cost", &or_nothing(cost(totals.usage.cost))))
                (figure("attempts", &totals.attempts.to_string()))
                (figure("files changed", &files.to_string()))
            }
            ul.facts { @for fact in facts(view) { li { (fact) } } }
            @for failure in failures(view).lines().take(20) { p.bad { (line(failure.trim())) } }
            @let next = next_commands(view, page.shown.supervisor, &page.shown.viewer.elsewhere(view));
            @if !next.is_empty() {
                h2.small { "Next" }
                ul.commands { @for (command, why) in &next { li { code { (command) } " " span.dim { (why) } } } }
            }
        }
    }
}

pub(super) fn tone(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Ended(RunEnd::Done) => "good",
        RunStatus::Ended(RunEnd::Failed | RunEnd::AuditFailed) => "bad",
        RunStatus::Ended(RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted) => "odd",
        RunStatus::Planned | RunStatus::UnderWay => "calm",
    }
}

fn figure(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What was decided, changed and proved: a sentence each, with where to read more.
fn facts(view: &RunView) -> Vec<Markup> {
    let mut facts = Vec::new();
    for phase in view.phases() {
        if !phase.labels().is_empty() {
            let said = || Some(format!("“{}”", first_sentence(&reason(view, phase)?)));
            let because = settled(view, phase).or_else(said);
            facts.push(html! {
                b { (clean(phase.name())) ": " } a href="#proposals" { (winner(view, phase)) }
                @if let Some(because) = because { " " (because) }
            });
        }
        let tasks = view.tasks(phase);
        if !tasks.is_empty() {
            let done = phase.state.done_tasks().count();
            facts.push(html! {
                b { (clean(phase.name())) ": " } a href="#tasks" { (done) " of " (counted(tasks.len() as u64, "task")) " done" }
            });
        }
        if let Some((_, audit)) = view.audits(phase).last() {
            let tone = if audit.verdict == AuditVerdict::Pass {
                "good"
            } else {
                "bad"
            };
            facts.push(html! {
                b { (clean(phase.name())) ": " } a href="#audit" { span class={ "pill " (tone) } { (word(audit.verdict)) } }
                " " (findings_words(&audit.findings)) ". “" (first_sentence(&audit.summary)) "”"
            });
        }
    }
    let proved = proved(view.state.proved());
    if !proved.is_empty() {
        facts.push(html! { b { "verified: " } a href="#verified" { (proved) } });
    }
    let delivered = delivery_state(view);
    if let Some(words) = delivered.lines().next() {
        facts.push(html! { b { "changes: " } (line(words.trim())) });
    }
    for held in view.state.held.iter().take(20) {
        facts.push(
            html! { b { "held back: " } code { (clean(&held.path)) } " " (clean(&held.reason)) },
        );
    }
    facts
}

fn first_sentence(text: &str) -> String {
    let text = clean(cut(text.trim(), 1_000));
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].to_owned()
}

/// Attempts and usage of each phase, or of each model.
type Used = IndexMap<String, (u64, Usage)>;

pub(super) fn costs(page: &Page<'_>) -> Option<Markup> {
    let view = page.shown.view;
    let (mut phases, mut models) = (Used::new(), Used::new());
    for call in view.state.calls() {
        for attempt in &call.attempts {
            let phase = phases.entry(clean(&call.spec.phase)).or_default();
            let model = models.entry(clean(&attempt.model)).or_default();
            for (attempts, usage) in [phase, model] {
                *attempts += 1;
                *usage += attempt.usage;
            }
        }
    }
    models.sort_by_cached_key(|_, (_, usage)| std::cmp::Reverse((usage.cost, usage.tokens())));
    (!phases.is_empty()).then(|| {
        html! {
            div.pair { (used_by("phase", &phases)) (used_by("model", &models)) }
            @if view.state.spent().usage.cost == MicroUsd::default() {
                p.dim {
                    @match would_have_cost(view) {
                        Some(would) => { "Nothing was paid: the models were scripted. It " (would) "." }
                        None => { "No cost is known: agents reported none, and the models have no configured price." }
                    }
                }
            }
        }
    })
}

fn used_by(by: &str, all: &Used) -> Markup {
    let tokens = all.values().map(|(_, usage)| usage.tokens());
    let most = tokens.max().unwrap_or(0);
    let rows = html! {
        @for (name, (attempts, usage)) in all {
            tr {
                th scope="row" { (name) }
                td.number { (attempts) }
                td.number { (token_count(usage.tokens())) }
                td.wide { (meter(usage.tokens(), most)) }
                td.number { (token_count(usage.input_tokens())) }
                td.number { (token_count(usage.output + usage.reasoning)) }
                td.number { (or_nothing(cost(usage.cost))) }
            }
        }
    };
    let heads = [by, ">attempts", ">tokens", "", ">read", ">written", ">cost"];
    table(&format!("Tokens and cost by {by}"), &heads, &rows)
}
