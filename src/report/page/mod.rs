//! `tipstaff report`: a run as one HTML page that needs nothing else, and as Markdown for a pull request.
//!
//! Models wrote most of what is in a page, and a browser obeys more than a terminal does. So text gets into it only
//! as text, by `maud`'s types; what is invisible or turns text around is written out at the end, over the whole
//! page; the page has no script and forbids itself all of them, and everything else that would be loaded. Charts
//! are SVG, folding and the names behind the letters are HTML's own, so that it works from a disk for years.

mod board;
mod chart;
mod compare;
mod context;
mod diff;
mod markdown;
mod overview;
mod phases;
mod proposals;
mod table;
mod texts;
mod timeline;
mod work;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::texts::cut;
use super::plain::Plain;
use super::screen::{Sgr, visible};
use super::show::Shown;
use super::view::{PhaseView, RunView};
use super::words::clean;
use crate::run::Record;
use crate::scores::Board;

pub use markdown::render_markdown;
pub use texts::Texts;

const STYLE: &str = include_str!("page.css");
/// Nothing is loaded, nothing runs, nothing is sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
/// Bytes of the journal.
const JOURNAL: usize = 120_000;

/// What a page is made of.
#[derive(Debug)]
pub struct Page<'a> {
    pub shown: Shown<'a>,
    pub texts: &'a Texts,
    pub records: &'a [Record],
    /// What all runs of the project tell of the run's models.
    pub board: &'a Board,
}

impl Page<'_> {
    /// A phase's place in the plan, from 1.
    fn number(&self, phase: PhaseView<'_>) -> usize {
        let before = self.shown.view.plan.phases.iter();
        before.take_while(|plan| &plan.name != phase.name()).count() + 1
    }
}

/// A run as an HTML page.
pub fn render_page(page: &Page<'_>) -> String {
    let work = work::Work::of(page);
    let sections = [
        ("proposals", "Proposals", proposals::proposals(page)),
        ("tasks", "Tasks", work.tasks()),
        ("audit", "Audit", work.audited()),
        ("changes", "Changes", work.changes()),
        ("verified", "Verified", work.verified()),
        ("timeline", "Timeline", timeline::timeline(page)),
        (
            "context",
            "Context: what each call saw",
            context::context(page),
        ),
        ("sources", "Who saw what", context::matrix(page)),
        ("cost", "Tokens and cost", overview::costs(page)),
        (
            "scores",
            "Scores: all runs of this project",
            board::scores(page),
        ),
        ("phases", "Phases and handoffs", Some(phases::phases(page))),
        ("journal", "Journal", Some(journal(page))),
    ];
    let sections: Vec<Section> = sections
        .into_iter()
        .filter_map(|(id, title, body)| Some((id, title, body?)))
        .collect();
    let title = format!(
        "{}: {}",
        page.shown.view.plan.workflow,
        cut(&page.shown.view.plan.request, 100)
    );
    sheet(&title, overview::outcome(page), &sections)
}

/// Several runs beside each other, as an HTML page.
pub fn render_pages(pages: &[Page<'_>]) -> String {
    let head = html! { header.hero { h1 { (pages.len()) " runs compared" } } };
    sheet(
        "Runs compared",
        head,
        &[("runs", "Side by side", compare::comparison(pages))],
    )
}

type Section = (&'static str, &'static str, Markup);

fn sheet(title: &str, head: Markup, sections: &[Section]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (clean(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the content" }
                nav aria-label="Sections" {
                    ul { @for (id, title, _) in sections { li { a href=(format!("#{id}")) { (title.split(':').next().unwrap_or(title)) } } } }
                }
                main id="main" {
                    (head)
                    @for (id, title, body) in sections {
                        section.card id=(id) aria-labelledby=(format!("{id}-title")) {
                            h2 id=(format!("{id}-title")) { (title) }
                            (body)
                        }
                    }
                    footer {
                        "Made by tipstaff " (env!("CARGO_PKG_VERSION")) " from the run's folder. "
                        "What models wrote is shown as text; characters that cannot be seen are written out."
                    }
                }
            }
        }
    };
    visible(&page.into_string(), Sgr::Escape).into_owned()
}

fn journal(page: &Page<'_>) -> Markup {
    let mut lines = Plain::new(RunView::replay(&page.shown.view.plan, &[]), Vec::new());
    // A vector takes everything.
    let written = page
        .records
        .iter()
        .try_for_each(|record| lines.apply(record));
    let lines = written.map(|()| lines.into_out()).unwrap_or_default();
    let text = String::from_utf8_lossy(&lines);
    let part = cut(&text, JOURNAL);
    html! {
        details {
            summary { (page.records.len()) " events, with the authors of all proposals" }
            div.scroll tabindex="0" role="region" aria-label="Journal" { pre.journal { (part) } }
            p.dim {
                @if part.len() < text.len() { "Cut here. " }
                "All events with all their fields are in " code { "journal.jsonl" } "."
            }
        }
    }
}
