//! Rehearsal: a scripted model server on loopback, so that a workflow runs for real — real agent
//! processes, real workspaces, real files — without a key and without cost.
//!
//! The server speaks the wires of OpenAI, Anthropic and Gemini. Every attempt of a call gets an [`Endpoint`](crate::model::Endpoint) of its
//! own, so the server knows exactly who speaks; a [`Scenario`] says what the model does then, and
//! where it says nothing a believable default fulfils the call's contract.
//!
//! # Theory of operation
//!
//! One thread with its own current-thread runtime holds everything, so a busy supervisor never
//! stalls a model. On it the `server` accepts connections; each is a local task that sends what it
//! read to the one `ServerState`, which owns all state, and gets a reply back. Registrations
//! come through the same queue, so an endpoint is known before anyone can use it. The turn of a
//! conversation is counted from the request itself, hence a client that retries is told the same.
//!
//! Nothing here starts a process, touches a workspace, or listens on anything but loopback.

mod answer;
mod body;
mod bundled;
mod completion;
mod default_behaviour;
mod documents;
mod error;
mod message;
mod parse;
mod pattern;
#[cfg(test)]
mod rate_limit_tests;
mod raw;
mod request;
mod scenario;
mod server;
mod server_state;
#[cfg(test)]
mod server_tests;
mod service;
mod template;
mod tools;
mod wire;
mod work;

use serde::Serialize;

pub use error::RehearsalError;
pub use pattern::Pattern;
pub use scenario::{
    Act, Afterwards, Cause, Content, Ending, Finish, Moment, Refusal, Rule, Scenario, Turn,
    UsageOverride, When,
};
pub use server::Server;

use crate::model::{Ballot, CallId, Contract, ModelName, PhaseName, Purpose, Sections, Task};

/// One attempt of a call, as the server needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsedCall {
    pub call: CallId,
    pub phase: PhaseName,
    pub purpose: Purpose,
    pub model: ModelName,
    /// Which of the equal calls of its phase it is, from 1.
    pub slot: u32,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The task it carries out, if it does.
    pub task: Option<Task>,
    pub contract: Contract,
    /// Which of several verdicts it gives.
    pub ballot: Option<Ballot>,
    pub sections: Sections,
    /// Whether it sees earlier proposals of its ensemble.
    pub builds_on_others: bool,
    pub request: String,
}

/// What the server received in one model request, and what it did with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    pub call: CallId,
    /// Its attempt, from 1.
    pub attempt: u32,
    /// Which answer of the model this request asks for, from 1.
    pub turn: u32,
    /// Whether it was the agent's own business (a title, a summary) rather than the call's.
    pub aside: bool,
    /// Bytes of the request's body.
    pub bytes: u64,
    /// Tokens of what it says to the model, estimated as in the context ledger, whatever the scenario
    /// claims.
    pub prompt_tokens: u64,
    pub messages: u64,
    /// Bytes of its system messages' text.
    pub system_bytes: u64,
    /// Bytes of its tools' JSON.
    pub tools_bytes: u64,
    /// Bytes of tools and messages, from their beginning, that are the same as in the last request to this model
    /// with these tools: what a provider's cache would have.
    pub shared_bytes: u64,
    pub tools: Vec<String>,
    /// The rule of the scenario that answered, from 1; none for the default.
    pub rule: Option<u32>,
}
