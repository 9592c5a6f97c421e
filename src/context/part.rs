//! The named parts of a prompt.

use serde::{Deserialize, Serialize};

use crate::model::Digest;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// What this call is asked for: the phase's prompt, or the template of a judge or of a repair.
    Instructions,
    /// The task of a decomposition that this call carries out.
    Task,
    /// What the authors of the inputs were asked for, as one who judges or distills it sees it.
    AuthorsTask,
    Request,
    ProjectInstructions,
    /// A document of an earlier phase, raw, or a file of the project.
    Input,
    Handoff,
    Changes,
    /// The results of an earlier phase's verifying commands.
    Tests,
    /// What an audit found that sent the run back.
    Findings,
    /// What a person said about this work.
    Person,
    /// What was wrong with an earlier try of the same work.
    Feedback,
    /// The distilled state of the work that this call goes on with.
    State,
    /// What a stopped call said and did, to be distilled.
    Worklog,
    Proposal,
    /// An earlier proposal of the same ensemble.
    EarlierProposal,
    /// The text that a repair call has to mend.
    Faulty,
    Errors,
    /// What the call's workspace holds, and what it may do there.
    Workspace,
    OutputContract,
    /// How to finish: what the contract's words come down to, once more.
    Ending,
}

impl PartKind {
    /// Whether the part is addressed to the agent; all others are input to work with.
    pub(super) fn is_addressed(self) -> bool {
        match self {
            Self::Instructions
            | Self::Task
            | Self::Request
            | Self::Person
            | Self::ProjectInstructions
            | Self::Workspace
            | Self::OutputContract
            | Self::Ending => true,
            Self::AuthorsTask
            | Self::Input
            | Self::Handoff
            | Self::Changes
            | Self::Tests
            | Self::Findings
            | Self::Feedback
            | Self::State
            | Self::Worklog
            | Self::Proposal
            | Self::EarlierProposal
            | Self::Faulty
            | Self::Errors => false,
        }
    }
}

/// A part before it is put into the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) name: String,
    /// Where it comes from; is in the ledger only.
    pub(super) source: String,
    /// Why it is there, as a short sentence without full stop.
    pub(super) why: String,
    pub(super) digest: Option<Digest>,
    pub(super) text: String,
}

impl Part {
    /// A part without text yet.
    pub(super) fn new(kind: PartKind, name: &str, source: &str, why: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            source: source.to_owned(),
            why: why.to_owned(),
            digest: None,
            text: String::new(),
        }
    }

    /// The same part with its text.
    pub(super) fn with(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }
}
