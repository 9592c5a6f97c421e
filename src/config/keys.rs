//! All keys of the configuration: what each takes.

use serde_json::Value;

use crate::yaml::Takes::{
    Amount, Any, Counted, Duration, Each, Flag, Like, List, Map, Name, Names, Nothing, Scalar,
    Size, Whole, Words,
};
use crate::yaml::{self, Key, Naming, Preset, Takes, words};

use crate::plan::{AgentKind, ExecutorKind, Network, NodeSignIn, Wrapper};

const NONE: Takes = Words(&["none"]);
const WHOLE_OR_NONE: Takes = Any(&[Whole(1), NONE]);
const SIZE_OR_NONE: Takes = Any(&[Size, NONE]);
const VARIABLES: Takes = Each(Naming::Like("^[^=]+$"), &Any(&[Scalar, Nothing]));
/// A name that could be told from a literal.
const TOLD: Naming = Naming::Like(r"^[^\s:=]+$");

/// The keys of a layer. In a workflow they are at the top, beside its own.
#[rustfmt::skip]
pub const LAYER_KEYS: &[Key] = &[
    Key::new("agents", Each(TOLD, &Map(AGENT_KEYS)), "Agent CLIs by name."),
    Key::new("models", Each(TOLD, &Map(MODEL_KEYS)), "Names for agent + model id + variant."),
    Key::new("roles", Each(TOLD, &Counted(1, None, &Names)), "Names for chains of models: first choice, then fallbacks."),
    Key::new("executors", Each(TOLD, &Map(EXECUTOR_KEYS)), "Other machines that carry calls out, by name."),
    Key::new("executor", Name, "Which of them carries calls out that have no other; `local` is this machine."),
    Key::new("limits", Map(LIMIT_KEYS), "Limits of a whole run; `none` takes one away."),
    Key::new("confirm_above", Any(&[NONE, Map(CONFIRM_KEYS)]), "Above which expected use `run`, `rerun` and `resume` ask before they start; without a terminal it then needs `--yes`. Counts in your own configuration only."),
    Key::new("defaults", Map(DEFAULT_KEYS), "Of each call, where the workflow says nothing else."),
    Key::new("verify", Names, "Commands that verify the changes of each phase that edits and names none itself."),
    Key::new("verify_allow", Names, "Commands that a model may propose to verify its changes and that run without a question, for example `npm test*`."),
    Key::new("verify_env", VARIABLES, "Variables set for all commands that verify changes."),
    Key::new("verify_pass_env", Names, "Names of your variables handed on to all commands that verify changes."),
    Key::new("accept", Names, "Paths, folders and patterns of changes that are delivered although they act on their own. Counts in your own configuration only."),
    Key::new("notify", Map(NOTIFY_KEYS), "How you hear of runs that end or wait for you. Counts in your own configuration only."),
    Key::new("setup", Any(&[NONE, List(&Map(SETUP_KEYS))]), "Commands that install what agents and commands need, run once for each state of the files that decide about them; `none` for none."),
    Key::new("sandbox", Any(&[Words(SANDBOX_MODES), Map(SANDBOX_KEYS)]), "How closed the place is in which agents and commands live, and what of this machine they may use beside what they need."),
];

#[rustfmt::skip]
pub(super) const SETUP_KEYS: &[Key] = &[
    Key::new("run", Name, "The command, for a shell.").required(),
    Key::new("when", Names, "Files that decide whether it has to run again: paths, folders, patterns.").required(),
    Key::new("keep", Names, "Paths of what is kept; without it everything that the ignore rules leave out."),
];

#[rustfmt::skip]
pub(super) const CONFIRM_KEYS: &[Key] = &[
    Key::new("cost", Any(&[Amount, NONE]), "US dollars; 5 if not named."),
    Key::new("calls", WHOLE_OR_NONE, "Calls; 25 if not named."),
];

#[rustfmt::skip]
pub(super) const NOTIFY_KEYS: &[Key] = &[
    Key::new("command", Name, "A command for a shell, with JSON as its input."),
    Key::new("webhook", Name, "An address that gets the same JSON: `https://…`, or `http://` on this machine.").example("https://a.example/b"),
    Key::new("terminal", Flag, "Whether the terminal rings and shows it (OSC 9)."),
];

#[rustfmt::skip]
pub(super) const EXECUTOR_KEYS: &[Key] = &[
    Key::new("kind", Words(&words(&ExecutorKind::WORDS)), "The scheduler.").required(),
    Key::new("shared", Like("^/."), "A folder that this machine and all nodes see by the same path, for your user alone.").required().example("/shared/tipstaff"),
    Key::new("partition", Name, "Where jobs go."),
    Key::new("constraint", Name, "What a node has to have, for example the feature `claude`."),
    Key::new("account", Name, "What jobs are charged to."),
    Key::new("options", Names, "More options of each job.").example("--mem=4G"),
    Key::new("program", Like("^/."), "tipstaff on the nodes; a copy of this program in the shared folder if not named.").example("/usr/local/bin/tipstaff"),
    Key::new("path", Names, "Folders before the PATH that nodes have.").example("/opt/agents/bin"),
    Key::new("sign_in", Words(&words(&NodeSignIn::WORDS)), "What agents sign in with there. node: what is there. handed: the keys of your environment, in a file that is read once.").default(Preset::Word("node")),
];

pub(super) const SANDBOX_MODES: &[&str] = &["on", "required", "landlock", "off"];

#[rustfmt::skip]
pub(super) const SANDBOX_KEYS: &[Key] = &[
    Key::new("mode", Words(SANDBOX_MODES), "As closed as the machine allows, in namespaces or not at all, by Landlock alone, open."),
    Key::new("read", Names, "Folders and files that may be read: `/…`, or `~/…` for your home.").example("~/.mine"),
    Key::new("write", Names, "Folders and files that may be read and changed.").example("~/.mine"),
    Key::new("memory", Size, "Memory that all processes of a call may use together."),
    Key::new("disk", Size, "What a call may write."),
    Key::new("processes", Whole(1), "Processes that a call may have at one time."),
    Key::new("network", Words(&words(&NETWORKS)), "What commands and agents of `kind: command` reach: what the machine reaches, or nothing."),
];

#[rustfmt::skip]
pub(super) const AGENT_KEYS: &[Key] = &[
    Key::new("kind", Words(AgentKind::WORDS), "The adapter. Defaults to the agent's name."),
    Key::new("command", Name, "The program: a name on PATH, or a path."),
    Key::new("args", Names, "Arguments before all others."),
    Key::new("env", VARIABLES, "Variables set for it."),
    Key::new("pass_env", Names, "Names of your variables handed on to it."),
    Key::new("sandbox", Map(SANDBOX_RULES), "What of this machine it may use beside what it needs."),
    Key::new("output", Map(OUTPUT_KEYS), "Of a `command` that prints lines of JSON: where in them things are, as keys and numbers with dots between."),
    Key::new("failures", Map(FAILURE_KEYS), "Of a `command`: how kinds of failures are recognized."),
    Key::new("executor", Name, "Which executor carries its calls out."),
    Key::new("home", Words(HOMES), "Of a `command`: `shared` if its sign-in lies in your home, which it then can read and change; `private` otherwise."),
];

pub(super) const HOMES: &[&str] = &["private", "shared"];

#[rustfmt::skip]
pub(super) const OUTPUT_KEYS: &[Key] = &[
    Key::new("text", Name, "Pieces of the answer.").required().example("choices.0.message.content"),
    Key::new("input_tokens", Name, "What it used, as totals."),
    Key::new("output_tokens", Name, ""),
    Key::new("cost", Name, "In US dollars."),
    Key::new("error", Name, "What went wrong, in words."),
];

const SIGN: Takes = Map(SIGN_KEYS);
pub(super) const FAILURE_KEYS: &[Key] = &{
    let mut keys = [const { Key::new("", SIGN, "") }; Wrapper::KINDS.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = Key::new(Wrapper::KINDS[at].rule().name, SIGN, "");
        at += 1;
    }
    keys
};

#[rustfmt::skip]
pub(super) const SIGN_KEYS: &[Key] = &[
    Key::new("exit", Any(&[Whole(1), List(&Whole(1))]), "Exit codes."),
    Key::new("says", Names, "What a line of standard error holds, or a line of standard output begins with."),
];

pub(super) const NETWORKS: [(&str, Network); 2] =
    [("host", Network::Host), ("none", Network::None)];

/// Of one agent or phase: without the mode.
pub const SANDBOX_RULES: &[Key] = SANDBOX_KEYS.split_at(1).1;

#[rustfmt::skip]
pub(super) const MODEL_KEYS: &[Key] = &[
    Key::new("agent", Name, "The agent that runs it; `opencode` if not named."),
    Key::new("id", Name, "The id as the agent wants it: provider/model."),
    Key::new("variant", Name, "The variant (reasoning effort)."),
    Key::new("family", Name, "Whose model it is."),
    Key::new("price", Map(PRICE_KEYS), "US dollars per million tokens."),
    Key::new("context", Whole(0), "Size of the window in tokens."),
    Key::new("executor", Name, "Which executor carries its calls out."),
];

pub(super) const PRICE_KEYS: &[Key] = &[
    Key::new("input", Amount, "").required(),
    Key::new("output", Amount, "").required(),
    Key::new(
        "cache_read",
        Amount,
        "Of input that a cache held; that of `input` if not named.",
    ),
    Key::new(
        "cache_write",
        Amount,
        "Of input that a cache keeps; that of `input` if not named.",
    ),
];

#[rustfmt::skip]
pub(super) const LIMIT_KEYS: &[Key] = &[
    Key::new("calls", WHOLE_OR_NONE, "Attempts started."),
    Key::new("tokens", WHOLE_OR_NONE, "Tokens of all attempts."),
    Key::new("cost", Any(&[Amount, NONE]), "US dollars."),
    Key::new("wall", Any(&[Duration, NONE]), "Wall-clock time."),
    Key::new("concurrency", Whole(1), "Calls at one time."),
    Key::new("processes", WHOLE_OR_NONE, "Agents at one time, of all your runs on this machine."),
    Key::new("day", Any(&[Amount, NONE]), "US dollars that all your runs on this machine may spend in a day."),
    Key::new("changed_files", Any(&[Whole(0), NONE]), "Files that one editing call may change."),
    Key::new("changed_size", SIZE_OR_NONE, "Their size together."),
    Key::new("changed_file_size", SIZE_OR_NONE, "The size of each."),
];

#[rustfmt::skip]
pub(super) const DEFAULT_KEYS: &[Key] = &[
    Key::new("timeout", Duration, "Wall-clock time of an attempt."),
    Key::new("idle_timeout", Duration, "Silence of an attempt."),
    Key::new("retries", Whole(0), "Further attempts on the same model."),
    Key::new("straggler_timeout", Duration, "Time for the stragglers of an ensemble."),
    Key::new("project_instructions", Flag, "Whether the project's AGENTS.md is a part of prompts (never of `fresh` ones)."),
];

/// The JSON Schema of `config.yaml`, for editors.
pub fn schema() -> Value {
    let about = "Agents, models, roles and limits. Laid over the built-in configuration: built-in < user < project < workflow < flags.";
    yaml::schema("tipstaff configuration", about, LAYER_KEYS)
}
