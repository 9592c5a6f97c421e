//! Waiting for a place among all agents of this user on this machine.

use std::time::Duration;

use crate::machine::Ticket;
use crate::model::{Failure, Usage};
use crate::process::Watch;
use crate::run::CallEvent;

use super::attempt::Attempt;
use super::blocking::blocking;
use super::failure::machine;

/// A process that was killed gives its place back without a sign.
const LOOK: Duration = Duration::from_secs(1);

impl Attempt {
    /// Waits for a place, if the user set how many there are. It is given back when it is dropped.
    pub(super) async fn place(&self) -> Result<Option<Ticket>, Failure> {
        let Some(places) = self.context.places.clone() else {
            return Ok(None);
        };
        let (folder, most) = (places.folder().clone(), places.most());
        let ticket = blocking(move || places.ask().map_err(machine)).await?;
        let mut watch = Watch::new(&[&folder], LOOK);
        let mut is_told = false;
        while !ticket.has_place().map_err(machine)? {
            if !std::mem::replace(&mut is_told, true) {
                self.tell(CallEvent::AttemptProgressed {
                    attempt: self.number,
                    usage: Usage::default(),
                    doing: format!("waits for a place ({most} of {most} in use)"),
                });
            }
            watch.changed().await;
        }
        Ok(Some(ticket))
    }
}
