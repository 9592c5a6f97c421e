//! Proposals side by side: blind letters, scores and reasons; names on demand.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Page;
use super::chart::meter;
use super::diff::files;
use super::table::table;
use super::texts::{document, remark};
use crate::model::{CallId, Judgement, Label, Purpose};
use crate::report::evidence::{evidence_rows, picked, settled};
use crate::report::query::Verdict;
use crate::report::scores::score_rows;
use crate::report::verdict::made_of_winner;
use crate::report::view::{PhaseView, RunView, short_name};
use crate::report::words::{clean, counted, title};
use crate::run::CallState;

pub(super) fn proposals(page: &Page<'_>) -> Option<Markup> {
    let phases: Vec<Markup> = page
        .shown
        .view
        .phases()
        .filter_map(|phase| match phase.labels() {
            [] => lenses(page, phase),
            labels => Some(ensemble(page, phase, labels)),
        })
        .collect();
    let blind = page
        .shown
        .view
        .phases()
        .any(|phase| !phase.labels().is_empty());
    (!phases.is_empty()).then(|| {
        html! {
            @if blind { p.reveal { input type="checkbox" id="authors"; label for="authors" { " Show who wrote which" } } }
            @for phase in &phases { (phase) }
        }
    })
}

fn ensemble(page: &Page<'_>, phase: PhaseView<'_>, labels: &[(Label, CallId)]) -> Markup {
    let view = page.shown.view;
    let judged = view.verdicts(phase);
    let verdict = view.verdict(phase);
    html! {
        div.ensemble {
            h3 { (clean(phase.name())) }
            p.decision { (winner(view, phase)) }
            @if let Some(why) = settled(view, phase) { p { (why) } }
            @if let Some(words) = made_of_winner(view, phase) { p { (words) "." } }
            @if let Some(verdict) = &verdict {
                p.dim { "The judge, " (view.model_words(&verdict.call.spec.id)) ", " (verdict.words()) "." }
                blockquote { (remark(&verdict.judgement.rationale)) }
            }
            (compared(view, phase, verdict.as_ref().map(|one| &one.judgement)))
            (orders(view, &judged))
            @for (call, said) in view.failed_judges(phase) {
                p.bad { (view.model_words(&call.spec.id)) " " (said) }
            }
            div.side {
                @for (label, call) in labels {
                    @let wins = phase.state.has_won(call);
                    @let name = format!("Proposal {label} of {}", clean(phase.name()));
                    article.won[wins] {
                        h4 {
                            span.letter { (clean(label.as_str())) }
                            @if wins { " " span.pill.good { "won" } }
                            (author(view, call))
                        }
                        (proposed(page, call, &name))
                    }
                }
            }
        }
    }
}

/// The answers of a phase in which several calls look at one time.
fn lenses(page: &Page<'_>, phase: PhaseView<'_>) -> Option<Markup> {
    let round = phase.state.round();
    let calls: Vec<&CallState> = page.shown.view.calls_of(phase.name()).collect();
    let is_lens =
        |call: &&&CallState| call.spec.purpose == Purpose::Lens && call.spec.id.round() == round;
    let lenses: Vec<&&CallState> = calls.iter().filter(is_lens).collect();
    (!lenses.is_empty()).then(|| {
        html! {
            h3 { (clean(phase.name())) }
            div.side {
                @for call in lenses {
                    article {
                        h4 { (title(&short_name(call))) span.name { (page.shown.view.model_words(&call.spec.id)) } }
                        (proposed(page, &call.spec.id, &title(call.spec.id.as_str())))
                    }
                }
            }
        }
    })
}

fn proposed(page: &Page<'_>, call: &CallId, name: &str) -> Markup {
    let result = page.shown.view.call(call).and_then(CallState::result);
    let patch = result.and_then(|result| result.changes.as_ref()?.patch.as_ref());
    if let Some((patch, _)) = patch.and_then(|patch| page.texts.part(patch)) {
        let files = files(patch);
        let id = |number: usize| format!("proposed-{call}-{number}");
        return html! {
            @for (number, file) in files.iter().enumerate() {
                (file.render(&id(number), &BTreeMap::new(), false))
            }
        };
    }
    match result.and_then(|result| result.deliverable.as_ref()) {
        Some(artifact) => document(page.texts, artifact, name),
        None => html! { p.dim { "It left no document." } },
    }
}

/// Who wrote a proposal: nothing on the page tells it until it is asked for.
pub(super) fn author(view: &RunView, call: &CallId) -> Markup {
    html! { span.name.author { (view.model_words(call)) " · " (title(call.as_str())) } }
}

/// How a phase was decided, without a name.
pub(super) fn winner(view: &RunView, phase: PhaseView<'_>) -> String {
    match phase.state.winner() {
        None => "Nothing is decided yet.".to_owned(),
        Some(winner) => {
            let what = match &winner.label {
                Some(label) => format!("Proposal {} won", clean(label.as_str())),
                None => "The judge wrote a document of its own from the proposals".to_owned(),
            };
            format!("{what}{}.", picked(view, phase.name(), &winner.by))
        }
    }
}

/// Points, and what commands said of candidates that edit, under the letters.
fn compared(view: &RunView, phase: PhaseView<'_>, judgement: Option<&Judgement>) -> Markup {
    let letters: Vec<&Label> = phase.labels().iter().map(|(label, _)| label).collect();
    let scored = judgement.map(|one| score_rows((one, phase.criteria()), &letters));
    let (scored, facts) = (
        scored.unwrap_or_default(),
        evidence_rows(view, phase, &letters),
    );
    let all = scored
        .iter()
        .flat_map(|(_, points)| points.iter().flatten());
    let full = all.copied().fold(10.0, f64::max);
    let rows = html! {
        @for (at, (name, all)) in scored.iter().enumerate().take(20) {
            tr.mean[at + 1 == scored.len()] { th scope="row" { (title(name)) } @for one in all { (points(*one, full)) } }
        }
        @for (name, cells) in &facts { tr { th scope="row" { (title(name)) } @for cell in cells { td { (cell) } } } }
    };
    let heads: Vec<&str> = [""]
        .into_iter()
        .chain(letters.iter().map(|one| one.as_str()))
        .collect();
    html! {
        @if !scored.is_empty() || !facts.is_empty() {
            div.scores { (table(&format!("Proposals of {} compared", clean(phase.name())), &heads, &rows)) }
        }
    }
}

/// A score and a bar for it.
fn points(points: Option<f64>, full: f64) -> Markup {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; only drawn"
    )]
    let thousandths = |points: f64| (points * 1000.0) as u64;
    html! {
        @match points {
            Some(points) => td { (format!("{points:.1}")) (meter(thousandths(points), thousandths(full))) },
            None => td.dim { "–" },
        }
    }
}

/// Whether the order in which proposals were read made a difference, where more than one verdict was given.
fn orders(view: &RunView, judged: &[Verdict<'_>]) -> Markup {
    let Some(first) = judged.first() else {
        return html! {};
    };
    if judged.len() < 2 {
        return html! { @if !first.order.is_empty() { p.dim { "They were read in the order " (first.read()) "." } } };
    }
    let differ = |one: &Verdict<'_>| one.judgement.winner != first.judgement.winner;
    html! {
        p { (counted(judged.len() as u64, "verdict")) " were given; " @if judged.iter().any(differ) { b { "they differ." } } @else { "they agree." } }
        ul {
            @for one in judged {
                li { (view.model_words(&one.call.spec.id)) " " (one.line()) }
            }
        }
    }
}
