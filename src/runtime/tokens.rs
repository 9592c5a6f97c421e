//! Tokens that an agent refreshes while it works: they are secrets from then on.

use std::path::PathBuf;

use crate::agents::{self, secrets_in};
use crate::files;
use crate::journal::Redactor;
use crate::plan::AgentSpec;

use super::RunContext;
use super::lent;
use super::scratch::Scratch;

/// Shorter ones are no tokens. An agent that writes words there would take them out of what others say.
const SHORTEST: usize = 16;
/// So many are learned of an attempt.
const MOST: usize = 64;

/// Looks where an attempt's agent keeps its sign-in.
#[derive(Default)]
pub struct Tokens {
    /// All that is written of the run is written by it, or by a clone.
    pub redactor: Redactor,
    /// The files, each with what was last seen of it.
    files: Vec<(PathBuf, PathBuf, Vec<u8>)>,
    learned: usize,
}

impl Tokens {
    pub fn of(context: &RunContext, agent: &AgentSpec, scratch: &Scratch) -> Self {
        let lent = agents::of(agent.kind).sign_in_file(&context.environment);
        let lent = lent.map(|file| [(scratch.private(), file.below), lent::copy(scratch)]);
        // The agent writes to this one through a link.
        let own = context.carried.auth_file.iter();
        let own = own.filter_map(|file| file.canonicalize().ok());
        let own = own.filter_map(|file| Some((file.parent()?.into(), file.file_name()?.into())));
        let files = lent.into_iter().flatten().chain(own);
        Self {
            redactor: context.redactor.clone(),
            files: files
                .map(|(root, below)| (root, below, Vec::new()))
                .collect(),
            learned: 0,
        }
    }

    /// To be called before anything is read of what the agent printed.
    pub fn learn(&mut self) {
        for (root, below, seen) in &mut self.files {
            let Ok(now) = files::read_below(root, below, lent::LARGEST) else {
                continue;
            };
            if now == *seen {
                continue;
            }
            let content = serde_json::from_slice(&now).unwrap_or_default();
            let mut secrets = secrets_in(&content);
            secrets.retain(|secret| secret.len() >= SHORTEST);
            secrets.truncate(MOST - self.learned);
            self.learned += secrets.len();
            self.redactor.learn("sign-in", &secrets);
            *seen = now;
        }
    }
}
