//! Which command goes on with a run.

use crate::model::{Question, RunEnd};

use super::fold::RunView;
use super::view::{RunState, Supervisor};

/// The commands that make sense now, the most useful first; each with what it is for.
///
/// Empty while a supervisor works on the run.
pub fn next_commands(view: &RunView, supervisor: Supervisor) -> Vec<(String, String)> {
    let Some(run) = &view.run else {
        return Vec::new();
    };
    let resume = |why: &str| (format!("tipstaff resume {run}"), why.to_owned());
    match (view.state, supervisor) {
        (RunState::Planned, _) | (RunState::UnderWay, Supervisor::Alive) => Vec::new(),
        (RunState::UnderWay, Supervisor::Gone) | (RunState::Ended(RunEnd::Interrupted), _) => {
            vec![resume("go on; finished calls are not run again")]
        }
        (RunState::Ended(RunEnd::Done), _) => {
            vec![(
                format!("tipstaff show {run}"),
                "see this run again".to_owned(),
            )]
        }
        (RunState::Ended(RunEnd::Failed), _) => {
            vec![resume(
                "try what failed again; finished calls are not run again",
            )]
        }
        (RunState::Ended(RunEnd::Limited), _) => {
            vec![resume("go on once there is room; the limits can be raised")]
        }
        (RunState::Ended(RunEnd::Waiting), _) => {
            let mut commands = picks(view);
            if commands.is_empty() {
                commands.push(resume("go on"));
            }
            commands
        }
    }
}

fn picks(view: &RunView) -> Vec<(String, String)> {
    let mut commands = Vec::new();
    let run = view.run.as_ref().map_or("", |run| run.as_str());
    for (phase, question) in view.questions() {
        match question {
            Question::PickWinner { .. } => {
                for (label, call) in &phase.labels {
                    let model = view.model_of(call).map_or("?", |model| model.as_str());
                    commands.push((
                        format!("tipstaff pick {run} {} {label}", phase.name),
                        format!("{model} ({call})"),
                    ));
                }
            }
        }
    }
    commands
}
