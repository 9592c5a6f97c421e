//! How an ensemble's proposals are judged: what a judge is asked for, and what it may come to.

use serde::{Deserialize, Serialize};

use super::{Graft, Judgement, Label};

/// Scores are between 0 and this.
pub const MOST_POINTS: f64 = 10.0;

/// Something that proposals get points for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Criterion {
    pub name: String,
    /// How much its points count beside those of the others.
    pub weight: u32,
}

/// What the workflow says of a verdict. Nothing: the judge names its criteria, and may write a document itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct VerdictRules {
    /// Each proposal gets points for each of these, and their weighted sum decides; without any, the judge does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// Whether the judge may say that it cannot tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abstain: bool,
    /// Whether it may not write a document of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub picks_only: bool,
    /// Whether it names what of the others is worth taking over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grafts: bool,
}

impl VerdictRules {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How many of a panel have to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    #[default]
    Majority,
    Unanimous,
}

/// One of several verdicts over the same proposals: each has letters of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// Which judge of the panel, from 1.
    pub judge: u32,
    /// Whether it sees the proposals in the reverse order.
    pub reversed: bool,
    /// The letters as this judge sees them, in order, with those of the phase.
    pub letters: Vec<(Label, Label)>,
}

impl Ballot {
    /// The phase's letter for one of this ballot's.
    pub fn behind(&self, letter: &Label) -> Option<&Label> {
        let (_, label) = self.letters.iter().find(|(seen, _)| seen == letter)?;
        Some(label)
    }

    /// Its verdict in the phase's letters. Its words stay as they are, with what the letters in them stand for.
    pub fn unblinded(&self, judgement: &Judgement) -> Judgement {
        let scores = judgement.scores.iter();
        let renamed = self.letters.iter().filter(|(seen, label)| seen != label);
        let renamed: Vec<String> = renamed
            .map(|(seen, label)| format!("{seen} is {label}"))
            .collect();
        let rationale = match renamed.is_empty() {
            true => judgement.rationale.clone(),
            false => format!(
                "(In these words {}.) {}",
                renamed.join(", "),
                judgement.rationale
            ),
        };
        let grafts = judgement.grafts.iter().filter_map(|graft| {
            let (from, what) = (self.behind(&graft.from)?.clone(), graft.what.clone());
            Some(Graft { from, what })
        });
        Judgement {
            rationale,
            grafts: grafts.collect(),
            winner: judgement
                .winner
                .as_ref()
                .and_then(|w| self.behind(w))
                .cloned(),
            scores: scores
                .filter_map(|(letter, points)| Some((self.behind(letter)?.clone(), points.clone())))
                .collect(),
            ..judgement.clone()
        }
    }
}

impl Judgement {
    /// The points of a proposal, from 0 to 10: the weighted mean over these criteria, or over all that it has points
    /// for where there are none.
    pub fn points(&self, label: &Label, criteria: &[Criterion]) -> Option<f64> {
        let scores = self.scores.get(label)?;
        let weighted: Vec<(f64, f64)> = match criteria {
            [] => scores.values().map(|points| (*points, 1.0)).collect(),
            some => some
                .iter()
                .map(|one| Some((*scores.get(&one.name)?, f64::from(one.weight))))
                .collect::<Option<_>>()?,
        };
        let weight: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let sum: f64 = weighted
            .iter()
            .map(|(points, weight)| points * weight)
            .sum();
        Some(sum / weight).filter(|mean| mean.is_finite())
    }
}

/// Why no proposal won by the verdicts; a person decides then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undecided {
    /// No judge gave a verdict that can be used.
    Unusable,
    /// The judges are not of one mind, or one of them changes it with the order.
    Tie,
    /// Every judge says that it cannot tell.
    Abstained,
    NoneGoodEnough,
    /// Every candidate fails a command that passed before: no judge was asked.
    NonePassed,
}

impl Undecided {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unusable => "no usable verdict",
            Self::Tie => "a tie",
            Self::Abstained => "every judge abstains",
            Self::NonePassed => "no candidate passes",
            Self::NoneGoodEnough => "none is good enough",
        }
    }
}
