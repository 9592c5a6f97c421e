//! What happened, in the past tense. The journal is a list of these and nothing else; [`RunState`] is
//! their fold, and everything that is shown of a run is a view of that.
//!
//! [`RunState`]: super::RunState

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    AccountName, AgentName, Artifact, Budget, CallId, CallResult, CallSpec, ChangeLimits, Closing,
    Decider, Destination, Digest, Documents, Failure, FailureKind, FrozenFile, HeldChange, Label,
    Millis, ModelName, PersonAnswer, PhaseName, Question, RunEnd, RunId, RunLimits, Rung, TaskId,
    Timestamp, TreeId, Unmerged, Usage, Verification,
};

use super::Via;

/// One line of the journal, and of `--json`: there is one encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    #[serde(with = "crate::model::rfc3339")]
    pub at: Timestamp,
    pub event: Event,
}

/// What happened, by what it is about. A line of the journal is flat: the `type` of the inner event, the
/// name of its call or phase, and its fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// To a call or one of its attempts.
    Call {
        call: CallId,
        #[serde(flatten)]
        event: CallEvent,
    },
    /// To a phase, its tasks, or the question that it asks a person.
    Phase {
        phase: PhaseName,
        #[serde(flatten)]
        event: PhaseEvent,
    },
    Run(RunEvent),
}

/// On which machine an attempt is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub executor: String,
    pub node: String,
    /// The scheduler's number of its job.
    pub job: String,
    /// How long it waited before the job began.
    pub waited_ms: Millis,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CallEvent {
    /// An attempt's process was ordered.
    AttemptStarted {
        /// Which attempt of the call, from 1.
        attempt: u32,
        model: ModelName,
        agent: AgentName,
    },
    /// An attempt's prompt was written and its process is alive.
    AttemptSpawned {
        attempt: u32,
        pid: u32,
        /// Estimated tokens of the prompt.
        prompt_tokens: u64,
        /// Where it is, if not on the supervisor's machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Box<Placed>>,
    },
    /// The agent of an attempt finished a step. Tells what has been used so far.
    AttemptProgressed {
        attempt: u32,
        usage: Usage,
        /// What the agent does, in a few words (a tool's name, for example).
        doing: String,
    },
    AttemptSucceeded {
        attempt: u32,
        result: Arc<CallResult>,
    },
    AttemptFailed {
        attempt: u32,
        failure: Failure,
        usage: Usage,
    },
    /// A call waits before its next attempt.
    RetryScheduled { until: Timestamp },
    /// A person ended the call: what runs of it is cancelled, and it is not tried again.
    #[serde(rename = "call_ended_by_person")]
    EndedByPerson { via: Via },
    /// A call ended for good without a result.
    #[serde(rename = "call_failed")]
    Failed { failure: Failure },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PhaseEvent {
    /// A phase was left out, because its condition does not hold.
    #[serde(rename = "phase_skipped")]
    Skipped {
        /// The condition, as the workflow gives it.
        condition: String,
    },
    #[serde(rename = "phase_started")]
    Started,
    PersonAsked {
        question: Question,
    },
    PersonAnswered {
        answer: PersonAnswer,
        /// The words that go with it, for the phase's next prompts.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    },
    CallCreated {
        call: Arc<CallSpec>,
    },
    /// A call has the same key as a finished one, whose result it takes.
    CallReused {
        call: Arc<CallSpec>,
        from: CallId,
    },
    /// An ensemble has the proposals it needs; the stragglers get this much more time.
    QuorumReached {
        until: Timestamp,
    },
    /// A person does not wait for the stragglers of an ensemble any more.
    StragglersDropped {
        via: Via,
    },
    /// An ensemble's proposals were closed and given their blinded names.
    ProposalsSealed {
        /// Which call is behind each label.
        labels: Vec<(Label, CallId)>,
    },
    /// A command is run to see whether the changes are good.
    VerifyStarted {
        /// The task, if the command is a task's own.
        task: Option<TaskId>,
        tree: TreeId,
        command: String,
        /// The tree whose test files are in the place of its own, if that is another candidate's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tests_of: Option<TreeId>,
    },
    Verified {
        /// The task, if the command is a task's own.
        task: Option<TaskId>,
        tree: TreeId,
        verification: Verification,
        /// The tree whose test files are in the place of its own, if that is another candidate's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tests_of: Option<TreeId>,
    },
    /// A task's changes are part of the run's tree.
    TaskDone {
        task: TaskId,
        call: CallId,
        tree: TreeId,
    },
    TaskFailed {
        task: TaskId,
        failure: Failure,
    },
    WinnerChosen {
        /// The call whose document wins (a proposal, or the judge's own synthesis).
        call: CallId,
        /// The winning label, if a proposal was picked.
        label: Option<Label>,
        by: Decider,
    },
    /// The deliverable and the handoff of a phase were written, and published if it has an `output`.
    #[serde(rename = "phase_closed")]
    Closed {
        closing: Box<Closing>,
    },
    #[serde(rename = "phase_failed")]
    Failed {
        failure: Failure,
    },
    /// The document of a closed phase was changed by hand; it is the phase's from there on.
    DocumentEdited {
        by: Decider,
        /// What is in the run folder now.
        closing: Box<Closing>,
    },
    /// The budget of the phase forbids a further call.
    LimitReached {
        /// Which limit, and its value and unit.
        limit: String,
    },
    /// A person's word for the calls of this phase that are still to come.
    Noted {
        text: String,
    },
    /// A person said which proposal is the best, whoever won. The last word counts.
    Rated {
        /// None if some are as good as each other.
        best: Option<Label>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    },
    /// A person gave an audit more rounds than its loop has.
    RoundsAdded {
        rounds: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEvent {
    /// A run began. Always the first event.
    #[serde(rename = "run_started")]
    Started {
        run: RunId,
        /// Version of the format of this journal.
        format: u32,
        version: String,
        workflow: String,
        /// The digest of `plan.json`.
        plan: Digest,
        /// The git tree of the snapshot that all calls start from.
        base: TreeId,
        /// The user's files that the plan's `file:GLOB` inputs name, as they were then.
        files: Vec<FrozenFile>,
        /// The scenario of the scripted models, if the run is a rehearsal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehearsal: Option<String>,
        #[serde(default)]
        sandbox: Rung,
    },
    /// A supervisor took the run up again. Attempts that were under way on its machine are lost.
    #[serde(rename = "run_resumed")]
    Resumed {
        version: String,
        #[serde(default)]
        sandbox: Rung,
        /// Calls whose attempts go on meanwhile: on other machines.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        elsewhere: Vec<CallId>,
    },
    /// An audit failed, and the run goes back to an earlier phase with its findings.
    LoopedBack {
        from: PhaseName,
        /// The phase that has to mend them.
        to: PhaseName,
        /// Which time, from 1.
        round: u32,
    },
    /// From here on attempts use another model in the place of one of the plan's. The plan stays frozen.
    ModelReplaced {
        model: ModelName,
        by: ModelName,
        /// Its definition and its agent's in the run folder, as the configuration had them.
        definition: Artifact,
    },
    /// A limit of the run forbids a further call.
    LimitReached {
        /// Which limit, and its value and unit, for example `calls: 40`.
        limit: String,
    },
    /// The user raised the limits (on resume).
    LimitsRaised {
        limits: RunLimits,
        /// The new budgets of phases that have another one than in the plan.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        budgets: BTreeMap<PhaseName, Budget>,
        /// How much each editing call may change from now on, if that is not as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<ChangeLimits>,
    },
    /// An account has refused a request, of this run or of another one: none of these models is asked before this time.
    AccountParked {
        account: AccountName,
        models: Vec<ModelName>,
        until: Timestamp,
        why: FailureKind,
    },
    /// It has served a request since, or a person says that it will.
    AccountFreed { account: AccountName },
    /// The machine slept for so long, or its clock was set ahead: nobody worked in that time.
    ClockJumped { by: Millis },
    /// A person paused the run: no further call starts.
    #[serde(rename = "run_paused")]
    Paused { via: Via },
    #[serde(rename = "run_continued")]
    Continued { via: Via },
    /// All before this was copied from another run of this user, and was paid there.
    #[serde(rename = "run_taken_over")]
    TakenOver {
        run: RunId,
        /// The phase that is done again, with all after it.
        from: PhaseName,
    },
    /// A person's word for all calls that are still to come.
    Noted { text: String },
    /// The user interrupted the run; it can be resumed.
    #[serde(rename = "run_interrupted")]
    Interrupted {
        /// The signal's name, for example `SIGINT`; `stop` where a person said so in another way.
        signal: String,
    },
    /// The run's results are in the user's project, or on a branch.
    ChangesApplied {
        tree: TreeId,
        /// The documents that were applied with it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        documents: Documents,
        to: Destination,
        files: u64,
        /// Whether a person did it, and not the run at its end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
        #[serde(default, skip_serializing_if = "Unmerged::is_empty")]
        unmerged: Unmerged,
        /// What stays in the run until it is accepted; tree and documents are without it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held: Vec<HeldChange>,
    },
    /// The run's changes were not applied; nothing was touched.
    ChangesKept {
        tree: TreeId,
        /// Whether they were to be applied and could not be.
        blocked: bool,
        /// Whether the machine failed, so that nobody has to do anything but to resume the run.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
        reason: String,
    },
    /// A person took back everything that the run had put into the user's project.
    ChangesUndone {
        #[serde(default, skip_serializing_if = "Unmerged::is_empty")]
        unmerged: Unmerged,
    },
    /// The supervisor stopped working on the run. `resume` goes on unless the run is done.
    #[serde(rename = "run_ended")]
    Ended { end: RunEnd },
}

impl<'de> Deserialize<'de> for Event {
    /// By what the line names: what happens to a task of a phase may name a call, too.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fn read<T: DeserializeOwned, E: Error>(value: Value) -> Result<T, E> {
            T::deserialize(value).map_err(E::custom)
        }
        let mut fields = Map::deserialize(from)?;
        if let Some(phase) = fields.remove("phase") {
            let (phase, event) = (read(phase)?, read(fields.into())?);
            return Ok(Self::Phase { phase, event });
        }
        if let Some(call) = fields.remove("call") {
            let (call, event) = (read(call)?, read(fields.into())?);
            return Ok(Self::Call { call, event });
        }
        read(fields.into()).map(Self::Run)
    }
}

impl CallEvent {
    pub fn of(self, call: impl Into<CallId>) -> Event {
        let call = call.into();
        Event::Call { call, event: self }
    }
}

impl PhaseEvent {
    pub fn of(self, phase: impl Into<PhaseName>) -> Event {
        let phase = phase.into();
        Event::Phase { phase, event: self }
    }
}

impl From<RunEvent> for Event {
    fn from(event: RunEvent) -> Self {
        Self::Run(event)
    }
}

impl Event {
    /// Whether it is what a person did while no supervisor worked on the run.
    pub fn is_by_hand(&self) -> bool {
        matches!(
            self,
            Self::Run(
                RunEvent::ChangesApplied { by_hand: true, .. } | RunEvent::ChangesUndone { .. }
            ) | Self::Phase {
                event: PhaseEvent::Rated { .. },
                ..
            }
        )
    }
}
