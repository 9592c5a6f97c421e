//! `tipstaff show RUN`: a run as it stands.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::model::{Artifact, CallId, CallResult, Timestamp};
use crate::run::AttemptEnd;

use super::next::next_commands;
use super::sections::{
    attempts, commands, failures, ledgers, remarks, section, verdicts, waits_for,
};
use super::sections_work::work;
use super::table::Table;
use super::view::{PhaseStatus, PhaseView, RunView, Supervisor};
use super::words::{
    NOTHING, attempt_word, clean, counted, kind_words, or_nothing, phase_word, run_word, spent,
    wrap,
};

/// What `show` is made of.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// The run after all its records.
    pub view: &'a RunView,
    /// The run's folder relative to the project, for example `.tipstaff/runs/ID`.
    pub folder: &'a str,
    pub supervisor: Supervisor,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    /// `context.json` of the calls to account for, in order. May be empty.
    pub ledgers: &'a [(CallId, Value)],
}

/// The run as plain text.
pub fn render_show(shown: &Shown<'_>) -> String {
    let view = shown.view;
    let now = known_until(view, shown.supervisor, shown.now);
    let mut text = header(shown, now);
    text.push_str(&section("phases", &phases(shown, now)));
    text.push_str(&work(view, shown.folder));
    text.push_str(&section("calls", &attempts(view, now)));
    text.push_str(&section("failures", &failures(view)));
    text.push_str(&verdicts(view));
    text.push_str(&section(
        "context: what each call saw",
        &ledgers(shown.ledgers),
    ));
    text.push_str(&section("remarks", &remarks(view)));
    text.push_str(&section("waits", &waits_for(view)));
    text.push_str(&section("files", &files(shown)));
    text.push_str(&section(
        "next",
        &commands(&next_commands(view, shown.supervisor)),
    ));
    text
}

/// Up to when times count: without a supervisor, or while a question is open, nothing goes on.
pub(super) fn known_until(view: &RunView, supervisor: Supervisor, now: Timestamp) -> Timestamp {
    match supervisor {
        Supervisor::Alive if view.questions().next().is_none() => now,
        Supervisor::Alive | Supervisor::Gone => view.state.last.unwrap_or(now),
    }
}

/// A point in time as the user's calendar has it, to the minute.
pub(super) fn minute(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.instant().to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

fn header(shown: &Shown<'_>, now: Timestamp) -> String {
    let view = shown.view;
    let totals = view.totals(now);
    let run = view.state.id.as_ref().map_or(NOTHING, |run| run.as_str());
    let started = or_nothing(view.state.started.map(|at| minute(at, shown.zone)));
    let mut text = format!(
        "run       {run}\nworkflow  {}\nstate     {}\nstarted   {started}\nsandbox   {}\nused      {}, {}\n",
        clean(&view.plan.workflow),
        run_word(view.status(), shown.supervisor),
        view.state.sandbox,
        spent(totals.wall, &totals.usage),
        counted(totals.attempts, "attempt"),
    );
    if let Some(rehearsal) = &view.plan.rehearsal {
        let scenario = clean(&rehearsal.scenario);
        text.push_str(&format!("rehearsed with the scenario {scenario}\n"));
    }
    for (index, line) in wrap(&view.plan.request, 80).iter().enumerate().take(6) {
        let head = if index == 0 {
            "request   "
        } else {
            "          "
        };
        text.push_str(format!("{head}{line}").trim_end());
        text.push('\n');
    }
    text
}

fn phases(shown: &Shown<'_>, now: Timestamp) -> String {
    let mut table = Table::new(2, &["phase", "state", ">time", "type", "document"]);
    for phase in shown.view.phases() {
        let time = phase.state.time(shown.view.state.worked(now));
        let document = phase.state.closing();
        table.row([
            clean(phase.name()),
            state_words(phase, shown.supervisor),
            or_nothing(time.map(|time| time.to_string())),
            kind_words(&phase.plan.kind),
            or_nothing(document.map(|closing| shown.view.document(closing, shown.folder))),
        ]);
    }
    table.to_string()
}

/// `closed`; `closed, round 2`; `skipped: …`.
fn state_words(phase: PhaseView<'_>, supervisor: Supervisor) -> String {
    let word = phase_word(phase.status(), supervisor);
    match (phase.status(), phase.state.round()) {
        (PhaseStatus::Skipped(condition), _) => format!("{word}: {}", clean(condition)),
        (_, 1) => word.to_owned(),
        (_, round) => format!("{word}, round {round}"),
    }
}

/// The files that matter: what phases left, and the folders of attempts that failed.
fn files(shown: &Shown<'_>) -> String {
    let mut paths: Vec<(String, String)> = vec![
        ("plan.json".to_owned(), "the plan, frozen".to_owned()),
        ("journal.jsonl".to_owned(), "what happened".to_owned()),
    ];
    for phase in shown.view.phases() {
        let name = clean(phase.name());
        if let Some(closing) = phase.state.closing() {
            paths.push((
                closing.deliverable.path.clone(),
                format!("{name}: document"),
            ));
            paths.push((closing.handoff.path.clone(), format!("{name}: handoff")));
            for (artifact, what) in [(&closing.patch, "changes"), (&closing.tests, "verified")] {
                if let Some(artifact) = artifact {
                    paths.push((artifact.path.clone(), format!("{name}: {what}")));
                }
            }
            if let Some(previous) = &closing.previous {
                paths.push((clean(previous), format!("{name}: what was there before")));
            }
        }
        let folder = shown
            .view
            .plan
            .phase_folder(phase.name())
            .unwrap_or_default();
        for call in shown.view.calls_of(phase.name()) {
            if let Some(result) = call.result()
                && call.attempts.last().is_some()
                && let Some((document, what)) = left(result)
            {
                paths.push((document.path.clone(), clean(&call.spec.id) + what));
            }
            for (number, attempt) in (1..).zip(&call.attempts) {
                if let Some(AttemptEnd::Failed(_) | AttemptEnd::Lost) = attempt.end() {
                    paths.push((
                        format!("{folder}/calls/{}/attempt-{number}", call.spec.id),
                        format!("{}: {}", clean(&call.spec.id), attempt_word(attempt)),
                    ));
                }
            }
        }
    }
    let mut table = Table::new(2, &[shown.folder, ""]);
    for (path, what) in paths {
        table.row([format!("  {}", clean(&path)), what]);
    }
    table.to_string()
}

/// The file of a call that matters most, and what it is.
fn left(result: &CallResult) -> Option<(&Artifact, &'static str)> {
    match result.stopped() {
        Some(stopped) => Some((&stopped.worklog, ": the work until it was stopped")),
        None => {
            let document = result.deliverable.as_ref().or(result.structured.as_ref());
            document.map(|document| (document, ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::report::{sample, sample_build};

    fn show(history: &sample::History, supervisor: Supervisor) -> String {
        let view = RunView::replay(&history.plan, &history.records);
        render_show(&Shown {
            view: &view,
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            supervisor,
            now: view
                .state
                .last
                .unwrap_or_default()
                .after(Millis::seconds(10)),
            zone: &TimeZone::UTC,
            ledgers: &[],
        })
    }

    #[test]
    fn an_ensemble() {
        insta::assert_snapshot!(show(&sample::ensemble(), Supervisor::Gone));
    }

    #[test]
    fn a_feature_build_with_a_loop() {
        insta::assert_snapshot!(show(&sample_build::build(), Supervisor::Gone));
    }

    #[test]
    fn a_build_whose_first_task_goes_on_in_a_fresh_process() {
        let history = sample_build::build_in_parts();
        insta::assert_snapshot!(show(&history, Supervisor::Alive));
    }

    #[test]
    fn nothing_said_by_a_model_drives_the_terminal() {
        let text = show(&sample_build::hostile_build(), Supervisor::Gone);
        assert!(text.contains("evil"), "{text}");
        assert!(!text.chars().any(|char| char.is_control() && char != '\n'));
    }

    #[test]
    fn a_failed_run() {
        insta::assert_snapshot!(show(&sample::failed(), Supervisor::Gone));
    }

    #[test]
    fn a_waiting_run_names_the_commands_to_pick_with() {
        insta::assert_snapshot!(show(&sample::waiting(), Supervisor::Gone));
    }

    #[test]
    fn a_killed_run_says_how_to_go_on_and_a_living_one_does_not() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("quorum_reached"));
        let killed = show(&history, Supervisor::Gone);
        assert!(killed.contains("state     stopped"), "{killed}");
        assert!(killed.contains("tipstaff resume 20261122-"), "{killed}");
        let living = show(&history, Supervisor::Alive);
        assert!(living.contains("state     running"), "{living}");
        assert!(!living.contains("tipstaff resume"), "{living}");
    }
}
