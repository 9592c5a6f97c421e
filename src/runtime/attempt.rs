//! One attempt, from the order to the report: prepare, start, watch, collect, clean up.

use std::rc::Rc;

use tokio::sync::{mpsc, watch};

use crate::engine::Input;
use crate::model::{CallSpec, Failure, FailureKind, ModelName, Usage};

use super::collect::{Ended, attempt_folder};
use super::monitor::Monitor;
use super::neighbours::neighbours;
use super::prepare::{Prepared, prepare};
use super::{Site, salvage};

/// What the loop tells an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// Go on.
    Run,
    /// End politely.
    Stop,
    /// End at once.
    Kill,
}

/// One attempt of a call.
pub struct Attempt {
    pub site: Rc<Site>,
    pub call: CallSpec,
    pub number: u32,
    pub model: ModelName,
    pub reports: mpsc::UnboundedSender<Input>,
}

impl Attempt {
    pub fn new(
        site: Rc<Site>,
        call: CallSpec,
        number: u32,
        model: ModelName,
        reports: mpsc::UnboundedSender<Input>,
    ) -> Self {
        Self {
            site,
            call,
            number,
            model,
            reports,
        }
    }

    /// Carries the attempt out and reports its end, whatever happens. Nobody waits for its scratch folder
    /// to be gone, except the end of the run.
    pub async fn run(self, mut control: watch::Receiver<Control>) {
        let input = match self.carry_out(&mut control).await {
            Ok(input) => input,
            Err(failure) => self.failed(failure, Usage::default()),
        };
        // A workspace in which another call goes on stays where it is.
        let is_done =
            matches!(&input, Input::Succeeded { result, .. } if result.stopped().is_none());
        self.report(input.clone());
        if is_done {
            self.give_back().await;
        }
        let scratch = self.site.scratch_of(&self.call, self.number);
        salvage::clean_up(&scratch, &input, &mut control).await;
    }

    async fn carry_out(&self, control: &mut watch::Receiver<Control>) -> Result<Input, Failure> {
        let starting = tokio::select! {
            starting = self.site.gate.enter() => starting,
            _ = control.wait_for(|control| *control > Control::Run) => return Err(cancelled()),
        };
        let neighbours = tokio::select! {
            found = neighbours(self) => found?,
            _ = control.wait_for(|control| *control > Control::Run) => return Err(cancelled()),
        };
        let prepared = prepare(self, neighbours).await?;
        let Prepared {
            scratch,
            kind,
            streams,
            child,
            prompt_tokens,
            remarks,
        } = prepared;
        self.report(Input::Spawned {
            call: self.call.id.clone(),
            attempt: self.number,
            pid: child.pid(),
            prompt_tokens,
        });
        let monitor = Monitor::new(self, &scratch, kind, streams, starting);
        let watched = monitor.watch(child, control).await?;
        let ended = Ended {
            site: &self.site,
            call: &self.call,
            attempt: self.number,
            scratch: &scratch,
        };
        Ok(ended.collect(&watched, remarks))
    }

    /// Hands the workspace on if nothing was changed in it. After an orderly end only: then nobody is left
    /// who could still write to it. What cannot be handed on is removed like any other.
    async fn give_back(&self) {
        let at = self.site.scratch_of(&self.call, self.number).workspace();
        let (ground, grounds) = (self.call.ground.clone(), self.site.grounds());
        let _ = tokio::task::spawn_blocking(move || grounds.take_back(&ground, &at)).await;
    }

    /// Its folder, relative to the run folder.
    pub fn folder(&self) -> String {
        attempt_folder(&self.site, &self.call, self.number)
    }

    /// The report of a failed end.
    pub fn failed(&self, failure: Failure, usage: Usage) -> Input {
        Input::Failed {
            call: self.call.id.clone(),
            attempt: self.number,
            failure,
            usage,
        }
    }

    /// Tells the loop; it may be gone already, then nobody needs to know.
    pub fn report(&self, input: Input) {
        let _ = self.reports.send(input);
    }
}

/// The failure of an attempt that tipstaff ended itself.
pub fn cancelled() -> Failure {
    Failure::new(FailureKind::Cancelled, "ended by tipstaff")
}
