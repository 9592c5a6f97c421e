//! Small pieces of SVG: bars on a line. Places are percentages, so that a bar follows the width of its cell.

use maud::{Markup, html};

/// A part of a whole, as a coordinate.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let hundredths = part.saturating_mul(10_000) / whole.max(1);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// One bar of a row: from where to where, how it looks, what it says.
pub(super) struct Bar {
    pub class: &'static str,
    pub from: u64,
    pub to: u64,
    pub title: String,
}

/// A row of bars, each in units of which `whole` are the width. What it says is in the row's cells as well.
pub(super) fn row(bars: &[Bar], whole: u64, over: Markup) -> Markup {
    html! {
        svg.row width="100%" height="22" aria-hidden="true" {
            @for bar in bars {
                @let thin = matches!(bar.class, "queue" | "backoff");
                rect class=(bar.class) x=(percent(bar.from, whole))
                    width=(percent(bar.to.saturating_sub(bar.from), whole))
                    y=(if thin { 9 } else { 4 }) height=(if thin { 4 } else { 14 }) {
                    title { (bar.title) }
                }
            }
            (over)
        }
    }
}

/// A small bar beside a number.
pub(super) fn meter(part: u64, whole: u64) -> Markup {
    html! {
        svg.meter width="100%" height="6" aria-hidden="true" {
            rect.track width="100%" height="6" rx="3" {}
            rect.filled width=(percent(part.min(whole), whole)) height="6" rx="3" {}
        }
    }
}

/// What the looks of bars mean.
pub(super) fn legend(of: &[(&'static str, &'static str)]) -> Markup {
    html! {
        ul.legend {
            @for (class, words) in of {
                li {
                    svg width="14" height="14" aria-hidden="true" {
                        @let thin = matches!(*class, "queue" | "backoff");
                        rect class=(class) width="14" y=(if thin { 5 } else { 1 }) height=(if thin { 4 } else { 12 }) {}
                    }
                    " " (words)
                }
            }
        }
    }
}
