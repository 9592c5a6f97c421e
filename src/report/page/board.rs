//! What is known of the models of the run from all runs of the project.

use maud::{Markup, html};

use super::Page;
use super::table::table;
use crate::report::board::{board_tables, legend};

pub(super) fn scores(page: &Page<'_>) -> Option<Markup> {
    let tables = board_tables(page.board);
    (!tables.is_empty()).then(|| {
        html! {
            @for one in &tables {
                h3 { (one.title) }
                @let heads: Vec<&str> = one.heads.iter().map(|head| head.trim_start_matches('?')).collect();
                (table(&one.title, &heads, &html! {
                    @for row in &one.rows {
                        tr { @for (cell, head) in row.iter().zip(&heads) { td.number[head.starts_with('>')] { (cell) } } }
                    }
                }))
            }
            p.dim { (legend(&tables)) }
        }
    })
}
