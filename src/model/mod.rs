//! The vocabulary of tipstaff: ids, units, calls, verdicts, handoffs.
//!
//! Data only. Nothing here reads a file, a clock or the environment; everything can be serialized,
//! and what the journal holds of it keeps its format.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod account;
mod activity;
mod artifact;
mod call;
mod category;
mod changes;
mod checkpoint;
mod endpoint;
mod exit_status;
mod failure;
mod faults;
mod handoff;
mod ids;
mod judging;
mod limits;
mod outcome;
pub(crate) mod rfc3339;
mod rung;
mod secret;
mod section;
mod shortened;
mod task;
mod units;
mod verdict;
mod verification;
mod visible;

/// The version of the journal's and the plan's format. A folder with another one is refused.
pub const FORMAT: u32 = 1;

pub use account::Parked;
pub use activity::{Act, Activity};
pub use artifact::Artifact;
pub use call::{
    Answer, CallInput, CallLimits, CallResult, CallSpec, Contract, EditScope, InputSource, Profile,
    Purpose, WorkspaceSource,
};
pub use category::{Categories, OtherCategories};
pub use changes::{ChangeKind, ChangedFile, Changes, FoundSecret, HeldChange, RefusedChange};
pub use checkpoint::{AttemptId, Stopped, WorkState};
pub use endpoint::Endpoint;
pub use exit_status::ExitStatus;
pub use failure::{Billed, Failure, FailureKind, Remedy, Rule};
pub use faults::Faults;
pub use handoff::{BuiltOn, DescribedChange, Handoff, HandoffFacts, HandoffOrigin, HandoffWords};
pub use ids::{
    AccountName, AgentName, CallId, CallKey, Digest, Label, ModelName, PhaseName, RunId, TaskId,
    TreeId,
};
pub use judging::{Agreement, Ballot, Criterion, MOST_POINTS, Undecided, VerdictRules};
pub use limits::{AtLimit, Budget, ChangeLimits, ChangedLimits, ReachedLimit, RunLimits};
pub use outcome::{
    Closing, CommitStyle, Decider, Destination, Direction, Document, Documents, FrozenFile,
    PersonAnswer, Question, Results, RunEnd, Unmerged,
};
pub use rung::Rung;
pub use secret::{AgentEnv, Secret, names_a_secret};
pub use section::{Section, Sections};
pub use shortened::shortened;
pub use task::{Task, TaskFiles, TaskList};
pub use units::{Bytes, MicroUsd, Millis, Timestamp, Usage};
pub use verdict::{Audit, AuditVerdict, Decision, Finding, Graft, Judgement, Severity};
pub use verification::{Verification, VerifyOutcome};
pub use visible::is_unsafe;
