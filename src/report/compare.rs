//! `tipstaff compare`: where proposals, or runs, agree and where they differ. What is compared are facts: headings,
//! files and decisions that are named, points, lines; no model is asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Judgement, Label};

use super::lines_diff::{Line, lines_diff};
use super::outcome::outcome;
use super::proposals::mean;
use super::sections::section;
use super::show::{Shown, known_until};
use super::table::Table;
use super::words::{self, clean, counted, or_nothing, token_count, wrapped};

/// Of each kind, this many facts are shown.
const SHOWN: usize = 24;
/// Columns of facts need so much room each, and of decisions.
const FACTS: usize = 12;
const COLUMN: usize = 36;

/// A proposal as its author left it.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub label: Label,
    pub model: String,
    pub wins: bool,
    pub text: String,
    pub decisions: Vec<String>,
    /// The files that its author named or changed.
    pub files: Vec<String>,
}

/// The proposals of a phase side by side.
pub fn render_comparison(all: &[Proposal], judgement: Option<&Judgement>, width: usize) -> String {
    // As many beside each other as fit.
    let fitting = (width.saturating_sub(14) / FACTS).max(2);
    let facts = |some| facts(all, some, judgement, width);
    let mut text = all
        .chunks(fitting)
        .map(facts)
        .collect::<Vec<_>>()
        .join("\n");
    if let Some(judgement) = judgement {
        text.push_str(&section("why", &wrapped("  ", &judgement.rationale, width)));
    }
    let of = |what: &dyn Fn(&Proposal) -> Vec<String>| all.iter().map(what).collect::<Vec<_>>();
    text.push_str(&section("headings", &matrix(all, &of(&headings), width)));
    text.push_str(&section("files", &matrix(all, &of(&files), width)));
    text + &section("decisions", &decisions(all, width))
}

/// A column for each of some proposals: model, points, lengths.
fn facts(
    all: &[Proposal],
    some: &[Proposal],
    judgement: Option<&Judgement>,
    width: usize,
) -> String {
    let mut table = Table::new(2, &[""]);
    for one in some {
        let wins = if one.wins { " ✓" } else { "" };
        table.column(&format!("{}{wins}", one.label), false);
    }
    let mut row = |name: &str, cell: &dyn Fn(&Proposal) -> String| {
        table.row([clean(name)].into_iter().chain(some.iter().map(cell)));
    };
    row("model", &|one| clean(&one.model));
    let scores = |one: &Proposal| judgement.and_then(|judgement| judgement.scores.get(&one.label));
    let criteria: BTreeSet<&String> = all
        .iter()
        .filter_map(scores)
        .flat_map(BTreeMap::keys)
        .collect();
    for name in criteria {
        let points = |one: &Proposal| scores(one).and_then(|scores| scores.get(name));
        row(name, &|one| {
            or_nothing(points(one).map(|points| format!("{points:.1}")))
        });
    }
    if let Some(judgement) = judgement.filter(|judgement| !judgement.scores.is_empty()) {
        let points = |one: &Proposal| mean(judgement, &one.label).map(|mean| format!("{mean:.1}"));
        row("mean", &|one| or_nothing(points(one)));
    }
    row("length", &|one| {
        let words = one.text.split_whitespace().count() as u64;
        format!(
            "{}, {}",
            counted(one.text.lines().count() as u64, "line"),
            counted(words, "word")
        )
    });
    row("lines of its own", &|one| {
        let others = all.iter().filter(|other| other.label != one.label);
        let others: BTreeSet<&str> = others.flat_map(|other| lines(&other.text)).collect();
        lines(&one.text)
            .filter(|line| !others.contains(line))
            .count()
            .to_string()
    });
    table.within(width).to_string()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Which proposals have which facts: a row a fact, what most have first.
fn matrix(all: &[Proposal], facts: &[Vec<String>], width: usize) -> String {
    let mut rows: Vec<(&String, Vec<bool>)> = Vec::new();
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    for (at, facts) in facts.iter().enumerate() {
        for fact in facts {
            let known = rows.iter().position(|(name, _)| same(name, fact));
            let known = known.unwrap_or_else(|| {
                rows.push((fact, vec![false; all.len()]));
                rows.len() - 1
            });
            rows[known].1[at] = true;
        }
    }
    let has = |marks: &[bool]| marks.iter().filter(|mark| **mark).count();
    rows.sort_by_key(|(_, marks)| std::cmp::Reverse(has(marks)));
    let mut table = Table::new(2, &[]);
    for one in all {
        table.column(one.label.as_str(), false);
    }
    table.column("", false);
    let more = rows.len().saturating_sub(SHOWN);
    for (name, marks) in rows.iter().take(SHOWN) {
        let marks = marks
            .iter()
            .map(|mark| if *mark { "✓" } else { "·" }.to_owned());
        table.row(marks.chain([clean(name)]));
    }
    let more = if more > 0 {
        format!("  and {more} more\n")
    } else {
        String::new()
    };
    table.within(width).to_string() + &more
}

/// The headings of a Markdown text, without those in blocks of code.
fn headings(one: &Proposal) -> Vec<String> {
    let mut in_code = false;
    let mut headings = Vec::new();
    for line in one.text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let text = line.trim_start_matches('#');
        if !in_code && text.len() < line.len() && text.starts_with(' ') {
            headings.push(text.trim().to_owned());
        }
    }
    headings
}

/// The files it names: to whoever goes on, or as code in its text.
fn files(one: &Proposal) -> Vec<String> {
    let code = one.text.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let end = text.rsplit('/').next().unwrap_or_default();
        let has_kind = end.rsplit_once('.').is_some_and(|(name, kind)| {
            !name.is_empty()
                && !kind.is_empty()
                && kind.len() <= 5
                && kind.chars().all(char::is_alphanumeric)
        });
        has_kind && !text.contains(|char: char| char.is_whitespace() || "(){}<>*:=".contains(char))
    };
    let named = code.filter(is_path).map(str::to_owned);
    let mut files: Vec<String> = one.files.iter().cloned().chain(named).collect();
    files.sort();
    files.dedup();
    files
}

/// Side by side where there is room, else one proposal after another.
fn decisions(all: &[Proposal], width: usize) -> String {
    if all.iter().all(|one| one.decisions.is_empty()) {
        return String::new();
    }
    if width / all.len().max(1) >= COLUMN {
        let mut table = Table::new(2, &[]);
        for one in all {
            table.column(one.label.as_str(), false);
        }
        let most = all.iter().map(|one| one.decisions.len()).max().unwrap_or(0);
        for at in 0..most {
            table.row(all.iter().map(|one| {
                let decision = one
                    .decisions
                    .get(at)
                    .map(|text| format!("- {}", clean(text)));
                decision.unwrap_or_default()
            }));
        }
        return table.within(width.min(160)).to_string();
    }
    let of_one = |one: &Proposal| {
        let each = one
            .decisions
            .iter()
            .map(|text| wrapped("    ", &format!("- {}", clean(text)), width));
        format!(
            "  {} {}\n{}",
            one.label,
            clean(&one.model),
            each.collect::<String>()
        )
    };
    all.iter().map(of_one).collect()
}

/// What the second has in the place of the first, line by line.
pub fn render_difference(one: &Proposal, other: &Proposal) -> String {
    let name = |one: &Proposal| format!("{} {}", one.label, clean(&one.model));
    let mut text = format!("--- {}\n+++ {}\n", name(one), name(other));
    let lines = lines_diff(&one.text, &other.text);
    if lines.iter().all(|line| matches!(line, Line::Same(_))) {
        return text + "the two are the same\n";
    }
    let near = |at: usize| {
        let around = lines.iter().skip(at.saturating_sub(2)).take(5.min(at + 3));
        around
            .into_iter()
            .any(|line| !matches!(line, Line::Same(_)))
    };
    let mut gap = false;
    for (at, line) in lines.iter().enumerate() {
        let (sign, line) = match line {
            Line::Same(_) if !near(at) => {
                if !std::mem::replace(&mut gap, true) {
                    text.push_str("@@\n");
                }
                continue;
            }
            Line::Same(line) => (' ', line),
            Line::Removed(line) => ('-', line),
            Line::Added(line) => ('+', line),
        };
        gap = false;
        text.push_str(&format!("{sign}{line}\n"));
    }
    text
}

/// Runs of a workflow side by side.
pub fn render_runs_compared(runs: &[Shown<'_>], width: usize) -> String {
    let mut table = Table::new(0, &[""]);
    for run in runs {
        table.column(&run.viewer.run, false);
    }
    let totals = |run: &Shown<'_>| {
        run.view
            .totals(known_until(run.view, run.supervisor, run.now))
    };
    let mut row = |name: &str, cell: &dyn Fn(&Shown<'_>) -> String| {
        table.row([clean(name)].into_iter().chain(runs.iter().map(cell)));
    };
    row("workflow", &|run| clean(&run.view.plan.workflow));
    row("request", &|run| words::title(&run.view.plan.request));
    row("outcome", &|run| {
        let outcome = outcome(run).join(" ");
        let outcome = outcome
            .rsplit_once(" · ")
            .map_or(outcome.as_str(), |(words, _)| words);
        outcome.replacen(&format!("{} ", run.viewer.run), "", 1)
    });
    row("cost", &|run| {
        or_nothing(words::cost(totals(run).usage.cost))
    });
    row("tokens", &|run| token_count(totals(run).usage.tokens()));
    row("time", &|run| totals(run).wall.to_string());
    row("attempts", &|run| totals(run).attempts.to_string());
    let mut phases: Vec<&str> = Vec::new();
    for phase in runs.iter().flat_map(|run| run.view.phases()) {
        if !phases.contains(&phase.name().as_str()) {
            phases.push(phase.name().as_str());
        }
    }
    for name in phases {
        row(name, &|run| {
            let phase = run
                .view
                .phases()
                .find(|phase| phase.name().as_str() == name);
            let Some(phase) = phase else {
                return or_nothing(None);
            };
            if let Some((_, audit)) = run.view.audits(phase).last() {
                return super::words_work::audit_word(audit.verdict).to_owned();
            }
            let winner = phase.state.winner().filter(|_| !phase.labels().is_empty());
            match winner {
                Some(winner) => format!("{} wins", run.view.model_words(&winner.call)),
                None => words::phase_word(phase.status(), run.supervisor).to_owned(),
            }
        });
    }
    row("changes", &|run| {
        let files = run.view.changed_files().len() as u64;
        counted(files, "file")
    });
    table.within(width).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(label: &str, model: &str, text: &str, decisions: &[&str]) -> Proposal {
        Proposal {
            label: Label::from(label),
            model: model.to_owned(),
            wins: label == "B",
            text: text.to_owned(),
            decisions: decisions.iter().map(|text| (*text).to_owned()).collect(),
            files: vec!["src/limit.js".to_owned()],
        }
    }

    fn three() -> [Proposal; 3] {
        [
            proposal(
                "A",
                "gpt-4o",
                "# Plan\n\n## Storage\n\nCounters live in `src/store.js`.\n",
                &["Keep the counters in memory"],
            ),
            proposal(
                "B",
                "claude-opus",
                "# Plan\n\n## Rollout\n\n```\n# no heading\n```\nBehind a flag in `src/flags.js`.\n",
                &[
                    "Roll out behind a flag",
                    "Keep the counters in memory, and say so in the documentation for operators",
                ],
            ),
            proposal("C", "漢字モデル", "# Plan\n\n## storage\n\nRedis.\n", &[]),
        ]
    }

    #[test]
    fn proposals_side_by_side() {
        let scores = r#"{"decision":"pick","winner":"B","scores":{"A":{"clarity":7.5},"B":{"clarity":8,"risk":9}},"rationale":"B can be undone."}"#;
        let judgement: Judgement = serde_json::from_str(scores).expect("a judgement");
        let at = |width: usize| {
            let text = render_comparison(&three(), Some(&judgement), width);
            for line in text.lines() {
                assert!(
                    console::measure_text_width(line) <= width,
                    "{width}: {line}"
                );
            }
            format!("{}\n{text}", "-".repeat(width))
        };
        insta::assert_snapshot!([60, 80, 120].map(at).concat());
    }

    #[test]
    fn many_proposals_do_not_leave_the_terminal() {
        let labels = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
        let all = labels.map(|label| proposal(label, "claude-sonnet", "# Plan\n", &[]));
        let text = render_comparison(&all, None, 60);
        let widths = text.lines().map(console::measure_text_width);
        assert!(widths.max() <= Some(60), "{text}");
        assert!(text.contains("  I"), "{text}");
    }

    #[test]
    fn two_proposals_line_by_line() {
        let [a, b, _] = three();
        insta::assert_snapshot!(render_difference(&a, &b));
        assert!(render_difference(&a, &a).ends_with("the two are the same\n"));
    }
}
