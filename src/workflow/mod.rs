//! What the user writes: YAML, checks, and the compile step to a plan. No IO here.
//!
//! [`parse`] reads a text into a [`Workflow`] with places; [`check()`] finds every mistake at once, each
//! rule in a file of its own under `rules`; [`compile()`] binds a request and inputs and resolves every
//! name, so that the plan leaves nothing to choose. Nothing here reads a file or a clock: prompt
//! templates and files come in through closures of [`Bindings`].

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod ast;
mod bundled;
mod check;
mod compile;
mod input;
mod keys;
mod output_kind;
mod paths;
mod read;
mod rules;
mod schema;
mod template;
mod when;

pub use ast::{
    DistillBy, DistillRule, Gate, InputDecl, Lens, OnFail, OnTaskFail, Phase, PhaseType, Route,
    Scope, Workflow,
};
pub use bundled::{bundled, bundled_names};
pub use check::check;
pub use compile::{Bindings, Compiled, Library, compile, prompt_files, slug};
pub use input::{Input, Part};
pub use read::parse;
pub use schema::schema;
pub use when::{When, WhenSubject};

#[cfg(test)]
mod tests;
