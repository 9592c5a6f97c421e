//! The resolved configuration.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::model::{AgentName, ChangeLimits, Millis, ModelName, RunLimits};
use crate::plan::{
    AgentSpec, Executors, LOCAL, ModelSpec, SandboxMode, SandboxRules, SetupStep, VerifyRules,
};
use crate::yaml::{Diagnostic, Spanned, Spot, did_you_mean};

use super::catalogue::{KnownModel, catalogue};
use super::layer::{ConfirmAbove, Layer};
use super::literal::{Literal, parse_literal};
use super::notify::Notify;

/// A configuration in which every name that is mentioned exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub agents: BTreeMap<AgentName, AgentSpec>,
    pub models: BTreeMap<ModelName, ModelSpec>,
    /// Roles: first choice, then fallbacks; names of models or literals. Never empty chains.
    pub roles: BTreeMap<String, Vec<String>>,
    pub executors: Executors,
    pub limits: RunLimits,
    /// How much one editing call may change.
    pub change_limits: ChangeLimits,
    pub defaults: Defaults,
    pub verify: VerifyRules,
    /// Commands that verify the changes of a phase which names none.
    pub verify_with: Vec<String>,
    /// Paths and patterns of changes that are delivered although they act by themselves.
    pub accept: Vec<String>,
    pub notify: Notify,
    /// What a person agrees to before a run starts; the default, and only at a terminal, if it is not named.
    pub confirm_above: Option<ConfirmAbove>,
    pub setup: Option<Vec<SetupStep>>,
    pub sandbox_mode: SandboxMode,
    /// Of commands that prove changes; agents have theirs.
    pub sandbox: SandboxRules,
    /// The merged layers, to lay a workflow's own over them.
    pub(super) layer: Layer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    pub timeout: Millis,
    pub idle_timeout: Millis,
    pub retries: u32,
    /// How long the stragglers of an ensemble get.
    pub straggler_timeout: Millis,
    /// Whether the project's instruction file is a part of prompts (never of `fresh` ones).
    pub project_instructions: bool,
}

/// A name that stands for no model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnknownModel {
    /// What is wrong, as a fragment.
    pub message: String,
    pub hint: Option<String>,
}

impl Config {
    /// The models that a name stands for, first choice first: a model, a role, or a literal
    /// `agent:provider/model[@variant]`.
    ///
    /// # Errors
    ///
    /// If the name is none of them, or a literal's agent is unknown.
    pub fn chain(&self, name: &str) -> Result<Vec<ModelName>, UnknownModel> {
        if let Some(chain) = self.roles.get(name) {
            return Ok(chain.iter().map(ModelName::new).collect());
        }
        let model = ModelName::new(name);
        self.model(&model).map(|_| vec![model])
    }

    /// A model's specification; that of a literal is made on the spot.
    ///
    /// # Errors
    ///
    /// If there is no such model, or a literal's agent is unknown.
    pub fn model(&self, name: &ModelName) -> Result<ModelSpec, UnknownModel> {
        if let Some(spec) = self.models.get(name) {
            return Ok(spec.clone());
        }
        match parse_literal(name.as_str()) {
            Some(Ok(literal)) => self.literal(literal),
            Some(Err(error)) => Err(UnknownModel {
                message: format!("`{name}` is no model: {error}"),
                hint: Some(
                    "write it as `agent:provider/model` or `agent:provider/model@variant`"
                        .to_owned(),
                ),
            }),
            None => Err(UnknownModel {
                message: format!("unknown model or role `{name}`"),
                hint: self.suggest(name.as_str()),
            }),
        }
    }

    /// The mistake of naming an executor that there is none.
    pub fn unknown_executor(&self, name: &Spanned<String>) -> Option<Diagnostic> {
        let named = &self.executors.named;
        if name.value == LOCAL || named.contains_key(&name.value) {
            return None;
        }
        let message = format!("unknown executor `{}`", name.value);
        let known = named.keys().map(String::as_str).chain([LOCAL]);
        let mistake = name.spot.error("unknown-executor", message);
        Some(mistake.with_hint_opt(did_you_mean(&name.value, known)))
    }

    /// All names that stand for models, without literals.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        let models = self.models.keys().map(ModelName::as_str);
        models.chain(self.roles.keys().map(String::as_str))
    }

    /// Where it was said last what this name stands for.
    pub fn spot_of_agent(&self, name: &str) -> Option<&Spot> {
        self.layer.agents.get(name).map(|entry| &entry.spot)
    }

    /// The same of a model.
    pub fn spot_of_model(&self, name: &str) -> Option<&Spot> {
        self.layer.models.get(name).map(|entry| &entry.spot)
    }

    /// The same of a role.
    pub fn spot_of_role(&self, name: &str) -> Option<&Spot> {
        self.layer.roles.get(name).map(|entry| &entry.spot)
    }

    fn literal(&self, literal: Literal) -> Result<ModelSpec, UnknownModel> {
        let agent = AgentName::new(literal.agent);
        if !self.agents.contains_key(&agent) {
            let hint = did_you_mean(agent.as_str(), self.agents.keys().map(AgentName::as_str));
            return Err(UnknownModel {
                message: format!("unknown agent `{agent}`"),
                hint,
            });
        }
        // A model that is configured under a name as well has that one's family, prices and window.
        let named = self
            .models
            .values()
            .find(|spec| spec.agent == agent && spec.id == literal.id);
        let known = match named.cloned() {
            Some(spec) => KnownModel {
                family: spec.family,
                price: spec.price,
                context: spec.context,
            },
            None => catalogue().model(&literal.id),
        };
        let provider = literal.id.split_once('/');
        let provider = provider.map(|(provider, _)| provider.to_owned());
        Ok(ModelSpec {
            agent,
            variant: literal.variant,
            family: known.family.or(provider),
            price: known.price,
            context: known.context,
            id: literal.id,
        })
    }

    fn suggest(&self, name: &str) -> Option<String> {
        if name.contains('/') {
            return Some(format!(
                "a model without an entry needs its agent: `opencode:{name}`"
            ));
        }
        did_you_mean(name, self.model_names())
    }
}
