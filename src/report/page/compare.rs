//! Runs side by side.

use maud::{Markup, html};

use super::Page;
use super::overview::{proved, tone};
use super::proposals::winner;
use super::table::table;
use super::texts::{cut, line};
use crate::model::PhaseName;
use crate::report::sections_work::delivery_state;
use crate::report::show::minute;
use crate::report::words::{clean, cost, or_nothing, phase_word, run_word, token_count};
use crate::report::words_work::{audit_word, findings_words};

pub(super) fn comparison(pages: &[Page<'_>]) -> Markup {
    let mut phases: Vec<&PhaseName> = Vec::new();
    for phase in pages.iter().flat_map(|page| page.view.phases()) {
        if !phases.contains(&phase.name()) {
            phases.push(phase.name());
        }
    }
    let rows = html! {
        (row("outcome", pages, |page| html! {
            span class={ "pill " (tone(page.view.status())) } { (run_word(page.view, page.supervisor)) }
        }))
        (row("workflow", pages, |page| html! { (clean(&page.view.plan.workflow)) }))
        (row("request", pages, |page| html! { (clean(cut(&page.view.plan.request, 600))) }))
        (row("started", pages, |page| html! { (or_nothing(page.view.state.started.map(|at| minute(at, page.zone)))) }))
        (row("time", pages, |page| html! { (page.view.totals(page.until()).wall) }))
        (row("tokens", pages, |page| html! { (token_count(page.view.totals(page.until()).usage.tokens())) }))
        (row("cost", pages, |page| html! { (or_nothing(cost(page.view.totals(page.until()).usage.cost))) }))
        (row("attempts", pages, |page| html! { (page.view.totals(page.until()).attempts) }))
        (row("files changed", pages, |page| html! { (page.view.changed_files().len()) }))
        (row("changes", pages, |page| html! { (line(delivery_state(page.view).trim())) }))
        (row("verified", pages, |page| html! { (proved(page.view.state.verified())) }))
        @for phase in phases { (row(&clean(phase), pages, |page| of_phase(page, phase))) }
    };
    let runs = pages.iter().map(|page| page.view.run());
    let heads: Vec<&str> = [""].into_iter().chain(runs).collect();
    html! { div.runs { (table("Runs side by side", &heads, &rows)) } }
}

fn row(name: &str, pages: &[Page<'_>], cell: impl Fn(&Page<'_>) -> Markup) -> Markup {
    html! { tr { th scope="row" { (name) } @for page in pages { td { (cell(page)) } } } }
}

/// How a phase ended, who won, what an audit said.
fn of_phase(page: &Page<'_>, name: &PhaseName) -> Markup {
    let view = page.view;
    let Some(phase) = view.phase(name) else {
        return html! { "–" };
    };
    let spent = view.state.spent_by(name);
    let author = phase
        .state
        .winner()
        .map(|winner| view.model_words(&winner.call));
    html! {
        (phase_word(phase.status(), page.supervisor)) ", " (token_count(spent.usage.tokens())) " tokens"
        @if let Some(cost) = cost(spent.usage.cost) { ", " (cost) }
        @if !phase.labels().is_empty() { br; (winner(phase)) @if let Some(author) = author { " By " (author) "." } }
        @if let Some((_, audit)) = view.audits(phase).last() { br; (audit_word(audit.verdict)) ", " (findings_words(&audit.findings)) }
    }
}
