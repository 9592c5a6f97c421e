//! The accounts that refused a request, as a reader of the journal knows them.

use std::collections::BTreeMap;

use crate::model::{AccountName, ModelName, Timestamp};
use crate::run::RunEvent;

/// The models of each account, and until when nobody asks them.
#[derive(Debug, Clone, Default)]
pub struct Parked(pub BTreeMap<AccountName, (Vec<ModelName>, Timestamp)>);

impl Parked {
    pub fn read(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Resumed { .. } => self.0.clear(),
            RunEvent::AccountParked {
                account,
                models,
                until,
                ..
            } => {
                let parked = (models.clone(), *until);
                self.0.insert(account.clone(), parked);
            }
            RunEvent::AccountFreed { account } => {
                self.0.remove(account);
            }
            _ => {}
        }
    }

    /// Whether a model of its account is parked.
    pub fn holds(&self, model: &ModelName, now: Timestamp) -> bool {
        let mut parked = self.0.values();
        parked.any(|(models, until)| models.contains(model) && now < *until)
    }
}
