//! What was heard, written and ordered in a run, in order.

use crate::engine::by_hand::Transfer;
use crate::engine::{Effect, Input};
use crate::model::{PhaseName, Results};
use crate::plan::Plan;
use crate::run::Record;

use super::facts::{Facts, Spending};

/// One thing that happened between the engine and the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    Heard(Input),
    Wrote(Record),
    Ordered(Effect),
    Died,
    /// A person did something about these results.
    Did(Transfer, Results),
}

impl Moment {
    /// Whether no supervisor works on the run after this, because the last one died; `died` is what was so
    /// before.
    pub fn leaves_nobody(&self, died: bool) -> bool {
        match self {
            Self::Died => true,
            // Without a supervisor, a person writes.
            Self::Did(..) | Self::Wrote(_) => died,
            Self::Heard(_) | Self::Ordered(_) => false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Trace {
    pub plan: Plan,
    pub moments: Vec<Moment>,
}

impl Trace {
    /// A run of which nothing is known.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            moments: Vec::new(),
        }
    }

    /// The same run, if its supervisor had died with so many events on disk.
    pub fn cut(&self, events: usize) -> Self {
        let moments = self.moments.iter().enumerate();
        let mut written = moments.filter(|(_, moment)| matches!(moment, Moment::Wrote(_)));
        let last = written.nth(events - 1).map_or(0, |(at, _)| at);
        let mut moments = self.moments[..=last].to_vec();
        moments.push(Moment::Died);
        Self {
            plan: self.plan.clone(),
            moments,
        }
    }

    /// All that is on disk.
    pub fn journal(&self) -> Vec<Record> {
        let moments = self.moments.iter();
        let records = moments.filter_map(|moment| match moment {
            Moment::Wrote(record) => Some(record.clone()),
            Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => None,
        });
        records.collect()
    }

    /// All that is known in the end.
    pub fn facts(&self) -> Facts<'_> {
        let mut facts = Facts::new(&self.plan);
        for moment in &self.moments {
            facts.take(moment);
        }
        facts
    }

    /// What a phase has used in the whole run.
    pub fn spent_by(&self, phase: &PhaseName) -> Spending {
        let facts = self.facts();
        facts.spent.get(phase).copied().unwrap_or_default()
    }

    /// Goes through the run, each time with what was known right before.
    pub fn each(
        &self,
        mut check: impl FnMut(&Facts<'_>, &Moment) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut facts = Facts::new(&self.plan);
        for (at, moment) in self.moments.iter().enumerate() {
            check(&facts, moment).map_err(|why| format!("moment {at}: {why}: {moment:?}"))?;
            facts.take(moment);
        }
        Ok(())
    }
}
