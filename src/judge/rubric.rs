//! The criteria of the workflow: every proposal has points for each, and their weighted sum decides.

use std::collections::BTreeMap;

use crate::model::{Criterion, Judgement, Label, MOST_POINTS};

/// Sums this close are equal: a judge gives points with one digit or two.
const SAME: f64 = 1e-9;

/// Makes the proposal with the most weighted points the winner; between equal ones the judge's word counts.
///
/// Returns what is missing or out of range, a sentence each.
pub(super) fn weigh(
    judgement: &mut Judgement,
    labels: &[Label],
    criteria: &[Criterion],
    remarks: &mut Vec<String>,
) -> Vec<String> {
    let mut errors = Vec::new();
    for label in labels {
        let points = judgement.scores.entry(label.clone()).or_default();
        name_as_criteria(points, criteria);
        for Criterion { name, .. } in criteria {
            match points.get(name) {
                None => errors.push(format!("scores: `{label}` has no points for `{name}`")),
                Some(points) if !(0.0..=MOST_POINTS).contains(points) => errors.push(format!(
                    "scores: {points} for `{name}` of `{label}` is not between 0 and {MOST_POINTS}"
                )),
                Some(_) => {}
            }
        }
    }
    if errors.is_empty() {
        errors.extend(decide(judgement, labels, criteria, remarks));
    }
    errors
}

/// Spellings of the criteria's names are brought into one; other columns count for nothing.
fn name_as_criteria(points: &mut BTreeMap<String, f64>, criteria: &[Criterion]) {
    let given = std::mem::take(points);
    for (name, value) in given {
        let known = criteria.iter().find(|one| alike(&one.name, &name));
        points.insert(known.map_or(name, |one| one.name.clone()), value);
    }
    points.retain(|name, _| criteria.iter().any(|one| one.name == *name));
}

fn alike(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn decide(
    judgement: &mut Judgement,
    labels: &[Label],
    criteria: &[Criterion],
    remarks: &mut Vec<String>,
) -> Option<String> {
    let points = |label: &Label| judgement.points(label, criteria).unwrap_or_default();
    let most = labels.iter().map(points).fold(0.0, f64::max);
    let best = labels.iter().filter(|label| most - points(label) < SAME);
    let best: Vec<&Label> = best.collect();
    let named = judgement.winner.as_ref()?;
    let first = match best.as_slice() {
        some if some.contains(&named) => return None,
        [first] => (*first).clone(),
        _ => {
            let equal: Vec<&str> = best.into_iter().map(Label::as_str).collect();
            let equal = equal.join(" and ");
            return Some(format!(
                "winner `{named}` has less than {equal}, which are equal: name one of these, or change the points"
            ));
        }
    };
    remarks.push(format!(
        "the judge named `{named}`, but by its own points and the weights `{first}` is better: the weights decide"
    ));
    judgement.winner = Some(first);
    None
}

#[cfg(test)]
mod tests {
    use crate::judge::read;
    use crate::model::{Criterion, Label, VerdictRules};

    fn judged(winner: &str, scores: &str) -> Result<(String, usize), String> {
        let criterion = |name: &str, weight| Criterion {
            name: name.to_owned(),
            weight,
        };
        let rules = VerdictRules {
            criteria: vec![criterion("correctness", 3), criterion("simplicity", 1)],
            ..VerdictRules::default()
        };
        let text = format!(
            r#"{{"decision": "pick", "winner": "{winner}", "rationale": "x", "scores": {scores}}}"#
        );
        let read = read(&text, &["A", "B"].map(Label::from), &rules);
        let read = read.map_err(|errors| errors.join("; "))?;
        let winner = read.judgement.winner.expect("a winner").to_string();
        Ok((winner, read.remarks.len()))
    }

    #[test]
    fn weights_decide_and_not_the_judges_word() {
        let right = r#"{"A": {"correctness": 9, "simplicity": 2}, "B": {"correctness": 7, "simplicity": 7}}"#;
        assert_eq!(judged("A", right), Ok(("A".to_owned(), 0)));
        assert_eq!(judged("B", right), Ok(("A".to_owned(), 1)));
    }

    #[test]
    fn among_equal_ones_the_judge_decides() {
        let equal = r#"{"A": {"Correctness": 8, "simplicity": 5}, "B": {"correctness": 7, "simplicity": 8, "x": 9}}"#;
        assert_eq!(judged("A", equal), Ok(("A".to_owned(), 0)));
        assert_eq!(judged("B", equal), Ok(("B".to_owned(), 0)));
    }

    #[test]
    fn every_proposal_has_points_for_every_criterion() {
        let errors =
            judged("A", r#"{"A": {"correctness": 11, "simplicity": 2}}"#).expect_err("holes");
        assert!(
            errors.contains("11 for `correctness` of `A` is not between 0 and 10"),
            "{errors}"
        );
        assert!(
            errors.contains("`B` has no points for `simplicity`"),
            "{errors}"
        );
    }
}
