//! The parts of a [`RunView`](super::RunView): what is known of phases, calls and attempts.

use std::sync::Arc;

use crate::model::{
    AgentName, AttemptId, CallId, CallResult, Closing, Decider, Failure, Label, Millis, ModelName,
    PhaseName, Purpose, Question, RunEnd, Task, Timestamp, Usage,
};
use crate::plan::PhaseKind;

use super::view_task::TaskEnd;
use super::view_work::{Verified, Verifying};

/// How far a run is, by its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// No event yet.
    Planned,
    /// A supervisor began and has not said that it stopped.
    UnderWay,
    /// The supervisor stopped working on it.
    Ended(RunEnd),
}

/// Whether a supervisor holds the run now; the journal alone cannot tell (it may have been killed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervisor {
    /// One works on it.
    Alive,
    /// None does.
    Gone,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq)]
pub enum PhaseState {
    /// Not begun.
    Waiting,
    /// Its calls run.
    Running,
    /// It needs a person.
    Asking(Question),
    /// Over, with these results.
    Closed(Box<Closing>),
    /// It cannot go on.
    Failed(Failure),
    /// Left out, because this condition does not hold.
    Skipped(String),
}

/// Who won a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// The call whose document wins.
    pub call: CallId,
    /// Its label, if it is a proposal.
    pub label: Option<Label>,
    /// Who decided.
    pub by: Decider,
}

/// A round of a phase that an audit sent the run back from.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRound {
    /// How long it took.
    pub time: Millis,
    /// What it left, if it closed.
    pub closing: Option<Closing>,
}

/// A phase as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseView {
    /// Its name.
    pub name: PhaseName,
    /// What it is for; may be empty.
    pub description: String,
    /// Its type.
    pub kind: PhaseKind,
    /// Its folder, relative to the run folder.
    pub folder: String,
    /// Whether its calls may change the user's files.
    pub edits: bool,
    /// How often it may send the run back when its verdict is fail, if it may.
    pub max_loops: Option<u32>,
    /// How far it is, in its present round.
    pub state: PhaseState,
    /// When its present round began.
    pub started: Option<Timestamp>,
    /// When it closed or failed.
    pub ended: Option<Timestamp>,
    /// How much of the time since it began no supervisor worked on the run.
    pub idle: Millis,
    /// When its stragglers are cut off, once there is a quorum and until the proposals are sealed.
    pub stragglers_until: Option<Timestamp>,
    /// Which call stands behind each label, once sealed.
    pub labels: Vec<(Label, CallId)>,
    /// Who won, once decided.
    pub winner: Option<Winner>,
    /// Its earlier rounds, oldest first.
    pub past: Vec<PastRound>,
    /// How its tasks ended, each once; a task that is taken up again is not among them.
    pub task_ends: Vec<TaskEnd>,
    /// The command that is run now to see whether its changes are good, if one is.
    pub verifying: Option<Verifying>,
    /// The commands that were run to see whether its changes are good, oldest first.
    pub verified: Vec<Verified>,
}

impl PhaseView {
    /// How long it took, or takes so far, in all its rounds, without the time when nobody worked on
    /// it; `None` before it began.
    pub fn time(&self, now: Timestamp) -> Option<Millis> {
        let past = self.past.iter().map(|round| round.time);
        past.fold(self.round_time(now), |sum, time| {
            Some(Millis(sum.unwrap_or_default().0.saturating_add(time.0)))
        })
    }

    /// The same of its present round alone.
    pub fn round_time(&self, now: Timestamp) -> Option<Millis> {
        let time = self.ended.unwrap_or(now).since(self.started?);
        Some(Millis(time.0.saturating_sub(self.idle.0)))
    }

    /// Which time it is done, from 1.
    pub fn round(&self) -> u32 {
        u32::try_from(self.past.len()).map_or(u32::MAX, |past| past.saturating_add(1))
    }

    /// What it left: of the present round, else of the latest one that closed.
    pub fn closing(&self) -> Option<&Closing> {
        match &self.state {
            PhaseState::Closed(closing) => Some(closing),
            PhaseState::Waiting
            | PhaseState::Running
            | PhaseState::Asking(_)
            | PhaseState::Failed(_)
            | PhaseState::Skipped(_) => {
                let mut closings = self.past.iter().filter_map(|round| round.closing.as_ref());
                closings.next_back()
            }
        }
    }
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq)]
pub enum CallState {
    /// No attempt runs; one will, as soon as it may.
    Waiting,
    /// An attempt runs.
    Running,
    /// The next attempt comes not before this time.
    Retrying(Timestamp),
    /// It has a result.
    Done(Arc<CallResult>),
    /// It takes the result of a finished call.
    Reused(CallId),
    /// It ended for good without a result.
    Failed(Failure),
    /// tipstaff ended it: a straggler, or the user interrupted.
    Cancelled(Failure),
}

/// How far an attempt is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    /// Its workspace and prompt are being made.
    Starting,
    /// Its process is alive.
    Running,
    /// It ended well.
    Succeeded,
    /// It was stopped at its checkpoint, with so many tokens of context; another call goes on.
    Stopped(u64),
    /// It ended badly.
    Failed(Failure),
    /// The supervisor ended while it ran.
    Lost,
}

/// One try of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptView {
    /// Its number, from 1.
    pub number: u32,
    /// The model it uses.
    pub model: ModelName,
    /// The agent that runs it.
    pub agent: AgentName,
    /// How far it is.
    pub state: AttemptState,
    /// When it was ordered.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Estimated tokens of its prompt, once written.
    pub prompt_tokens: Option<u64>,
    /// What it used, so far or in all.
    pub usage: Usage,
    /// What the agent last said it does; cleaned for display.
    pub doing: String,
}

impl AttemptView {
    /// How long it took, or takes so far.
    pub fn time(&self, now: Timestamp) -> Millis {
        self.ended.unwrap_or(now).since(self.started)
    }

    /// Whether it is under way.
    pub fn is_open(&self) -> bool {
        match self.state {
            AttemptState::Starting | AttemptState::Running => true,
            AttemptState::Succeeded
            | AttemptState::Stopped(_)
            | AttemptState::Failed(_)
            | AttemptState::Lost => false,
        }
    }
}

/// A call as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// Its readable name.
    pub id: CallId,
    /// Its phase.
    pub phase: PhaseName,
    /// What it is for.
    pub purpose: Purpose,
    /// Which of the equal calls of its phase, from 1.
    pub slot: u32,
    /// The models it may use.
    pub chain: Vec<ModelName>,
    /// The task that it does or is about, if any.
    pub task: Option<Task>,
    /// In which round of its phase it was created, from 1.
    pub round: u32,
    /// The attempt in whose workspace it goes on, if it goes on with another one's work.
    pub continues: Option<AttemptId>,
    /// How far it is.
    pub state: CallState,
    /// Its attempts in order; empty for a reused call.
    pub attempts: Vec<AttemptView>,
}

impl CallView {
    /// Its name without the phase's: `propose-2` of `plan.propose-2`; a task's with its title:
    /// `T1.2 Count requests` of `execute.task-T1.2`.
    pub fn short_name(&self) -> String {
        let id = self.id.as_str();
        let place = id
            .strip_prefix(self.phase.as_str())
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(id);
        match (self.purpose, &self.task) {
            (Purpose::Task, Some(task)) => {
                let try_of_task = place.strip_prefix("task-").unwrap_or(place);
                format!("{try_of_task} {}", task.title)
            }
            (_, _) => place.to_owned(),
        }
    }

    /// The model of its last attempt, else its first choice.
    pub fn model(&self) -> Option<&ModelName> {
        self.attempts
            .last()
            .map(|attempt| &attempt.model)
            .or_else(|| self.chain.first())
    }

    /// What all its attempts used.
    pub fn usage(&self) -> Usage {
        let mut sum = Usage::default();
        for attempt in &self.attempts {
            sum += attempt.usage;
        }
        sum
    }

    /// Whether it was stopped at its checkpoint, so that another call goes on with its work.
    pub fn is_stopped(&self) -> bool {
        matches!(&self.state, CallState::Done(result) if result.stopped().is_some())
    }

    /// Whether something is still to come from it.
    pub fn is_open(&self) -> bool {
        match self.state {
            CallState::Waiting | CallState::Running | CallState::Retrying(_) => true,
            CallState::Done(_)
            | CallState::Reused(_)
            | CallState::Failed(_)
            | CallState::Cancelled(_) => false,
        }
    }
}

/// Sums over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Attempts started.
    pub attempts: u64,
    /// What they used.
    pub usage: Usage,
    /// Wall-clock time while a supervisor worked on the run.
    pub wall: Millis,
}
