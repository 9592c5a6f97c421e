//! What each phase left: its document, and what it handed on, with what contradicts the facts.

use maud::{Markup, html};

use super::Page;
use super::texts::{REMARK, cut, document, raw, remark};
use crate::model::{Closing, Handoff, HandoffOrigin};
use crate::report::view::{PhaseStatus, PhaseView};
use crate::report::words::{clean, counted, failure_word, phase_word};

/// Sentences of a section of a handoff.
const MOST: usize = 20;

pub(super) fn phases(page: &Page<'_>) -> Markup {
    html! { @for phase in page.shown.view.phases() { (one(page, phase)) } }
}

fn one(page: &Page<'_>, phase: PhaseView<'_>) -> Markup {
    let time = phase
        .state
        .time(page.shown.view.state.worked(page.shown.until()));
    let tone = match phase.status() {
        PhaseStatus::Closed(_) => "good",
        PhaseStatus::Failed(_) => "bad",
        PhaseStatus::Asking(_) => "odd",
        PhaseStatus::Waiting | PhaseStatus::Running | PhaseStatus::Skipped(_) => "calm",
    };
    html! {
        section.phase id=(format!("phase-{}", page.number(phase))) {
            h3 {
                (clean(phase.name())) " "
                span class={ "pill " (tone) } { (phase_word(phase.status(), page.shown.supervisor)) }
                @if phase.state.round() > 1 { " " span.dim { (counted(u64::from(phase.state.round()), "round")) } }
                @if let Some(time) = time { " " span.dim { (time) } }
            }
            @if let PhaseStatus::Skipped(condition) = phase.status() { p.dim { "Left out: " code { (clean(condition)) } " does not hold." } }
            @if let Some(failure) = phase.state.failure() {
                p.bad { b { (failure_word(failure.kind)) ": " } (remark(&failure.message)) }
                @if let Some(hint) = &failure.hint { p.dim { "hint: " (remark(hint)) } }
            }
            @for said in phase.state.said.iter().take(MOST) { p { (remark(said)) } }
            @if let Some(closing) = phase.state.closing() { (left(page, phase, closing)) }
        }
    }
}

fn left(page: &Page<'_>, phase: PhaseView<'_>, closing: &Closing) -> Markup {
    let handoff = page.texts.whole(&closing.handoff);
    let handoff = handoff.and_then(|json| serde_json::from_str::<Handoff>(json).ok());
    let name = format!("The document of {}", clean(phase.name()));
    html! {
        @for found in closing.contradictions.iter().take(MOST) {
            p.flag { b { "Contradicts the facts: " } (remark(found)) }
        }
        @for remark in closing.remarks.iter().take(MOST) { p.dim { (clean(remark)) } }
        @match handoff {
            Some(handoff) => (handed_on(&handoff)),
            None => (raw(page.texts, &closing.handoff, "The handoff as it is")),
        }
        details {
            summary { "Document" @if let Some(path) = page.shown.view.published(closing) { ", published as " code { (clean(path)) } } }
            (document(page.texts, &closing.deliverable, &name))
        }
    }
}

fn handed_on(handoff: &Handoff) -> Markup {
    let words = &handoff.words;
    let by = match handoff.facts.origin {
        HandoffOrigin::Agent => "its own words",
        HandoffOrigin::Distilled => "distilled by another model",
        HandoffOrigin::Extracted => "taken from the document by rule",
    };
    let changes = words.changes.iter();
    let changes = changes.map(|one| match one.why.as_str() {
        "" => format!("{}: {}", one.path, one.what),
        why => format!("{}: {}; {why}", one.path, one.what),
    });
    let changes: Vec<String> = changes.collect();
    let sections = [
        ("Decisions", &words.decisions),
        ("Constraints", &words.constraints),
        ("Risks", &words.risks),
        ("Changes", &changes),
        ("Gotchas", &words.gotchas),
        ("Open questions", &words.open_questions),
    ];
    html! {
        div.handoff {
            p { (remark(&words.summary)) " " span.dim { "Handoff, " (by) "." } }
            dl {
                @for (name, all) in sections {
                    @if !all.is_empty() {
                        div { dt { (name) } dd { ul { @for one in all.iter().take(MOST) { li { (clean(cut(one, REMARK / 8))) } } } } }
                    }
                }
            }
        }
    }
}
