//! Which model each name is to stand for on this machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::agents;
use crate::cli::probes::Probes;
use crate::config::Config;
use crate::model::{AgentName, MicroUsd, ModelName};
use crate::plan::ModelSpec;

/// A model below this price of input, in US dollars per million tokens, is one for small work.
const SMALL: f64 = 1.0;

/// A provider with more models than these has some that are for other things.
const FEW: usize = 10;

/// What the names of models stand for here.
#[derive(Debug, Default)]
pub struct Names {
    /// As configured.
    pub as_they_are: BTreeMap<ModelName, ModelSpec>,
    /// The same model by another agent or provider, or one of the user's own.
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
        if names.reached() == 0 {
            names.elsewhere = own(probes, config);
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

/// The same model by an agent of its provider alone, or by another provider that the user is signed in to.
fn elsewhere(probes: &mut Probes<'_>, config: &Config, spec: &ModelSpec) -> Option<ModelSpec> {
    let (provider, id) = spec.id.split_once('/')?;
    let mut ways = Vec::new();
    for (name, agent) in &config.agents {
        let product = agents::of(agent.kind).product;
        if product.is_some_and(|product| product.provider == Some(provider)) {
            ways.push((name, agent, id.to_owned()));
        }
        let sold = probes.set_up(agent).into_iter().flat_map(|(_, ids)| ids);
        let sold = sold.filter(|sold| bare(sold) == bare(id));
        ways.extend(sold.map(|sold| (name, agent, sold)));
    }
    ways.into_iter().find_map(|(name, agent, id)| {
        let other = ModelSpec {
            agent: AgentName::new(name.as_str()),
            id,
            variant: None,
            ..spec.clone()
        };
        probes.model(&other, agent).is_ok().then_some(other)
    })
}

/// A model's name in whichever spelling it is sold: `anthropic/claude-opus-5.5` as `claude-opus-5-5`.
fn bare(id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id);
    name.to_lowercase().replace('.', "-")
}

/// Models of the user's own, where no name can be used otherwise: those of providers that have few.
fn own(probes: &mut Probes<'_>, config: &Config) -> BTreeMap<ModelName, ModelSpec> {
    let mut own = BTreeMap::new();
    for (name, agent) in &config.agents {
        let few = probes.set_up(agent).into_iter();
        for id in few
            .filter(|(_, ids)| ids.len() <= FEW)
            .flat_map(|(_, ids)| ids)
        {
            let spec = ModelSpec {
                agent: AgentName::new(name.as_str()),
                family: id.split_once('/').map(|(provider, _)| provider.to_owned()),
                id,
                variant: None,
                price: None,
                context: None,
            };
            let called = spec.id.replace([':', '='], "-");
            if probes.model(&spec, agent).is_ok() && !config.roles.contains_key(&called) {
                own.insert(ModelName::new(called), spec);
            }
        }
    }
    own
}
