//! `tipstaff pick RUN PHASE LABEL`: a person's verdict.

use super::args::PickArgs;
use super::failure::{Exit, Failure};
use super::resume::{go_on_with, look};
use super::settings::Settings;
use crate::engine::History;
use crate::model::{PersonAnswer, PhaseName, Question};

pub fn pick(settings: &Settings, args: &PickArgs) -> Result<Exit, Failure> {
    let run = look(settings, &args.run)?;
    let phase = PhaseName::from(args.phase.as_str());
    let wrong = |message: String| {
        let hint = format!(
            "`tipstaff show {}` tells what the run waits for",
            run.folder.id()
        );
        Failure::said(Exit::Usage, &message, Some(&hint))
    };
    let history = History::of(&run.records);
    let state = history
        .phase(&phase)
        .filter(|state| matches!(state.open_question(), Some(Question::PickWinner { .. })))
        .ok_or_else(|| wrong(format!("phase `{phase}` does not wait for a pick")))?;
    let labels = state.sealed.as_deref().unwrap_or_default();
    if !labels.iter().any(|(label, _)| label == &args.label) {
        let known: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
        return Err(wrong(format!(
            "there is no proposal `{}`; the proposals are {}",
            args.label,
            known.join(", ")
        )));
    }
    let answer = PersonAnswer::Picked(args.label.clone());
    go_on_with(settings, run.folder, &args.output, (phase, answer))
}
