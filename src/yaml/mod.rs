//! Reading YAML with places: spanned values, diagnostics, and their rendering with the source line.
//!
//! The only module that knows the YAML library. A text is parsed once into a tree of [`Node`]s, each with
//! its [`Place`]; a [`Reader`] takes typed values out of the tree and collects every mistake instead of
//! stopping at the first. Nothing here reads a file: the text is handed in as a [`Source`].

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod builder;
mod deserialize;
mod diagnostic;
mod duration;
mod keys;
mod node;
mod parse;
mod place;
mod reader;
mod render;
mod size;
mod source;
mod suggest;
#[cfg(test)]
pub mod testing;

pub use deserialize::{Placed, deserialize};
pub use diagnostic::{Diagnostic, Severity, has_errors, sort};
pub use duration::parse_duration;
pub use keys::{Key, Naming, Preset, Takes, schema, words};
pub use node::{Entry, Fields, Node, Scalar, Value};
pub use parse::{Parsed, parse};
pub use place::{Place, Spanned, Spot};
pub use reader::Reader;
pub use render::{Colour, render};
pub use size::parse_size;
pub use source::{MAX_BYTES, Source};
pub use suggest::{did_you_mean, nearest, quoted_list};
