//! Runs side by side.

use maud::{Markup, html};

use super::Page;
use super::overview::tone;
use super::table::table;
use crate::report::compare::{beside, run_facts};

pub(super) fn comparison(pages: &[Page<'_>]) -> Markup {
    let facts = |page: &Page<'_>| run_facts(page.view, (page.supervisor, page.until()), page.zone);
    let facts: Vec<_> = pages.iter().map(facts).collect();
    let rows = html! {
        @for (at, (name, cells)) in beside(&facts).iter().enumerate() {
            tr {
                th scope="row" { (name) }
                @for (cell, page) in cells.iter().zip(pages) {
                    // How it ended comes first.
                    td { @if at == 0 { span class={ "pill " (tone(page.view.status())) } { (cell) } } @else { (cell) } }
                }
            }
        }
    };
    let runs = pages.iter().map(|page| page.view.run());
    let heads: Vec<&str> = [""].into_iter().chain(runs).collect();
    html! { div.runs { (table("Runs side by side", &heads, &rows)) } }
}
