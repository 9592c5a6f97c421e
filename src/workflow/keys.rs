//! All keys of the format: what each takes, and which phase type has which.

use crate::config::SANDBOX_RULES;
use crate::model::{Agreement, AtLimit, Section};
use crate::plan::{EnsembleMode, Method, OnNone, Orders, Strategy};
use crate::yaml::Takes::{
    Amount, Any, Counted, Duration, Each, Flag, Like, List, Map, Name, Names, Nothing, Scalar,
    Text, Whole, Words,
};
use crate::yaml::{Key, Naming, Preset, Takes, words};

use super::ast::{Leaves, OnTaskFail, OtherFamily, PhaseType};

const SINGLE: &str = PhaseType::Single.word();
const ENSEMBLE: &str = PhaseType::Ensemble.word();
const ROUTED: &str = PhaseType::Routed.word();
const PARALLEL: &str = PhaseType::Parallel.word();

/// Keys at the top of a workflow, without those of a configuration layer.
#[rustfmt::skip]
pub(super) const TOP_KEYS: &[Key] = &[
    Key::new("name", Name, "The workflow's name; the file's if not given."),
    Key::new("description", Name, "What it is for."),
    Key::new("inputs", INPUTS, "Inputs that the user gives with --set; their names may be used in braces in `output` and prompts."),
    Key::new("phases", Counted(1, None, &List(&Map(PHASE_KEYS))), "The steps, in order.").required(),
];
const INPUTS: Takes = Any(&[
    Names,
    Each(
        Naming::Like("^[A-Za-z_][A-Za-z0-9_-]*$"),
        &Any(&[Map(INPUT_KEYS), Nothing]),
    ),
]);
pub(super) const INPUT_KEYS: &[Key] = &[
    Key::new("default", Scalar, ""),
    Key::new("description", Text, ""),
    Key::new("required", Flag, ""),
];

#[rustfmt::skip]
pub(super) const PHASE_KEYS: &[Key] = &[
    Key::new("name", Like(r"^[\p{L}\p{N}_-]+$"), "Unique; also a folder's name.").required().example("plan"),
    Key::new("type", Words(&words(&PhaseType::WORDS)), "").default(Preset::Word(SINGLE)),
    Key::new("description", Name, "What it is for."),
    Key::new("model", Name, "Of a single phase, or of the lenses that name none: a model, a role, or agent:provider/model[@variant].").of(&[SINGLE, PARALLEL]),
    Key::new("models", Names, "Of an ensemble: who proposes. Of a parallel phase: who is asked the same question.").of(&[ENSEMBLE, PARALLEL]),
    Key::new("judge", Any(&[Name, Map(JUDGE_KEYS)]), "Of an ensemble: who decides, and how. Of a parallel phase: who joins the answers.").of(&[ENSEMBLE, PARALLEL]),
    Key::new("routing", Counted(1, None, &Each(Naming::Free, &Name)), "Of a routed phase: a model for each category of tasks; `default` takes all others.").of(&[ROUTED]),
    Key::new("lenses", LENSES, "Of a parallel phase: the questions, each with a name.").of(&[PARALLEL]),
    Key::new("on_task_fail", Words(&words(&ON_TASK_FAIL)), "Of a routed phase: whether tasks that do not depend on a failed one go on.").of(&[ROUTED]).default(Preset::Word("stop")),
    Key::new("fallback", Names, "Models to try after all others."),
    Key::new("substitute", Names, "Of an ensemble: models that propose in the place of one whose account is parked, each for one.").of(&[ENSEMBLE]),
    Key::new("prompt", Name, "A template's name, a file (.md, .txt or with a /), or inline text. Default: the template of the phase's name, else the general one."),
    Key::new("input", Names, "PHASE.output, PHASE.outputs, PHASE.handoff, PHASE.changes, PHASE.tests, request, file:GLOB; one or a list.").example("request"),
    Key::new("output", Name, "Where the deliverable is published, relative to the project; {feature} and inputs may be part of it."),
    Key::new("context_strategy", Words(&words(&STRATEGIES)), "full: every deliverable so far. scoped: only the task's files. distilled: handoffs. fresh: named inputs only.").default(Preset::Word("full")),
    Key::new("scope", Map(SCOPE_KEYS), "Files of the scoped strategy."),
    Key::new("distill", Any(&[Name, Map(DISTILL_KEYS)]), "Who distills the handoff: self, none, a model or a role."),
    Key::new("mode", Words(&words(&MODES)), "Of an ensemble. sequential: each later model sees the earlier proposals.").of(&[ENSEMBLE]).default(Preset::Word("parallel")),
    Key::new("quorum", Whole(1), "Judge as soon as this many proposals are in.").of(&[ENSEMBLE]),
    Key::new("straggler_timeout", Duration, "How long the others get then.").of(&[ENSEMBLE]),
    Key::new("on_none", Words(&words(&ON_NONE)), "Of an ensemble that edits: what follows if each candidate fails what passed before. repair: each is told once.").of(&[ENSEMBLE]).default(Preset::Word("ask")),
    Key::new("cross_tests", Any(&[Flag, List(&Name)]), "Of an ensemble that edits: the tests of each candidate run with the code of the others; a list says by patterns which files are tests.").of(&[ENSEMBLE]),
    Key::new("yields", Words(&words(&YIELDS)), "What a single phase has to leave. Default: follows from its name and from how other phases use it.").of(&[SINGLE]),
    Key::new("edits", Flag, "Whether the phase may change your files. Default: true for routed phases and for execute and integrate; an ensemble edits only where this says so."),
    Key::new("verify", VERIFY, "Of a phase that edits: commands that tipstaff runs on a full checkout with the changes, in this order; `PHASE.tests` stands for those that an earlier phase was verified with.").of(&[SINGLE, ENSEMBLE, ROUTED]),
    Key::new("on_fail", Map(ON_FAIL_KEYS), "Where to go back to when the verdict is fail.").of(&[SINGLE]),
    Key::new("when", Like("[!=]="), "Run only if: NAME == VALUE of an input, PHASE.verdict == pass, PHASE.tests == fail; != for the opposite.").example("feature == x"),
    Key::new("gate", Any(&[Flag, Name]), "Ask a person first; a text is the question."),
    Key::new("timeout", Duration, "Wall-clock time of an attempt."),
    Key::new("idle_timeout", Duration, "Silence of an attempt."),
    Key::new("retries", Whole(0), "Further attempts on the same model."),
    Key::new("budget", Map(BUDGET_KEYS), "What all calls of the phase together may use, in all its rounds."),
    Key::new("at_limit", Words(&words(&AT_LIMIT)), "What it does at a limit. degrade: it leaves out what it can do without.").default(Preset::Word("park")),
    Key::new("sandbox", Map(SANDBOX_RULES), "What of this machine its calls and commands may use beside what all may."),
    Key::new("executor", Name, "Which executor carries its calls out; `local` is this machine."),
    Key::new("checkpoint", Map(CHECKPOINT_KEYS), "Go on in a fresh process when a call's own context passes this."),
];

const VERIFY: Takes = Any(&[
    Name,
    Map(VERIFY_KEYS),
    List(&Any(&[Name, Map(VERIFY_KEYS)])),
]);
#[rustfmt::skip]
pub(super) const VERIFY_KEYS: &[Key] = &[
    Key::new("run", Name, "The command.").required(),
    Key::new("repeat", Whole(1), "How often it is run on one tree: one that does not end the same way each time is flaky and counts for nobody.").default(Preset::Number(1)),
];

const LENSES: Takes = Counted(
    1,
    Some(26),
    &Any(&[
        Each(Naming::Free, &LENS),
        List(&Any(&[
            Map(LENS_KEYS),
            Counted(
                1,
                Some(1),
                &Each(Naming::Except(&["name", "model", "prompt"]), &LENS),
            ),
        ])),
    ]),
);
/// What is after a lens' name.
const LENS: Takes = Any(&[Name, Map(LENS_KEYS.split_at(1).1)]);
pub(super) const LENS_KEYS: &[Key] = &[
    Key::new("name", Name, "").required(),
    Key::new("model", Name, ""),
    Key::new("prompt", Name, ""),
];

#[rustfmt::skip]
pub(super) const JUDGE_KEYS: &[Key] = &[
    Key::new("by", Names, "Who judges: models or roles.").required(),
    Key::new("criteria", Counted(1, None, &Each(Naming::Like(CRITERION), &Whole(1))), "What proposals get points for, each with its weight; the weighted sum decides."),
    Key::new("orders", Words(&words(&ORDERS)), "In which orders each judge sees the proposals. both: what flips with the order is a tie. auto: the second only if the first was close.").default(Preset::Word("1")),
    Key::new("panel", Words(&words(&AGREEMENTS)), "How many of several judges have to agree.").default(Preset::Word("majority")),
    Key::new("method", Words(&words(&METHODS)), "What a judge compares at once: all proposals, every pair, or pairs whose winners meet again.").default(Preset::Word("list")),
    Key::new("abstain", Flag, "Whether a judge may say that it cannot tell."),
    Key::new("refine", Any(&[Flag, Name]), "Whether the winner's author, or this model, makes it better once with the judges' reasons; the result has to beat it under the same judging."),
    Key::new("synthesize", Any(&[Flag, Name]), "Of an ensemble that edits, instead of `refine`: whether the winner's author, or this model, puts what the judges name in the others into it; the result has to pass what it passes and to beat it in both orders."),
    Key::new("other_family", Words(&words(&OTHER_FAMILY)), "Whether judges are to be of another family than all who propose."),
];
/// The names of criteria stand in prompts and in JSON.
pub(super) const CRITERION: &str = r"^[\p{L}\p{N}_-]+( [\p{L}\p{N}_-]+)*$";

#[rustfmt::skip]
pub(super) const SCOPE_KEYS: &[Key] = &[
    Key::new("files", Names, "Files to work on."),
    Key::new("always", Names, "Files that are always there to read."),
    Key::new("expand", Any(&[Words(&["imports"]), Flag]), "Add what the task's files and `files` import and what imports them, to read."),
    Key::new("expand_tokens", Whole(1), "How many tokens of those at most.").default(Preset::Number(IMPORT_TOKENS)),
];

#[rustfmt::skip]
pub(super) const DISTILL_KEYS: &[Key] = &[
    Key::new("by", Name, ""),
    Key::new("sections", Any(&[Words(&SECTIONS), List(&Words(&SECTIONS))]), "What the handoff holds beside its summary; all without this key."),
];
/// The summary may be named; it is always there.
const SECTIONS: [&str; 8] = {
    let mut names = ["summary"; 8];
    let mut at = 0;
    while at < Section::ALL.len() {
        names[at] = Section::ALL[at].name();
        at += 1;
    }
    names
};

pub(super) const ON_FAIL_KEYS: &[Key] = &[
    Key::new("goto", Name, "").required(),
    Key::new("max", Whole(1), "").default(Preset::Number(DEFAULT_LOOPS as u64)),
];

pub(super) const BUDGET_KEYS: &[Key] = &[
    Key::new("calls", Whole(1), "Attempts started."),
    Key::new("tokens", Whole(1), "Of all kinds together."),
    Key::new("cost", Amount, "US dollars."),
];

pub(super) const CHECKPOINT_KEYS: &[Key] = &[Key::new("after_tokens", Whole(1), "").required()];

pub(super) const STRATEGIES: [(&str, Strategy); 4] = [
    ("full", Strategy::Full),
    ("scoped", Strategy::Scoped),
    ("distilled", Strategy::Distilled),
    ("fresh", Strategy::Fresh),
];

pub(super) const MODES: [(&str, EnsembleMode); 2] = [
    ("parallel", EnsembleMode::Parallel),
    ("sequential", EnsembleMode::Sequential),
];

pub(super) const AT_LIMIT: [(&str, AtLimit); 3] = [
    ("degrade", AtLimit::Degrade),
    ("park", AtLimit::Park),
    ("fail", AtLimit::Fail),
];

pub(super) const ON_NONE: [(&str, OnNone); 3] = [
    ("repair", OnNone::Repair),
    ("ask", OnNone::Ask),
    ("fail", OnNone::Fail),
];

pub(super) const ORDERS: [(&str, Orders); 3] = [
    ("1", Orders::One),
    ("both", Orders::Both),
    ("auto", Orders::Auto),
];

pub(super) const AGREEMENTS: [(&str, Agreement); 2] = [
    ("majority", Agreement::Majority),
    ("unanimous", Agreement::Unanimous),
];

pub(super) const METHODS: [(&str, Method); 3] = [
    ("list", Method::List),
    ("pairwise", Method::Pairwise),
    ("tournament", Method::Tournament),
];

pub(super) const OTHER_FAMILY: [(&str, OtherFamily); 2] = [
    ("prefer", OtherFamily::Prefer),
    ("require", OtherFamily::Require),
];

pub(super) const YIELDS: [(&str, Leaves); 4] = [
    ("document", Leaves::Document),
    ("tasks", Leaves::Tasks),
    ("verdict", Leaves::Verdict),
    ("edits", Leaves::Edits),
];

pub(super) const ON_TASK_FAIL: [(&str, OnTaskFail); 2] = [
    ("stop", OnTaskFail::Stop),
    ("continue", OnTaskFail::Continue),
];

/// How often an audit loop goes round if the workflow does not say.
pub(super) const DEFAULT_LOOPS: u32 = 2;

/// How many tokens of imported and importing files `expand: imports` adds if the workflow does not say:
/// about 120 KB of code, more than a single task reads and less than fills a window.
pub(super) const IMPORT_TOKENS: u64 = 30_000;
