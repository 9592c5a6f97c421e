//! One source's entries, and laying one over another.

use std::collections::BTreeMap;

use crate::model::{AgentEnv, Bytes, MicroUsd, Millis};
use crate::plan::{Price, VerifyRules};
use crate::yaml::{Spanned, Spot};

use super::defaults::DefaultsEntry;

/// What one source says; nothing in it is resolved yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layer {
    /// Agents by name.
    pub agents: BTreeMap<String, AgentEntry>,
    /// Models by name.
    pub models: BTreeMap<String, ModelEntry>,
    /// Roles by name.
    pub roles: BTreeMap<String, RoleEntry>,
    /// Limits of a run.
    pub limits: LimitsEntry,
    /// Defaults of calls.
    pub defaults: DefaultsEntry,
    /// For commands that prove changes.
    pub verify: VerifyRules,
    /// Changes that are delivered although they act by themselves.
    pub accept: Vec<String>,
}

/// An agent as far as a source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentEntry {
    /// Where its name stands.
    pub spot: Spot,
    /// The program.
    pub command: Option<String>,
    /// The adapter's name.
    pub kind: Option<Spanned<String>>,
    /// Arguments before all others.
    pub args: Option<Vec<String>>,
    /// Variables set for it.
    pub env: AgentEnv,
    /// Names of the user's variables handed on.
    pub pass_env: Option<Vec<String>>,
}

/// A model as far as a source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEntry {
    /// Where its name stands.
    pub spot: Spot,
    /// The agent that runs it.
    pub agent: Option<Spanned<String>>,
    /// Its id.
    pub id: Option<Spanned<String>>,
    /// Its variant.
    pub variant: Option<String>,
    /// Whose it is.
    pub family: Option<String>,
    /// Its prices.
    pub price: Option<Price>,
    /// Its window in tokens.
    pub context: Option<u64>,
}

/// A role's chain.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleEntry {
    /// Where its name stands.
    pub spot: Spot,
    /// First choice, then fallbacks.
    pub chain: Vec<Spanned<String>>,
}

/// A limit, or its explicit absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T> {
    /// At most this much.
    At(T),
    /// `none`: not limited.
    Unlimited,
}

/// Limits of a run as far as a source names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsEntry {
    /// Attempts started.
    pub calls: Option<Limit<u64>>,
    /// Tokens of all attempts.
    pub tokens: Option<Limit<u64>>,
    /// Money of all attempts.
    pub cost: Option<Limit<MicroUsd>>,
    /// Wall-clock time.
    pub wall: Option<Limit<Millis>>,
    /// Calls at one time.
    pub concurrency: Option<u32>,
    /// Files that one call may change.
    pub changed_files: Option<Limit<u64>>,
    /// Their size together.
    pub changed_size: Option<Limit<Bytes>>,
    /// The size of each.
    pub changed_file_size: Option<Limit<Bytes>>,
}

impl<T> Limit<T> {
    /// As the plan has it.
    pub fn value(self) -> Option<T> {
        match self {
            Self::At(value) => Some(value),
            Self::Unlimited => None,
        }
    }
}

impl Layer {
    /// This layer with a stronger one over it.
    #[must_use]
    pub fn under(mut self, over: Self) -> Self {
        for (name, entry) in over.agents {
            let entry = match self.agents.remove(&name) {
                Some(below) => below.under(entry),
                None => entry,
            };
            self.agents.insert(name, entry);
        }
        for (name, entry) in over.models {
            let entry = match self.models.remove(&name) {
                Some(below) => below.under(entry),
                None => entry,
            };
            self.models.insert(name, entry);
        }
        self.roles.extend(over.roles);
        self.limits = self.limits.under(over.limits);
        self.defaults = self.defaults.under(over.defaults);
        self.verify.allow.extend(over.verify.allow);
        self.verify.env.extend(over.verify.env);
        self.verify.pass_env.extend(over.verify.pass_env);
        self.accept.extend(over.accept);
        self
    }
}

impl AgentEntry {
    fn under(mut self, over: Self) -> Self {
        self.env.extend(over.env);
        Self {
            spot: over.spot,
            command: over.command.or(self.command),
            kind: over.kind.or(self.kind),
            args: over.args.or(self.args),
            env: self.env,
            pass_env: over.pass_env.or(self.pass_env),
        }
    }
}

impl ModelEntry {
    /// Keys are taken one by one, except where the stronger entry names another model: prices and
    /// window of the old one would be wrong for it.
    fn under(self, over: Self) -> Self {
        if over.id.is_some() || over.agent.is_some() {
            return over;
        }
        Self {
            spot: over.spot,
            agent: self.agent,
            id: self.id,
            variant: over.variant.or(self.variant),
            family: over.family.or(self.family),
            price: over.price.or(self.price),
            context: over.context.or(self.context),
        }
    }
}

impl LimitsEntry {
    fn under(self, over: Self) -> Self {
        Self {
            calls: over.calls.or(self.calls),
            tokens: over.tokens.or(self.tokens),
            cost: over.cost.or(self.cost),
            wall: over.wall.or(self.wall),
            concurrency: over.concurrency.or(self.concurrency),
            changed_files: over.changed_files.or(self.changed_files),
            changed_size: over.changed_size.or(self.changed_size),
            changed_file_size: over.changed_file_size.or(self.changed_file_size),
        }
    }
}
