//! What is known of the models of the run from all runs of the project.

use maud::{Markup, html};

use super::Page;
use super::table::drawn;
use crate::report::board::{board_tables, legend};

pub(super) fn scores(page: &Page<'_>) -> Option<Markup> {
    let tables = board_tables(page.board);
    (!tables.is_empty()).then(|| {
        html! {
            @for (title, one) in &tables {
                h3 { (title) }
                (drawn(title, one))
            }
            p.dim { (legend(&tables)) }
        }
    })
}
