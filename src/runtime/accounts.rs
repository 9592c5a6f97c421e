//! What a run knows of its accounts: from its own attempts, and from all other runs of this user.

use std::collections::BTreeMap;

use crate::agents::{self, Carried, Environment};
use crate::engine::Input;
use crate::machine::{Accounts, Turn};
use crate::model::{AccountName, Digest, ModelName, Timestamp};
use crate::plan::Plan;
use crate::run::{CallEvent, Event, ParkedAccount, RunEvent, RunState};

/// The accounts of a run's models.
#[derive(Debug)]
pub struct RunAccounts {
    of_machine: Accounts,
    used: BTreeMap<Digest, (AccountName, Vec<ModelName>)>,
}

impl RunAccounts {
    pub fn of(plan: &Plan, signed_in: (&Carried, &Environment), of_machine: Accounts) -> Self {
        let mut used: BTreeMap<Digest, (AccountName, Vec<ModelName>)> = BTreeMap::new();
        for (name, model) in &plan.models {
            if let Some(agent) = plan.agents.get(&model.agent) {
                let account = agents::account((&model.agent, agent), &model.id, signed_in);
                let of_account = used
                    .entry(account.digest)
                    .or_insert((account.name, Vec::new()));
                of_account.1.push(name.clone());
            }
        }
        Self { of_machine, used }
    }

    /// Forgets that they are parked.
    pub fn free(&self) {
        self.used
            .keys()
            .for_each(|account| self.of_machine.free(account));
    }

    /// Takes in what an attempt tells of its account.
    pub fn learn(&self, now: Timestamp, input: &Input, state: &RunState) {
        let Input::Happened(Event::Call { call, event }) = input else {
            return;
        };
        let (number, failure) = match event {
            CallEvent::AttemptFailed {
                attempt, failure, ..
            } => (*attempt, Some(failure)),
            CallEvent::AttemptProgressed { attempt, usage, .. } if usage.tokens() > 0 => {
                (*attempt, None)
            }
            CallEvent::AttemptSucceeded { attempt, .. } => (*attempt, None),
            _ => return,
        };
        let index = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        let attempt = state
            .any_call(call)
            .and_then(|call| call.attempts.get(index?));
        let account = attempt.and_then(|attempt| {
            let mut used = self.used.iter();
            let (account, _) = used.find(|(_, (_, models))| models.contains(&attempt.model))?;
            Some((account, attempt))
        });
        match (account, failure) {
            (Some((account, _)), Some(failure)) => {
                let _ = self.of_machine.refused(account, failure, now);
            }
            (Some((account, attempt)), None) => self.of_machine.served(account, attempt.started),
            (None, _) => {}
        }
    }

    /// Whether a call that is to start may. Its account may have been parked since that was decided.
    pub fn turn(&self, model: &ModelName, now: Timestamp) -> Turn {
        let mut used = self.used.iter();
        let account = used.find(|(_, (_, models))| models.contains(model));
        account.map_or(Turn::Free, |(account, _)| {
            self.of_machine.turn(account, now)
        })
    }

    /// What is known of them by now, and not yet in the run.
    pub fn news(&self, now: Timestamp, known: &BTreeMap<AccountName, ParkedAccount>) -> Vec<Event> {
        let news = self.used.iter().filter_map(|(digest, (account, models))| {
            let (account, models) = (account.clone(), models.clone());
            let known = known.get(&account).map(|known| known.parked);
            match (self.of_machine.look(digest, now), known) {
                (Some(found), known) => {
                    let same = known
                        .is_some_and(|known| (known.until, known.why) == (found.until, found.why));
                    let (until, why) = (found.until, found.why);
                    let parked = RunEvent::AccountParked {
                        account,
                        models,
                        until,
                        why,
                    };
                    ((found.holds(now) || known.is_some()) && !same).then_some(parked)
                }
                (None, Some(_)) => Some(RunEvent::AccountFreed { account }),
                (None, None) => None,
            }
        });
        news.map(Event::from).collect()
    }
}
