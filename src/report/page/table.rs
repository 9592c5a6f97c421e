//! Tables that scroll by themselves where they do not fit, and are announced by what they show.

use maud::{Markup, html};

use crate::report::table::Table;

/// A table as terminals show it.
pub(super) fn drawn(label: &str, drawn: &Table) -> Markup {
    let head = |(name, at_the_right): &(String, bool)| match at_the_right {
        true => format!(">{name}"),
        false => name.clone(),
    };
    let heads: Vec<String> = drawn.columns().iter().map(head).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let rows = html! {
        @for row in drawn.rows() {
            tr { @for (cell, (_, right)) in row.iter().zip(drawn.columns()) { td.number[*right] { (cell) } } }
        }
    };
    table(label, &heads, &rows)
}

/// A table whose rows are given. A head that begins with `>` is one of numbers.
pub(super) fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                caption.sr { (label) }
                thead { tr { @for head in heads { th.number[head.starts_with('>')] scope="col" { (head.trim_start_matches('>')) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// Says how many rows are not shown.
pub(super) fn more(all: usize, shown: usize, where_else: &str) -> Markup {
    html! { @if all > shown { p.dim { "and " (all - shown) " more" (where_else) } } }
}
