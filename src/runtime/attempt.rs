//! An attempt of a call: what it is, what it is told, what it tells.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::engine::Input;
use crate::model::{CallSpec, Failure, MicroUsd, ModelName, TreeId, Usage};
use crate::run::CallEvent;

use super::RunContext;
use super::failure::cancelled;

/// What the loop tells an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    Run,
    /// End once the step is over that is under way. Who tells no steps is let end.
    EndStep,
    Stop,
    /// End politely, and leave undone what can be done when the run is taken up again.
    Leave,
    Kill,
}

pub struct Attempt {
    pub context: Arc<RunContext>,
    pub call: Arc<CallSpec>,
    pub number: u32,
    pub model: ModelName,
    /// What its changes are compared with, if that is not what it starts from: a candidate is mended in place.
    pub ground: Option<TreeId>,
    /// What all runs may spend in a day, and what it is expected to cost, if that is limited.
    pub of_day: Option<(MicroUsd, MicroUsd)>,
    pub reports: mpsc::UnboundedSender<Input>,
}

impl Attempt {
    /// The report of an agent that has ended, but whose work is not collected yet.
    pub fn left(&self) -> Input {
        Input::Left {
            call: self.call.id.clone(),
            attempt: self.number,
        }
    }

    /// The report of a failed end.
    pub fn failed(&self, failure: Failure, usage: Usage) -> Input {
        let failed = CallEvent::AttemptFailed {
            attempt: self.number,
            failure,
            usage,
        };
        Input::Happened(failed.of(self.call.id.clone()))
    }

    /// Tells the loop what happened to it; the loop may be gone already, then nobody needs to know.
    pub fn tell(&self, event: CallEvent) {
        let event = event.of(self.call.id.clone());
        let _ = self.reports.send(Input::Happened(event));
    }
}

/// Does the work unless it is told to end meanwhile; then the work is dropped where it stands.
pub async fn unless_stopped<T>(
    control: &mut watch::Receiver<Control>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        _ = control.wait_for(|control| *control > Control::Run) => Err(cancelled()),
    }
}
