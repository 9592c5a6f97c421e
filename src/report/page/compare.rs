//! Runs side by side.

use maud::{Markup, html};

use super::Page;
use super::overview::tone;
use super::table::table;
use crate::report::compare::{beside, run_facts};

pub(super) fn comparison(pages: &[Page<'_>]) -> Markup {
    let facts = beside(pages.iter().map(|page| run_facts(&page.shown)));
    let rows = html! {
        @for (at, (name, cells)) in facts.iter().enumerate() {
            tr {
                th scope="row" { (name) }
                @for (cell, page) in cells.iter().zip(pages) {
                    // How it ended comes first.
                    td { @if at == 0 { span class={ "pill " (tone(page.shown.view.status())) } { (cell) } } @else { (cell) } }
                }
            }
        }
    };
    let runs = pages.iter().map(|page| page.shown.view.run());
    let heads: Vec<&str> = [""].into_iter().chain(runs).collect();
    html! { div.runs { (table("Runs side by side", &heads, &rows)) } }
}
