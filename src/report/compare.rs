//! `tipstaff compare`: where proposals, or runs, agree and where they differ. What is compared are facts: headings,
//! files and decisions that are named, points, lines; no model is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use similar::TextDiff;

use crate::model::{BuiltOn, Label};

use super::outcome::outcome_words;
use super::scores::{Fact, Scored, score_table};
use super::sections::section;
use super::sections_work::delivery_state;
use super::show::{Shown, minute};
use super::table::Table;
use super::view::{PhaseView, RunView, Supervisor};
use super::words::{
    clean, cost, counted, or_nothing, phase_word, title, token_count, word, wrapped,
};
use super::words_work::{findings_words, proved};

/// Texts that take longer to compare are compared roughly.
const PATIENCE: Duration = Duration::from_secs(2);

/// Of each kind, this many facts are shown.
const SHOWN: usize = 24;
/// Columns of decisions need so much room each.
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
    /// Of one whose author saw earlier ones.
    pub built_on: Option<BuiltOn>,
}

/// The proposals of a phase side by side; why one won, and a line for each of several verdicts.
pub fn render_comparison(
    all: &[Proposal],
    judgement: Option<Scored<'_>>,
    (why, verdicts): (&str, &str),
    width: usize,
) -> String {
    let columns = all
        .iter()
        .map(|one| (&one.label, one.model.clone(), one.wins));
    let mut text = score_table(&Vec::from_iter(columns), judgement, &lengths(all), width);
    let why = match why {
        "" => String::new(),
        why => wrapped("  ", why, width),
    };
    text.push_str(&section("why", &why));
    text.push_str(&section("verdicts", verdicts));
    let of = |what: &dyn Fn(&Proposal) -> Vec<String>| all.iter().map(what).collect::<Vec<_>>();
    text.push_str(&section("headings", &matrix(all, &of(&headings), width)));
    text.push_str(&section("files", &matrix(all, &of(&files), width)));
    text.push_str(&section("decisions", &decisions(all, width)));
    text + &section(
        "built on earlier ones, its author says",
        &render_built_on(all, width),
    )
}

/// What later proposers made of earlier proposals; nothing where none saw any.
pub fn render_built_on(all: &[Proposal], width: usize) -> String {
    let mut text = String::new();
    for (one, said) in all
        .iter()
        .filter_map(|one| Some((one, one.built_on.as_ref()?)))
    {
        text.push_str(&format!("  {} {}\n", one.label, clean(&one.model)));
        for (what, entries) in [("took over", &said.took_over), ("added", &said.added)] {
            let entries: Vec<String> = entries.iter().map(clean).collect();
            let entries = match entries.is_empty() {
                true => "nothing said".to_owned(),
                false => entries.join("; "),
            };
            text.push_str(&wrapped("    ", &format!("{what}: {entries}"), width));
        }
    }
    text
}

/// How long a proposal is, and how much of it no other has.
fn lengths(all: &[Proposal]) -> [Fact; 2] {
    let of = |cell: &dyn Fn(&Proposal) -> String| all.iter().map(cell).collect::<Vec<_>>();
    let length = of(&|one| {
        let words = one.text.split_whitespace().count() as u64;
        let lines = counted(one.text.lines().count() as u64, "line");
        format!("{lines}, {}", counted(words, "word"))
    });
    let own = of(&|one| {
        let others = all.iter().filter(|other| other.label != one.label);
        let others: BTreeSet<&str> = others.flat_map(|other| lines(&other.text)).collect();
        let own = lines(&one.text).filter(|line| !others.contains(line));
        own.count().to_string()
    });
    [
        ("length".to_owned(), length),
        ("lines of its own".to_owned(), own),
    ]
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
    let lines = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(&one.text, &other.text);
    let mut lines = lines.unified_diff();
    let lines = lines.context_radius(2).missing_newline_hint(false);
    match lines.to_string() {
        same if same.is_empty() => "the two are the same\n".to_owned(),
        _ => lines.header(&name(one), &name(other)).to_string(),
    }
}

/// What there is to compare of a run, each under its name; a phase's fact is under the phase's.
pub(super) fn run_facts(shown: &Shown<'_>) -> Vec<(String, String)> {
    let (view, supervisor) = (shown.view, shown.supervisor);
    let totals = view.totals(shown.until());
    let facts = [
        ("outcome", outcome_words(view, supervisor).1),
        ("workflow", clean(&view.plan.workflow)),
        ("request", title(&view.plan.request)),
        (
            "started",
            or_nothing(view.state.started.map(|at| minute(at, shown.zone))),
        ),
        ("cost", or_nothing(cost(totals.usage.cost))),
        ("tokens", token_count(totals.usage.tokens())),
        ("time", totals.wall.to_string()),
        ("attempts", totals.attempts.to_string()),
    ];
    let changed = counted(view.changed_files().len() as u64, "file");
    let delivered = delivery_state(view);
    let delivered = delivered.lines().take(1).map(str::trim);
    let changed = [&*changed]
        .into_iter()
        .chain(delivered)
        .collect::<Vec<_>>()
        .join(", ");
    let facts = facts.map(|(name, fact)| (name.to_owned(), fact));
    let phases = view
        .phases()
        .map(|phase| (clean(phase.name()), of_phase(view, phase, supervisor)));
    let last = [
        ("changes".to_owned(), changed),
        (
            "verified".to_owned(),
            or_nothing(Some(proved(view.state.proved())).filter(|words| !words.is_empty())),
        ),
    ];
    facts.into_iter().chain(phases).chain(last).collect()
}

/// How it ended, who won, what an audit said, what it used.
fn of_phase(view: &RunView, phase: PhaseView<'_>, supervisor: Supervisor) -> String {
    let mut said = vec![phase_word(phase.status(), supervisor).to_owned()];
    let winner = phase.state.winner().filter(|_| !phase.labels().is_empty());
    said.extend(winner.map(|winner| format!("{} wins", view.model_words(&winner.call))));
    if let Some((_, audit)) = view.audits(phase).last() {
        said.push(format!(
            "{}, {}",
            word(audit.verdict),
            findings_words(&audit.findings)
        ));
    }
    let usage = view.state.spent_by(phase.name()).usage;
    said.extend((usage.tokens() > 0).then(|| format!("{} tokens", token_count(usage.tokens()))));
    said.extend(cost(usage.cost));
    said.join(", ")
}

/// The facts of several runs beside each other, in the order of the first that has them.
pub(super) fn beside(runs: impl ExactSizeIterator<Item = Vec<(String, String)>>) -> Vec<Fact> {
    let (mut rows, all) = (Vec::<Fact>::new(), runs.len());
    for (at, facts) in runs.enumerate() {
        for (name, fact) in facts {
            let row = rows.iter().position(|(known, _)| *known == name);
            let row = row.unwrap_or_else(|| {
                rows.push((name, vec![or_nothing(None); all]));
                rows.len() - 1
            });
            rows[row].1[at] = fact;
        }
    }
    rows
}

/// Runs of a workflow side by side.
pub fn render_runs_compared(runs: &[Shown<'_>], width: usize) -> String {
    let mut table = Table::new(0, &[""]);
    for run in runs {
        table.column(&run.viewer.run, false);
    }
    for (name, facts) in beside(runs.iter().map(run_facts)) {
        table.row([name].into_iter().chain(facts));
    }
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
            built_on: None,
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
        let judgement: crate::model::Judgement = serde_json::from_str(scores).expect("a judgement");
        let at = |width: usize| {
            let text = render_comparison(
                &three(),
                Some((&judgement, &[])),
                ("B can be undone.", ""),
                width,
            );
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
        let text = render_comparison(&all, None, ("", ""), 60);
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
