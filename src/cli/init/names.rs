//! Which model each name is to stand for on this machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::agents;
use crate::cli::probes::Probes;
use crate::config::Config;
use crate::model::{AgentName, MicroUsd, ModelName};
use crate::plan::ModelSpec;

/// A model below this price of input, in US dollars per million tokens, is one for small work.
const SMALL: f64 = 1.0;

/// What the names of models stand for here.
#[derive(Debug, Default)]
pub struct Names {
    /// As configured.
    pub as_they_are: BTreeMap<ModelName, ModelSpec>,
    /// The same model, run by another agent.
    pub elsewhere: BTreeMap<ModelName, ModelSpec>,
    /// Another model, because this one cannot be reached.
    pub instead: BTreeMap<ModelName, ModelSpec>,
    /// First choice, then fallbacks of other families.
    pub roles: BTreeMap<String, Vec<String>>,
}

impl Names {
    pub fn propose(probes: &mut Probes<'_>, config: &Config) -> Self {
        let mut names = Self::default();
        let mut missing = Vec::new();
        for (name, spec) in &config.models {
            let agent = config.agents.get(&spec.agent);
            if agent.is_some_and(|agent| probes.model(spec, agent).is_ok()) {
                names.as_they_are.insert(name.clone(), spec.clone());
            } else if let Some(spec) = elsewhere(probes, config, spec) {
                names.elsewhere.insert(name.clone(), spec);
            } else {
                missing.push((name, spec));
            }
        }
        names.stand_in(&missing);
        for (role, chain) in &config.roles {
            let chain = match &chain[..] {
                [first] => names.chain(first),
                // Somebody has thought of fallbacks.
                _ => chain.clone(),
            };
            names.roles.insert(role.clone(), chain);
        }
        names
    }

    /// How many models can be used.
    pub fn reached(&self) -> usize {
        let ids = self.usable().map(|(_, spec)| (&spec.agent, &spec.id));
        ids.collect::<BTreeSet<_>>().len()
    }

    fn usable(&self) -> impl Iterator<Item = (&ModelName, &ModelSpec)> {
        self.as_they_are.iter().chain(&self.elsewhere)
    }

    /// Another model for each of these: one as large, and families in turn, so that the members of an ensemble differ.
    fn stand_in(&mut self, missing: &[(&ModelName, &ModelSpec)]) {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for (name, spec) in missing {
            let chosen = self.usable().min_by_key(|(of, other)| {
                let times = taken.get(&key(other)).copied().unwrap_or_default();
                (
                    is_small(other) != is_small(spec),
                    times,
                    distance(other, spec),
                    *of,
                )
            });
            let Some((_, chosen)) = chosen else { return };
            let chosen = chosen.clone();
            *taken.entry(key(&chosen)).or_default() += 1;
            self.instead.insert((*name).clone(), chosen);
        }
    }

    /// A role's first choice, by its own name where it only stands in for another, and one of another family that can
    /// do the same, if there is any.
    fn chain(&self, first: &str) -> Vec<String> {
        let named = ModelName::new(first);
        let stands_in = self.instead.get(&named);
        let mut usable = self.usable();
        let own = match stands_in {
            Some(spec) => usable.find(|(_, own)| (&own.agent, &own.id) == (&spec.agent, &spec.id)),
            None => usable.find(|(name, _)| **name == named),
        };
        let Some((name, first)) = own else {
            return vec![first.to_owned()];
        };
        let others = self.usable().filter(|(_, other)| {
            other.family != first.family && is_small(other) == is_small(first)
        });
        let nearest = others.min_by_key(|(_, other)| distance(other, first));
        let chain = [Some(name), nearest.map(|(name, _)| name)];
        chain
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect()
    }
}

/// What differs between members of an ensemble: whose model it is, else which.
fn key(spec: &ModelSpec) -> String {
    spec.family.clone().unwrap_or_else(|| spec.id.clone())
}

fn is_small(spec: &ModelSpec) -> bool {
    spec.price.is_some_and(|price| price.input <= SMALL)
}

/// How much dearer or cheaper one is than the other.
fn distance(one: &ModelSpec, other: &ModelSpec) -> MicroUsd {
    let price = |spec: &ModelSpec| spec.price.map_or(0.0, |price| price.input);
    MicroUsd::from_usd((price(one) - price(other)).abs())
}

/// The same model by an agent that runs the models of its provider alone.
fn elsewhere(probes: &mut Probes<'_>, config: &Config, spec: &ModelSpec) -> Option<ModelSpec> {
    let (provider, id) = spec.id.split_once('/')?;
    let mut ways = config.agents.iter().filter_map(|(name, agent)| {
        let product = agents::of(agent.kind).product()?;
        (product.provider == Some(provider)).then_some((name, agent))
    });
    ways.find_map(|(name, agent)| {
        let other = ModelSpec {
            agent: AgentName::new(name.as_str()),
            id: id.to_owned(),
            variant: None,
            ..spec.clone()
        };
        probes.model(&other, agent).is_ok().then_some(other)
    })
}
