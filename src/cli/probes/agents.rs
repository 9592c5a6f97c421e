//! Agents and models: installed, of a version that can work, signed in, known.

use std::path::PathBuf;

use super::lack::{Lack, What};
use super::program::{Unusable, find, others, version_of};
use crate::agents::{self, Adapter, Carried, Installed, SignIn, Supported};
use crate::cli::settings::Settings;
use crate::cli::work::discover;
use crate::config::catalogue;
use crate::plan::{AgentKind, AgentSpec, ModelSpec};
use crate::yaml::nearest;

/// Looks at agents and models, at each once.
pub struct Probes<'a> {
    pub settings: &'a Settings,
    carried: &'a mut Carried,
    /// Why nothing is carried over of the user's own OpenCode.
    unreadable: Option<Lack>,
    agents: Vec<(AgentSpec, ProbedAgent)>,
    /// By agent and provider, because a catalogue is large.
    known: Vec<((AgentKind, String), KnownModels)>,
}

/// The ids that an agent knows, as far as that can be told.
type KnownModels = Option<Vec<String>>;

/// What was found of an agent.
#[derive(Debug, Clone)]
pub struct ProbedAgent {
    pub program: Option<PathBuf>,
    /// Further programs of its name on PATH, which are not taken.
    pub others: Vec<PathBuf>,
    /// Where it is an agent that tipstaff knows.
    pub installed: Option<Installed>,
    /// In a word or two.
    pub state: &'static str,
    /// Why it cannot be used.
    pub lack: Option<Lack>,
}

impl<'a> Probes<'a> {
    pub fn new(settings: &'a Settings, carried: &'a mut Carried) -> Self {
        Self {
            settings,
            carried,
            unreadable: None,
            agents: Vec::new(),
            known: Vec::new(),
        }
    }

    /// The same where nothing of the user's own OpenCode can be read, for this reason; others still work.
    pub fn without(mut self, unreadable: Option<Lack>) -> Self {
        self.unreadable = unreadable;
        self
    }

    /// Whether the agent's program is there and of a version that can work.
    pub fn agent(&mut self, agent: &AgentSpec) -> ProbedAgent {
        if let Some((_, probed)) = self.agents.iter().find(|(known, _)| known == agent) {
            return probed.clone();
        }
        let probed = self.look(agent);
        if let Some(installed) = &probed.installed
            && agent.kind == AgentKind::Opencode
        {
            self.carried.opencode_version = Some(installed.version.clone());
        }
        self.agents.push((agent.clone(), probed.clone()));
        probed
    }

    fn look(&self, agent: &AgentSpec) -> ProbedAgent {
        let adapter = agents::of(agent.kind);
        let product = adapter.product;
        let others = others(self.settings, &agent.command);
        let lacking = |program, state, problem: String, remedy: String| ProbedAgent {
            program,
            others: Vec::new(),
            installed: None,
            state,
            lack: Some(Lack::new(What::Program, problem, remedy)),
        };
        let program = match find(self.settings, &agent.command) {
            Ok(program) => program,
            Err(Unusable::NotExecutable(at)) => {
                let problem = Unusable::NotExecutable(at.clone()).to_string();
                let remedy = format!("`chmod +x {at}` makes it so");
                return lacking(Some(at.into()), "not executable", problem, remedy);
            }
            Err(problem) => {
                let by = product.map(|product| format!(" with `{}`", product.install));
                let by = by.unwrap_or_default();
                let remedy = format!("install it{by}, or set `agents:` in the configuration");
                return lacking(None, "not installed", problem.to_string(), remedy);
            }
        };
        let Some(product) = product else {
            return ProbedAgent {
                program: Some(program),
                others,
                installed: None,
                state: "found",
                lack: None,
            };
        };
        let reinstall = format!("`{}` installs a tested one", product.install);
        let installed = match version_of(self.settings, &program) {
            Ok(printed) => product.judge(&printed),
            Err(problem) => return lacking(Some(program), "does not work", problem, reinstall),
        };
        let (state, can_work) = match installed.supported {
            Supported::Tested => ("tested", true),
            Supported::Untested => ("untested", true),
            Supported::TooOld => ("too old", false),
            Supported::TooNew => ("too new", false),
        };
        let lack = || Lack::new(What::Program, installed.to_string(), reinstall);
        let lack = (!can_work).then(lack);
        ProbedAgent {
            program: Some(program),
            others,
            installed: Some(installed),
            state,
            lack,
        }
    }

    /// How an agent that is there signs in to a model.
    pub fn sign_in(&self, model: &str, agent: &AgentSpec) -> SignIn {
        (agents::of(agent.kind).signed_in)(model, self.carried, &self.settings.environment)
    }

    /// The ids of models of providers that the user has set the agent up for, by provider.
    pub fn set_up(&self, agent: &AgentSpec) -> Vec<(String, Vec<String>)> {
        let adapter = agents::of(agent.kind);
        let providers = (adapter.providers)(self.carried).into_iter();
        let models = |provider: String| {
            let any = format!("{provider}/any");
            (
                provider,
                (adapter.models_beside)(&any, self.carried).unwrap_or_default(),
            )
        };
        providers.map(models).collect()
    }

    /// How the model of a usable agent is signed in to, or why it cannot be used. `agent` was looked at before.
    pub fn model(&mut self, model: &ModelSpec, agent: &AgentSpec) -> Result<SignIn, Lack> {
        if let Some(lack) = self.agent(agent).lack {
            return Err(lack);
        }
        let adapter = agents::of(agent.kind);
        if let Some(lack) = self
            .unreadable
            .as_ref()
            .filter(|_| agent.kind == AgentKind::Opencode)
        {
            return Err(lack.clone());
        }
        let not_its_own = not_of(adapter, agent.kind, &model.id);
        if let Some(lack) = not_its_own.filter(|_| !self.has_gateway(agent)) {
            return Err(lack);
        }
        let sign_in = self.sign_in(&model.id, agent);
        if matches!(sign_in, SignIn::None) {
            let provider = model.id.split_once('/').map(|(provider, _)| provider);
            let at = provider.map(|provider| format!(" for provider `{provider}`"));
            let problem = format!("no sign-in{}", at.unwrap_or_default());
            let by = adapter.product.map_or("", |product| product.sign_in);
            let remedy = format!("run `{by}`, or set its key variable");
            return Err(Lack::new(What::SignIn, problem, remedy));
        }
        match self.unknown(adapter, agent.kind, &model.id) {
            Some(lack) => Err(lack),
            None => Ok(sign_in),
        }
    }

    /// Whether requests may go to a server of the user's own, which can have any model.
    fn has_gateway(&self, agent: &AgentSpec) -> bool {
        let own = agent.env.iter().map(|(name, _)| name);
        let users = self.settings.environment.keys();
        own.chain(users.filter_map(|name| name.to_str()))
            .any(|name| name.ends_with("_BASE_URL"))
    }

    fn unknown(&mut self, adapter: &Adapter, kind: AgentKind, id: &str) -> Option<Lack> {
        let provider = id.split_once('/').map_or("", |(provider, _)| provider);
        let beside = (kind, provider.to_owned());
        let at = match self.known.iter().position(|(of, _)| *of == beside) {
            Some(at) => at,
            None => {
                let known = (adapter.models_beside)(id, self.carried);
                self.known.push((beside, known));
                self.known.len() - 1
            }
        };
        let known = self.known.get(at)?.1.as_deref()?;
        if known.iter().any(|model| model == id) {
            return None;
        }
        let name = adapter.product?.name;
        let near = nearest(id, known.iter().map(String::as_str));
        let near = near.map(|model| format!("`{model}`"));
        let remedy = meant(near.into_iter().chain(by_another(id)));
        let problem = format!("{name} knows no model `{id}`");
        Some(Lack::new(What::Model, problem, remedy))
    }
}

/// What the user's own OpenCode lends, or why it cannot be read.
pub fn discovered(settings: &Settings) -> (Carried, Option<Lack>) {
    discover(settings).map_or_else(
        |failure| {
            let said = failure.text().lines().next().unwrap_or_default();
            let problem = said.trim_start_matches("error: ");
            let lack = Lack::new(What::SignIn, problem, "mend it: OpenCode refuses it, too");
            (Carried::nothing(&settings.project.root), Some(lack))
        },
        |carried| (carried, None),
    )
}

/// Why this kind of agent runs no model of such a name, whoever is signed in.
fn not_of(adapter: &Adapter, kind: AgentKind, id: &str) -> Option<Lack> {
    let product = adapter.product?;
    let whole = catalogue().whole(id);
    let of = whole.and_then(|whole| whole.split_once('/'));
    let problem = match product.provider {
        None if kind.names_providers() && !id.contains('/') => {
            format!("`{id}` does not name its provider")
        }
        Some(provider) if of.is_some_and(|(of, _)| of != provider) => {
            format!(
                "{} runs models of {provider}, and `{id}` is none",
                product.name
            )
        }
        None | Some(_) => return None,
    };
    let literal = whole.map(|whole| format!("`opencode:{whole}`"));
    let remedy = meant(literal.into_iter().chain(by_another(id)));
    Some(Lack::new(What::Model, problem, remedy))
}

/// The model as the agent of its provider names it.
fn by_another(id: &str) -> Option<String> {
    let (provider, model) = catalogue().whole(id)?.split_once('/')?;
    let runner = agents::runner_of(provider)?;
    Some(format!("`{}:{model}`", runner.word()))
}

fn meant(models: impl Iterator<Item = String>) -> String {
    let models: Vec<String> = models.collect();
    match models.is_empty() {
        true => "name another one".to_owned(),
        false => format!("did you mean {}?", models.join(" or ")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config;
    use crate::model::AgentName;

    #[test]
    fn every_product_is_an_agent_without_any_configuration() {
        let built_in = config::load(&[]).unwrap();
        for kind in AgentKind::WORDS
            .iter()
            .filter_map(|word| AgentKind::of(word))
        {
            let is_known = built_in.agents.contains_key(&AgentName::new(kind.word()));
            assert_eq!(agents::of(kind).product.is_some(), is_known, "{kind:?}");
        }
    }
}
