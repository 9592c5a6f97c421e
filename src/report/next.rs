//! Which command goes on with a run.

use crate::model::{Destination, MicroUsd, ModelName, Question, Remedy, RunEnd};
use crate::plan::Rehearsal;
use crate::run::CallState;

use super::view::{RunStatus, RunView, Supervisor, model};
use super::view_work::DeliveryState;
use super::viewer::Viewer;
use super::words::clean;

/// The commands that make sense now, the most useful first; each with what it is for.
///
/// Empty while a supervisor works on the run, and when it is done and changed nothing.
pub fn next_commands(
    view: &RunView,
    supervisor: Supervisor,
    viewer: &Viewer,
) -> Vec<(String, String)> {
    let resume = |why: &str| (viewer.command("resume"), why.to_owned());
    let mut commands = match (view.status(), supervisor) {
        _ if !viewer.is_own => compare(view, viewer).into_iter().collect(),
        (RunStatus::Planned, _) | (RunStatus::UnderWay, Supervisor::Alive) => return Vec::new(),
        (RunStatus::Ended(RunEnd::Done), _) => compare(view, viewer).into_iter().collect(),
        (RunStatus::Ended(RunEnd::AuditFailed), _) => {
            let loops = view.phases().any(|phase| phase.plan.on_fail.is_some());
            let command = viewer.command("resume") + " --rounds 1";
            let why = "send it back once more with the findings".to_owned();
            loops.then_some((command, why)).into_iter().collect()
        }
        (RunStatus::UnderWay, Supervisor::Gone) | (RunStatus::Ended(RunEnd::Interrupted), _) => {
            vec![resume("go on; finished calls are kept")]
        }
        (RunStatus::Ended(RunEnd::Failed), _) => {
            let again = || match view.delivery_state() {
                DeliveryState::Blocked { .. } => "once that is mended; finished calls are kept",
                _ => "try again; finished calls are kept",
            };
            let again = raise(view, viewer).unwrap_or_else(|| resume(again()));
            [again].into_iter().chain(replace(view, viewer)).collect()
        }
        (RunStatus::Ended(RunEnd::Limited), _) if view.parked_until().is_some() => {
            let now = viewer.command("resume") + " --unpark";
            let wait = viewer.command("resume") + " --wait";
            vec![
                (wait, "go on by itself at that time".to_owned()),
                (now, "go on now, if there is quota again".to_owned()),
            ]
        }
        (RunStatus::Ended(RunEnd::Limited), _) => {
            vec![raise(view, viewer).unwrap_or_else(|| resume("go on once there is room"))]
        }
        (RunStatus::Ended(RunEnd::Waiting), _) => {
            let mut commands = answers(view, viewer);
            let blocked = matches!(view.delivery_state(), DeliveryState::Blocked { .. });
            if commands.is_empty() && !blocked {
                commands.push(resume("go on"));
            }
            commands
        }
    };
    commands.extend(for_changes(view, viewer));
    commands
}

/// Going on with twice the room, where a limit stopped the run; a provider's quota is not the user's to raise.
fn raise(view: &RunView, viewer: &Viewer) -> Option<(String, String)> {
    let reached = view.state.limit()?;
    let (name, _) = reached.limit.split_once(':')?;
    let limits = view.state.limits(view.plan.limits);
    let (budget, spent, key) = match &reached.phase {
        None => (limits.budget(), view.state.own_spent(), name.to_owned()),
        Some(phase) => {
            let budget = view.state.budget(phase, view.plan.phase(phase)?.budget);
            let spent = view.state.own_spent_by(phase);
            (budget, spent, format!("{phase}.{name}"))
        }
    };
    // The last step may have used more than the limit itself.
    let twice = |limit: u64, used: u64| limit.max(used).max(1).saturating_mul(2);
    let dollars = |limit: MicroUsd| MicroUsd(twice(limit.0, spent.usage.cost.0)).in_usd();
    let value = match name {
        "calls" => twice(budget.calls?, spent.attempts).to_string(),
        "tokens" => twice(budget.tokens?, spent.usage.tokens()).to_string(),
        "cost" => dollars(budget.cost?),
        "day" => dollars(limits.day?),
        "wall" => twice(limits.wall?.0 / 1000, 0).to_string() + "s",
        _ => return None,
    };
    let command = format!(
        "{} --limit {}={value}",
        viewer.command("resume"),
        shell_word(&key)
    );
    Some((command, "go on with twice the room".to_owned()))
}

/// Another model in the place of the one that was refused, if one was and the plan knows another.
fn replace(view: &RunView, viewer: &Viewer) -> Option<(String, String)> {
    let is_refused = |call: &&CallState| {
        let remedy = call.failure().map(|failure| failure.kind.rule().remedy);
        matches!(remedy, Some(Remedy::NextModel | Remedy::Park))
    };
    let refused: Vec<&ModelName> = view
        .state
        .calls()
        .filter(is_refused)
        .filter_map(model)
        .collect();
    let model = refused.last()?;
    let other = view
        .plan
        .models
        .keys()
        .find(|other| !refused.contains(other))?;
    let (model, other) = (shell_word(model.as_str()), shell_word(other.as_str()));
    let command = format!("{} --model {model}={other}", viewer.command("resume"));
    Some((command, format!("use {other} in the place of {model}")))
}

/// How to look at changes of which nothing is decided yet.
pub(super) fn changes_so_far(view: &RunView, viewer: &Viewer) -> Vec<(String, String)> {
    match view.delivery_state() {
        DeliveryState::Pending => for_changes(view, viewer),
        DeliveryState::Nothing
        | DeliveryState::Partly { .. }
        | DeliveryState::Applied { .. }
        | DeliveryState::Blocked { .. }
        | DeliveryState::Kept { .. } => Vec::new(),
    }
}

/// What can be done with the run's results.
fn for_changes(view: &RunView, viewer: &Viewer) -> Vec<(String, String)> {
    let command = |verb: &str, why: &str| {
        let why = why.replace("RESULTS", view.results_word());
        (viewer.command(verb), why)
    };
    let (state, status) = (view.delivery_state(), view.status());
    // Documents are read where they lie.
    let look = (view.edits() && state != DeliveryState::Nothing)
        .then(|| command("diff", "look at the changes"));
    // Scripted results are nobody's to take over, and a run of somebody else's is only read.
    let scripted = |rehearsal: &Rehearsal| !rehearsal.publishes;
    if view.plan.rehearsal.as_ref().is_some_and(scripted) || !viewer.is_own {
        return look.into_iter().collect();
    }
    let mut commands = Vec::from_iter(look);
    match (state, status) {
        (DeliveryState::Nothing, _) => {}
        // Nothing is in the way that a person could clear away.
        (DeliveryState::Blocked { .. }, RunStatus::Ended(RunEnd::Failed)) => {}
        (DeliveryState::Applied { to, files }, _) => {
            commands.extend(accept(view, viewer));
            commands.extend(match to {
                _ if files == 0 => None,
                Destination::Tree | Destination::Commit { .. } => {
                    Some(command("undo", "take the RESULTS back"))
                }
                Destination::Branch(name) => {
                    let there = match viewer.root.as_str() {
                        "" => String::new(),
                        root => format!("-C {} ", shell_word(root)),
                    };
                    let merge = format!("git {there}merge {}", shell_word(&name));
                    Some((merge, command("", "take the RESULTS over").1))
                }
                Destination::Nowhere => None,
            });
        }
        (DeliveryState::Blocked { .. }, _) => {
            commands.push(command(
                "apply",
                "take the RESULTS over, once nothing is in the way",
            ));
            let why = "take them over with conflict markers in the files that do not merge";
            commands.push((viewer.command("apply") + " --3way", why.to_owned()));
        }
        (DeliveryState::Kept { .. }, _)
        | (DeliveryState::Pending, RunStatus::Ended(RunEnd::Done | RunEnd::AuditFailed)) => {
            commands.push(command("apply", "take the RESULTS over"));
        }
        (DeliveryState::Partly { .. }, _) => {
            commands.push(command("apply", "take over the rest, too"));
            commands.push(command("undo", "take the RESULTS back"));
        }
        (DeliveryState::Pending, RunStatus::Ended(RunEnd::Failed)) => {
            commands.push(command("apply", "take over what was done before it failed"));
        }
        // The run may yet change more: taking it over now would be too early.
        (
            DeliveryState::Pending,
            RunStatus::Planned | RunStatus::UnderWay | RunStatus::Ended(_),
        ) => {}
    }
    commands
}

/// How to take over what was held back.
fn accept(view: &RunView, viewer: &Viewer) -> impl Iterator<Item = (String, String)> {
    let acts = view.state.held.iter().find(|held| !held.secret);
    let path = acts.map(|held| format!("--accept {}", shell_word(&held.path)));
    let secret = view.state.held.iter().any(|held| held.secret);
    let secret = secret.then(|| "--accept-secrets".to_owned());
    let why = "take over what was held back, once you have looked";
    let apply = viewer.command("apply");
    let command = move |flag| (format!("{apply} {flag}"), why.to_owned());
    path.into_iter().chain(secret).map(command)
}

/// The commands that answer what the run asks.
fn answers(view: &RunView, viewer: &Viewer) -> Vec<(String, String)> {
    let command = |verb: &str, rest: &str, why: String| (viewer.command(verb) + rest, why);
    let mut commands = Vec::new();
    for (phase, question) in view.questions() {
        match question {
            Question::PickWinner { .. } => {
                commands.extend(compare(view, viewer));
                let all = view.state.candidates(phase.name());
                let is_out = |label| {
                    all.iter()
                        .any(|one| one.label == label && one.out.is_some())
                };
                let labels = phase.labels().iter().map(|(label, _)| label);
                if let Some(label) = labels.min_by_key(|label| (is_out(*label), *label)) {
                    let why = "take this one; other letters take the others".to_owned();
                    commands.push(command("pick", &format!(" {label}"), why));
                    let again = "have all propose once more".to_owned();
                    commands.push(command("pick", " none --because TEXT", again));
                }
            }
            Question::RunCommands { .. } => {
                commands.push(command("approve", "", "run the commands".to_owned()));
                commands.push(command("reject", "", "go on without them".to_owned()));
            }
            Question::Approve { .. } => {
                let begin = format!("let {} begin", clean(phase.name()));
                let end = "end the run here; `--because TEXT` says why".to_owned();
                commands.push(command("approve", "", begin));
                commands.push(command("reject", "", end));
            }
        }
    }
    commands
}

/// Looking at where proposals differ, if there are some to compare.
pub(super) fn compare(view: &RunView, viewer: &Viewer) -> Option<(String, String)> {
    let has_some = view.phases().any(|phase| phase.labels().len() > 1);
    let command = || {
        (
            viewer.command("compare"),
            "where the proposals differ".to_owned(),
        )
    };
    has_some.then(command)
}

/// A name as a shell takes it for one word; phases may be called anything.
pub fn shell_word(name: &str) -> String {
    let harmless = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/');
    if !name.is_empty() && name.chars().all(harmless) {
        return name.to_owned();
    }
    format!("'{}'", clean(name).replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_of_any_name_is_one_word() {
        assert_eq!(shell_word("feature-plan.2"), "feature-plan.2");
        assert_eq!(shell_word("the plan"), "'the plan'");
        assert_eq!(shell_word("o'clock; rm"), r"'o'\''clock; rm'");
    }
}
