//! How `run` and `resume` end, and what `show` says: a run's result on one screen.

use crate::model::MicroUsd;

use super::costs::would_have_cost;
use super::log_lines::rehearsed;
use super::next::next_commands;
use super::outcome::{audits, cause, outcome, waits};
use super::proposals::{proposals, reason};
use super::sections::{command_lines, remarks};
use super::show::Shown;
use super::summary_work::{changes, documents, risky, tasks, tests};
use super::view::RunView;
use super::viewer::{MARGIN, PROSE};
use super::words::{self, counted, token_count, wrap};

/// Lines of a result: with the command above and the prompt below it, it is on a screen of 24.
const MOST: usize = 20;
/// Commands that are named at the end.
const COMMANDS: usize = 3;

/// Lines about one thing.
struct Part {
    label: &'static str,
    lines: Vec<String>,
    /// The flag of `show` that tells all of it; without one, no line may be left out.
    all: Option<&'static str>,
    left_out: usize,
}

/// The result as plain text: outcome, cause, winner, what there is of it, cost, how to go on.
pub fn render_summary(shown: &Shown<'_>) -> String {
    let view = shown.view;
    let mut parts: Vec<Part> = [
        ("", None, outcome(shown)),
        (
            "",
            None,
            wrap(
                rehearsed(view).unwrap_or_default(),
                shown.viewer.width.min(PROSE),
            ),
        ),
        ("because", Some("--all"), waits(shown)),
        ("audit", Some("--verdict"), audits(shown)),
        ("cause", Some("--calls"), cause(shown)),
        ("proposals", Some("--verdict"), proposals(shown)),
        ("why", Some("--verdict"), reason(shown)),
        ("documents", Some("--files"), documents(shown)),
        ("tasks", Some("--files"), tasks(view)),
        ("changes", Some("--files"), changes(shown)),
        ("look at", Some("--files"), risky(shown)),
        ("tests", Some("--files"), tests(shown)),
        ("remarks", Some("--all"), remark_lines(shown)),
        ("cost", None, vec![cost(shown)]),
        ("from", Some("--all"), from(view)),
        ("folder", None, folder(shown)),
        ("next", None, next(shown)),
    ]
    .map(|(label, all, lines)| Part {
        label,
        lines,
        all,
        left_out: 0,
    })
    .into_iter()
    .filter(|part| !part.lines.is_empty())
    .collect();
    squeeze(&mut parts);
    parts.iter().map(|part| part.render(shown)).collect()
}

/// Leaves lines out where there are most, until all is on one screen.
fn squeeze(parts: &mut [Part]) {
    while parts.iter().map(Part::rows).sum::<usize>() > MOST {
        let long = parts
            .iter_mut()
            .filter(|part| part.all.is_some() && part.rows() > 1);
        let Some(part) = long.max_by_key(|part| part.rows()) else {
            return;
        };
        part.lines.pop();
        part.left_out += 1;
    }
}

impl Part {
    fn rows(&self) -> usize {
        self.lines.len() + usize::from(self.left_out > 0)
    }

    fn render(&self, shown: &Shown<'_>) -> String {
        let (viewer, mut text) = (shown.viewer, String::new());
        let more = self.all.filter(|_| self.left_out > 0).map(|flag| {
            let show = viewer.command("show");
            format!("and {} more: {show} {flag}", self.left_out)
        });
        let mut label = self.label;
        for line in self.lines.iter().chain(&more) {
            let line = match (self.label, self.all) {
                ("", _) => line.clone(),
                // Commands and paths are there to be copied.
                (_, None) => format!("{label:<MARGIN$}{line}"),
                (_, Some(_)) => format!("{label:<MARGIN$}{}", viewer.fit(MARGIN, line)),
            };
            text.push_str(line.trim_end());
            text.push('\n');
            label = "";
        }
        text
    }
}

fn remark_lines(shown: &Shown<'_>) -> Vec<String> {
    let remarks = remarks(shown.view);
    remarks
        .lines()
        .flat_map(|line| shown.viewer.prose(line, 2))
        .collect()
}

/// `$0.43 of $10.00 · 182k tokens in, 9.1k out · 4 calls`, as far as there is room.
fn cost(shown: &Shown<'_>) -> String {
    let view = shown.view;
    let totals = view.totals(shown.until());
    let limit = view.state.limits(view.plan.limits).cost;
    let own = words::cost(view.state.own_spent().usage.cost);
    let scripted = would_have_cost(view).map(|would| format!("nothing, {would}"));
    let mut words = match (words::cost(totals.usage.cost), own, limit) {
        _ if scripted.is_some() => scripted.unwrap_or_default(),
        (None, ..) => "no price is known".to_owned(),
        (Some(_), Some(own), Some(limit)) => format!("{own} of {limit}"),
        (Some(_), Some(own), None) => own,
        (Some(_), None, _) => "nothing paid anew".to_owned(),
    };
    let (read, wrote) = (totals.usage.input_tokens(), totals.usage.output);
    let wrote = token_count(wrote + totals.usage.reasoning);
    let calls = view.state.calls().count() as u64;
    let again = totals.attempts.saturating_sub(calls);
    for (there, more) in [
        (
            read,
            format!(" · {} tokens in, {wrote} out", token_count(read)),
        ),
        (calls, format!(" · {}", counted(calls, "call"))),
        (again, format!(", {}", counted(totals.attempts, "attempt"))),
    ] {
        let width = console::measure_text_width(&words) + console::measure_text_width(&more);
        if there > 0 && width + MARGIN <= shown.viewer.width {
            words.push_str(&more);
        }
    }
    words
}

/// What another run did and paid before.
fn from(view: &RunView) -> Vec<String> {
    let (all, own) = (view.state.spent(), view.state.own_spent());
    let paid = all.usage.cost.0.saturating_sub(own.usage.cost.0);
    let cost = words::cost(MicroUsd(paid)).map_or_else(String::new, |cost| format!(", {cost}"));
    let calls = counted(all.attempts.saturating_sub(own.attempts), "call");
    let line = |run| format!("run {run}: {calls}{cost}, paid there");
    view.state.from_run.iter().map(line).collect()
}

/// The run's folder; `show --files` has it where there is no room for it.
fn folder(shown: &Shown<'_>) -> Vec<String> {
    let folder = shown.viewer.place(shown.folder);
    let width = console::measure_text_width(&folder) + MARGIN;
    (width <= shown.viewer.width)
        .then_some(folder)
        .into_iter()
        .collect()
}

/// The most useful commands; what they are for where there is room for it.
fn next(shown: &Shown<'_>) -> Vec<String> {
    let mut commands = next_commands(shown.view, shown.supervisor, shown.viewer);
    let all = shown.viewer.command("show") + " --all";
    commands.push((all, "everything else".to_owned()));
    commands.truncate(COMMANDS);
    command_lines(&commands, shown.viewer.width.saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::report::view::{RunView, Supervisor};
    use crate::report::viewer::Viewer;
    use crate::report::{sample, sample_build};

    fn at(history: &sample::History, width: usize) -> String {
        let view = RunView::replay(&history.plan, &history.records);
        let viewer = Viewer {
            program: "tipstaff".to_owned(),
            run: "plan-3f".to_owned(),
            is_own: true,
            root: "../".to_owned(),
            width,
        };
        let text = render_summary(&Shown {
            view: &view,
            folder: ".tipstaff/runs/20261122-154501-plan-3f",
            viewer: &viewer,
            supervisor: Supervisor::Gone,
            now: view.state.last.unwrap_or_default(),
            zone: &TimeZone::UTC,
            ledgers: &[],
        });
        assert!(text.lines().count() <= MOST, "{text}");
        for line in text.lines() {
            assert!(
                console::measure_text_width(line) <= width,
                "{width}: {line}"
            );
        }
        text
    }

    fn at_each_width(history: &sample::History) -> String {
        let one = |width: usize| format!("{}\n{}", "-".repeat(width), at(history, width));
        [60, 80, 120].map(one).concat()
    }

    #[test]
    fn of_an_ensemble() {
        insta::assert_snapshot!(at_each_width(&sample::ensemble()));
    }

    #[test]
    fn of_a_failed_run() {
        insta::assert_snapshot!(at_each_width(&sample::failed()));
    }

    #[test]
    fn of_a_waiting_run() {
        insta::assert_snapshot!(at_each_width(&sample::waiting()));
    }

    #[test]
    fn of_a_feature_build_with_a_loop() {
        insta::assert_snapshot!(at_each_width(&sample_build::build()));
    }

    #[test]
    fn of_a_build_that_failed_its_audit() {
        let history = sample_build::build_that_failed_its_audit();
        insta::assert_snapshot!(at_each_width(&history));
    }

    #[test]
    fn of_a_build_that_lost_a_task() {
        insta::assert_snapshot!(at_each_width(&sample_build::build_that_lost_a_task()));
    }

    #[test]
    fn of_an_interrupted_run() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("quorum_reached"));
        insta::assert_snapshot!(at_each_width(&history));
    }

    #[test]
    fn what_a_person_was_asked_and_said_is_there() {
        let asked = at(&sample_build::build_at_its_gate(), 100);
        for said in [
            "a person has to approve that execute begins: Is the plan good?",
            "tipstaff approve plan-3f ",
            "tipstaff reject plan-3f ",
        ] {
            assert!(asked.contains(said), "{asked}");
        }
        let rejected = at(&sample_build::build_that_was_rejected(), 100);
        let why = "execute: refused: a person rejected it: the plan forgets the proxies";
        assert!(rejected.contains(why), "{rejected}");
    }

    #[test]
    fn changes_that_could_not_be_applied_wait_for_their_owner() {
        let text = at(&sample_build::build_that_was_blocked(), 120);
        for said in [
            "the changes could not be applied: src/server.js was changed meanwhile",
            "tipstaff diff plan-3f ",
            "tipstaff apply plan-3f ",
        ] {
            assert!(text.contains(said), "{text}");
        }
        assert!(!text.contains("tipstaff resume"), "{text}");
    }

    #[test]
    fn changes_on_a_branch_are_merged_by_their_owner() {
        let text = at(&sample_build::build_on_a_branch(), 80);
        assert!(text.contains("on the branch feature/rate-limit"), "{text}");
        assert!(
            text.contains("git -C ../ merge feature/rate-limit "),
            "{text}"
        );
        assert!(!text.contains("tipstaff undo"), "{text}");
    }

    #[test]
    fn nothing_said_by_a_model_drives_the_terminal() {
        for history in [sample::hostile(), sample_build::hostile_build()] {
            let text = at(&history, 100);
            assert!(text.contains("evil"), "{text}");
            assert!(!text.chars().any(|char| char.is_control() && char != '\n'));
        }
    }
}
