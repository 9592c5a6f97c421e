//! Version 1 of the Agent Client Protocol, from the client's side.
//!
//! A call is one process that reads its prompt from a file and prints events into another. An agent that speaks
//! this protocol wants a conversation instead, so the process of such a call is tipstaff itself (`tipstaff
//! __acp …`, `cli/acp.rs`), inside the call's cell, with the agent as its child. [`Session`] is that conversation:
//! a pure state machine, lines in, [`Effect`]s out. What comes of it is printed as [`Event`]s, which the adapter in
//! `agents` reads like any other agent's.
//!
//! The agent is trusted in nothing: it is offered neither files nor terminals, every one of its requests is
//! answered at once, what is kept of it is bounded, and what it says outside the protocol ends nothing but itself.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod choice;
mod event;
mod failure;
mod message;
mod permission;
mod session;
mod settings;
mod talk;
mod tool;
mod usage;

pub use event::{Event, Trouble};
pub use session::{Effect, Order, Session};
pub use settings::{ARG, Settings};
