//! `tipstaff pick RUN PHASE LABEL`: a person's verdict.

use super::args::PickArgs;
use super::failure::{Exit, Failure};
use super::gate::{act, words};
use super::resume::{go_on_with, look};
use super::settings::Settings;
use crate::model::{PersonAnswer, PhaseName, Question};
use crate::run::RunState;

/// In the place of a label; labels are single letters.
const NONE: &str = "NONE";

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
    let history = RunState::of(&run.records);
    let state = history
        .phase(&phase)
        .filter(|state| matches!(state.asked, Some(Question::PickWinner { .. })))
        .ok_or_else(|| wrong(format!("phase `{phase}` does not wait for a pick")))?;
    if args.label.as_str() == NONE {
        let because = words(settings, args.because.as_deref());
        if because.is_empty() {
            return Err(wrong(
                "`none` needs `--because TEXT`, for those who propose again".to_owned(),
            ));
        }
        if !state.may_be_sent_back() {
            return Err(wrong(format!(
                "the proposers of `{phase}` were sent back {} times already",
                state.sent_back
            )));
        }
        let picked = act((phase, PersonAnswer::SentBack), because);
        return go_on_with(settings, run, &args.output, picked);
    }
    let labels = state.sealed().unwrap_or_default();
    if !labels.iter().any(|(label, _)| label == &args.label) {
        let known: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
        return Err(wrong(format!(
            "there is no proposal `{}`; the proposals are {}",
            args.label,
            known.join(", ")
        )));
    }
    let answer = PersonAnswer::Picked(args.label.clone());
    let picked = act((phase, answer), String::new());
    go_on_with(settings, run, &args.output, picked)
}
