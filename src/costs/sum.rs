//! Attempts together, and by what they have in common.

use std::collections::BTreeMap;

use serde::Serialize;

use super::paid::{Costs, Paid, Spending};
use crate::model::{MicroUsd, RunId, Timestamp, Usage};
use crate::plan::{Plan, Price};
use crate::run::RunState;

/// What attempts come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sum {
    pub calls: u64,
    /// The cost in it is what is known of it.
    #[serde(flatten)]
    pub usage: Usage,
    /// Calls whose cost nobody knows.
    pub unknown_calls: u64,
    pub unknown_tokens: u64,
    #[serde(rename = "failed_attempts_micro_usd")]
    pub failed: MicroUsd,
    #[serde(rename = "losing_proposals_micro_usd")]
    pub losing: MicroUsd,
    #[serde(rename = "judging_micro_usd")]
    pub judging: MicroUsd,
    /// What reads from caches, and writes into them, cost by the plans' prices.
    #[serde(rename = "cache_read_micro_usd")]
    pub cache_read: MicroUsd,
    #[serde(rename = "cache_write_micro_usd")]
    pub cache_write: MicroUsd,
    /// How much more the reads would have cost as other input.
    #[serde(rename = "cache_saved_micro_usd")]
    pub cache_saved: MicroUsd,
    /// What calls with a price told that they cost, and what that is by the plans' prices.
    #[serde(rename = "told_micro_usd")]
    pub told: MicroUsd,
    #[serde(rename = "listed_micro_usd")]
    pub listed: MicroUsd,
}

/// What attempts are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Run,
    Phase,
    Model,
    Agent,
    Node,
    Day,
    Project,
    Spending,
}

impl By {
    pub const ALL: [(Self, &str); 8] = [
        (Self::Run, "run"),
        (Self::Phase, "phase"),
        (Self::Model, "model"),
        (Self::Agent, "agent"),
        (Self::Node, "node"),
        (Self::Day, "day"),
        (Self::Project, "project"),
        (Self::Spending, "spending"),
    ];

    pub fn word(self) -> &'static str {
        let word = Self::ALL.iter().find(|(by, _)| *by == self);
        word.map_or("", |(_, word)| word)
    }

    pub fn of(word: &str) -> Option<Self> {
        let by = Self::ALL.into_iter().find(|(_, known)| *known == word);
        by.map(|(by, _)| by)
    }
}

impl Sum {
    fn add(&mut self, paid: &Paid) {
        let usage = &paid.usage;
        self.calls += 1;
        self.usage += *usage;
        if !paid.is_known {
            self.unknown_calls += 1;
            self.unknown_tokens = self.unknown_tokens.saturating_add(usage.tokens());
        }
        let share = match paid.spending {
            Spending::FailedAttempts => Some(&mut self.failed),
            Spending::LosingProposals => Some(&mut self.losing),
            Spending::Judging => Some(&mut self.judging),
            Spending::Work | Spending::Repairs => None,
        };
        if let Some(share) = share {
            *share = *share + usage.cost;
        }
        if let Some(price) = paid.price {
            let of = |input, cache_read, cache_write| {
                price.of(&Usage {
                    input,
                    cache_read,
                    cache_write,
                    ..Usage::default()
                })
            };
            let read = of(0, usage.cache_read, 0);
            let saved = of(usage.cache_read, 0, 0).0.saturating_sub(read.0);
            self.cache_read = self.cache_read + read;
            self.cache_write = self.cache_write + of(0, 0, usage.cache_write);
            self.cache_saved = self.cache_saved + MicroUsd(saved);
            self.told = self.told + usage.cost;
            self.listed = self.listed + price.of(usage);
        }
    }
}

impl<'a> FromIterator<&'a Paid> for Sum {
    fn from_iter<T: IntoIterator<Item = &'a Paid>>(all: T) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|paid| sum.add(paid));
        sum
    }
}

impl Costs {
    pub fn sum(&self) -> Sum {
        self.paid.iter().collect()
    }

    /// A sum for each of them, the dearest first; runs and days in their order. `day` names the day of a time.
    pub fn by(&self, by: By, day: impl Fn(Timestamp) -> String) -> Vec<(String, Sum)> {
        let mut groups: BTreeMap<String, Vec<&Paid>> = BTreeMap::new();
        for paid in &self.paid {
            let key = match by {
                By::Run => paid.run.to_string(),
                By::Phase => paid.phase.to_string(),
                By::Model => paid.model.to_string(),
                By::Agent => paid.agent.to_string(),
                By::Node => paid
                    .node
                    .clone()
                    .unwrap_or_else(|| "this machine".to_owned()),
                By::Day => day(paid.at),
                By::Project => paid.project.clone(),
                By::Spending => paid.spending.words().to_owned(),
            };
            groups.entry(key).or_default().push(paid);
        }
        let sums = groups.into_iter();
        let mut sums: Vec<(String, Sum)> = sums
            .map(|(key, all)| (key, all.into_iter().collect()))
            .collect();
        if !matches!(by, By::Run | By::Day) {
            sums.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.usage.cost, sum.usage.tokens())));
        }
        sums
    }
}

/// What the attempts of a rehearsal would have cost at the prices of its plan; none of a run that was paid for.
pub fn of_rehearsal(plan: &Plan, state: &RunState) -> Option<Sum> {
    plan.rehearsal.as_ref()?;
    let mut costs = Costs::default();
    costs.take("", &RunId::new(""), plan, state);
    for paid in &mut costs.paid {
        paid.usage = Price::settle(paid.price, paid.usage);
    }
    Some(costs.sum())
}
