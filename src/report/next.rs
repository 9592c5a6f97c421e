//! Which command goes on with a run.

use crate::model::{Destination, FailureKind, Question, RunEnd};

use crate::plan::Rehearsal;

use super::view::{RunStatus, RunView, Supervisor, model};
use super::view_work::DeliveryState;
use super::words::clean;

/// The commands that make sense now, the most useful first; each with what it is for.
///
/// Empty while a supervisor works on the run, and when it is done and changed nothing.
pub fn next_commands(view: &RunView, supervisor: Supervisor) -> Vec<(String, String)> {
    let Some(run) = &view.state.id else {
        return Vec::new();
    };
    let resume = |why: &str| (format!("tipstaff resume {run}"), why.to_owned());
    let mut commands = match (view.status(), supervisor) {
        (RunStatus::Planned, _) | (RunStatus::UnderWay, Supervisor::Alive) => return Vec::new(),
        (RunStatus::Ended(RunEnd::Done), _) => Vec::new(),
        (RunStatus::Ended(RunEnd::AuditFailed), _) => {
            let loops = view.phases().any(|phase| phase.plan.on_fail.is_some());
            let command = format!("tipstaff resume {run} --rounds 1");
            let why = "send it back once more with the findings".to_owned();
            loops.then_some((command, why)).into_iter().collect()
        }
        (RunStatus::UnderWay, Supervisor::Gone) | (RunStatus::Ended(RunEnd::Interrupted), _) => {
            vec![resume("go on; finished calls are not run again")]
        }
        (RunStatus::Ended(RunEnd::Failed), _) => {
            let again = resume("try what failed again; finished calls are not run again");
            [again].into_iter().chain(replace(view)).collect()
        }
        (RunStatus::Ended(RunEnd::Limited), _) => {
            vec![raise(view).unwrap_or_else(|| resume("go on once there is room"))]
        }
        (RunStatus::Ended(RunEnd::Waiting), _) => {
            let mut commands = answers(view);
            let blocked = matches!(view.delivery_state(), DeliveryState::Blocked { .. });
            if commands.is_empty() && !blocked {
                commands.push(resume("go on"));
            }
            commands
        }
    };
    commands.extend(for_changes(view));
    commands
}

/// Going on with more room, where a limit stopped the run; a provider's quota is not the user's to raise.
fn raise(view: &RunView) -> Option<(String, String)> {
    let (run, reached) = (view.run(), view.state.limit()?);
    let (key, _) = reached.limit.split_once(':')?;
    let key = match &reached.phase {
        Some(phase) => format!("{phase}.{key}"),
        None => key.to_owned(),
    };
    let command = format!("tipstaff resume {run} --limit {}=VALUE", shell_word(&key));
    Some((command, "go on with more room".to_owned()))
}

/// Another model in the place of the one that was refused, if one was.
fn replace(view: &RunView) -> Option<(String, String)> {
    let run = view.run();
    let refused = view.state.calls().rev().find(|call| {
        let kind = call.failure().map(|failure| failure.kind);
        matches!(
            kind,
            Some(FailureKind::UnknownModel | FailureKind::Auth | FailureKind::Quota)
        )
    });
    let model = shell_word(model(refused?)?.as_str());
    let command = format!("tipstaff resume {run} --model {model}=OTHER");
    Some((command, "use another model in its place".to_owned()))
}

/// How to look at changes of which nothing is decided yet.
pub(super) fn changes_so_far(view: &RunView) -> Vec<(String, String)> {
    match view.delivery_state() {
        DeliveryState::Pending => for_changes(view),
        DeliveryState::Nothing
        | DeliveryState::Partly { .. }
        | DeliveryState::Applied { .. }
        | DeliveryState::Blocked { .. }
        | DeliveryState::Kept { .. } => Vec::new(),
    }
}

/// What can be done with the run's changes.
fn for_changes(view: &RunView) -> Vec<(String, String)> {
    let run = view.run();
    let command = |verb: &str, why: &str| (format!("tipstaff {verb} {run}"), why.to_owned());
    let look = || command("diff", "look at the changes");
    // Scripted results are nobody's to take over.
    let scripted = |rehearsal: &Rehearsal| !rehearsal.publishes;
    if view.plan.rehearsal.as_ref().is_some_and(scripted) {
        return match view.delivery_state() {
            DeliveryState::Nothing => Vec::new(),
            _ => vec![look()],
        };
    }
    match (view.delivery_state(), view.status()) {
        (DeliveryState::Nothing, _) => Vec::new(),
        (DeliveryState::Applied { to, files }, _) => {
            let there = match to {
                _ if files == 0 => None,
                Destination::Tree => Some(command("undo", "take the changes back")),
                Destination::Branch(name) => {
                    let merge = format!("git merge {}", shell_word(&name));
                    Some((merge, "take the changes over".to_owned()))
                }
                Destination::Nowhere => None,
            };
            let all = [look()].into_iter().chain(accept(view, run)).chain(there);
            all.collect()
        }
        (DeliveryState::Blocked { .. }, _) => {
            let apply = command("apply", "take the changes over, once nothing is in the way");
            let marked = format!("tipstaff apply {run} --3way");
            let why = "take them over with conflict markers in the files that do not merge";
            vec![look(), apply, (marked, why.to_owned())]
        }
        (DeliveryState::Kept { .. }, _)
        | (DeliveryState::Pending, RunStatus::Ended(RunEnd::Done | RunEnd::AuditFailed)) => {
            vec![look(), command("apply", "take the changes over")]
        }
        (DeliveryState::Partly { .. }, _) => vec![
            look(),
            command("apply", "take over the rest, too"),
            command("undo", "take the changes back"),
        ],
        (DeliveryState::Pending, RunStatus::Ended(RunEnd::Failed)) => vec![
            look(),
            command("apply", "take over what was done before it failed"),
        ],
        // The run may yet change more: taking it over now would be too early.
        (
            DeliveryState::Pending,
            RunStatus::Planned | RunStatus::UnderWay | RunStatus::Ended(_),
        ) => {
            vec![look()]
        }
    }
}

/// How to take over what was held back.
fn accept(view: &RunView, run: &str) -> impl Iterator<Item = (String, String)> {
    let acts = view.state.held.iter().find(|held| !held.secret);
    let path = acts.map(|held| format!("--accept {}", shell_word(&held.path)));
    let secret = view.state.held.iter().any(|held| held.secret);
    let secret = secret.then(|| "--accept-secrets".to_owned());
    let why = "take over what was held back, once you have looked";
    let command = move |flag| (format!("tipstaff apply {run} {flag}"), why.to_owned());
    path.into_iter().chain(secret).map(command)
}

/// The commands that answer what the run asks.
fn answers(view: &RunView) -> Vec<(String, String)> {
    let mut commands = Vec::new();
    let run = view.run();
    let mut add = |command, why| commands.push((format!("tipstaff {command}"), why));
    for (phase, question) in view.questions() {
        match question {
            Question::PickWinner { .. } => {
                let name = shell_word(phase.name().as_str());
                for (label, call) in phase.labels() {
                    let why = format!("{} ({call})", view.model_words(call));
                    add(format!("pick {run} {name} {label}"), why);
                }
                let again = format!("pick {run} {name} none --because TEXT");
                add(again, "have all propose once more".to_owned());
            }
            Question::RunCommands { .. } => {
                add(format!("approve {run}"), "run the commands".to_owned());
                add(format!("reject {run}"), "go on without them".to_owned());
            }
            Question::Approve { .. } => {
                let name = clean(phase.name());
                let reject = format!("reject {run} --because TEXT");
                add(format!("approve {run}"), format!("let {name} begin"));
                add(reject, "end the run here".to_owned());
            }
        }
    }
    commands
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
