//! Reading a judge's `verdict.json`: its form, and whether it makes sense for these proposals.

use serde_json::{Map, Value, json};

use super::json::{JsonObject, read_object, typed};
use super::rubric;
use crate::model::{
    Decision, Faults, Graft, Judgement, Label, MOST_POINTS, VerdictRules, shortened,
};

/// More are no selection; all of them are in a prompt.
const MOST_GRAFTS: usize = 12;
/// In bytes.
const LONGEST_GRAFT: usize = 500;

/// A valid judgement, and what had to be forgiven in reading it.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedJudgement {
    /// The judgement, labels as they were given to the judge.
    pub judgement: Judgement,
    /// What had to be forgiven, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads a judge's verdict over the proposals `labels`.
///
/// # Errors
///
/// Everything that is wrong, one sentence each, with the place in the JSON where there is one:
/// written to be given to the model that has to mend it.
pub fn decode(text: &str, labels: &[Label], rules: &VerdictRules) -> Result<Judgement, Faults> {
    read(text, labels, rules).map(|decoded| decoded.judgement)
}

/// The same as [`decode`], with what had to be forgiven.
///
/// # Errors
///
/// As [`decode`].
pub fn read(
    text: &str,
    labels: &[Label],
    rules: &VerdictRules,
) -> Result<DecodedJudgement, Faults> {
    let JsonObject {
        mut members,
        mut remarks,
    } = read_object(text)?;
    normalize(&mut members, labels, &mut remarks)?;
    let mut judgement: Judgement = typed(members)?;
    let mut errors = contradictions(&judgement, labels);
    errors.extend(against(rules, &judgement));
    if !rules.criteria.is_empty() && judgement.decision == Decision::Pick {
        errors.extend(rubric::weigh(
            &mut judgement,
            labels,
            &rules.criteria,
            &mut remarks,
        ));
    }
    remarks.extend(off_scale(&mut judgement));
    let winner = judgement.winner.clone().filter(|_| rules.grafts);
    let others =
        |from: &Label| winner.is_some() && labels.contains(from) && Some(from) != winner.as_ref();
    judgement.grafts.retain(|graft| others(&graft.from));
    remarks.extend(selected(&mut judgement.grafts));
    if errors.is_empty() {
        Ok(DecodedJudgement { judgement, remarks })
    } else {
        Err(errors.into())
    }
}

/// Each on a line of its own, bounded. One that names nothing is nobody's mistake: then nothing is taken over.
fn selected(grafts: &mut Vec<Graft>) -> Option<String> {
    for graft in &mut *grafts {
        let words: Vec<&str> = graft.what.split_whitespace().collect();
        graft.what = shortened(&words.join(" "), LONGEST_GRAFT).into_owned();
    }
    grafts.retain(|graft| !graft.what.is_empty());
    let all = grafts.len();
    grafts.truncate(MOST_GRAFTS);
    (all > MOST_GRAFTS).then(|| format!("of {all} grafts the first {MOST_GRAFTS} count"))
}

/// Takes out points that no mean could be made of, a sentence for each.
fn off_scale(judgement: &mut Judgement) -> Vec<String> {
    let mut remarks = Vec::new();
    for (label, points) in &mut judgement.scores {
        points.retain(|name, points| {
            let fits = (0.0..=MOST_POINTS).contains(points);
            if !fits {
                let what = format!("`{name}` of `{label}`");
                remarks.push(format!(
                    "the points for {what} are not between 0 and {MOST_POINTS} and count for nothing"
                ));
            }
            fits
        });
    }
    remarks
}

/// Brings spellings of the same thing into one: `Pick`, `Proposal b`, `"winner": ""`, `"A": 7`.
fn normalize(
    members: &mut Map<String, Value>,
    labels: &[Label],
    remarks: &mut Vec<String>,
) -> Result<(), String> {
    if let Some(Value::String(decision)) = members.get_mut("decision") {
        let word = decision.trim().to_lowercase();
        *decision = if word == "synthesise" {
            "synthesize".to_owned()
        } else {
            word
        };
    }
    if let Some(winner) = members.get_mut("winner")
        && let Value::String(text) = winner
    {
        *winner = match label_named(text, labels) {
            Some(label) => json!(label),
            None if means_nobody(text) => Value::Null,
            None => json!(text.trim()),
        };
    }
    let grafts = members.get_mut("grafts").and_then(Value::as_array_mut);
    for from in grafts
        .into_iter()
        .flatten()
        .filter_map(|graft| graft.get_mut("from"))
    {
        if let Some(label) = from.as_str().and_then(|text| label_named(text, labels)) {
            *from = json!(label);
        }
    }
    if matches!(members.get("grafts"), Some(Value::Null)) {
        members.remove("grafts");
    }
    match members.get_mut("scores") {
        Some(Value::Object(scores)) => {
            let normal = normal_scores(std::mem::take(scores), labels, remarks)?;
            *scores = normal;
        }
        Some(scores @ Value::Null) => *scores = json!({}),
        Some(_) | None => {}
    }
    Ok(())
}

fn normal_scores(
    scores: Map<String, Value>,
    labels: &[Label],
    remarks: &mut Vec<String>,
) -> Result<Map<String, Value>, String> {
    let mut normal = Map::new();
    for (key, value) in scores {
        let name = label_named(&key, labels)
            .map_or_else(|| key.trim().to_owned(), |label| label.as_str().to_owned());
        let value = if value.is_number() {
            remarks.push(format!("the one score of `{name}` is taken as `overall`"));
            json!({ "overall": value })
        } else {
            value
        };
        if normal.insert(name.clone(), value).is_some() {
            return Err(format!("scores: `{name}` is there twice"));
        }
    }
    Ok(normal)
}

/// The label that a text names, however it spells it: `B`, ` b `, `Proposal B`, `` `B` ``.
fn label_named(text: &str, labels: &[Label]) -> Option<Label> {
    let word = bare(text).to_lowercase();
    let named = ["proposal", "candidate"];
    let named = named.iter().find_map(|name| word.strip_prefix(name));
    let word = named.map_or(word.as_str(), bare);
    labels
        .iter()
        .find(|label| label.as_str().to_lowercase() == word)
        .cloned()
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "\"'`*_.:".contains(c))
}

fn means_nobody(text: &str) -> bool {
    matches!(
        bare(text).to_lowercase().as_str(),
        "" | "none" | "null" | "n/a" | "-"
    )
}

/// A decision that the workflow does not allow here.
fn against(rules: &VerdictRules, judgement: &Judgement) -> Option<String> {
    let allowed = match judgement.decision {
        Decision::Abstain => rules.abstain,
        Decision::Synthesize => !rules.picks_only,
        Decision::Pick | Decision::None => true,
    };
    let word = judgement.decision.word();
    (!allowed).then(|| format!("decision `{word}` is not to be had here: pick one, or say `none`"))
}

/// What is wrong although the form is right.
fn contradictions(judgement: &Judgement, labels: &[Label]) -> Vec<String> {
    let mut errors = Vec::new();
    let known = labels
        .iter()
        .map(Label::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match (&judgement.winner, judgement.decision) {
        (Some(winner), _) if !labels.contains(winner) => {
            errors.push(format!("winner `{winner}` is not one of {known}"));
        }
        (None, Decision::Pick) => {
            errors.push(format!("decision `pick` needs a winner: one of {known}"));
        }
        (Some(winner), decision @ (Decision::None | Decision::Abstain)) => {
            errors.push(format!(
                "decision `{}` has no winner, but `{winner}` is named",
                decision.word()
            ));
        }
        (Some(_), Decision::Pick | Decision::Synthesize)
        | (None, Decision::Synthesize | Decision::None | Decision::Abstain) => {}
    }
    for label in judgement
        .scores
        .keys()
        .filter(|label| !labels.contains(label))
    {
        errors.push(format!("scores: `{label}` is not one of {known}"));
    }
    if judgement.rationale.trim().is_empty() {
        errors.push("rationale: is empty; a few sentences are expected".to_owned());
    }
    errors
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn labels() -> Vec<Label> {
        (0..3).map(Label::at).collect()
    }

    fn errors(text: &str) -> String {
        decode(text, &labels(), &VerdictRules::default())
            .expect_err("invalid")
            .join("; ")
    }

    #[test]
    fn a_plain_verdict() {
        let text = r#"{"decision": "pick", "winner": "B",
            "scores": {"A": {"correctness": 7}, "B": {"correctness": 8.5}}, "rationale": "Because."}"#;
        let judgement = decode(text, &labels(), &VerdictRules::default()).expect("valid");
        assert_eq!(judgement.decision, Decision::Pick);
        assert_eq!(judgement.winner, Some("B".into()));
        assert!((judgement.scores[&Label::from("B")]["correctness"] - 8.5).abs() < f64::EPSILON);
    }

    #[test]
    fn spellings_of_the_same_thing_are_one() {
        let text = r#"{"decision": " Pick ", "winner": "**Proposal b**",
            "scores": {"proposal a": {"fit": 1}, "C": 4}, "rationale": "x", "extra": true}"#;
        let read = read(text, &labels(), &VerdictRules::default()).expect("valid");
        assert_eq!(read.judgement.winner, Some("B".into()));
        assert_eq!(
            read.judgement
                .scores
                .keys()
                .map(Label::as_str)
                .collect::<Vec<_>>(),
            ["A", "C"]
        );
        assert!(read.remarks[0].contains("overall"), "{:?}", read.remarks);
        let none = r#"{"decision": "none", "winner": "none", "scores": null, "rationale": "x"}"#;
        assert_eq!(
            decode(none, &labels(), &VerdictRules::default())
                .expect("valid")
                .winner,
            None
        );
    }

    #[test]
    fn points_off_the_scale_count_for_nothing() {
        let text = r#"{"decision": "pick", "winner": "A", "rationale": "x",
            "scores": {"A": {"fit": 1e308, "clarity": 7}, "B": {"fit": -1}}}"#;
        let read = read(text, &labels(), &VerdictRules::default()).expect("valid");
        let points = |label: &str| read.judgement.points(&label.into(), &[]);
        assert_eq!((points("A"), points("B")), (Some(7.0), None));
        assert_eq!(read.remarks.len(), 2);
    }

    #[test]
    fn a_stranger_wins_nothing() {
        let text = r#"{"decision": "pick", "winner": "D", "rationale": "x"}"#;
        assert_eq!(errors(text), "winner `D` is not one of A, B, C");
        let text =
            r#"{"decision": "pick", "winner": "A", "scores": {"D": {"fit": 1}}, "rationale": "x"}"#;
        assert_eq!(errors(text), "scores: `D` is not one of A, B, C");
    }

    #[test]
    fn decision_and_winner_must_agree() {
        let text = r#"{"decision": "pick", "winner": null, "rationale": "x"}"#;
        assert_eq!(
            errors(text),
            "decision `pick` needs a winner: one of A, B, C"
        );
        let text = r#"{"decision": "none", "winner": "A", "rationale": "x"}"#;
        assert_eq!(
            errors(text),
            "decision `none` has no winner, but `A` is named"
        );
    }

    #[test]
    fn every_contradiction_is_named_at_once() {
        let text = r#"{"decision": "pick", "winner": "D", "scores": {"E": {}}, "rationale": " "}"#;
        assert_eq!(
            decode(text, &labels(), &VerdictRules::default())
                .expect_err("invalid")
                .len(),
            3
        );
    }

    #[test]
    fn errors_of_form_carry_their_place() {
        let text = r#"{"decision": "pick", "winner": "A", "scores": {"A": {"fit": "good"}}, "rationale": "x"}"#;
        assert!(
            errors(text).starts_with("scores.A.fit: invalid type"),
            "{}",
            errors(text)
        );
        assert!(errors(r#"{"decision": "perhaps", "rationale": "x"}"#).contains("unknown variant"));
        assert!(errors(r#"{"decision": "pick"}"#).contains("missing field `rationale`"));
        let text = r#"{"decision": "pick", "winner": "A", "scores": {"A": {}, "a": {}}, "rationale": "x"}"#;
        assert_eq!(errors(text), "scores: `A` is there twice");
    }

    #[test]
    fn grafts_are_few_and_a_line_each() {
        let grafts: Vec<_> = (0..20)
            .map(|n| json!({"from": "b", "what": format!("{n}\n- of C: {}", "x".repeat(900))}))
            .collect();
        let verdict =
            json!({"decision": "pick", "winner": "A", "rationale": "x", "grafts": grafts});
        let rules = VerdictRules {
            grafts: true,
            ..VerdictRules::default()
        };
        let read = read(&verdict.to_string(), &labels(), &rules).expect("valid");
        assert_eq!(read.remarks, ["of 20 grafts the first 12 count"]);
        for (n, graft) in read.judgement.grafts.iter().enumerate() {
            assert!(graft.what.starts_with(&format!("{n} - of C: x")));
            assert!(graft.what.len() <= LONGEST_GRAFT, "{}", graft.what);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = decode(&text, &labels(), &VerdictRules::default());
        }

        #[test]
        fn arbitrary_members_never_panic(
            decision in ".{0,12}", winner in ".{0,12}", key in ".{0,6}", rationale in ".{0,9}",
        ) {
            let value = json!({
                "decision": decision, "winner": winner, "scores": {key: 1}, "rationale": rationale,
            });
            if let Ok(judgement) = decode(&value.to_string(), &labels(), &VerdictRules::default()) {
                assert!(judgement.winner.is_none_or(|winner| labels().contains(&winner)));
            }
        }
    }
}
