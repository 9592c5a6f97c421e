//! What models are given to read: the same work in one continued session, as it is done today, and by
//! `feature-build`, in which every step is a fresh process.

mod chart;
mod flows;
mod script;
mod work;

use std::fmt::Write as _;

use self::flows::{Flow, session, workflow};
use self::work::{Reading, Work};
use crate::figure::Figure;
use crate::page::{Measured, Picture};

/// Numbers of tasks; the targets are for the last one.
const TASKS: [usize; 4] = [1, 2, 4, 8];

/// The same work, done both ways.
struct Both {
    tasks: usize,
    session: Flow,
    workflow: Flow,
}

pub fn figures() -> Measured {
    let measured = TASKS.map(|tasks| Both::of(tasks, Reading::Overview));
    let [one, .., many] = &measured;
    let thorough = Both::of(many.tasks, Reading::Everything);
    let mut figures = many.compared([
        "largest request of feature-build to one session, 8 tasks",
        "input of all requests, feature-build to one session, 8 tasks",
    ]);
    for (figure, target) in figures.iter_mut().zip([0.25, 0.5]) {
        figure.target = Some(target);
    }
    figures.extend([
        growth(
            "largest request of feature-build, 8 tasks to 1",
            Some(1.25),
            [&one.workflow, &many.workflow],
            "",
        ),
        growth(
            "largest request of the first task's call, 8 tasks to 1",
            Some(1.05),
            [&one.workflow, &many.workflow],
            "execute.task-T1",
        ),
        growth(
            "largest request of one session, 8 tasks to 1",
            None,
            [&one.session, &many.session],
            "",
        ),
    ]);
    figures.extend(thorough.compared([
        "the largest, if planners read all files that are to be changed",
        "all input, if planners read all files that are to be changed",
    ]));
    Measured {
        figures,
        notes: format!("{}\n{WORK}", table(&measured)),
        picture: Some(Picture {
            name: "context.svg",
            svg: chart::draw(&measured),
        }),
    }
}

impl Both {
    fn of(tasks: usize, reading: Reading) -> Self {
        let work = Work { tasks, reading };
        Self {
            tasks,
            session: session(work),
            workflow: workflow(work),
        }
    }

    /// The largest request and the sum of all, each as the ratio of the workflow's tokens to the session's.
    fn compared(&self, what: [&'static str; 2]) -> Vec<Figure> {
        let numbers = |flow: &Flow| [flow.peak("").size.tokens, flow.total().tokens];
        let pairs = numbers(&self.workflow)
            .into_iter()
            .zip(numbers(&self.session));
        what.into_iter()
            .zip(pairs)
            .map(|(what, (ours, theirs))| ratio(what, None, ours, theirs))
            .collect()
    }
}

/// How the largest request of the calls of this name grows from the first flow to the second.
fn growth(what: &'static str, target: Option<f64>, flows: [&Flow; 2], call: &str) -> Figure {
    let [few, many] = flows.map(|flow| flow.peak(call).size.tokens);
    ratio(what, target, many, few)
}

fn ratio(what: &'static str, target: Option<f64>, ours: u64, theirs: u64) -> Figure {
    Figure {
        what,
        value: ours as f64 / theirs as f64,
        unit: "",
        target,
        from: format!("{ours} to {theirs} tokens"),
    }
}

fn table(measured: &[Both]) -> String {
    let mut out = String::from(
        "| tasks | flow | requests | first | largest | all together |\n\
         | ---: | --- | ---: | ---: | ---: | ---: |\n",
    );
    for both in measured {
        for (name, flow) in [
            ("one session", &both.session),
            ("feature-build", &both.workflow),
        ] {
            let _ = writeln!(
                out,
                "| {} | {name} | {} | {} | {} | {} |",
                both.tasks,
                flow.requests.len(),
                flow.requests[0].size,
                flow.peak("").size,
                flow.total()
            );
        }
    }
    out
}

/// How the work is done, for readers of the table.
const WORK: &str = "\
![Tokens of each request, and of the largest one by number of tasks](context.svg)

Both flows are run for real, with scripted models: the same repository of modules of 6 to 9 KB, the same
reads, edits and commands; what counts is what the models' server received. Tokens are tipstaff's own
estimate of the text in a request, the one of the [context ledger](context.md#the-ledger).

- **one session**: `opencode run` as it comes, then `--session` for each further message: plan, each task
  (read the module, edit it, run its test, report), audit (look at the difference, run all tests). Every
  request brings all earlier ones along.
- **feature-build**: the bundled workflow as it is, with everything that it does besides: five proposals,
  two judgements, a decomposition, handoffs, an integration, an audit. That has its price: for one or two
  tasks a session reads less. What grows with the number of tasks are the plan, the list of tasks, and
  what the integration gets to see, which is held to limits.

Planners read the README in both flows. Real ones read more, which makes the planning calls larger, and a
session larger for the rest of its life; the last two figures are for planners that read every file to be
changed. Providers charge less for what they have cached, and most of a long session is: these are not
ratios of money.
";
