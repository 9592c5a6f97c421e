//! Names of models to chains, flags laid over, and which models and agents the plan needs.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::{AgentName, ModelName};
use crate::plan::{AgentSpec, ModelSpec};
use crate::yaml::{Diagnostic, Spanned, did_you_mean};

/// Resolves names of models and remembers which ones were needed.
pub(super) struct Picker<'c> {
    config: &'c Config,
    overrides: BTreeMap<&'c str, Vec<ModelName>>,
    used: BTreeMap<ModelName, ModelSpec>,
}

impl<'c> Picker<'c> {
    /// A picker with `--model` laid over the configuration.
    pub(super) fn new(
        config: &'c Config,
        flags: &'c BTreeMap<String, String>,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut overrides = BTreeMap::new();
        for (name, model) in flags {
            let source = format!("--model {name}={model}");
            let known = config.roles.contains_key(name)
                || config.models.contains_key(&ModelName::new(name));
            if !known {
                let message = format!("unknown model or role `{name}`");
                let mistake = Diagnostic::error("unknown-model", source.clone(), message)
                    .with_hint_opt(did_you_mean(name, config.model_names()));
                found.push(mistake);
            }
            match config.chain(model) {
                Ok(chain) => {
                    overrides.insert(name.as_str(), chain);
                }
                Err(unknown) => found.push(
                    Diagnostic::error("unknown-model", source, unknown.message)
                        .with_hint_opt(unknown.hint),
                ),
            }
        }
        Self {
            config,
            overrides,
            used: BTreeMap::new(),
        }
    }

    /// The chain that a name and the fallbacks stand for, each model once.
    pub(super) fn chain(
        &mut self,
        name: &Spanned<String>,
        fallback: &[Spanned<String>],
        found: &mut Vec<Diagnostic>,
    ) -> Vec<ModelName> {
        let mut chain: Vec<ModelName> = Vec::new();
        for name in std::iter::once(name).chain(fallback) {
            for model in self.expand(name, found) {
                if !chain.contains(&model) {
                    chain.push(model);
                }
            }
        }
        for model in &chain {
            if self.used.contains_key(model) {
                continue;
            }
            match self.config.model(model) {
                Ok(spec) => {
                    self.used.insert(model.clone(), spec);
                }
                Err(unknown) => found.push(name.spot.error("unknown-model", unknown.message)),
            }
        }
        chain
    }

    /// Whose model it is, if that is known.
    pub(super) fn family(&self, model: &ModelName) -> Option<&str> {
        self.used.get(model)?.family.as_deref()
    }

    /// The agents and models that were needed.
    pub(super) fn finish(
        self,
    ) -> (
        BTreeMap<AgentName, AgentSpec>,
        BTreeMap<ModelName, ModelSpec>,
    ) {
        let agents = self
            .used
            .values()
            .filter_map(|model| {
                let spec = self.config.agents.get(&model.agent)?;
                Some((model.agent.clone(), spec.clone()))
            })
            .collect();
        (agents, self.used)
    }

    /// A flag's right side is taken as it is; only what the workflow and roles name is replaced.
    fn expand(&self, name: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Vec<ModelName> {
        if let Some(chain) = self.overrides.get(name.value.as_str()) {
            return chain.clone();
        }
        match self.config.chain(&name.value) {
            Ok(chain) => chain
                .into_iter()
                .flat_map(|model| match self.overrides.get(model.as_str()) {
                    Some(chain) => chain.clone(),
                    None => vec![model],
                })
                .collect(),
            Err(unknown) => {
                found.push(name.spot.error("unknown-model", unknown.message));
                Vec::new()
            }
        }
    }
}
