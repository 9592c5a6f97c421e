//! A phase's verdict in words: the decision, who stood behind the winner, the scores, the reasons.

use crate::model::{CallId, Decider, Label, Question};

use super::evidence::{evidence_rows, picked, settled};
use super::scores::{Column, score_table};
use super::table::Table;
use super::view::{PhaseStatus, PhaseView, RunView, short_name};
use super::words::{or_nothing, title, wrapped};

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

/// A line each, where several were given; `≠` where it is not the winner that was picked.
pub fn render_verdicts(
    view: &RunView,
    phase: PhaseView<'_>,
    margin: usize,
    width: usize,
) -> String {
    let all = view.verdicts(phase);
    if all.len() < 2 {
        return String::new();
    }
    let winner = phase
        .state
        .winner()
        .and_then(|winner| winner.label.as_ref());
    let mut table = Table::bare(margin);
    for one in &all {
        let model = view.model_words(&one.call.spec.id);
        let differs = winner.is_some() && one.judgement.winner.as_ref() != winner;
        let mark = if differs { " ≠" } else { "" };
        table.row([model, one.line() + mark]);
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
    format!(
        "  winner: {what}{}\n{}",
        picked(view, phase.name(), &winner.by),
        against.unwrap_or_default()
    )
}
