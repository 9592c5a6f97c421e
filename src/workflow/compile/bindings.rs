//! What a run brings to a workflow.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::Destination;

use super::prompt::Library;

/// What a run brings to a workflow: the request, flags, and the texts that a workflow refers to.
#[derive(Clone)]
pub struct Bindings<'a> {
    pub request: String,
    /// `--set NAME=VALUE`.
    pub sets: BTreeMap<String, String>,
    /// `--model ROLE=MODEL`: a role's or model's name to a model, role or literal.
    pub model_overrides: BTreeMap<String, String>,
    /// `--depth N`: how many proposals each ensemble makes.
    pub depth: Option<u32>,
    /// `--best-of N`: how many candidates the one phase that edits makes.
    pub best_of: Option<u32>,
    /// From which the order of proposals is shuffled.
    pub seed: u64,
    /// Where the changes go at the end: `--branch NAME`, `--keep`, otherwise the user's tree.
    pub destination: Destination,
    /// The texts that the workflow refers to.
    pub library: Library<'a>,
}

impl fmt::Debug for Bindings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bindings")
            .field("request", &self.request)
            .field("sets", &self.sets)
            .field("model_overrides", &self.model_overrides)
            .field("depth", &self.depth)
            .field("best_of", &self.best_of)
            .field("seed", &self.seed)
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}
