//! A workflow as people discuss it: for each phase who works, what they see, what they leave and may change, and which
//! way it goes on; and a picture of the same.

use crate::model::ModelName;
use crate::plan::{
    EnsembleMode, Judging, OutputKind, PhaseKind, PhasePlan, Plan, PlannedInput, Proof, Refiner,
    Strategy,
};

use super::table::Table;
use super::words::{clean, counted, how_judged, kind_words};

/// In fewer columns the cells of a phase stand below each other.
const SIDE_BY_SIDE: usize = 76;

/// A row a phase, in so many columns.
pub fn workflow_table(plan: &Plan, columns: usize) -> String {
    let heads = ["phase", "who", "sees", "leaves", "rules"];
    if columns >= SIDE_BY_SIDE {
        let mut table = Table::new(0, &heads);
        for phase in &plan.phases {
            table.row(cells(phase));
        }
        return table.within(columns).to_string();
    }
    let stacked = plan.phases.iter().map(|phase| {
        let [name, rest @ ..] = cells(phase);
        let mut table = Table::bare(2);
        for (head, cell) in heads.iter().skip(1).zip(rest) {
            if !cell.is_empty() {
                table.row([(*head).to_owned(), cell]);
            }
        }
        format!("{name}\n{}", table.within(columns))
    });
    stacked.collect::<Vec<String>>().join("\n")
}

fn cells(phase: &PhasePlan) -> [String; 5] {
    [
        clean(&phase.name),
        who(phase).join("\n"),
        sees(phase).join("\n"),
        leaves(phase).join("\n"),
        rules(phase).join("\n"),
    ]
}

fn chain(chain: &[ModelName]) -> String {
    let names: Vec<String> = chain.iter().map(clean).collect();
    names.join(", else ")
}

fn who(phase: &PhasePlan) -> Vec<String> {
    match &phase.kind {
        PhaseKind::Single { chain: models, .. } => vec![chain(models)],
        PhaseKind::Ensemble {
            proposers,
            judge,
            mode,
            quorum,
            ..
        } => {
            let turns = match mode {
                EnsembleMode::Parallel => "proposes",
                EnsembleMode::Sequential => "proposes in turn",
            };
            let mut lines: Vec<String> = proposers
                .iter()
                .map(|models| format!("{} {turns}", chain(models)))
                .collect();
            if !phase.substitutes.is_empty() {
                let names: Vec<String> = phase.substitutes.iter().map(clean).collect();
                let names = names.join(", ");
                lines.push(format!("for one that is parked: {names}"));
            }
            if proposers.len() > 1 {
                lines.extend(
                    judge
                        .panel
                        .iter()
                        .map(|one| format!("{} judges", chain(one))),
                );
                lines.extend(rules_of_judging(judge));
                lines.push(calls(proposers.len() as u64, judge));
            }
            if (*quorum as usize) < proposers.len() {
                lines.push(format!("{quorum} of {} are enough", proposers.len()));
            }
            lines
        }
        PhaseKind::Routed { routing, named, .. } => {
            let is_named = |name: &&String| named.is_empty() || named.contains(name);
            let routes = routing.iter().filter(|(name, _)| is_named(name));
            routes
                .map(|(name, models)| format!("{}: {}", clean(name), chain(models)))
                .collect()
        }
        PhaseKind::Parallel { lenses, judge } => {
            let asked = lenses
                .iter()
                .map(|lens| format!("{} looks at {}", chain(&lens.chain), clean(&lens.name)));
            let joins = judge.iter().map(|judge| format!("{} joins", chain(judge)));
            asked.chain(joins).collect()
        }
    }
}

/// What is not as usual about the judging.
fn rules_of_judging(judging: &Judging) -> Vec<String> {
    let criteria = judging.criteria.iter();
    let criteria = criteria.map(|one| format!("{} {}", clean(&one.name), one.weight));
    let criteria: Vec<String> = criteria.collect();
    let how = how_judged(judging);
    let how = how.trim_start_matches([',', ' ']);
    let mut lines = Vec::new();
    lines.extend((!how.is_empty()).then(|| format!("judged {how}")));
    let how = match judging.grafts {
        true => "synthesizes from",
        false => "refines",
    };
    lines.extend(judging.refine.as_ref().map(|by| match by {
        Refiner::Author => format!("the winner's author {how} it"),
        Refiner::By(models) => format!("{} {how} the winner", chain(models)),
    }));
    lines.extend((!criteria.is_empty()).then(|| format!("weighs {}", criteria.join(", "))));
    lines
}

/// What it costs that one phase makes several candidates, for who asked for it.
pub fn candidates_cost(plan: &Plan) -> Option<String> {
    plan.phases.iter().find_map(|phase| match &phase.kind {
        PhaseKind::Ensemble {
            proposers, judge, ..
        } if phase.edits => {
            let number = proposers.len() as u64;
            Some(format!(
                "{} of the phase `{}`: {} instead of 1",
                counted(number, "candidate"),
                clean(&phase.name),
                calls(number, judge)
            ))
        }
        _ => None,
    })
}

/// What an ensemble takes if nothing fails: `4 calls`.
fn calls(proposals: u64, judging: &Judging) -> String {
    let calls = judging.calls(proposals);
    let (least, most) = (*calls.start(), *calls.end());
    match least == most {
        true => counted(most, "call"),
        false => format!("{least} to {}", counted(most, "call")),
    }
}

fn sees(phase: &PhasePlan) -> Vec<String> {
    let by_strategy = match phase.strategy {
        Strategy::Full => Some("all documents so far, raw"),
        Strategy::Scoped => Some("handoffs so far, its task's files"),
        Strategy::Distilled => Some("handoffs so far"),
        Strategy::Fresh => None,
    };
    let by_strategy = by_strategy.map(str::to_owned);
    let named = phase.inputs.iter().filter_map(|input| {
        Some(match input {
            PlannedInput::Request => return None,
            PlannedInput::Output(of) => format!("document of {}", clean(of)),
            PlannedInput::Handoff(of) => format!("handoff of {}", clean(of)),
            PlannedInput::Changes(of) => format!("changes of {}", clean(of)),
            PlannedInput::Tests(of) => format!("tests of {}", clean(of)),
            PlannedInput::Files(glob) => format!("files {}", clean(glob)),
        })
    });
    let request = ["request".to_owned()].into_iter();
    request.chain(by_strategy).chain(named).collect()
}

fn leaves(phase: &PhasePlan) -> Vec<String> {
    let what = match &phase.kind {
        PhaseKind::Single { yields, .. } => match yields {
            OutputKind::Document => "a document",
            OutputKind::Tasks(_) => "tasks",
            OutputKind::Audit => "a verdict",
            OutputKind::Edits => "changes",
        },
        PhaseKind::Ensemble { .. } if phase.edits => "the changes of one candidate",
        PhaseKind::Ensemble { .. } | PhaseKind::Parallel { .. } => "a document",
        PhaseKind::Routed { .. } => "changes, task by task",
    };
    let published = phase
        .output
        .iter()
        .map(|path| format!("in {}", clean(path)));
    let edits = match (phase.edits, phase.strategy) {
        (false, _) => "edits nothing",
        (true, Strategy::Scoped) => "edits its task's files",
        (true, _) => "edits any file",
    };
    let lines = [what.to_owned()].into_iter().chain(published);
    lines.chain([edits.to_owned()]).collect()
}

fn rules(phase: &PhasePlan) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(condition) = &phase.when {
        lines.push(format!("only when {}", clean(&condition.text)));
    }
    if let Some(question) = &phase.gate {
        lines.push(format!("asks first: {}", clean(question)));
    }
    for proof in &phase.verify {
        lines.push(match proof {
            Proof::Command(command) => format!("runs {}", clean(command)),
            Proof::Repeated { run, repeat } => {
                format!("runs {}, {}", clean(run), counted((*repeat).into(), "time"))
            }
            Proof::TestsOf { tests_of } => format!("runs the tests of {}", clean(tests_of)),
        });
    }
    if let PhaseKind::Ensemble { cross_tests, .. } = &phase.kind
        && !cross_tests.is_empty()
    {
        lines.push("runs each one's tests on the others".to_owned());
    }
    if let Some(back) = &phase.on_fail {
        let times = counted(back.max.into(), "time");
        let goto = clean(&back.goto);
        lines.push(format!("fail: back to {goto}, {times} at most"));
    }
    if let Some(tokens) = phase.checkpoint {
        lines.push(format!("fresh process after {tokens} tokens"));
    }
    lines
}

/// The way through the phases for a page that draws Mermaid: the order, what is handed on beside it, the ways back.
pub fn mermaid_graph(plan: &Plan) -> String {
    let mut out = "flowchart TD\n  request([request])\n".to_owned();
    let id = |name: &str| {
        let index = plan
            .phases
            .iter()
            .position(|phase| phase.name.as_str() == name);
        index.map_or_else(|| "request".to_owned(), |index| format!("p{}", index + 1))
    };
    let mut before = "request".to_owned();
    for phase in &plan.phases {
        let this = id(phase.name.as_str());
        let label = format!(
            "{}<br/>{}",
            quoted(phase.name.as_str()),
            quoted(&kind_words(&phase.kind))
        );
        out += &format!("  {this}[\"{label}\"]\n");
        match &phase.gate {
            Some(_) => out += &format!("  {before} -- a person says yes --> {this}\n"),
            None => out += &format!("  {before} --> {this}\n"),
        }
        for input in &phase.inputs {
            let (what, of) = match input {
                PlannedInput::Request | PlannedInput::Files(_) => continue,
                PlannedInput::Output(of) => ("document", of),
                PlannedInput::Handoff(of) => ("handoff", of),
                PlannedInput::Changes(of) => ("changes", of),
                PlannedInput::Tests(of) => ("tests", of),
            };
            out += &format!("  {} -. {what} .-> {this}\n", id(of.as_str()));
        }
        if let Some(back) = &phase.on_fail {
            let goto = id(back.goto.as_str());
            out += &format!(
                "  {this} -- \"fail, {} at most\" --> {goto}\n",
                counted(back.max.into(), "time")
            );
        }
        before = this;
    }
    out
}

/// As a text within quotation marks of Mermaid, which reads HTML's own.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for char in clean(text).chars() {
        match char {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' => out += &format!("#{};", char as u32),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample_build;
    use console::measure_text_width;

    #[test]
    fn fits_the_columns_that_there_are() {
        let plan = sample_build::build().plan;
        let shown = [60, 80, 120].map(|columns| {
            let text = workflow_table(&plan, columns);
            for line in text.lines() {
                assert!(measure_text_width(line) < columns, "{line}");
            }
            format!("{columns} columns\n{text}")
        });
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn ways_are_drawn_for_mermaid() {
        let plan = sample_build::build().plan;
        insta::assert_snapshot!(mermaid_graph(&plan));
        assert_eq!(quoted("a \"b\" <i>"), "a #34;b#34; #60;i#62;");
    }
}
