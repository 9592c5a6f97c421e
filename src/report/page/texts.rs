//! What a page shows of the run folder's files: the beginning of each, so that the page stays small.

use std::borrow::Cow;
use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::model::is_unsafe;
use crate::model::{Artifact, Purpose, shortened};
use crate::report::view::RunView;

/// Bytes that all texts of a page may take together, as they stand in it.
const ALL: usize = 900_000;
/// Bytes of one text, and of one of very many.
const MOST: usize = 32_000;
const LEAST: usize = 400;
/// Bytes of what is said in passing: a reason, a summary.
pub(super) const REMARK: usize = 4_000;
/// Bytes of a line; longer ones are cut in their middle.
const LINE: usize = 1_000;

/// The beginnings of files, by their paths in the run folder.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    found: BTreeMap<String, Text>,
    /// Bytes of a page that each may take.
    share: usize,
}

#[derive(Debug, Clone)]
struct Text {
    text: String,
    is_whole: bool,
}

impl Texts {
    /// What the page of a run shows. `read` gives the beginning of a file, at most so many bytes.
    pub fn of(view: &RunView, read: impl Fn(&str, u64) -> Option<String>) -> Self {
        let mut found = BTreeMap::new();
        let wanted = wanted(view);
        let share = (ALL / wanted.len().max(1)).clamp(LEAST, MOST);
        for artifact in wanted {
            // A handoff is read as data, which is whole or nothing.
            let most = match artifact.path.ends_with(".json") {
                true => 4 * MOST,
                false => share + LINE,
            };
            if let Some(text) = read(&artifact.path, most as u64) {
                let is_whole = text.len() < most;
                let text = text.replace("\r\n", "\n");
                found.insert(artifact.path.clone(), Text { text, is_whole });
            }
        }
        Self { found, share }
    }

    /// All of a file, if it was read to its end.
    pub(super) fn whole(&self, artifact: &Artifact) -> Option<&str> {
        let found = self.found.get(&artifact.path)?;
        found.is_whole.then_some(&*found.text)
    }

    /// As much of a file as fits, and whether that is not all of it.
    pub(super) fn part(&self, artifact: &Artifact) -> Option<(&str, bool)> {
        let found = self.found.get(&artifact.path)?;
        let part = cut(&found.text, self.share);
        Some((part, !found.is_whole || part.len() < found.text.len()))
    }
}

/// The files whose texts a page shows.
fn wanted(view: &RunView) -> Vec<&Artifact> {
    let closings = view.phases().filter_map(|phase| phase.state.closing());
    let left = closings.flat_map(|closing| [&closing.deliverable, &closing.handoff]);
    let results = view.state.calls().filter(|call| call.reused.is_none());
    let results = results.filter_map(|call| Some((call.spec.purpose, call.result()?)));
    let calls = results.flat_map(|(purpose, result)| {
        let proposed = matches!(purpose, Purpose::Propose | Purpose::Lens);
        let document = result.deliverable.as_ref().filter(|_| proposed);
        let patch = result
            .changes
            .as_ref()
            .and_then(|changes| changes.patch.as_ref());
        document.into_iter().chain(patch)
    });
    let printed = view.state.verified.iter().map(|one| &one.verification);
    let printed = printed.filter(|one| one.is_bad()).map(|one| &one.output);
    left.chain(calls).chain(printed).collect()
}

/// The beginning of a text that takes at most so many bytes of a page: markup of its lines and characters counts.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, char) in text.char_indices() {
        taken += match char {
            '\n' => 64,
            '<' | '>' | '&' | '"' => 6,
            _ if is_unsafe(char) => 6,
            _ => char.len_utf8(),
        };
        if taken > most {
            return &text[..at];
        }
    }
    text
}

/// A line that a person can read.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    shortened(text, LINE)
}

/// A remark, as long as it may be.
pub(super) fn remark(text: &str) -> Markup {
    let part = cut(text.trim(), REMARK);
    html! {
        @for one in part.lines() { (line(one)) "\n" }
        @if part.len() < text.trim().len() { "…" }
    }
}

/// Markdown as it was written, with its headings and code told apart.
pub(super) fn prose(text: &str) -> Markup {
    let mut fenced = false;
    html! {
        @for one in text.lines() {
            @let fence = one.trim_start().starts_with("```");
            @let code = fenced || fence;
            @if code { code { (line(one)) } }
            @else if one.starts_with('#') { b { (line(one)) } }
            @else { (line(one)) }
            "\n"
            ({ fenced ^= fence; "" })
        }
    }
}

/// A file of the run folder as a document.
pub(super) fn document(texts: &Texts, artifact: &Artifact, name: &str) -> Markup {
    shown(texts, artifact, name, "doc", prose)
}

/// What a command printed, or data.
pub(super) fn raw(texts: &Texts, artifact: &Artifact, name: &str) -> Markup {
    shown(texts, artifact, name, "doc raw", plain)
}

fn plain(text: &str) -> Markup {
    html! { @for one in text.lines() { (line(one)) "\n" } }
}

fn shown(
    texts: &Texts,
    artifact: &Artifact,
    name: &str,
    class: &str,
    render: fn(&str) -> Markup,
) -> Markup {
    let part = texts.part(artifact);
    html! {
        @match part {
            None => p.dim { "It is not in the run folder any more: " code { (artifact.path) } },
            Some((text, is_cut)) => {
                div class=(class) tabindex="0" role="region" aria-label=(name) { (render(text)) }
                @if is_cut { (rest(artifact)) }
            }
        }
    }
}

/// Says that a text is cut, and where all of it is.
pub(super) fn rest(artifact: &Artifact) -> Markup {
    html! { p.dim { "Cut here; all " (artifact.bytes) " bytes are in " code { (artifact.path) } } }
}
