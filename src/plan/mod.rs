//! The compiled plan: every name resolved, every limit set, no choice left to the executor.
//!
//! Data only; `workflow` makes it, the engine reads it, the run folder keeps it as `plan.json`.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod executor;
mod expected;
mod judging;
mod price;
mod setup;
mod steps;
mod test_files;
#[cfg(test)]
pub mod testing;
mod types;
mod verify;
mod wrapper;

pub use executor::{ExecutorKind, ExecutorSpec, Executors, LOCAL, NodeSignIn};
pub use expected::Expected;
pub use judging::{Judging, Method, Orders, Refiner};
pub use price::Price;
pub use setup::SetupStep;
pub use steps::{Step, count, float, rounds, steps, whole};
pub use test_files::TestFiles;
pub use types::{
    AgentKind, AgentSpec, Condition, Distill, EnsembleMode, LensPlan, LoopPlan, ModelSpec, Network,
    OnNone, OutputKind, PhaseKind, PhasePlan, Plan, PlannedInput, Proof, Rehearsal, SandboxMode,
    SandboxRules, ScopePlan, Strategy, Subject,
};
pub use verify::{VerifyRules, words};
pub use wrapper::{FailureSign, OutputPaths, Wrapper};
