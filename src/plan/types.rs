//! The plan's types.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ExecutorSpec, Executors, Expected, Judging, Price, SetupStep, VerifyRules, Wrapper};
use crate::model::{
    AgentEnv, AgentName, AtLimit, Budget, Bytes, CallLimits, Categories, ChangeLimits, CommitStyle,
    Destination, Millis, ModelName, PhaseName, Purpose, RunLimits, Sections,
};

/// A run's plan, frozen into its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the format; see `model::FORMAT`.
    pub format: u32,
    pub workflow: String,
    /// The workflow's description; may be empty.
    pub description: String,
    /// The workflow's file, if it has one: an agent of its own gets its variables from there.
    pub file: Option<String>,
    pub request: String,
    /// The declared inputs with their values (`feature`, …), already put into every path and prompt.
    pub inputs: BTreeMap<String, String>,
    /// From which the order of proposals is shuffled.
    pub seed: u64,
    /// From which the mark in the prompts of this run is made: random, so that nothing which was written before
    /// the run holds it. 0 in a rehearsal, whose prompts are to be the same each time.
    #[serde(default)]
    pub mark: u64,
    pub limits: RunLimits,
    /// How much one editing call may change.
    #[serde(default)]
    pub change_limits: ChangeLimits,
    /// What holds for commands that verify changes.
    #[serde(default)]
    pub verify: VerifyRules,
    /// What makes workspaces usable; `None` as long as nobody has looked for what the project needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Vec<SetupStep>>,
    #[serde(default)]
    pub sandbox_mode: SandboxMode,
    /// What commands that prove changes may see and change.
    #[serde(default)]
    pub sandbox: SandboxRules,
    /// Where the changes go at the end.
    pub destination: Destination,
    #[serde(default, skip_serializing_if = "is_default")]
    pub commits: CommitStyle,
    /// Paths and patterns of changes that are delivered although they act by themselves, as the user said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// Whose answers the models give if the run is a rehearsal; a rehearsed run stays one.
    pub rehearsal: Option<Rehearsal>,
    /// The agents that some model of this plan uses.
    pub agents: BTreeMap<AgentName, AgentSpec>,
    /// The models that some phase of this plan uses.
    pub models: BTreeMap<ModelName, ModelSpec>,
    /// The phases in order. Never empty.
    pub phases: Vec<PhasePlan>,
    #[serde(default, skip_serializing_if = "Executors::is_empty")]
    pub executors: Executors,
    /// What attempts of its phases are expected to use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expected>,
}

fn is_default(style: &CommitStyle) -> bool {
    *style == CommitStyle::default()
}

impl Plan {
    /// Where a phase's calls of a model are carried out; `None` for the supervisor's machine.
    pub fn executor(&self, phase: &PhaseName, model: &ModelName) -> Option<(&str, &ExecutorSpec)> {
        let agent = self.models.get(model).map(|spec| &spec.agent);
        self.executors.of(phase, model, agent)
    }
}

/// The scripted models of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The built-in scenario's name, or the file it was read from.
    pub scenario: String,
    /// The file's text; none for a built-in scenario.
    pub text: Option<String>,
    /// Whether its results go where those of a real run would, because the user said so.
    #[serde(default)]
    pub publishes: bool,
}

/// Which adapter speaks to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// OpenCode (`opencode run`).
    Opencode,
    /// Claude Code (`claude --print`).
    Claude,
    /// Codex (`codex exec`).
    Codex,
    /// The Gemini CLI (`gemini`).
    Gemini,
    /// Qwen Code (`qwen`).
    Qwen,
    /// Any that speaks the Agent Client Protocol.
    Acp,
    /// Any command: prompt on standard input, deliverable as a file or on standard output.
    Command,
}

impl AgentKind {
    const ALL: &[Self] = &[
        Self::Opencode,
        Self::Claude,
        Self::Codex,
        Self::Gemini,
        Self::Qwen,
        Self::Acp,
        Self::Command,
    ];
    /// Their words in configurations, in the same order.
    pub const WORDS: &[&str] = &[
        Self::Opencode.word(),
        Self::Claude.word(),
        Self::Codex.word(),
        Self::Gemini.word(),
        Self::Qwen.word(),
        Self::Acp.word(),
        Self::Command.word(),
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Opencode => "opencode",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Qwen => "qwen",
            Self::Acp => "acp",
            Self::Command => "command",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// The program where a configuration names none; `None` if it has to.
    pub fn program(self) -> Option<&'static str> {
        self.is_product().then(|| self.word())
    }

    /// Whether it is one program that tipstaff knows; of any other nobody knows a model by itself.
    pub fn is_product(self) -> bool {
        !matches!(self, Self::Acp | Self::Command)
    }

    /// Whether its models are named `provider/model`.
    pub fn names_providers(self) -> bool {
        self == Self::Opencode
    }

    /// Whether it reaches its models by the network itself.
    pub fn needs_network(self) -> bool {
        self != Self::Command
    }

    /// Whether it tells after each step how many tokens its context has.
    pub fn counts_each_step(self) -> bool {
        matches!(self, Self::Opencode | Self::Claude | Self::Qwen)
    }
}

/// An agent CLI as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    pub kind: AgentKind,
    /// The program: a name on PATH, or a path.
    pub command: String,
    pub args: Vec<String>,
    /// Variables set for it; the plan keeps their names, not their values.
    pub env: AgentEnv,
    /// Names of the user's variables handed on to it, beside the ones its adapter knows.
    pub pass_env: Vec<String>,
    #[serde(default)]
    pub sandbox: SandboxRules,
    /// Of a `command`.
    #[serde(default)]
    pub wrapper: Wrapper,
}

/// How closed the place is in which calls live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// As closed as the machine allows.
    #[default]
    On,
    /// In namespaces, or not at all.
    Required,
    /// By Landlock, without namespaces.
    Landlock,
    Off,
}

impl fmt::Display for SandboxMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Required => "required",
            Self::Landlock => "landlock",
            Self::Off => "off",
        })
    }
}

/// What processes of a call may see and change beside what the call needs: absolute paths, or paths below the
/// user's home (`~/…`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRules {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// Of all processes of a call together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// What a call's processes reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// What the machine reaches.
    Host,
    /// Each other alone.
    None,
}

impl SandboxRules {
    pub fn extend(&mut self, more: Self) {
        self.read.extend(more.read);
        self.write.extend(more.write);
        self.memory = more.memory.or(self.memory);
        self.disk = more.disk.or(self.disk);
        self.processes = more.processes.or(self.processes);
        self.network = more.network.or(self.network);
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    pub agent: AgentName,
    /// The id as the agent wants it, for example `anthropic/claude-opus-4-5`; may be empty for a command.
    pub id: String,
    /// The variant (reasoning effort), if any.
    pub variant: Option<String>,
    /// Whose model it is (`anthropic`), if known.
    pub family: Option<String>,
    pub price: Option<Price>,
    /// Size of the model's window in tokens, if known.
    pub context: Option<u64>,
}

impl fmt::Display for ModelSpec {
    /// `AGENT:ID@VARIANT`: what an agent is asked for, whatever name stands for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.agent, self.id)?;
        self.variant
            .iter()
            .try_for_each(|variant| write!(f, "@{variant}"))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhasePlan {
    pub name: PhaseName,
    /// What it is for; may be empty.
    pub description: String,
    pub kind: PhaseKind,
    /// Who proposes for a proposer whose account is parked, each for one at a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<ModelName>,
    pub strategy: Strategy,
    /// Named inputs, in order, beside the request.
    pub inputs: Vec<PlannedInput>,
    /// The instructions' text, inputs put in. Markdown.
    pub prompt: String,
    /// Where the deliverable is published, relative to the project; inputs put in.
    pub output: Option<String>,
    /// Whether its calls may change the user's files.
    pub edits: bool,
    pub limits: CallLimits,
    #[serde(default)]
    pub budget: Budget,
    #[serde(default)]
    pub at_limit: AtLimit,
    pub distill: Distill,
    #[serde(default)]
    pub sections: Sections,
    /// Whether the project's instruction file is a part of its prompts.
    pub project_instructions: bool,
    /// The files of the `scoped` strategy.
    pub scope: ScopePlan,
    /// What verifies its changes, run by tipstaff on a full checkout.
    pub verify: Vec<Proof>,
    /// Where to go when its verdict is fail.
    pub on_fail: Option<LoopPlan>,
    /// Only run if this holds.
    pub when: Option<Condition>,
    /// What a person is asked before it begins.
    pub gate: Option<String>,
    /// What its calls and commands may use beside what all may.
    #[serde(default)]
    pub sandbox: SandboxRules,
    /// Tokens of a call's own context after which it goes on in a fresh process.
    pub checkpoint: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    Single {
        chain: Vec<ModelName>,
        yields: OutputKind,
    },
    Ensemble {
        /// One chain a proposal; at least one.
        proposers: Vec<Vec<ModelName>>,
        #[serde(with = "super::judging::form")]
        judge: Judging,
        /// Whether proposers see each other.
        mode: EnsembleMode,
        /// Judge as soon as this many proposals are in. 1 ..= proposers.
        quorum: u32,
        /// Whether the workflow itself named the quorum: then fewer proposals are a failure.
        quorum_named: bool,
        /// How long the others get once the quorum is in.
        straggler_timeout: Millis,
        /// What follows where the commands leave no candidate, if it edits.
        #[serde(default)]
        on_none: OnNone,
        /// Which files are tests, if those of each candidate run with the code of the others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cross_tests: Vec<String>,
    },
    /// The tasks of a decomposition, one after another, each by the specialist of its category.
    Routed {
        /// The phase whose deliverable is the list of tasks.
        tasks: PhaseName,
        /// A chain for each category that the workflow names; `default` takes the tasks of all others. Where
        /// there is none, also one for each role, which takes the tasks of the category of its name.
        routing: BTreeMap<String, Vec<ModelName>>,
        /// The categories that the workflow names, `default` among them; the others stand by.
        #[serde(default)]
        named: Vec<String>,
        /// Whether tasks that do not depend on a failed one go on.
        go_on: bool,
    },
    /// Several calls at one time, each with its own question, joined.
    Parallel {
        lenses: Vec<LensPlan>,
        /// Who joins the answers; without one they are put one below the other.
        judge: Option<Vec<ModelName>>,
    },
}

/// What a `single` phase has to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    Document,
    /// Tasks of these categories, for a `routed` phase.
    Tasks(Categories),
    Audit,
    Edits,
}

/// One of the questions of a `parallel` phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LensPlan {
    /// Its name, unique within the phase.
    pub name: String,
    pub chain: Vec<ModelName>,
    /// The instructions' text, inputs put in.
    pub prompt: String,
}

/// When a phase runs at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// As the workflow gives it, for messages.
    pub text: String,
    pub subject: Subject,
    pub value: String,
    /// Whether it must be different instead of equal.
    pub negated: bool,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Input(String),
    /// The audit verdict of a phase: `pass` or `fail`.
    Verdict(PhaseName),
    /// Whether the `verify` commands of a phase passed: `pass` or `fail`.
    Tests(PhaseName),
}

/// What verifies a phase's changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Proof {
    Command(String),
    /// A command that counts only if it ends the same way each of so many times.
    Repeated {
        run: String,
        repeat: u32,
    },
    /// All commands that an earlier phase and its tasks were verified with.
    TestsOf {
        tests_of: PhaseName,
    },
}

/// The files of a `scoped` phase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScopePlan {
    /// To be worked on, beside the task's own.
    pub files: Vec<String>,
    pub always: Vec<String>,
    /// Whether files that the named ones import, or that import them, are added to read.
    pub imports: bool,
    /// How many tokens of those at most.
    #[serde(default)]
    pub import_tokens: u64,
}

/// Going back when an audit fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopPlan {
    pub goto: PhaseName,
    /// How many times at most.
    pub max: u32,
}

/// How an ensemble's proposers run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnsembleMode {
    /// At the same time, blind to each other.
    Parallel,
    /// One after another; each later one sees the earlier proposals.
    Sequential,
}

/// What follows where each candidate fails what passed before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNone {
    /// Each is told once what failed and may mend it; then a person is asked.
    Repair,
    #[default]
    Ask,
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Every deliverable so far, raw.
    Full,
    /// Handoffs, and a workspace with only the task's files.
    Scoped,
    /// Handoffs of the previous phases, named inputs as their handoffs.
    Distilled,
    Fresh,
}

/// A named input, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedInput {
    /// The request. It is always there; naming it changes nothing.
    Request,
    /// `PHASE.output` or `PHASE.outputs`.
    Output(PhaseName),
    /// `PHASE.handoff`.
    Handoff(PhaseName),
    /// `PHASE.changes`.
    Changes(PhaseName),
    /// `PHASE.tests`.
    Tests(PhaseName),
    /// `file:GLOB`, relative to the project.
    Files(String),
}

/// Who distills a phase's handoff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distill {
    /// The working agent, as part of its contract; extracted by rule if it leaves none.
    Agent,
    /// The working agent; if it leaves none, this chain is asked once.
    Model(Vec<ModelName>),
    Nobody,
}

impl Plan {
    /// What an attempt is expected to use, if anything is known or assumed of its like.
    pub fn expected(
        &self,
        phase: &PhaseName,
        purpose: Purpose,
        model: &ModelName,
    ) -> Option<&Expected> {
        let is_it =
            |one: &&Expected| one.purpose == purpose && &one.phase == phase && &one.model == model;
        self.expected.iter().find(is_it)
    }

    pub fn phase(&self, name: &PhaseName) -> Option<&PhasePlan> {
        self.phases.iter().find(|phase| &phase.name == name)
    }

    /// The commands that make workspaces usable: none if no phase changes anything.
    pub fn setup(&self) -> &[SetupStep] {
        match self
            .phases
            .iter()
            .any(|phase| phase.edits || !phase.verify.is_empty())
        {
            true => self.setup.as_deref().unwrap_or_default(),
            false => &[],
        }
    }

    /// How often a command is run on one tree before its result counts.
    pub fn repeats(&self, command: &str) -> u32 {
        let proofs = self.phases.iter().flat_map(|phase| &phase.verify);
        let repeats = proofs.filter_map(|proof| match proof {
            Proof::Repeated { run, repeat } if run == command => Some(*repeat),
            Proof::Repeated { .. } | Proof::Command(_) | Proof::TestsOf { .. } => None,
        });
        repeats.max().unwrap_or(1)
    }

    /// What a model costs in this run: in a rehearsal nothing, whatever the model it stands for would.
    pub fn price(&self, model: &ModelSpec) -> Option<Price> {
        match &self.rehearsal {
            Some(_) => Some(Price::FREE),
            None => model.price,
        }
    }

    /// A phase's folder in the run folder, for example `phases/02-plan`; `None` for a stranger.
    pub fn phase_folder(&self, name: &PhaseName) -> Option<String> {
        let index = self.phases.iter().position(|phase| &phase.name == name)?;
        Some(format!("phases/{:02}-{}", index + 1, name))
    }
}
