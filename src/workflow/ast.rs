//! A workflow as written: values with places, nothing resolved.

use std::sync::Arc;

use crate::config::Layer;
use crate::model::{Agreement, AtLimit, Budget, Criterion, Millis, Sections};
use crate::plan::{EnsembleMode, Method, OnNone, Orders, SandboxRules, Strategy};
use crate::yaml::{Diagnostic, Spanned, Spot};

use super::input::Input;
use super::when::When;

/// A workflow as far as it could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    pub source: Arc<str>,
    /// Its name; the file's if it gives none.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The inputs it declares, in order.
    pub inputs: Vec<InputDecl>,
    /// The phases in order. A nameless one (which is reported) has an empty name.
    pub phases: Vec<Phase>,
    /// Its own agents, models, roles, limits and defaults.
    pub layer: Layer,
    /// Mistakes found while reading. `check` hands them on with its own.
    pub mistakes: Vec<Diagnostic>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDecl {
    pub name: Spanned<String>,
    /// Its value if none is given.
    pub default: Option<String>,
    /// What it is; may be empty.
    pub description: String,
    /// Whether a value must be given. True if there is no default and the workflow says nothing else.
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseType {
    Single,
    /// Several models propose, a judge decides.
    Ensemble,
    Routed,
    /// Several questions at the same time, joined.
    Parallel,
}

/// A phase as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    pub spot: Spot,
    pub name: Spanned<String>,
    /// Its type; `None` where the type is mistaken (and reported), so that no rule builds upon it.
    pub kind: Option<PhaseType>,
    /// All known keys that it has, as written.
    pub keys: Vec<Spanned<String>>,
    /// What it is for; may be empty.
    pub description: String,
    /// The model of a single phase, or of the lenses that name none.
    pub model: Option<Spanned<String>>,
    /// The models of an ensemble, or those that a parallel phase asks the same question.
    pub models: Option<Spanned<Vec<Spanned<String>>>>,
    /// The judge of an ensemble, or who joins the answers of a parallel phase.
    pub judge: Option<Spanned<JudgeRule>>,
    pub routing: Vec<Route>,
    pub lenses: Option<Spanned<Vec<Lens>>>,
    /// What becomes of the other tasks when one fails, if it says.
    pub on_task_fail: Option<OnTaskFail>,
    /// A template's name, a file, or inline text.
    pub prompt: Option<Spanned<String>>,
    pub input: Vec<Spanned<Input>>,
    pub output: Option<Spanned<String>>,
    /// What its calls see; `full` if not named.
    pub strategy: Option<Spanned<Strategy>>,
    /// Whether proposers see each other.
    pub mode: Option<EnsembleMode>,
    pub quorum: Option<Spanned<u32>>,
    pub straggler_timeout: Option<Millis>,
    /// What follows where no candidate passes, if it says.
    pub on_none: Option<OnNone>,
    /// Which files are tests that run with the code of other candidates; none if that is not wanted.
    pub cross_tests: Vec<Spanned<String>>,
    /// What a single phase has to leave, if it says.
    pub yields: Option<Spanned<Leaves>>,
    /// Whether it may change files, if it says.
    pub edits: Option<Spanned<bool>>,
    /// Files of the `scoped` strategy.
    pub scope: Option<Spanned<Scope>>,
    pub verify: Vec<Spanned<Proof>>,
    pub distill: Option<Spanned<DistillRule>>,
    pub on_fail: Option<OnFail>,
    pub when: Option<When>,
    pub gate: Option<Spanned<Gate>>,
    pub timeout: Option<Millis>,
    pub idle_timeout: Option<Millis>,
    pub retries: Option<u32>,
    /// Models to try after the chain.
    pub fallback: Vec<Spanned<String>>,
    /// Who proposes for those whose accounts are parked.
    pub substitute: Vec<Spanned<String>>,
    pub budget: Option<Spanned<Budget>>,
    pub at_limit: Option<AtLimit>,
    pub sandbox: SandboxRules,
    pub executor: Option<Spanned<String>>,
    /// Tokens of a call's own context after which it goes on in a fresh process.
    pub checkpoint: Option<Spanned<u64>>,
}

/// Who judges, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JudgeRule {
    /// The judges: models or roles.
    pub by: Vec<Spanned<String>>,
    /// Whether it is more than a name.
    pub is_map: bool,
    pub criteria: Vec<Criterion>,
    pub orders: Orders,
    pub agreement: Agreement,
    pub method: Method,
    pub abstain: bool,
    pub other_family: Option<OtherFamily>,
    pub refine: Option<RefineBy>,
    /// Whether that takes over what the judges name, and nothing else.
    pub grafts: bool,
}

/// Who makes the winner better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefineBy {
    Author,
    Model(Spanned<String>),
}

impl JudgeRule {
    /// The models and roles that it names.
    pub fn names(&self) -> impl Iterator<Item = &Spanned<String>> {
        let refines = self.refine.iter().filter_map(|by| match by {
            RefineBy::Author => None,
            RefineBy::Model(model) => Some(model),
        });
        self.by.iter().chain(refines)
    }
}

/// Whether judges are to be of another family than those who propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherFamily {
    /// Those of another family are tried first.
    Prefer,
    /// No others judge.
    Require,
}

/// What a single phase has to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    Document,
    Tasks,
    Verdict,
    Edits,
}

/// What verifies changes, as written under `verify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    Command(String),
    /// A command, and how often it is run on one tree.
    Repeated(String, u32),
    /// `PHASE.tests`: what this phase and its tasks were verified with.
    TestsOf(String),
}

/// One line of `routing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub category: Spanned<String>,
    pub model: Spanned<String>,
}

/// One question of a parallel phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    pub name: Spanned<String>,
    /// Its model or role; the phase's if it names none.
    pub model: Option<Spanned<String>>,
    /// A template's name, a file, or inline text, put below the phase's own if that has one.
    pub prompt: Option<Spanned<String>>,
}

/// What becomes of the other tasks when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTaskFail {
    /// None of them begins any more.
    Stop,
    /// Those that do not depend on it go on.
    Continue,
}

/// Files of the `scoped` strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Files to work on, beside the task's own.
    pub files: Vec<String>,
    /// Files that are always there to read.
    pub always: Vec<String>,
    /// Whether files that these and the task's import, or that import them, are added.
    pub expand: bool,
    /// How many tokens of those at most.
    pub expand_tokens: Option<Spanned<u64>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistillBy {
    /// The working agent (`self`).
    Agent,
    /// Nobody (`none`).
    Nobody,
    Model(Spanned<String>),
}

/// Who distills, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistillRule {
    pub by: DistillBy,
    pub sections: Sections,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnFail {
    pub goto: Spanned<String>,
    /// How many times at most.
    pub max: u32,
}

/// Ask a person first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// `gate: false`.
    Open,
    /// `gate: true`, or the question to ask.
    Ask(Option<String>),
}

impl PhaseType {
    /// All types with their words.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("single", Self::Single),
        ("ensemble", Self::Ensemble),
        ("routed", Self::Routed),
        ("parallel", Self::Parallel),
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Ensemble => "ensemble",
            Self::Routed => "routed",
            Self::Parallel => "parallel",
        }
    }
}

impl Workflow {
    /// The commands that it has run to verify changes.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let proofs = self.phases.iter().flat_map(|phase| &phase.verify);
        proofs.filter_map(|proof| match &proof.value {
            Proof::Command(command) | Proof::Repeated(command, _) => Some(command.as_str()),
            Proof::TestsOf(_) => None,
        })
    }
}

impl Phase {
    /// Whether it may change the user's files: as it says, otherwise by its type and name.
    pub fn may_edit(&self) -> bool {
        match (&self.edits, &self.yields) {
            (Some(edits), _) => edits.value,
            (None, Some(yields)) => yields.value == Leaves::Edits,
            (None, None) => match self.kind {
                Some(PhaseType::Routed) => true,
                Some(PhaseType::Single) => {
                    matches!(self.name.value.as_str(), "execute" | "integrate")
                }
                Some(PhaseType::Ensemble | PhaseType::Parallel) | None => false,
            },
        }
    }

    /// Whether it goes by this name or by the template of this name.
    pub fn is_called(&self, name: &str) -> bool {
        let prompt = self.prompt.as_ref().map(|prompt| prompt.value.trim());
        self.name.value == name || prompt == Some(name)
    }

    /// Whether it has a key, be its value good or not.
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|written| written.value == key)
    }

    /// The spot of a key, or of the phase if it does not have it.
    pub fn key_spot(&self, key: &str) -> &Spot {
        self.keys
            .iter()
            .find(|written| written.value == key)
            .map_or(&self.spot, |written| &written.spot)
    }

    /// Every model or role that it names, with places.
    pub fn model_references(&self) -> impl Iterator<Item = &Spanned<String>> {
        let distiller = self.distill.iter().filter_map(|rule| match &rule.value.by {
            DistillBy::Model(model) => Some(model),
            DistillBy::Agent | DistillBy::Nobody => None,
        });
        self.model
            .iter()
            .chain(self.models.iter().flat_map(|models| &models.value))
            .chain(self.judge.iter().flat_map(|judge| judge.value.names()))
            .chain(self.routing.iter().map(|route| &route.model))
            .chain(
                self.lenses
                    .iter()
                    .flat_map(|lenses| &lenses.value)
                    .filter_map(|lens| lens.model.as_ref()),
            )
            .chain(&self.fallback)
            .chain(&self.substitute)
            .chain(distiller)
    }
}

impl Workflow {
    /// The names that may be in braces: declared inputs, `feature`, `request`.
    pub fn placeholder_names(&self) -> Vec<&str> {
        let mut names = vec!["feature", "request"];
        for input in &self.inputs {
            if !names.contains(&input.name.value.as_str()) {
                names.push(&input.name.value);
            }
        }
        names
    }
}
