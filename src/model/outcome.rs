//! What events carry: what a phase left, what a run has to deliver, what a person is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Artifact, CallId, Faults, HandoffOrigin, Label, TreeId, Undecided};

/// A file of the user's project that is an input, kept in the run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenFile {
    pub glob: String,
    /// Where it was, relative to the project.
    pub path: String,
    pub artifact: Artifact,
}

/// Who chose a winner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The call that gave the verdict: a judge, or the repair of its verdict.
    Judge(CallId),
    Person,
    /// The commands: they left one candidate.
    Evidence,
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
    pub origin: HandoffOrigin,
    /// Where in the project the deliverable belongs, if the phase has an `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Where the deliverable was published, relative to the project; nowhere yet if the results go to a
    /// branch or are kept.
    pub published: Option<String>,
    /// Where in the run folder the file that was there before is kept.
    pub previous: Option<String>,
    /// The run's git tree at the phase's end, if the phase may edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeId>,
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
    pub tree: TreeId,
    pub documents: Documents,
}

/// Which way a run's results go: into the user's files, or back out of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Apply,
    Undo,
}

impl Direction {
    pub fn command(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Undo => "undo",
        }
    }
}

/// Files of the project that a person's `apply` or `undo` could not merge.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unmerged {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
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
    /// Into the working tree and, as commits, onto the branch that was checked out at this commit of it.
    Commit { branch: String, head: String },
    /// Nowhere by itself: `tipstaff apply` does it.
    Nowhere,
}

impl Destination {
    /// Whether the user's working tree holds what is put there.
    pub fn is_in_project(&self) -> bool {
        matches!(self, Self::Tree | Self::Commit { .. })
    }
}

/// How commits of changes are made, where the user said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CommitStyle {
    /// One commit rather than one a task and phase.
    pub squash: bool,
    /// Signed, as the user's git signs.
    pub sign: bool,
    /// With the hooks of the user's repository.
    pub hooks: bool,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which proposal wins, because the judging came to no winner.
    PickWinner {
        reason: String,
        /// None in journals of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Undecided>,
    },
    /// Whether the phase may begin.
    Approve { text: String },
    /// Which of the commands may run that a model wrote to verify its tasks, and that nothing allows.
    RunCommands { commands: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonAnswer {
    Picked(Label),
    /// No proposal is good enough: all propose once more.
    SentBack,
    /// What is before the gate is to be done again.
    Again,
    Approved,
    /// The phase may not begin, and the run is over.
    Rejected {
        /// Why, if the person said.
        reason: String,
    },
    /// These commands may run, or may not.
    Commands {
        commands: Vec<String>,
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
