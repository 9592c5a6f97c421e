//! What is known of models, judges and orders of asking, summed over runs.

use serde::Serialize;

use super::Share;
use crate::model::{MicroUsd, Millis, ModelName, PhaseName};
use crate::plan::Plan;

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Board {
    /// The runs that count.
    pub runs: u64,
    /// Those that do not: their models were scripted.
    pub rehearsals: u64,
    /// Winners that were made better once, and those that were preferred to what they were made of.
    pub refined: Share,
    pub models: Vec<Row>,
    pub proposers: Vec<Nth>,
    pub lineups: Vec<Lineup>,
    pub judges: Vec<Judge>,
}

/// A model by its name, and by what an agent is asked for under that name, since names are given anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Model {
    pub name: ModelName,
    /// `AGENT:ID@VARIANT`; empty if the run's plan does not have it.
    pub id: String,
}

/// What a model did in the phases of a name, or in tasks of a category there.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Row {
    pub phase: PhaseName,
    pub category: Option<String>,
    pub model: Model,
    /// Proposals, tasks and documents that it came to an end with.
    pub results: u64,
    /// Proposals that won, of those that were decided about between several models.
    pub wins: Share,
    /// The same where the commands found nothing against any of several proposals.
    pub wins_tied: Share,
    /// Results that were kept: chosen, and neither sent back nor undone.
    pub accepted: Share,
    /// Accepted documents that a person changed.
    pub edited: u64,
    /// Results with which the commands passed.
    pub passed: Share,
    #[serde(rename = "cost_micro_usd")]
    pub cost: MicroUsd,
    #[serde(rename = "time_ms")]
    pub time: Millis,
}

/// How often the proposal won that was asked for as the n-th.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Nth {
    pub phase: PhaseName,
    pub nth: u32,
    pub wins: Share,
}

/// What became of runs by who proposed in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Lineup {
    pub phase: PhaseName,
    /// The one model that wrote all proposals; none if several did.
    pub alone: Option<Model>,
    /// Runs that were done, with nothing sent back or undone, of those that came to an end.
    pub went_well: Share,
    #[serde(rename = "cost_micro_usd")]
    pub cost: MicroUsd,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Judge {
    pub model: Model,
    pub verdicts: u64,
    /// Picks that were what it was shown first.
    pub first: Share,
    /// Verdicts that were other ones in the reverse order.
    pub flips: Share,
    /// Picks that were those of another judge.
    pub panel: Share,
    /// Picks with which the commands passed, where they passed with some proposals and not with others.
    pub evidence: Share,
    /// Picks that were a person's.
    pub people: Share,
    #[serde(rename = "cost_micro_usd")]
    pub cost: MicroUsd,
}

impl Model {
    pub(super) fn of(plan: &Plan, name: &ModelName) -> Self {
        let id = plan.models.get(name).map(ToString::to_string);
        Self {
            name: name.clone(),
            id: id.unwrap_or_default(),
        }
    }
}

impl Row {
    /// Money and time for each result that was accepted; none if none was.
    pub fn each(&self) -> Option<(MicroUsd, Millis)> {
        let each = |sum: u64| sum.checked_div(self.accepted.hits);
        Some((MicroUsd(each(self.cost.0)?), Millis(each(self.time.0)?)))
    }
}

impl Board {
    /// What it says of the models of a plan, in its phases.
    #[must_use]
    pub fn of_plan(mut self, plan: &Plan) -> Self {
        let phase = |phase: &PhaseName| plan.phase(phase).is_some();
        let model = |model: &Model| plan.models.contains_key(&model.name);
        self.models
            .retain(|row| phase(&row.phase) && model(&row.model));
        self.proposers.retain(|one| phase(&one.phase));
        self.lineups.retain(|one| phase(&one.phase));
        self.judges.retain(|judge| model(&judge.model));
        self
    }

    /// Whether a model's name stands for several.
    pub fn is_ambiguous(&self, model: &Model) -> bool {
        let rows = self.models.iter().map(|row| &row.model);
        let all = rows.chain(self.judges.iter().map(|judge| &judge.model));
        all.into_iter()
            .any(|other| other.name == model.name && other.id != model.id)
    }

    pub(super) fn row(
        &mut self,
        phase: &PhaseName,
        category: Option<&str>,
        model: &Model,
    ) -> &mut Row {
        let is_it = |row: &Row| {
            &row.phase == phase && row.category.as_deref() == category && &row.model == model
        };
        entry(&mut self.models, is_it, || Row {
            phase: phase.clone(),
            category: category.map(str::to_owned),
            model: model.clone(),
            ..Row::default()
        })
    }

    pub(super) fn nth(&mut self, phase: &PhaseName, nth: u32) -> &mut Nth {
        let is_it = |one: &Nth| &one.phase == phase && one.nth == nth;
        entry(&mut self.proposers, is_it, || Nth {
            phase: phase.clone(),
            nth,
            ..Nth::default()
        })
    }

    pub(super) fn lineup(&mut self, phase: &PhaseName, alone: Option<&Model>) -> &mut Lineup {
        let is_it = |one: &Lineup| &one.phase == phase && one.alone.as_ref() == alone;
        entry(&mut self.lineups, is_it, || Lineup {
            phase: phase.clone(),
            alone: alone.cloned(),
            ..Lineup::default()
        })
    }

    pub(super) fn judge(&mut self, model: &Model) -> &mut Judge {
        let is_it = |one: &Judge| &one.model == model;
        entry(&mut self.judges, is_it, || Judge {
            model: model.clone(),
            ..Judge::default()
        })
    }

    /// In an order that does not depend on that of the runs; the best of a phase first.
    pub fn sort(&mut self) {
        let share = |share: Share| share.hits.saturating_mul(1_000_000).checked_div(share.of);
        self.models.sort_by_cached_key(|row| {
            let rank = (share(row.wins), share(row.accepted), row.results);
            let group = (row.phase.clone(), row.category.clone());
            (group, std::cmp::Reverse(rank), row.model.clone())
        });
        self.proposers
            .sort_by_key(|one| (one.phase.clone(), one.nth));
        self.lineups
            .sort_by_key(|one| (one.phase.clone(), one.alone.clone()));
        self.judges.sort_by_key(|one| one.model.clone());
    }
}

/// The entry that is meant, made where there is none. There are few.
fn entry<T>(all: &mut Vec<T>, is_it: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let at = all.iter().position(is_it).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[at]
}
