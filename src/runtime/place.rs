//! Waiting for one's turn: for a place among all agents of this user on this machine, for an account, and for money of the day.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::{Ticket, Turn};
use crate::model::{Failure, Usage};
use crate::process::Watch;
use crate::run::CallEvent;

use super::attempt::Attempt;
use super::blocking::blocking;
use super::clock::{now, today};
use super::failure::{machine, parked};

/// A process that was killed gives its place back without a sign.
const LOOK: Duration = Duration::from_secs(1);

const UNUSABLE: &str = "move it away: what is spent in a day is counted anew then";

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
            self.waits(&mut is_told, &format!("a place ({most} of {most} in use)"));
            watch.changed().await;
        }
        Ok(Some(ticket))
    }

    /// Waits while another call, of whatever run, tries whether its account serves again. Who is to try keeps the file.
    pub(super) async fn turn(&self) -> Result<Option<File>, Failure> {
        let mut is_told = false;
        loop {
            match self.context.accounts.turn(&self.model, now()) {
                Turn::Free => return Ok(None),
                Turn::Test(test) => return Ok(Some(test)),
                Turn::Parked => return Err(parked()),
                Turn::Wait => self.waits(&mut is_told, "a call that tries its account"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until what it is expected to cost is left of the day, beside what the calls of all runs hold.
    pub(super) async fn money(self: &Arc<Self>) -> Result<(), Failure> {
        let mut is_told = false;
        while let Some((most, cost)) = self.of_day {
            let whose = Arc::clone(self);
            let hold = move || {
                let call = whose.call.id.as_str();
                let day = whose.context.day.as_ref();
                let held = day.map(|day| day.hold((&today(), most), call, cost));
                held.unwrap_or(Ok(true))
                    .map_err(|error| machine(error).hint(UNUSABLE))
            };
            if blocking(hold).await? {
                break;
            }
            let what = format!("money: calls under way may use up the day's {most}");
            self.waits(&mut is_told, &what);
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn waits(&self, is_told: &mut bool, what: &str) {
        if !std::mem::replace(is_told, true) {
            self.tell(CallEvent::AttemptProgressed {
                attempt: self.number,
                usage: Usage::default(),
                doing: format!("waits for {what}"),
            });
        }
    }
}
