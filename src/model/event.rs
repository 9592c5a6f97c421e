//! What happened, in the past tense. The journal is a list of these and nothing else; the engine's
//! history is their fold, and progress, report and the JSON stream show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AgentName, Artifact, Budget, CallId, CallResult, CallSpec, ChangeLimits, Digest, Failure,
    Faults, HandoffOrigin, HeldChange, Label, ModelName, PhaseName, RunId, RunLimits, TaskId,
    Timestamp, Usage, Verification,
};

/// The version of the journal's and the plan's format. A folder with another one is refused.
pub const FORMAT: u32 = 2;

/// One line of the journal, and of `--json`: there is one encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// When it was written.
    #[serde(with = "super::rfc3339")]
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began. Always the first event.
    RunStarted {
        /// The run.
        run: RunId,
        /// Version of the format of this journal.
        format: u32,
        /// Version of tipstaff that wrote it.
        version: String,
        /// The workflow's name.
        workflow: String,
        /// The digest of `plan.json`.
        plan: Digest,
        /// The git tree of the snapshot that all calls start from.
        base: String,
        /// The user's files that the plan's `file:GLOB` inputs name, as they were then.
        files: Vec<FrozenFile>,
        /// The scenario of the scripted models, if the run is a rehearsal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehearsal: Option<String>,
    },
    /// A supervisor took the run up again. Attempts that were under way are lost.
    RunResumed {
        /// Version of tipstaff that goes on.
        version: String,
    },
    /// A phase began.
    PhaseStarted {
        /// The phase.
        phase: PhaseName,
    },
    /// A call was decided upon.
    CallCreated {
        /// All of it.
        call: CallSpec,
    },
    /// A call has the same key as a finished one, whose result it takes.
    CallReused {
        /// The call that would have run.
        call: CallSpec,
        /// The finished call.
        from: CallId,
    },
    /// An attempt's process was ordered.
    AttemptStarted {
        /// The call.
        call: CallId,
        /// Which attempt of the call, from 1.
        attempt: u32,
        /// The model it uses.
        model: ModelName,
        /// The agent that runs it.
        agent: AgentName,
    },
    /// An attempt's prompt was written and its process is alive.
    AttemptSpawned {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// Process id of the warden.
        pid: u32,
        /// Estimated tokens of the prompt.
        prompt_tokens: u64,
    },
    /// The agent of an attempt finished a step. Tells what has been used so far.
    AttemptProgressed {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// Used since the attempt began.
        usage: Usage,
        /// What the agent does, in a few words (a tool's name, for example).
        doing: String,
    },
    /// An attempt ended well.
    AttemptSucceeded {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// What it left.
        result: Arc<CallResult>,
    },
    /// An attempt ended badly.
    AttemptFailed {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// What it used all the same.
        usage: Usage,
    },
    /// A call waits before its next attempt.
    RetryScheduled {
        /// The call.
        call: CallId,
        /// Not before.
        until: Timestamp,
    },
    /// A call ended for good without a result.
    CallFailed {
        /// The call.
        call: CallId,
        /// The last attempt's failure.
        failure: Failure,
    },
    /// An ensemble has the proposals it needs; the stragglers get this much more time.
    QuorumReached {
        /// The phase.
        phase: PhaseName,
        /// Sealed at the latest then.
        until: Timestamp,
    },
    /// An ensemble's proposals were closed and given their blinded names.
    ProposalsSealed {
        /// The phase.
        phase: PhaseName,
        /// Which call stands behind each label.
        labels: Vec<(Label, CallId)>,
    },
    /// A phase's winning document was decided.
    WinnerChosen {
        /// The phase.
        phase: PhaseName,
        /// The call whose document wins (a proposal, or the judge's own synthesis).
        call: CallId,
        /// The winning label, if a proposal was picked.
        label: Option<Label>,
        /// Who decided.
        by: Decider,
    },
    /// The deliverable and the handoff of a phase were written, and published if it has an `output`.
    PhaseClosed {
        /// The phase.
        phase: PhaseName,
        /// What stands in the run folder.
        closing: Closing,
    },
    /// A command is run to see whether the changes are good.
    VerifyStarted {
        /// The phase.
        phase: PhaseName,
        /// The task, if the command is a task's own.
        task: Option<TaskId>,
        /// The git tree it runs on.
        tree: String,
        /// The command.
        command: String,
    },
    /// The command ended.
    Verified {
        /// The phase.
        phase: PhaseName,
        /// The task, if the command is a task's own.
        task: Option<TaskId>,
        /// The git tree it ran on.
        tree: String,
        /// How it went.
        verification: Verification,
    },
    /// A task's changes are part of the run's tree.
    TaskDone {
        /// The phase.
        phase: PhaseName,
        /// The task.
        task: TaskId,
        /// The call that did it.
        call: CallId,
        /// The git tree with its changes.
        tree: String,
    },
    /// A task was given up.
    TaskFailed {
        /// The phase.
        phase: PhaseName,
        /// The task.
        task: TaskId,
        /// Why.
        failure: Failure,
    },
    /// A phase was left out, because its condition does not hold.
    PhaseSkipped {
        /// The phase.
        phase: PhaseName,
        /// The condition, as the workflow gives it.
        condition: String,
    },
    /// An audit failed, and the run goes back to an earlier phase with its findings.
    LoopedBack {
        /// The phase that found them.
        from: PhaseName,
        /// The phase that has to mend them.
        to: PhaseName,
        /// Which time, from 1.
        round: u32,
    },
    /// The run's results are in the user's project, or on a branch.
    ChangesApplied {
        /// The git tree that was applied.
        tree: String,
        /// The documents that were applied with it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        documents: Documents,
        /// Where they stand.
        to: Destination,
        /// How many files changed.
        files: u64,
        /// Whether a person did it, and not the run at its end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
        /// What did not merge.
        #[serde(default, skip_serializing_if = "Unmerged::is_empty")]
        unmerged: Unmerged,
        /// What stays in the run until it is accepted; tree and documents are without it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held: Vec<HeldChange>,
    },
    /// The run's changes were not applied; nothing was touched.
    ChangesKept {
        /// The git tree that holds them.
        tree: String,
        /// Whether they were to be applied and could not be.
        blocked: bool,
        /// Why.
        reason: String,
    },
    /// A person took back everything that the run had put into the user's project.
    ChangesUndone {
        /// What did not merge.
        #[serde(default, skip_serializing_if = "Unmerged::is_empty")]
        unmerged: Unmerged,
    },
    /// A phase cannot go on.
    PhaseFailed {
        /// The phase.
        phase: PhaseName,
        /// Why.
        failure: Failure,
    },
    /// The run needs a person.
    PersonAsked {
        /// The phase.
        phase: PhaseName,
        /// What for.
        question: Question,
    },
    /// A person answered.
    PersonAnswered {
        /// The phase.
        phase: PhaseName,
        /// How.
        answer: PersonAnswer,
        /// The words that go with it, for the phase's next prompts.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    },
    /// The document of a closed phase was changed by hand; it is the phase's from there on.
    DocumentEdited {
        /// The phase.
        phase: PhaseName,
        /// Who changed it.
        by: Decider,
        /// What stands in the run folder now.
        closing: Closing,
    },
    /// A person gave an audit more rounds than its loop has.
    RoundsAdded {
        /// The phase that audits.
        phase: PhaseName,
        /// How many.
        rounds: u32,
    },
    /// From here on attempts use another model in the place of one of the plan's. The plan stays frozen.
    ModelReplaced {
        /// The model whose place it takes.
        model: ModelName,
        /// The model that is used.
        by: ModelName,
        /// Its definition and its agent's in the run folder, as the configuration had them.
        definition: Artifact,
    },
    /// A limit of the run, or the budget of a phase, forbids a further call.
    LimitReached {
        /// Which limit, and its value and unit, for example `calls: 40`.
        limit: String,
        /// The phase, if it is the budget of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<PhaseName>,
    },
    /// The user raised the limits (on resume).
    LimitsRaised {
        /// The new limits of the run.
        limits: RunLimits,
        /// The new budgets of phases that have another one than in the plan.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        budgets: BTreeMap<PhaseName, Budget>,
        /// How much each editing call may change from now on, if that is not as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<ChangeLimits>,
    },
    /// The user interrupted the run; it can be resumed.
    RunInterrupted {
        /// The signal's name, for example `SIGINT`.
        signal: String,
    },
    /// The supervisor stopped working on the run. `resume` goes on unless the run is done.
    RunEnded {
        /// How.
        end: RunEnd,
    },
}

/// A file of the user's project that is an input, kept in the run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenFile {
    /// The glob that named it.
    pub glob: String,
    /// Where it stood, relative to the project.
    pub path: String,
    /// Its content.
    pub artifact: Artifact,
}

/// Who chose a winner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The call that gave the verdict: a judge, or the repair of its verdict.
    Judge(CallId),
    /// A person, by hand.
    Person,
    /// Nobody had to: there was one call.
    Only,
}

/// What a closed phase left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The deliverable in the run folder (`phases/NN-NAME/output.md`).
    pub deliverable: Artifact,
    /// The handoff in the run folder (`phases/NN-NAME/handoff.json`).
    pub handoff: Artifact,
    /// Who wrote the handoff.
    pub origin: HandoffOrigin,
    /// Where in the project the deliverable belongs, if the phase has an `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Where the deliverable was published, relative to the project; nowhere yet if the results go to a
    /// branch or are kept.
    pub published: Option<String>,
    /// Where in the run folder the file that stood there before is kept.
    pub previous: Option<String>,
    /// The run's git tree at the phase's end, if the phase may edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// The patch of the phase's changes, if it made any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Artifact>,
    /// The results of its `verify` commands, rendered, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Artifact>,
    /// What is odd about the handoff: that its author left none, what was cut.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    pub remarks: Faults,
    /// Where the words of the handoff contradict the facts.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    pub contradictions: Faults,
}

/// A document that belongs to the results of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its place in the project, without symlinks on the way.
    pub path: String,
    /// The git blob with its content, in the run's store.
    pub object: String,
}

/// Documents by their places in the project: the git blobs with their contents.
pub type Documents = BTreeMap<String, String>;

/// What a run has to deliver. Documents are not part of the tree that calls work on, since what a call sees
/// is said by its phase's strategy; they are laid over it when the results are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Results {
    /// The git tree with the changes.
    pub tree: String,
    /// The documents.
    pub documents: Documents,
}

/// Files of the project that a person's `apply` or `undo` could not merge.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unmerged {
    /// They are as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// They got conflict markers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked: Vec<String>,
}

impl Unmerged {
    /// Whether everything merged.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty() && self.marked.is_empty()
    }
}

/// Where changes are put at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Into the user's working tree, uncommitted.
    Tree,
    /// Onto a new branch of this name; the working tree stays as it is.
    Branch(String),
    /// Nowhere by itself: `tipstaff apply` does it.
    Nowhere,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which proposal wins: no judge gave a usable verdict, or the judge found none good enough.
    PickWinner {
        /// Why a person has to.
        reason: String,
    },
    /// Whether the phase may begin.
    Approve {
        /// What the workflow asks.
        text: String,
    },
    /// Which of the commands may run that a model wrote to prove its tasks, and that nothing allows.
    RunCommands {
        /// The commands.
        commands: Vec<String>,
    },
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonAnswer {
    /// This proposal wins.
    Picked(Label),
    /// No proposal is good enough: all propose once more.
    SentBack,
    /// The phase may begin.
    Approved,
    /// The phase may not begin, and the run is over.
    Rejected {
        /// Why, if the person said.
        reason: String,
    },
    /// These commands may run, or may not.
    Commands {
        /// The commands that were asked about.
        commands: Vec<String>,
        /// Whether they may.
        run: bool,
        /// Why not, if nobody was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// How the supervisor's work on a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Everything is done. Exit code 0.
    Done,
    /// A phase failed. Exit code 1.
    Failed,
    /// The last audit's verdict is fail. Exit code 3.
    AuditFailed,
    /// A person is needed. Exit code 4.
    Waiting,
    /// A limit stopped it. Exit code 5.
    Limited,
    /// The user interrupted it. Exit code 130 or 143.
    Interrupted,
}

impl Event {
    /// Whether it is what a person did while no supervisor worked on the run.
    pub fn is_by_hand(&self) -> bool {
        matches!(
            self,
            Self::ChangesApplied { by_hand: true, .. } | Self::ChangesUndone { .. }
        )
    }

    /// The call an event is about, if it is about one.
    pub fn call(&self) -> Option<&CallId> {
        match self {
            Self::CallCreated { call } | Self::CallReused { call, .. } => Some(&call.id),
            Self::AttemptStarted { call, .. }
            | Self::AttemptSpawned { call, .. }
            | Self::AttemptProgressed { call, .. }
            | Self::AttemptSucceeded { call, .. }
            | Self::AttemptFailed { call, .. }
            | Self::RetryScheduled { call, .. }
            | Self::CallFailed { call, .. }
            | Self::TaskDone { call, .. }
            | Self::WinnerChosen { call, .. } => Some(call),
            Self::RunStarted { .. }
            | Self::RunResumed { .. }
            | Self::PhaseStarted { .. }
            | Self::QuorumReached { .. }
            | Self::ProposalsSealed { .. }
            | Self::VerifyStarted { .. }
            | Self::Verified { .. }
            | Self::TaskFailed { .. }
            | Self::PhaseSkipped { .. }
            | Self::LoopedBack { .. }
            | Self::ChangesApplied { .. }
            | Self::ChangesKept { .. }
            | Self::ChangesUndone { .. }
            | Self::PhaseClosed { .. }
            | Self::PhaseFailed { .. }
            | Self::PersonAsked { .. }
            | Self::PersonAnswered { .. }
            | Self::DocumentEdited { .. }
            | Self::RoundsAdded { .. }
            | Self::ModelReplaced { .. }
            | Self::LimitReached { .. }
            | Self::LimitsRaised { .. }
            | Self::RunInterrupted { .. }
            | Self::RunEnded { .. } => None,
        }
    }
}
