//! The proposals of a run in a few lines: who won, with how many points, and why.

use crate::model::{CallId, Label};

use super::evidence::{picked, reason as reason_of};
use super::show::Shown;
use super::view::{PhaseView, RunView};
use super::words::{NOTHING, clean, title};
use super::words_work::candidate_words;

/// Columns of a whole bar, which stands for this many points; more points make it no longer.
const BAR: usize = 10;
const FULL: f64 = 10.0;

/// The ensemble that a result is about, if there is one: the one that asks for a pick, else the only one.
fn only(view: &RunView) -> Option<PhaseView<'_>> {
    let asking = view.questions().map(|(phase, _)| phase);
    let mut asking = asking.filter(|phase| !phase.labels().is_empty());
    let mut all = view.phases().filter(|phase| !phase.labels().is_empty());
    asking
        .next()
        .or_else(|| all.next().filter(|_| all.next().is_none()))
}

/// A line a proposal, the winner first; of several ensembles, the winner of each.
pub(super) fn proposals(shown: &Shown<'_>) -> Vec<String> {
    let view = shown.view;
    if let Some(phase) = only(view) {
        return of_one(view, phase);
    }
    let ensembles = view.phases().filter(|phase| !phase.labels().is_empty());
    let winners = ensembles.filter_map(|phase| {
        let winner = phase.state.winner()?;
        let label = winner.label.as_ref();
        let rank = label.map_or(NOTHING, Label::as_str);
        let points = label.and_then(|label| points(view, phase, label));
        let words = format!(
            "{}: {rank} of {}, by {}{}",
            clean(phase.name()),
            phase.labels().len(),
            view.model_words(&winner.call),
            picked(view, phase.name(), &winner.by)
        );
        Some((words, bar(points)))
    });
    let winners: Vec<(String, String)> = winners.collect();
    let width = widest(winners.iter().map(|(words, _)| words));
    let line = |(words, bar): &(String, String)| {
        let words = console::pad_str(words, width, console::Alignment::Left, None);
        format!("{words}{bar}")
    };
    winners.iter().map(line).collect()
}

/// Columns of the widest of these.
fn widest<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts
        .map(|text| console::measure_text_width(text))
        .max()
        .unwrap_or(0)
}

fn of_one(view: &RunView, phase: PhaseView<'_>) -> Vec<String> {
    let winner = phase.state.winner();
    let mut all: Vec<(&Label, &CallId, Option<f64>)> = phase
        .labels()
        .iter()
        .map(|(label, call)| (label, call, points(view, phase, label)))
        .collect();
    let wins = |call: &CallId| phase.state.has_won(call);
    all.sort_by(|one, other| {
        let points = |points: Option<f64>| points.unwrap_or(f64::MIN);
        let by_points = points(other.2).total_cmp(&points(one.2));
        wins(other.1)
            .cmp(&wins(one.1))
            .then(by_points)
            .then(one.0.cmp(other.0))
    });
    let names: Vec<String> = all
        .iter()
        .map(|(_, call, _)| title(&view.model_words(call)))
        .collect();
    let width = widest(names.iter());
    let mut lines: Vec<String> = Vec::new();
    if let Some(winner) = winner.filter(|winner| winner.label.is_none()) {
        let model = view.model_words(&winner.call);
        lines.push(format!("✓ a new one by {model}, made of these"));
    }
    for ((label, call, points), name) in all.iter().zip(names) {
        let mark = if wins(call) { "✓" } else { " " };
        let name = console::pad_str(&name, width, console::Alignment::Left, None);
        let by = winner
            .filter(|_| wins(call))
            .map_or("", |winner| picked(view, phase.name(), &winner.by));
        let why = candidate_words(view, phase.name(), label).map(|why| format!(", {why}"));
        let why = why.unwrap_or_default();
        let instead = view.in_place_of(call).map(|of| format!(", {of}"));
        let notes = format!("{by}{}{why}", instead.unwrap_or_default());
        let notes = notes.trim_start_matches(", ");
        let line = format!("{mark} {label} {name}{}  {notes}", bar(*points));
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The mean of a proposal's points over the criteria.
fn points(view: &RunView, phase: PhaseView<'_>, label: &Label) -> Option<f64> {
    view.verdict(phase)?
        .judgement
        .points(label, phase.criteria())
}

/// `  ▇▇▇▇▇▇▇▇▏  8.1`; nothing without points.
fn bar(points: Option<f64>) -> String {
    let Some(points) = points else {
        return String::new();
    };
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 80"
    )]
    let eighths = ((points / FULL).clamp(0.0, 1.0) * 8.0 * BAR as f64).round() as usize;
    let bar = "█".repeat(eighths / 8) + PARTS[eighths % 8];
    format!("  {bar:<BAR$} {points:>4.1}")
}

/// Why the winner won, in two or three lines.
pub(super) fn reason(shown: &Shown<'_>) -> Vec<String> {
    let reason = only(shown.view).and_then(|phase| reason_of(shown.view, phase));
    shown.viewer.prose(&clean(reason.unwrap_or_default()), 2)
}
