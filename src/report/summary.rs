//! What a user sees when `run` or `resume` comes to its end.

use serde_json::Value;

use crate::model::{CallId, RunEnd, Timestamp};

use super::log_lines::rehearsed;
use super::next::next_commands;
use super::sections::{
    attempts, commands, documents, failures, ledgers, remarks, section, verdicts, waits_for,
};
use super::sections_work::work;
use super::view::{RunStatus, RunView, Supervisor};
use super::words::{clean, counted, end_word, spent};

#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The run after its last record.
    pub view: &'a RunView,
    /// The run's folder as the user would type it, for example `.tipstaff/runs/ID`.
    pub folder: &'a str,
    /// `context.json` of the calls to account for, in order. May be empty.
    pub ledgers: &'a [(CallId, Value)],
}

/// The summary as plain text: outcome, changes, tasks, what was published, verdicts, what each call saw (unless
/// interrupted) and used,
/// failures, where everything lies, how to go on.
pub fn render_summary(summary: &Summary<'_>) -> String {
    let view = summary.view;
    let now = view.state.last.unwrap_or_default();
    let mut text = outcome(view, now);
    text.push_str(&work(view, summary.folder));
    text.push_str(&section("documents", &documents(view, summary.folder)));
    text.push_str(&section("failures", &failures(view)));
    text.push_str(&verdicts(view));
    // Who interrupts a run has not come to read it; `show` has the ledgers.
    if view.status() != RunStatus::Ended(RunEnd::Interrupted) {
        text.push_str(&section(
            "context: what each call saw",
            &ledgers(summary.ledgers),
        ));
    }
    text.push_str(&section("calls", &attempts(view, now)));
    text.push_str(&section("remarks", &remarks(view)));
    text.push_str(&section("waits", &waits_for(view)));
    if let Some(line) = rehearsed(view) {
        text.push_str(&format!("\n{line}\n"));
    }
    text.push_str(&section(
        "everything lies in",
        &format!("  {}\n", summary.folder),
    ));
    let mut next = next_commands(view, Supervisor::Gone);
    next.extend(view.state.id.iter().map(|run| {
        let show = format!("tipstaff show {run}");
        (show, "see this again".to_owned())
    }));
    text.push_str(&section("next", &commands(&next)));
    text
}

fn outcome(view: &RunView, now: Timestamp) -> String {
    let totals = view.totals(now);
    let (symbol, word) = match view.status() {
        RunStatus::Ended(RunEnd::Done) => ("✓", end_word(RunEnd::Done)),
        RunStatus::Ended(RunEnd::Failed) => ("✗", end_word(RunEnd::Failed)),
        RunStatus::Ended(RunEnd::AuditFailed) => ("✗", "ended, but the audit says fail"),
        RunStatus::Ended(RunEnd::Waiting) => ("!", "waits for a person"),
        RunStatus::Ended(RunEnd::Limited) => ("!", "stopped by a limit"),
        RunStatus::Ended(RunEnd::Interrupted) => ("!", "interrupted"),
        RunStatus::Planned | RunStatus::UnderWay => ("!", "unfinished"),
    };
    let run = view.run();
    format!(
        "{symbol} {} {word}: {}, {} ({run})\n",
        clean(&view.plan.workflow),
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::{sample, sample_build};

    fn summary(history: &sample::History, ledgers: &[(CallId, Value)]) -> String {
        render_summary(&Summary {
            view: &RunView::replay(&history.plan, &history.records),
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            ledgers,
        })
    }

    #[test]
    fn of_an_ensemble() {
        let ledger = json!({"parts": [
            {"name": "instructions", "kind": "instructions", "source": "built in", "bytes": 4100, "tokens": 1020},
            {"name": "request", "kind": "request", "source": "command line", "bytes": 38, "tokens": 9},
        ]});
        insta::assert_snapshot!(summary(
            &sample::ensemble(),
            &[(CallId::from("plan.propose-1"), ledger)]
        ));
    }

    #[test]
    fn of_a_failed_run() {
        insta::assert_snapshot!(summary(&sample::failed(), &[]));
    }

    #[test]
    fn of_a_waiting_run() {
        insta::assert_snapshot!(summary(&sample::waiting(), &[]));
    }

    #[test]
    fn of_a_feature_build_with_a_loop() {
        insta::assert_snapshot!(summary(&sample_build::build(), &[]));
    }

    #[test]
    fn of_a_build_that_failed_its_audit() {
        insta::assert_snapshot!(summary(&sample_build::build_that_failed_its_audit(), &[]));
    }

    #[test]
    fn of_a_build_that_lost_a_task() {
        insta::assert_snapshot!(summary(&sample_build::build_that_lost_a_task(), &[]));
    }

    #[test]
    fn what_a_person_was_asked_and_said_is_there() {
        let asked = summary(&sample_build::build_at_its_gate(), &[]);
        for said in [
            "a person has to approve that execute begins: Is the plan good?",
            "  tipstaff approve 20261122-154501-plan-3f ",
            "  tipstaff reject 20261122-154501-plan-3f --because TEXT ",
        ] {
            assert!(asked.contains(said), "{asked}");
        }
        let rejected = summary(&sample_build::build_that_was_rejected(), &[]);
        let why = "execute: refused: a person rejected it: the plan forgets the proxies";
        assert!(rejected.contains(why), "{rejected}");
    }

    #[test]
    fn changes_that_could_not_be_applied_wait_for_their_owner() {
        let text = summary(&sample_build::build_that_was_blocked(), &[]);
        for said in [
            "  the changes could not be applied: src/server.js was changed meanwhile",
            "  tipstaff diff 20261122-154501-plan-3f ",
            "  tipstaff apply 20261122-154501-plan-3f ",
        ] {
            assert!(text.contains(said), "{text}");
        }
        assert!(!text.contains("tipstaff resume"), "{text}");
    }

    #[test]
    fn changes_on_a_branch_are_merged_by_their_owner() {
        let text = summary(&sample_build::build_on_a_branch(), &[]);
        assert!(text.contains("on the branch feature/rate-limit"), "{text}");
        assert!(text.contains("  git merge feature/rate-limit "), "{text}");
        assert!(!text.contains("tipstaff undo"), "{text}");
    }

    #[test]
    fn nothing_said_by_a_model_drives_the_terminal() {
        for history in [sample::hostile(), sample_build::hostile_build()] {
            let text = summary(&history, &[]);
            assert!(text.contains("evil"), "{text}");
            assert!(!text.chars().any(|char| char.is_control() && char != '\n'));
        }
    }
}
