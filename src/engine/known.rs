//! What is known of the parts of a run: phases, calls, attempts, changes. Data only; `History` fills it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Artifact, CallId, CallResult, CallSpec, Closing, Decider, Destination, Failure, FailureKind,
    Label, ModelName, PersonAnswer, PhaseName, Question, TaskId, Timestamp, Usage, Verification,
};

/// A command's result, with the work that it speaks about.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The phase.
    pub phase: PhaseName,
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    /// The tree it ran on.
    pub tree: String,
    /// The result.
    pub verification: Verification,
}

/// What became of the run's changes at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// They stand there.
    Applied(Destination),
    /// They stay in the run folder, on purpose.
    Kept,
    /// They could not be applied; a person has to see to it.
    Blocked,
}

/// What an audit found that sent the run back to a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The phase that found it.
    pub from: PhaseName,
    /// The audit, as data.
    pub artifact: Artifact,
}

/// A command under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proving {
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    /// The tree it runs on.
    pub tree: String,
    /// The command.
    pub command: String,
}

/// What is known of a phase.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PhaseState {
    /// How often it began in earlier rounds.
    pub round: u32,
    /// How often its own verdict sent the run back.
    pub loops: u32,
    /// How many rounds a person added to those that its loop has.
    pub rounds_added: u32,
    /// How often a person sent its proposers back.
    pub sent_back: u32,
    /// What a person said about it, a sentence each.
    pub said: Vec<String>,
    /// What sent it back.
    pub findings: Option<Findings>,
    /// Whether it was left out.
    pub skipped: bool,
    /// Tasks done, with the calls that did them.
    pub tasks_done: BTreeMap<TaskId, CallId>,
    /// Tasks given up.
    pub tasks_failed: BTreeMap<TaskId, Failure>,
    /// The command under way.
    pub proving: Option<Proving>,
    /// Whether it has begun, in this round.
    pub started: bool,
    /// Until when stragglers may still propose, once the quorum is in.
    pub straggler_limit: Option<Timestamp>,
    /// The proposals with their blinded names, once they are closed.
    pub sealed: Option<Vec<(Label, CallId)>>,
    /// Whose document wins.
    pub winner: Option<Winner>,
    /// What it left, once it is closed.
    pub closing: Option<Closing>,
    /// Why it cannot go on.
    pub failed: Option<Failure>,
    /// What a person has to answer; nothing once that is done.
    pub asked: Option<Question>,
    /// What the person answered.
    pub answered: Option<PersonAnswer>,
}

/// A person who finds nothing good enough this often has to word the request anew.
const MOST_SENT_BACK: u32 = 5;

impl PhaseState {
    /// The phase before it begins once more: what holds for all of its rounds stays.
    pub(super) fn again(&self) -> Self {
        Self {
            round: self.round + u32::from(self.started),
            loops: self.loops,
            rounds_added: self.rounds_added,
            sent_back: self.sent_back,
            said: self.said.clone(),
            ..Self::default()
        }
    }

    /// Whether a person may send the proposers back once more.
    pub fn may_be_sent_back(&self) -> bool {
        self.sent_back < MOST_SENT_BACK
    }

    /// What a person has to answer yet.
    pub fn open_question(&self) -> Option<&Question> {
        self.asked.as_ref()
    }
}

/// The decided winner of a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// The call whose document wins.
    pub call: CallId,
    /// Its label, if it is a proposal.
    pub label: Option<Label>,
    /// Who decided.
    pub by: Decider,
}

/// What is known of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallState {
    /// The call.
    pub spec: CallSpec,
    /// Its attempts, oldest first; attempt N stands at N - 1.
    pub attempts: Vec<AttemptState>,
    /// Attempts before this position do not count for retries (the run was resumed since).
    pub counted_from: usize,
    /// Not to be tried before.
    pub not_before: Option<Timestamp>,
    /// Where it stands.
    pub status: CallStatus,
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq)]
pub enum CallStatus {
    /// Between attempts, or before the first one.
    Open,
    /// The last attempt is under way.
    Running,
    /// Finished, with this result.
    Done(Arc<CallResult>),
    /// Ended for good without a result.
    Failed(Failure),
    /// Failed before the run was resumed; as if it were not there until it is created again.
    Shelved,
}

/// One try of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptState {
    /// The model it uses.
    pub model: ModelName,
    /// What it used so far.
    pub usage: Usage,
    /// How it ended, if it has.
    pub end: Option<AttemptEnd>,
}

/// What calls used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Attempts started.
    pub calls: u64,
    /// What they used.
    pub usage: Usage,
}

impl Spent {
    pub(super) fn by<'a>(calls: impl Iterator<Item = &'a CallState>) -> Self {
        calls
            .flat_map(|call| &call.attempts)
            .fold(Self::default(), |sum, attempt| Self {
                calls: sum.calls + 1,
                usage: sum.usage + attempt.usage,
            })
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEnd {
    /// With a result.
    Succeeded,
    /// Without one.
    Failed(Failure),
}

impl CallState {
    /// What its last attempt had used when it was last heard of.
    pub fn usage_so_far(&self) -> Usage {
        self.attempts
            .last()
            .map(|attempt| attempt.usage)
            .unwrap_or_default()
    }

    /// The result, if the call is done.
    pub fn result(&self) -> Option<&CallResult> {
        match &self.status {
            CallStatus::Done(result) => Some(result),
            CallStatus::Open
            | CallStatus::Running
            | CallStatus::Failed(_)
            | CallStatus::Shelved => None,
        }
    }

    /// Whether it ended for good, one way or the other.
    pub fn is_over(&self) -> bool {
        matches!(self.status, CallStatus::Done(_) | CallStatus::Failed(_))
    }

    /// The number of the last attempt; 0 before the first.
    pub fn last_attempt(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }

    /// The model of the attempt that finished it, or of its last attempt.
    pub fn model(&self) -> Option<&ModelName> {
        self.attempts.last().map(|attempt| &attempt.model)
    }

    /// The failures that count for retries, oldest first.
    pub fn counted_failures(&self) -> impl Iterator<Item = &Failure> {
        let counted = self.attempts.get(self.counted_from..).unwrap_or_default();
        counted.iter().filter_map(|attempt| match &attempt.end {
            Some(AttemptEnd::Failed(failure)) if !is_nobodys_fault(failure.kind) => Some(failure),
            _ => None,
        })
    }
}

/// Ends that say nothing about the model or the agent.
fn is_nobodys_fault(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Cancelled | FailureKind::Lost)
}
