//! A call: one fresh agent process with one prompt, one workspace, one output contract, one set of
//! limits. Every phase type is nothing but calls, and a call is nothing but data.

use serde::{Deserialize, Serialize};

use super::{
    Artifact, AttemptId, Audit, Ballot, BuiltOn, CallId, CallKey, Categories, Changes, Faults,
    Graft, Judgement, Label, Millis, ModelName, PhaseName, Stopped, Task, TaskList, TreeId, Usage,
    VerdictRules, WorkState,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The one call of a `single` phase.
    Work,
    /// One task of a `routed` phase.
    Task,
    /// One of the side-by-side calls of a `parallel` phase.
    Lens,
    Propose,
    Judge,
    /// Mending an invalid structured answer; sees only the text and the errors.
    Repair,
    /// Distilling a document whose author left no handoff, or the state of work that was stopped at its
    /// checkpoint.
    Distill,
}

/// How much an agent may do in its workspace. Nothing it does there reaches the user's tree by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Read and search, and write into the output folder.
    Reader,
    /// Read, search, edit, run commands.
    Worker,
    /// Write into the output folder, nothing else: no project to look at.
    Writer,
}

impl Profile {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Worker => "worker",
            Self::Writer => "writer",
        }
    }
}

/// What a call must leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// A document (`deliverable.md`) and a handoff.
    Document,
    /// A judge's `verdict.json` over these labels; a document and a handoff if it synthesizes.
    Judgement {
        labels: Vec<Label>,
        #[serde(default, skip_serializing_if = "VerdictRules::is_default")]
        rules: VerdictRules,
    },
    /// `tasks.json`, and a handoff. The document is rendered from the tasks.
    Tasks(Categories),
    /// An auditor's `verdict.json`, and a handoff. The document is optional.
    Audit,
    /// Edits in the workspace and a handoff; the document is optional.
    Edits,
    Handoff,
}

/// What a call starts from in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceSource {
    /// The user's project as it was on disk when the run began.
    Snapshot,
    /// The project with the run's changes so far: this git tree.
    Tree(TreeId),
    /// Some files of such a tree and nothing else.
    Scoped {
        tree: TreeId,
        /// Paths or globs, relative to the project, that are there to be changed.
        edit: Vec<String>,
        /// Paths or globs that are there to be read.
        read: Vec<String>,
        /// Paths or globs that are there to be read whatever the work.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        always: Vec<String>,
        /// Whether files that `edit` and `read` import, or that import them, are there to be read too.
        imports: bool,
        /// How many tokens of those at most.
        #[serde(default, skip_serializing_if = "is_zero")]
        import_tokens: u64,
    },
    Empty,
}

impl WorkspaceSource {
    /// The same with another tree.
    pub fn at(mut self, new: &TreeId) -> Self {
        match &mut self {
            Self::Snapshot => return Self::Tree(new.clone()),
            Self::Tree(tree) | Self::Scoped { tree, .. } => tree.clone_from(new),
            Self::Empty => {}
        }
        self
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What an editing call may change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditScope {
    Anywhere,
    /// These paths or globs and no others.
    Only(Vec<String>),
}

/// Where a named part of a call's prompt comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputSource {
    /// What the user asked for; frozen in the plan.
    Request,
    Deliverable(PhaseName),
    Handoff(PhaseName),
    /// An earlier proposal of the same ensemble (sequential mode); unblinded position, from 1.
    EarlierProposal(u32),
    /// A blinded proposal, for a judge.
    Proposal(Label),
    /// A blinded proposal that is changes to files; its artifact is what its author says of it.
    Candidate {
        label: Label,
        from: TreeId,
        to: TreeId,
        /// What tipstaff knows of it, a sentence each.
        facts: Faults,
    },
    /// A file of the user's project, frozen when the run began.
    File(String),
    Changes(PhaseName),
    /// The results of a phase's `verify` commands, and of its tasks'.
    Tests(PhaseName),
    /// The findings of an audit that failed.
    Findings(PhaseName),
    /// What a person said about the phase, a sentence each.
    Person(Vec<String>),
    /// What was wrong with an earlier try of the same task: refused edits, a failed `verify`.
    Feedback(Faults),
    /// Why the judges preferred this proposal, which the call is to make better.
    Reasons {
        label: Label,
        said: Faults,
        /// What it is to take over of the others; all that is better, where nothing is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        grafts: Vec<Graft>,
    },
    /// The end of what a command printed that failed on that try.
    Printed {
        command: String,
        /// Its number among those that failed, from 1.
        number: u32,
    },
    /// The deliverable of another lens of the same `parallel` phase, by its name.
    Lens(String),
    /// The distilled state of the work that this call goes on with.
    State(WorkState),
    /// What a call said and did that was stopped at its checkpoint, to be distilled.
    Worklog,
    /// The text that a repair call has to mend.
    Faulty,
    /// What is wrong with it; the errors themselves, not an artifact's content.
    Errors(Faults),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallInput {
    pub source: InputSource,
    /// The file that holds its content; none for the request and for errors, which are data already.
    pub artifact: Option<Artifact>,
}

/// Limits of a call. Absent ones do not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallLimits {
    pub timeout: Millis,
    /// Silence of one attempt: no event, no output, no file.
    pub idle_timeout: Millis,
    /// Further attempts on the same model after a passing failure.
    pub retries: u32,
}

/// A call, as data. The prompt is assembled from it by `context`; the process is made by `runtime`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSpec {
    pub id: CallId,
    /// The digest of all the rest but `id`.
    pub key: CallKey,
    pub phase: PhaseName,
    pub purpose: Purpose,
    /// Which of the equal calls of its phase it is, from 1: the same model may propose twice.
    pub slot: u32,
    /// The models to try: first choice, then fallbacks. Never empty.
    pub chain: Vec<ModelName>,
    /// What it gets to see, in order.
    pub inputs: Vec<CallInput>,
    /// Whether the project's instruction file (`AGENTS.md`) is part of the prompt.
    pub project_instructions: bool,
    pub contract: Contract,
    /// The task, if it is one of a `routed` phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What it may change; none for a call whose edits are thrown away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<EditScope>,
    pub profile: Profile,
    pub workspace: WorkspaceSource,
    /// Tokens of its own context after which it is stopped, and another call goes on with its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<u64>,
    /// The attempt in whose workspace it goes on; none if it begins in one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<AttemptId>,
    /// Which of several verdicts it gives; none if there is one, in the phase's own letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ballot: Option<Ballot>,
    pub limits: CallLimits,
}

impl CallSpec {
    /// Whether it sees earlier proposals of its ensemble.
    pub fn builds_on_others(&self) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.any(|input| matches!(input.source, InputSource::EarlierProposal(_)))
    }

    /// Whether it makes a better one of a proposal that was preferred.
    pub fn refines(&self) -> Option<&Label> {
        self.inputs.iter().find_map(|input| match &input.source {
            InputSource::Reasons { label, .. } => Some(label),
            _ => None,
        })
    }

    /// A verdict of this call in the phase's letters.
    pub fn unblinded(&self, judgement: &Judgement) -> Judgement {
        let ballot = self.ballot.as_ref();
        ballot.map_or_else(|| judgement.clone(), |ballot| ballot.unblinded(judgement))
    }
}

/// A finished call's answer, as far as decisions depend on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Document,
    Judgement(Judgement),
    Tasks(TaskList),
    Audit(Audit),
    /// None yet: it was stopped at its checkpoint, and another call goes on.
    Unfinished(Stopped),
    /// Structured data was asked for and what came is not valid: one error a line.
    Invalid {
        /// What is wrong, each with its place.
        errors: Faults,
    },
}

/// What a successful attempt left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallResult {
    pub answer: Answer,
    /// The document, if one was left.
    pub deliverable: Option<Artifact>,
    /// The handoff words as the agent wrote them (valid), if any.
    pub handoff: Option<Artifact>,
    /// What it changed, if it was to change anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Of a proposer that saw earlier proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_on: Option<BuiltOn>,
    /// The structured text as the agent wrote it, valid or not.
    pub structured: Option<Artifact>,
    /// Remarks for the user: what was odd about this attempt, although it succeeded.
    #[serde(default)]
    pub remarks: Faults,
    pub usage: Usage,
}

impl CallResult {
    /// Whether it changed any file.
    pub fn has_changed(&self) -> bool {
        self.changes
            .as_ref()
            .is_some_and(|changes| changes.tree != changes.base)
    }

    /// What a proposal consists of: the patch of one that edits, else the document.
    pub fn proposed(&self) -> Option<&Artifact> {
        let patch = self
            .changes
            .as_ref()
            .and_then(|changes| changes.patch.as_ref());
        patch.or(self.deliverable.as_ref())
    }

    /// Where it was stopped, if it was stopped at its checkpoint.
    pub fn stopped(&self) -> Option<&Stopped> {
        match &self.answer {
            Answer::Unfinished(stopped) => Some(stopped),
            Answer::Document
            | Answer::Judgement(_)
            | Answer::Tasks(_)
            | Answer::Audit(_)
            | Answer::Invalid { .. } => None,
        }
    }
}
