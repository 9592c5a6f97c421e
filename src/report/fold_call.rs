//! How calls' views change with what happens to them.

use std::sync::Arc;

use crate::model::{
    AgentName, CallResult, Event, Failure, FailureKind, ModelName, Timestamp, Usage,
};

use super::fold::RunView;
use super::view::{AttemptState, AttemptView, CallState, CallView};
use super::words::clean;

impl RunView {
    /// Takes in what happened to a call. One short arm an event, so that none is forgotten.
    pub(super) fn apply_to_call(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CallCreated { call } => self.add_call(call, CallState::Waiting),
            Event::CallReused { call, from } => {
                self.add_call(call, CallState::Reused(from.clone()));
            }
            Event::CallFailed { call, failure } => self.on_call(call, |call| call.failed(failure)),
            Event::RetryScheduled { call, until } => {
                self.on_call(call, |call| call.state = CallState::Retrying(*until));
            }
            Event::AttemptStarted {
                call,
                attempt,
                model,
                agent,
            } => self.on_call(call, |call| call.start(*attempt, model, agent, at)),
            Event::AttemptSpawned {
                call,
                attempt,
                prompt_tokens,
                ..
            } => self.on_call(call, |call| call.spawned(*attempt, *prompt_tokens)),
            Event::AttemptProgressed {
                call,
                attempt,
                usage,
                doing,
            } => self.on_call(call, |call| call.progressed(*attempt, *usage, doing)),
            Event::AttemptSucceeded {
                call,
                attempt,
                result,
            } => self.on_call(call, |call| call.succeeded(*attempt, result, at)),
            Event::AttemptFailed {
                call,
                attempt,
                failure,
                usage,
            } => self.on_call(call, |call| {
                call.attempt_failed(*attempt, failure, *usage, at);
            }),
            Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::PhaseStarted { .. }
            | Event::QuorumReached { .. }
            | Event::ProposalsSealed { .. }
            | Event::WinnerChosen { .. }
            | Event::PhaseClosed { .. }
            | Event::VerifyStarted { .. }
            | Event::Verified { .. }
            | Event::TaskDone { .. }
            | Event::TaskFailed { .. }
            | Event::PhaseSkipped { .. }
            | Event::LoopedBack { .. }
            | Event::ChangesApplied { .. }
            | Event::ChangesKept { .. }
            | Event::ChangesUndone { .. }
            | Event::PhaseFailed { .. }
            | Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::LimitReached { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::ModelReplaced { .. }
            | Event::LimitsRaised { .. }
            | Event::RunInterrupted { .. }
            | Event::RunEnded { .. } => {}
        }
    }
}

impl CallView {
    /// An attempt was ordered.
    pub(super) fn start(
        &mut self,
        number: u32,
        model: &ModelName,
        agent: &AgentName,
        at: Timestamp,
    ) {
        self.state = CallState::Running;
        // Nearly all calls need one attempt.
        self.attempts.reserve_exact(1);
        self.attempts.push(AttemptView {
            number,
            model: model.clone(),
            agent: agent.clone(),
            state: AttemptState::Starting,
            started: at,
            ended: None,
            prompt_tokens: None,
            usage: Usage::default(),
            doing: String::new(),
        });
    }

    /// Its process is alive.
    pub(super) fn spawned(&mut self, number: u32, prompt_tokens: u64) {
        self.on_attempt(number, |attempt| {
            attempt.state = AttemptState::Running;
            attempt.prompt_tokens = Some(prompt_tokens);
        });
    }

    /// Its agent finished a step.
    pub(super) fn progressed(&mut self, number: u32, usage: Usage, doing: &str) {
        self.on_attempt(number, |attempt| {
            attempt.usage = usage;
            attempt.doing = clean(doing);
        });
    }

    /// It ended well.
    pub(super) fn succeeded(&mut self, number: u32, result: &Arc<CallResult>, at: Timestamp) {
        self.state = CallState::Done(result.clone());
        self.on_attempt(number, |attempt| {
            attempt.state = result.stopped().map_or(AttemptState::Succeeded, |stopped| {
                AttemptState::Stopped(stopped.context)
            });
            attempt.ended = Some(at);
            attempt.usage = result.usage;
        });
    }

    /// It ended badly. A cancelled attempt cancels the call, unless a later one takes it up.
    pub(super) fn attempt_failed(
        &mut self,
        number: u32,
        failure: &Failure,
        usage: Usage,
        at: Timestamp,
    ) {
        self.state = if failure.kind == FailureKind::Cancelled {
            CallState::Cancelled(failure.clone())
        } else {
            CallState::Waiting
        };
        self.on_attempt(number, |attempt| {
            attempt.state = AttemptState::Failed(failure.clone());
            attempt.ended = Some(at);
            attempt.usage = usage;
        });
    }

    /// The call ended without a result.
    pub(super) fn failed(&mut self, failure: &Failure) {
        self.state = if failure.kind == FailureKind::Cancelled {
            CallState::Cancelled(failure.clone())
        } else {
            CallState::Failed(failure.clone())
        };
    }

    /// The supervisor stopped: what was under way is lost, and what is open goes on later.
    pub(super) fn abandoned(&mut self, at: Timestamp) {
        for attempt in &mut self.attempts {
            if attempt.is_open() {
                attempt.state = AttemptState::Lost;
                attempt.ended = Some(at);
            }
        }
        if self.is_open() {
            self.state = CallState::Waiting;
        }
    }

    fn on_attempt(&mut self, number: u32, change: impl FnOnce(&mut AttemptView)) {
        if let Some(attempt) = self
            .attempts
            .iter_mut()
            .find(|attempt| attempt.number == number)
        {
            change(attempt);
        }
    }
}
