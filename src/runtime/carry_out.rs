//! One attempt, from the order to the report: prepare, start, watch, collect, clean up.

use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Input;
use crate::model::{Failure, Usage};
use crate::run::CallEvent;
use crate::workspace::remove_tree;

use super::attempt::{Attempt, Control, unless_stopped};
use super::blocking::blocking;
use super::collect::Ended;
use super::failure::machine;
use super::lent::hold;
use super::monitor::Monitor;
use super::neighbours::neighbours;
use super::prepare::{Prepared, prepare, sign_in_of};
use super::{recover, remote};

impl Attempt {
    /// Carries the attempt out and says how it ended.
    pub async fn run(self: Arc<Self>, mut control: watch::Receiver<Control>) -> Input {
        let executor = self.context.plan.executor(&self.call.phase, &self.model);
        let ended = match executor {
            Some(executor) => self.carry_out_elsewhere(executor, &mut control).await,
            None => self.carry_out(&mut control).await,
        };
        match ended {
            Ok(input) => input,
            Err(failure) => self.failed(failure, Usage::default()),
        }
    }

    /// Clears up after it. Nobody waits for its scratch folder to be gone, except the end of the run.
    pub async fn clear(&self, report: &Input, mut control: watch::Receiver<Control>) {
        if matches!(report, Input::Left { .. }) {
            // The workspace stays for whoever takes the run up again; the keys in the agent's home do not.
            let private = self.context.scratch_of(&self.call, self.number).private();
            let _ = blocking(move || remove_tree(&private).map_err(machine)).await;
            return;
        }
        let scratch = self.context.scratch_of(&self.call, self.number);
        recover::clean_up(&scratch, report, &mut control).await;
        let executor = self.context.plan.executor(&self.call.phase, &self.model);
        if let Some((_, executor)) = executor {
            remote::clear(&self.job(executor)).await;
        }
    }

    async fn carry_out(
        self: &Arc<Self>,
        control: &mut watch::Receiver<Control>,
    ) -> Result<Input, Failure> {
        let prepared = async {
            let test = self.turn().await?;
            self.money().await?;
            // Before a place at the gate is taken, which others need that have theirs.
            let held = match sign_in_of(self) {
                Some(file) => Some(hold(file, self.call.limits.timeout.into()).await?),
                None => None,
            };
            let place = self.place().await?;
            let starting = self.context.gate.enter().await;
            let (context, workspace) = (&self.context, self.call.workspace.clone());
            let sources = context.sources.clone();
            let neighbours = neighbours(context.workspaces(), workspace, sources).await?;
            let turn = (test, place);
            Ok((turn, starting, prepare(self, neighbours, held).await?))
        };
        // Whose turn is next is to know what has come of this one.
        let (_turn, starting, (prepared, child)) = unless_stopped(control, prepared).await?;
        let Prepared {
            scratch,
            streams,
            prompt_tokens,
            mut remarks,
            lent,
        } = prepared;
        self.tell(CallEvent::AttemptSpawned {
            attempt: self.number,
            pid: child.pid(),
            prompt_tokens,
            on: None,
        });
        let monitor = Monitor::new(self, &scratch, streams, starting);
        let watched = monitor.watch(child, control).await?;
        if let Some(lent) = lent {
            remarks.extend(blocking(|| Ok(lent.give_back())).await?);
        }
        // What the agent did is paid for, and all of it is on disk: what is not collected now can be later. Of
        // an agent that was ended because it was quiet, nobody would know later that it had been.
        let patience = match (&watched.failure, watched.quiet_for) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(Control::Kill),
            (None, None) => Some(Control::Leave),
        };
        let whose = Arc::clone(self);
        let collected = blocking(move || {
            let ended = Ended {
                context: &whose.context,
                call: &whose.call,
                attempt: whose.number,
                scratch: &scratch,
                ground: whose.ground.as_ref(),
            };
            Ok(ended.collect(&watched.read()?, remarks))
        });
        tokio::select! {
            collected = collected => collected,
            Ok(_) = control.wait_for(|known| patience.is_some_and(|most| *known >= most)) => {
                Ok(self.left())
            }
        }
    }
}
