//! A phase's verdict in words: the decision, who stood behind the winner, the scores, the reasons.

use crate::model::{CallId, Decider, Judgement, Label, Question};
use crate::run::CallState;

use super::scores::{Column, picked, score_table};
use super::table::Table;
use super::view::{PhaseStatus, PhaseView, RunView, short_name};
use super::words::{clean, decision_word, or_nothing, title, wrapped};
use super::words_work::out_words;

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
    if let Some((judge, judgement)) = &verdict {
        text.push_str(&judged(view, judge, judgement));
        text.push_str(&wrapped("    ", &judgement.rationale, width));
    }
    text.push_str(&verdicts(view, phase));
    let judgement = verdict.as_ref().map(|(_, one)| (one, phase.criteria()));
    let mut labels: Vec<&(Label, CallId)> = phase.labels().iter().collect();
    labels.sort();
    let wins = |call| {
        phase
            .state
            .winner()
            .is_some_and(|winner| &winner.call == call)
    };
    let columns = labels.iter();
    let columns = columns.map(|(label, call)| (label, view.model_words(call), wins(call)));
    let columns: Vec<Column<'_>> = columns.collect();
    let name = |call| or_nothing(view.call(call).map(|call| title(&short_name(call))));
    let calls = labels.iter().map(|(_, call)| name(call)).collect();
    let mut more = vec![("call".to_owned(), calls)];
    if !view.state.candidates(phase.name()).is_empty() {
        let out = |label| out_words(view, phase.name(), label);
        let cells = labels.iter().map(|(label, _)| out(label));
        let cells = cells.map(|why| why.unwrap_or_else(|| "passed".to_owned()));
        more.push(("commands".to_owned(), cells.collect()));
    }
    Some(text + &score_table(&columns, judgement, &more, width))
}

/// A line each, where several were given.
fn verdicts(view: &RunView, phase: PhaseView<'_>) -> String {
    let all = view.verdicts(phase);
    if all.len() < 2 {
        return String::new();
    }
    let winner = phase
        .state
        .winner()
        .and_then(|winner| winner.label.as_ref());
    let mut table = Table::bare(4);
    for one in &all {
        let model = view.model_words(&one.call.spec.id);
        let differs = winner.is_some() && one.judgement.winner.as_ref() != winner;
        let mark = if differs { " ≠" } else { "" };
        table.row([model, format!("read {}, {}{mark}", one.read(), one.words())]);
    }
    format!("  verdicts:\n{table}")
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
    format!("  winner: {what}{}\n", picked(&winner.by))
}

fn judged(view: &RunView, judge: &CallState, judgement: &Judgement) -> String {
    let model = view.model_words(&judge.spec.id);
    let named = judgement
        .winner
        .as_ref()
        .map_or_else(String::new, |label| format!(": {}", clean(label)));
    format!(
        "  judge:  {model} {}{named}\n",
        decision_word(judgement.decision)
    )
}
