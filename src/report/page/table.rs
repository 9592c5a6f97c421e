//! Tables that scroll by themselves where they do not fit, and are announced by what they show.

use maud::{Markup, html};

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
