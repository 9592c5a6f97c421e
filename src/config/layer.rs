//! One source's entries, and laying one over another.

use std::collections::BTreeMap;

use crate::model::{AgentEnv, Bytes, MicroUsd, Millis};
use crate::plan::{Executors, Price, SandboxMode, SandboxRules, SetupStep, VerifyRules, Wrapper};
use crate::yaml::{Spanned, Spot};

use super::defaults::DefaultsEntry;
use super::notify::Notify;

/// What one source says; nothing in it is resolved yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layer {
    pub agents: BTreeMap<String, AgentEntry>,
    pub models: BTreeMap<String, ModelEntry>,
    pub roles: BTreeMap<String, RoleEntry>,
    pub executors: Executors,
    /// Where executors are named for something.
    pub executor_names: Vec<Spanned<String>>,
    pub limits: LimitsEntry,
    pub defaults: DefaultsEntry,
    pub verify: VerifyRules,
    /// What verifies changes where a phase does not say it.
    pub verify_with: Option<Vec<String>>,
    /// Changes that are delivered although they act by themselves.
    pub accept: Vec<String>,
    pub notify: Notify,
    pub confirm_above: Option<ConfirmAbove>,
    /// What the strongest layer says; `none` is an empty list.
    pub setup: Option<Vec<SetupStep>>,
    pub sandbox_mode: Option<SandboxMode>,
    /// Of all agents and commands.
    pub sandbox: SandboxRules,
}

/// An agent as far as a source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentEntry {
    pub spot: Spot,
    pub command: Option<String>,
    pub kind: Option<Spanned<String>>,
    pub args: Option<Vec<String>>,
    pub env: AgentEnv,
    /// Names of the user's variables handed on.
    pub pass_env: Option<Vec<String>>,
    pub sandbox: SandboxRules,
    pub wrapper: Wrapper,
}

/// A model as far as a source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEntry {
    pub spot: Spot,
    pub agent: Option<Spanned<String>>,
    pub id: Option<Spanned<String>>,
    pub variant: Option<String>,
    pub family: Option<String>,
    pub price: Option<Price>,
    pub context: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RoleEntry {
    pub spot: Spot,
    pub chain: Vec<Spanned<String>>,
}

/// A limit, or its explicit absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T> {
    At(T),
    /// `none`: not limited.
    Unlimited,
}

/// What a person wants to be asked about before a run starts: more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmAbove {
    pub cost: Option<MicroUsd>,
    pub calls: Option<u64>,
}

impl Default for ConfirmAbove {
    fn default() -> Self {
        Self {
            cost: Some(MicroUsd(5_000_000)),
            calls: Some(25),
        }
    }
}

/// Limits of a run as far as a source names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsEntry {
    pub calls: Option<Limit<u64>>,
    pub tokens: Option<Limit<u64>>,
    pub cost: Option<Limit<MicroUsd>>,
    pub wall: Option<Limit<Millis>>,
    pub concurrency: Option<u32>,
    pub processes: Option<Limit<u64>>,
    pub day: Option<Limit<MicroUsd>>,
    pub changed_files: Option<Limit<u64>>,
    pub changed_size: Option<Limit<Bytes>>,
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
        self.executors = self.executors.under(over.executors);
        self.executor_names.extend(over.executor_names);
        self.limits = self.limits.under(over.limits);
        self.defaults = self.defaults.under(over.defaults);
        self.verify.allow.extend(over.verify.allow);
        self.verify.env.extend(over.verify.env);
        self.verify.pass_env.extend(over.verify.pass_env);
        self.verify_with = over.verify_with.or(self.verify_with);
        self.accept.extend(over.accept);
        self.notify = self.notify.under(over.notify);
        self.confirm_above = over.confirm_above.or(self.confirm_above);
        self.setup = over.setup.or(self.setup);
        self.sandbox_mode = over.sandbox_mode.or(self.sandbox_mode);
        self.sandbox.extend(over.sandbox);
        self
    }
}

impl AgentEntry {
    fn under(mut self, over: Self) -> Self {
        self.env.extend(over.env);
        self.sandbox.extend(over.sandbox);
        Self {
            spot: over.spot,
            command: over.command.or(self.command),
            kind: over.kind.or(self.kind),
            args: over.args.or(self.args),
            env: self.env,
            pass_env: over.pass_env.or(self.pass_env),
            sandbox: self.sandbox,
            wrapper: self.wrapper.under(over.wrapper),
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
            processes: over.processes.or(self.processes),
            day: over.day.or(self.day),
            changed_files: over.changed_files.or(self.changed_files),
            changed_size: over.changed_size.or(self.changed_size),
            changed_file_size: over.changed_file_size.or(self.changed_file_size),
        }
    }
}
