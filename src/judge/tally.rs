//! Showing a verdict: who stands where, and the record that is published with a document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::{Decision, Judgement, Label};

/// Where one proposal stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub label: Label,
    /// Mean of its scores, in the judge's own scale. Criteria the judge left out do not count.
    pub mean: f64,
    /// How many criteria it was scored on.
    pub criteria: usize,
}

/// The scored proposals, best mean first, equal ones by label. The winner is what the judge says it
/// is; this is only for looking at.
pub fn tally(judgement: &Judgement) -> Vec<Standing> {
    let mut standings: Vec<Standing> = judgement
        .scores
        .iter()
        .filter(|(_, scores)| !scores.is_empty())
        .map(|(label, scores)| Standing {
            label: label.clone(),
            mean: scores.values().sum::<f64>() / scores.len() as f64,
            criteria: scores.len(),
        })
        .collect();
    standings.sort_by(|a, b| {
        b.mean
            .total_cmp(&a.mean)
            .then_with(|| a.label.cmp(&b.label))
    });
    standings
}

/// The verdict as Markdown: the decision, a table of the scores, the reasons.
pub fn render(judgement: &Judgement) -> String {
    let mut out = format!("**Verdict:** {}\n", headline(judgement));
    let standings = tally(judgement);
    if !standings.is_empty() {
        out.push('\n');
        out.push_str(&table(judgement, &standings));
    }
    if !judgement.rationale.trim().is_empty() {
        let _ = write!(out, "\n{}\n", judgement.rationale.trim());
    }
    out
}

fn headline(judgement: &Judgement) -> String {
    match (judgement.decision, &judgement.winner) {
        (Decision::Pick, Some(winner)) => format!("proposal {winner} is picked."),
        (Decision::Pick, None) => "a proposal is picked, but none is named.".to_owned(),
        (Decision::Synthesize, Some(base)) => {
            format!("the judge wrote a document from several proposals, based on {base}.")
        }
        (Decision::Synthesize, None) => {
            "the judge wrote a document from several proposals.".to_owned()
        }
        (Decision::None, _) => "no proposal is good enough.".to_owned(),
    }
}

fn table(judgement: &Judgement, standings: &[Standing]) -> String {
    let criteria: BTreeSet<&str> = judgement
        .scores
        .values()
        .flat_map(|scores| scores.keys().map(String::as_str))
        .collect();
    let mut out = String::from("| proposal |");
    for criterion in &criteria {
        let _ = write!(out, " {} |", cell(criterion));
    }
    out.push_str(" mean |\n| --- |");
    out.push_str(&" ---: |".repeat(criteria.len() + 1));
    out.push('\n');
    for standing in standings {
        let wins = judgement.winner.as_ref() == Some(&standing.label);
        let name = standing.label.as_str();
        let _ = write!(
            out,
            "| {} |",
            if wins {
                format!("**{name}**")
            } else {
                name.to_owned()
            }
        );
        let scores = judgement.scores.get(&standing.label);
        for criterion in &criteria {
            let score = scores.and_then(|scores| scores.get(*criterion));
            let _ = write!(
                out,
                " {} |",
                score.map_or_else(|| "–".to_owned(), f64::to_string)
            );
        }
        let _ = writeln!(out, " {:.1} |", standing.mean);
    }
    out
}

/// A name chosen by a model must not break the table.
fn cell(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(text: &str) -> Judgement {
        serde_json::from_str(text).expect("a judgement")
    }

    #[test]
    fn best_mean_first_and_missing_scores_stay_missing() {
        let verdict = judgement(
            r#"{"decision": "pick", "winner": "B", "rationale": " B is true. ",
            "scores": {"A": {"fit": 7, "clarity": 4}, "B": {"fit": 8.5}, "C": {}}}"#,
        );
        let order: Vec<Label> = tally(&verdict).into_iter().map(|s| s.label).collect();
        assert_eq!(order, ["B".into(), "A".into()]);
        assert_eq!(
            render(&verdict),
            "**Verdict:** proposal B is picked.\n\n\
             | proposal | clarity | fit | mean |\n| --- | ---: | ---: | ---: |\n\
             | **B** | – | 8.5 | 8.5 |\n| A | 4 | 7 | 5.5 |\n\nB is true.\n"
        );
    }

    #[test]
    fn a_verdict_without_scores_has_no_table() {
        let verdict = judgement(r#"{"decision": "none", "rationale": "All wrong."}"#);
        assert_eq!(
            render(&verdict),
            "**Verdict:** no proposal is good enough.\n\nAll wrong.\n"
        );
    }

    #[test]
    fn criteria_named_by_a_model_do_not_break_the_table() {
        let verdict = judgement(
            r#"{"decision": "pick", "winner": "A", "rationale": "x", "scores": {"A": {"a|b\nc": 1}}}"#,
        );
        assert!(render(&verdict).contains("| a\\|b c |"));
    }
}
