//! A phase's verdict in words: the decision, who stood behind the winner, the scores, the reasons.

use crate::model::{CallId, Decider, Label, Question};

use super::evidence::{evidence_rows, picked, settled};
use super::scores::{Column, score_table};
use super::table::Table;
use super::view::{PhaseStatus, PhaseView, RunView, short_name};
use super::words::{clean, or_nothing, title, wrapped};
use super::words_work::candidate_words;

/// The verdict of a phase, some lines; `None` where nothing was proposed or decided.
pub fn render_verdict(view: &RunView, phase: PhaseView<'_>, width: usize) -> Option<String> {
    let verdict = view.verdict(phase);
    let chosen = phase
        .state
        .winner()
        .is_some_and(|winner| winner.by != Decider::Only);
    if verdict.is_none() && phase.labels().is_empty() && !chosen {
        return None;
    }
    let mut text = winner_lines(view, phase);
    if let PhaseStatus::Asking(Question::PickWinner {
        kind: Some(kind), ..
    }) = phase.status()
    {
        text.push_str(&format!("  undecided: {}\n", kind.words()));
    }
    if let Some(why) = settled(view, phase) {
        text.push_str(&wrapped("  ", &why, width));
    }
    if let Some(verdict) = &verdict {
        let judge = view.model_words(&verdict.call.spec.id);
        text.push_str(&format!("  judge:  {judge} {}\n", verdict.words()));
        text.push_str(&wrapped("    ", &verdict.judgement.rationale, width));
    }
    let grafts = verdict.iter().flat_map(|one| &one.judgement.grafts);
    for graft in grafts {
        let words = format!("of {}, to take over: {}", graft.from, graft.what);
        text.push_str(&wrapped("    ", &words, width));
    }
    let all = render_verdicts(view, phase, 4, width);
    if !all.is_empty() {
        text.push_str(&format!("  verdicts:\n{all}"));
    }
    let judgement = verdict
        .as_ref()
        .map(|one| (&one.judgement, phase.criteria()));
    let mut labels: Vec<&(Label, CallId)> = phase.labels().iter().collect();
    labels.sort();
    let columns = labels.iter().map(|(label, call)| {
        let wins = phase.state.has_won(call);
        (label, view.model_words(call), wins)
    });
    let columns: Vec<Column<'_>> = columns.collect();
    let name = |call| or_nothing(view.call(call).map(|call| title(&short_name(call))));
    let calls = labels.iter().map(|(_, call)| name(call)).collect();
    let mut more = vec![("call".to_owned(), calls)];
    let letters: Vec<&Label> = labels.iter().map(|(label, _)| label).collect();
    more.extend(evidence_rows(view, phase, &letters));
    Some(text + &score_table(&columns, judgement, &more, width))
}

/// A line for each judge, where there are several; `≠` where it is not the winner that was picked.
pub fn render_verdicts(
    view: &RunView,
    phase: PhaseView<'_>,
    margin: usize,
    width: usize,
) -> String {
    let all = view.verdicts(phase);
    let failed = view.failed_judges(phase);
    if all.len() + failed.len() < 2 {
        return String::new();
    }
    let winner = phase
        .state
        .winner()
        .and_then(|winner| winner.label.as_ref());
    let mut table = Table::bare(margin);
    for one in &all {
        let model = view.model_words(&one.call.spec.id);
        // Of two others it says nothing about the winner.
        let read = winner.is_some_and(|winner| one.order.contains(&winner));
        let differs = read && one.judgement.winner.as_ref() != winner;
        let mark = if differs { " ≠" } else { "" };
        table.row([model, one.line() + mark]);
    }
    for (call, said) in failed {
        table.row([view.model_words(&call.spec.id), said]);
    }
    table.within(width).to_string()
}

fn winner_lines(view: &RunView, phase: PhaseView<'_>) -> String {
    let Some(winner) = phase.state.winner() else {
        return String::new();
    };
    let model = view.model_words(&winner.call);
    let what = match &winner.label {
        Some(label) => format!("{label}, by {model} ({})", winner.call),
        None => format!("the document of {model} ({})", winner.call),
    };
    let all = view.state.candidates(phase.name());
    let mends = |call: &CallId| all.iter().find(|one| one.call == call).map(|one| one.mends);
    let most = all
        .iter()
        .filter(|one| one.out.is_none())
        .max_by_key(|one| one.mends);
    let against = most.filter(|most| Some(most.mends) > mends(&winner.call));
    let against = against.map(|most| {
        format!(
            "  against the evidence: {} mends more commands\n",
            most.label
        )
    });
    let made = made_of_winner(view, phase).map(|words| format!("  {words}\n"));
    format!(
        "  winner: {what}{}\n{}{}",
        picked(view, phase.name(), &winner.by),
        made.unwrap_or_default(),
        against.unwrap_or_default()
    )
}

/// What became of the proposal that was made of the winner, or why there is none where judges were to name something.
pub(super) fn made_of_winner(view: &RunView, phase: PhaseView<'_>) -> Option<String> {
    let winner = phase.state.winner()?;
    let calls = view.state.calls_of(phase.name());
    let made = calls
        .filter_map(|call| Some((call, call.spec.refines()?)))
        .last();
    let Some((call, parent)) = made else {
        let named = matches!(winner.by, Decider::Judge(_)) && phase.grafts();
        return named.then(|| "the judges named nothing to take over from the others".to_owned());
    };
    let of = format!("made of {}", clean(parent));
    let label = phase
        .labels()
        .iter()
        .find(|(_, known)| *known == call.spec.id);
    Some(match label {
        None => format!(
            "what was to be {of} failed: {} is taken as it was",
            clean(parent)
        ),
        Some((label, _)) if winner.call == call.spec.id => {
            format!("{label} is {of}, and preferred to it")
        }
        Some((label, _)) => {
            let all = view.state.candidates(phase.name());
            let is_out = all
                .iter()
                .any(|one| one.label == label && one.out.is_some());
            let why = candidate_words(view, phase.name(), label).filter(|_| is_out);
            let why = why.unwrap_or_else(|| "not preferred to it".to_owned());
            format!("{label}, {of}: {why}; {} is taken as it was", clean(parent))
        }
    })
}
