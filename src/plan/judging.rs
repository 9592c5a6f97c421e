//! How an ensemble is judged.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::model::{Agreement, Criterion, ModelName, VerdictRules};

/// In which orders each judge sees the proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orders {
    #[default]
    One,
    /// One, and its reverse.
    Both,
    /// The reverse too where the first verdict was close.
    Auto,
}

/// What a judge compares at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// All proposals.
    #[default]
    List,
    /// Each pair of them.
    Pairwise,
    /// Pairs, of which the winners meet again.
    Tournament,
}

/// Who makes the winner better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refiner {
    /// Its author.
    Author,
    By(Vec<ModelName>),
}

/// The panel and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Judging {
    /// The judges, each with its fallbacks.
    pub panel: Vec<Vec<ModelName>>,
    /// What proposals get points for; their weighted sum decides. Without any, each judge does.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    #[serde(default)]
    pub orders: Orders,
    #[serde(default)]
    pub agreement: Agreement,
    #[serde(default)]
    pub method: Method,
    /// Whether a judge may say that it cannot tell.
    #[serde(default)]
    pub abstain: bool,
    /// Whether the winner is made better once; the result has to beat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refine: Option<Refiner>,
    /// Whether that takes over what the judges name in the others, and nothing else; the result has to win in both
    /// orders.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grafts: bool,
}

impl Judging {
    /// One judge, asked once.
    pub fn by(chain: Vec<ModelName>) -> Self {
        Self {
            panel: vec![chain],
            ..Self::default()
        }
    }

    /// Whether there is one verdict, over all proposals.
    pub fn is_single(&self) -> bool {
        self.panel.len() == 1 && self.orders == Orders::One && self.method == Method::List
    }

    /// What is asked of each verdict. A document of a judge's own could not be compared with what others picked, and
    /// has no points.
    pub fn rules(&self) -> VerdictRules {
        VerdictRules {
            criteria: self.criteria.clone(),
            abstain: self.abstain,
            picks_only: !self.is_single() || !self.criteria.is_empty(),
            grafts: self.grafts,
        }
    }

    /// How many calls so many proposals take with their judging, if none fails.
    pub fn calls(&self, proposals: u64) -> RangeInclusive<u64> {
        let verdicts = self.verdicts(proposals);
        let (mut least, mut most) = (proposals + verdicts.start(), proposals + verdicts.end());
        if self.refine.is_some() {
            let again = self.of_refined().verdicts(2);
            // Where the judges name nothing there is nothing to do.
            let always = u64::from(!self.grafts);
            least += always * (1 + again.start());
            most += 1 + again.end();
        }
        least..=most
    }

    /// How the winner and what was made of it are judged.
    #[must_use]
    pub fn of_refined(&self) -> Self {
        Self {
            orders: if self.grafts {
                Orders::Both
            } else {
                self.orders
            },
            grafts: false,
            ..self.clone()
        }
    }

    /// How many verdicts so many proposals take, if no judge needs a repair or its fallback.
    pub fn verdicts(&self, proposals: u64) -> RangeInclusive<u64> {
        let compared = match self.method {
            _ if proposals < 2 => 1,
            Method::List => 1,
            Method::Pairwise => proposals * (proposals - 1) / 2,
            Method::Tournament => proposals - 1,
        };
        let once = compared * self.panel.len() as u64;
        match self.orders {
            _ if proposals < 2 => once..=once,
            Orders::One => once..=once,
            Orders::Both => 2 * once..=2 * once,
            Orders::Auto => once..=2 * once,
        }
    }
}

/// In `plan.json`, one judge with the default rules is its chain alone, as plans had it before there were any.
pub(super) mod form {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Judging, ModelName};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Chain(Vec<ModelName>),
        Rules(Judging),
    }

    pub fn serialize<S: Serializer>(judging: &Judging, to: S) -> Result<S::Ok, S::Error> {
        match judging.panel.as_slice() {
            [chain] if *judging == Judging::by(chain.clone()) => chain.serialize(to),
            _ => judging.serialize(to),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Judging, D::Error> {
        Ok(match Form::deserialize(from)? {
            Form::Chain(chain) => Judging::by(chain),
            Form::Rules(judging) => judging,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Phase {
        #[serde(with = "form")]
        judge: Judging,
    }

    fn read(text: &str) -> Judging {
        let phase: Phase = serde_json::from_str(text).expect("a phase");
        let again = serde_json::to_string(&phase).expect("text");
        assert_eq!(phase, serde_json::from_str(&again).expect("a phase"));
        phase.judge
    }

    #[test]
    fn a_plan_from_before_there_were_settings_is_read_and_written_as_it_was() {
        let text = r#"{"judge":["opus","gpt"]}"#;
        let judge = read(text);
        assert_eq!(judge, Judging::by(vec!["opus".into(), "gpt".into()]));
        assert!(judge.rules().is_default());
        assert_eq!(serde_json::to_string(&Phase { judge }).expect("text"), text);
    }

    #[test]
    fn settings_survive_the_plan() {
        let text = r#"{"judge": {"panel": [["opus"], ["gpt"]], "orders": "auto",
            "criteria": [{"name": "fit", "weight": 2}]}}"#;
        let judging = read(text);
        assert_eq!(judging.orders, Orders::Auto);
        assert_eq!(judging.rules().criteria[0].weight, 2);
        assert!(judging.rules().picks_only);
    }

    #[test]
    fn verdicts_are_counted_for_every_setting() {
        let count = |panel: usize, orders, method, proposals| {
            let judging = Judging {
                panel: vec![Vec::new(); panel],
                orders,
                method,
                ..Judging::default()
            };
            judging.verdicts(proposals)
        };
        assert_eq!(count(1, Orders::One, Method::List, 3), 1..=1);
        assert_eq!(count(2, Orders::Both, Method::List, 3), 4..=4);
        assert_eq!(count(2, Orders::Auto, Method::Pairwise, 4), 12..=24);
        assert_eq!(count(3, Orders::One, Method::Tournament, 5), 12..=12);
        assert_eq!(count(2, Orders::Both, Method::Pairwise, 1), 2..=2);
    }
}
