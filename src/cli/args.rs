//! The command line as typed. What it means is resolved by the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::shared_args::key_value;
pub use super::shared_args::{
    AcceptArgs, CandidateArgs, CommitArgs, ConflictArgs, DestinationArgs, LimitArgs, OutputArgs,
    SteerArgs,
};
use crate::costs::By;
use crate::model::{Label, Millis};
use crate::plan::SandboxMode;
use crate::report::ShowPart;
use crate::yaml::parse_duration;

/// Runs declarative workflows in which every step is a fresh agent process: several models propose,
/// one judges, specialists execute, and only distilled handoffs travel from phase to phase.
#[derive(Debug, Parser)]
#[command(name = "tipstaff", version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// Work on the project in this folder instead of the current one
    #[arg(short = 'C', long = "project", value_name = "DIR", global = true)]
    pub project: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 the run failed · 2 wrong usage or invalid workflow · 3 the audit says fail ·
4 waits for a person · 5 a limit stopped it, `resume` goes on · 130/143 interrupted, resumable";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a workflow
    Run(RunArgs),
    /// List the workflows that can be run here, print one, or copy one into the project
    Workflows(WorkflowsArgs),
    /// Check a workflow without running it, and show who does what and sees what in it
    Check(CheckArgs),
    /// Print the exact prompt of a call with what goes into it, without running anything
    Prompt(PromptArgs),
    /// Go on with a run that was interrupted, limited, failed or answered
    Resume(ResumeArgs),
    /// Do a phase again, and all after it, in a new run that takes over what was before
    Rerun(RerunArgs),
    /// Write a configuration for this project, made of what is on this machine
    Init(InitArgs),
    /// Look at this machine: sandbox, agents, sign-ins, models, and what mends what is missing
    Doctor(DoctorArgs),
    /// List the names of models, roles and agents, what they stand for, and who says so
    Models(ModelsArgs),
    /// List the runs of this project
    Runs(ListArgs),
    /// Tell from all runs which models and judges are worth what they cost; changes nothing
    Scores(ScoresArgs),
    /// Tell what runs cost: by run, phase, model, agent, day, project, or by what it was spent on
    Costs(CostsArgs),
    /// Show a run's result on one screen, or all that is known of it
    Show(ShowArgs),
    /// Read what an agent said and did, also while it works
    Logs(LogsArgs),
    /// Compare the proposals of a run, two of them line by line, or two runs
    Compare(CompareArgs),
    /// Write a run down as one HTML page, or several beside each other
    Report(ReportArgs),
    /// Look at a run that is worked on, and steer it
    Watch(WatchArgs),
    /// End a run that is worked on, so that `resume` goes on
    Stop(StopArgs),
    /// Say something to the calls of a run that are still to come
    Note {
        /// The run, the phase that is meant (without it all), and what its calls are to know
        #[arg(value_names = ["RUN", "PHASE", "TEXT"], num_args = 2..=3, required = true)]
        words: Vec<String>,
    },
    /// Pick the winning proposal by hand where a run waits for it, and go on
    Pick(PickArgs),
    /// Say which proposal of a phase is the best, whoever won; `scores` counts it
    Rate {
        /// The run
        run: String,
        /// The phase
        phase: String,
        /// The best proposal's letter; `tie` if none is better than the others
        proposal: String,
        /// Why
        #[arg(
            long,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        because: String,
    },
    /// Let a phase begin that waits at its gate, and go on
    Approve(AnswerArgs),
    /// Do not let it begin: the run fails, or with `--again` what was done before is done again
    Reject(RejectArgs),
    /// Show a run's changes, or one task's: a patch, or its files
    Diff(DiffArgs),
    /// Apply the changes and documents of a run that kept them
    Apply(ApplyArgs),
    /// Take back all that a run put into your files, exactly
    Undo(UndoArgs),
    /// Remove runs that nobody needs any more; shows what and asks first, and never takes the last copy of changes
    Clean(CleanArgs),
    /// Agree to what this project has run, reads and replaces; it is asked again when that changes
    Trust(TrustArgs),
    /// Print the JSON Schema of a file format
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// A workflow file, or the name of a project, user or bundled workflow
    pub workflow: String,
    /// What you want; `-` reads it from standard input
    pub request: Vec<String>,
    /// Read the request from a file (for long ones)
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pub request_file: Option<PathBuf>,
    /// Give a declared input a value
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub sets: Vec<(String, String)>,
    /// Run the real agents against scripted models on loopback: no key, no cost. Takes the name of a
    /// built-in scenario or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "default",
          require_equals = false)]
    pub rehearse: Option<String>,
    /// Put the results of a rehearsal where those of a real run would go; without it, nothing of your
    /// project is touched
    #[arg(long, requires = "rehearse")]
    pub publish: bool,
    /// Use another model for a role or for a model's name
    #[arg(long = "model", value_name = "ROLE=MODEL", value_parser = key_value)]
    pub models: Vec<(String, String)>,
    /// How many proposers each ensemble has; more than its models means some propose more than once
    #[arg(long, value_name = "N", conflicts_with = "best_of", value_parser = clap::value_parser!(u32).range(1..=26))]
    pub depth: Option<u32>,
    #[command(flatten)]
    pub candidates: CandidateArgs,
    /// Shuffle the proposals from this number instead of a random one
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How closed the place is in which agents and commands live: as the machine allows, in namespaces or not at
    /// all, by Landlock alone, open
    #[arg(long, value_name = "on|required|landlock|off", value_parser = sandbox_mode)]
    pub sandbox: Option<SandboxMode>,
    #[command(flatten)]
    pub destination: DestinationArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl Command {
    /// How progress is shown, of what works on a run.
    pub fn output(&self) -> Option<&OutputArgs> {
        match self {
            Self::Run(args) => Some(&args.output),
            Self::Resume(args) => Some(&args.output),
            Self::Pick(args) => Some(&args.output),
            Self::Approve(args) => Some(&args.output),
            Self::Reject(args) => Some(&args.answer.output),
            Self::Rerun(args) => Some(&args.output),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A workflow file, or the name of a project, user or bundled workflow
    pub workflow: String,
    /// Look at the workflow and the configuration alone, not at what is installed here
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub candidates: CandidateArgs,
    /// Print the way through its phases alone: as the table, or as Mermaid for a page that draws it
    #[arg(long, value_name = "FORM", num_args = 0..=1, default_missing_value = "text",
          value_parser = ["text", "mermaid"])]
    pub graph: Option<String>,
    /// Print what a run is expected to use, as JSON, and nothing else
    #[arg(long, conflicts_with = "graph")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct WorkflowsArgs {
    #[command(subcommand)]
    pub what: Option<WorkflowsDo>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum WorkflowsDo {
    /// Print a workflow's text
    Show {
        /// Its name
        name: String,
    },
    /// Copy a workflow into the project, where it can be changed; the copy is taken instead
    Copy {
        /// Its name
        name: String,
        /// Give the copy another name
        #[arg(long = "as", value_name = "NAME")]
        to: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The run; without it the latest one
    pub run: Option<String>,
    /// A call, or a part of its name that no other has; without it the one under way, else the latest
    pub call: Option<String>,
    /// Go on while the agent works; without a call until the run ends
    #[arg(long, short)]
    pub follow: bool,
    /// Print the agent's own events, a line each
    #[arg(long)]
    pub raw: bool,
}

#[derive(Debug, Args)]
pub struct PromptArgs {
    /// A workflow file, or the name of a project, user or bundled workflow
    pub workflow: String,
    /// The phase
    pub phase: String,
    /// What you want; a mark stands for it where nothing is said
    pub request: Vec<String>,
    /// A call of the phase, or a part of its name; without it the first
    #[arg(long, value_name = "CALL")]
    pub call: Option<String>,
    /// Give a declared input a value
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub sets: Vec<(String, String)>,
    /// Use another model for a role or for a model's name
    #[arg(long = "model", value_name = "ROLE=MODEL", value_parser = key_value)]
    pub models: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The run; without it the latest one that is not done
    pub run: Option<String>,
    /// Give an audit whose verdict is fail so many rounds more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: Option<u32>,
    #[command(flatten)]
    pub steer: SteerArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct RerunArgs {
    /// The run that has done it before; it stays as it is
    pub run: String,
    /// The phase that is done again, with all after it
    #[arg(long, value_name = "PHASE")]
    pub from: String,
    /// What its calls are to know
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    #[command(flatten)]
    pub destination: DestinationArgs,
    #[command(flatten)]
    pub steer: SteerArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Ask each model that can be used for one word, which costs a little
    #[arg(long)]
    pub live: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Ask nothing
    #[arg(long)]
    pub yes: bool,
    /// Write a new one where there is one already, which is kept beside it
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// A workflow whose own names count as well
    pub workflow: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ScoresArgs {
    /// Count all of your runs on this machine, not those of this project alone
    #[arg(long)]
    pub all: bool,
    /// Print what follows for a workflow's models, as YAML with the reasons; only where there is no doubt
    #[arg(long, conflicts_with = "json")]
    pub suggest: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CostsArgs {
    /// The run: its name, any beginning of it or of its workflow; without it all runs of this project
    #[arg(conflicts_with = "all")]
    pub run: Option<String>,
    /// What costs are told apart by; for one run its phases, for all of yours the projects, else the runs
    #[arg(long, value_parser = By::ALL.map(|(_, word)| word))]
    pub by: Option<String>,
    /// Count all of your runs on this machine, not those of this project alone
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values, money in dollars
    #[arg(long)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The run: its name, any beginning of it or of its workflow; without it the latest one
    pub run: Option<String>,
    /// A proposal's letter, to print that proposal alone
    pub proposal: Option<String>,
    /// Phases, and when each call ran
    #[arg(long)]
    pub timeline: bool,
    /// Changed files, tasks, what verified them, and the files of the run
    #[arg(long)]
    pub files: bool,
    /// Every attempt with model, time, tokens and cost
    #[arg(long)]
    pub calls: bool,
    /// What judges and auditors said, with scores and findings
    #[arg(long)]
    pub verdict: bool,
    /// What each call saw, part by part
    #[arg(long)]
    pub context: bool,
    /// All of these
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl ShowArgs {
    /// What is asked for beyond the result.
    pub fn parts(&self) -> Vec<ShowPart> {
        let is_asked = |part: &ShowPart| match part {
            ShowPart::Timeline => self.timeline,
            ShowPart::Files => self.files,
            ShowPart::Calls => self.calls,
            ShowPart::Verdict => self.verdict,
            ShowPart::Context => self.context,
        };
        let parts = ShowPart::ALL.into_iter();
        parts.filter(|part| self.all || is_asked(part)).collect()
    }
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The run; without it the latest one
    pub run: Option<String>,
    /// A phase, to compare its proposals; two letters, to compare these two; or another run
    #[arg(value_names = ["PHASE|RUN|A", "B"], num_args = 0..=3)]
    pub rest: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run; without it the latest one; several are compared
    pub runs: Vec<String>,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
    /// The page's file; without it `report.html` in the run's folder
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print Markdown for a pull request instead
    #[arg(long, conflicts_with_all = ["open", "output"])]
    pub markdown: bool,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The run; without it the newest one that is worked on, else the latest
    pub run: Option<String>,
    /// Show it in lines that do not change, as without a terminal
    #[arg(long)]
    pub plain: bool,
}

#[derive(Debug, Args)]
pub struct StopArgs {
    /// The run
    pub run: String,
}

#[derive(Debug, Args)]
pub struct PickArgs {
    /// The winning proposal's label, for example `B`; `none` has all propose once more. Before it the run, unless
    /// just one waits for a pick, and the phase, which need not be said
    #[arg(value_names = ["RUN", "PHASE", "LABEL"], num_args = 1..=3, required = true)]
    pub words: Vec<String>,
    /// What is wrong with all of them; of `none`
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl PickArgs {
    /// The run and the phase as far as they are named, and the label.
    pub fn parts(&self) -> (Option<&str>, Option<&str>, Label) {
        let mut words = self.words.iter().rev().map(String::as_str);
        let label = Label::new(words.next().unwrap_or_default().trim().to_uppercase());
        let (last, first) = (words.next(), words.next());
        (first.or(last), first.and(last), label)
    }
}

#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// The run; without it the only one that waits for this
    pub run: Option<String>,
    /// The phase; without it the one that waits
    pub phase: Option<String>,
    /// What the phase's calls are to know; with `reject`, why
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct RejectArgs {
    #[command(flatten)]
    pub answer: AnswerArgs,
    /// Have the phase before the gate done again, with this comment; five times at most
    #[arg(long, value_name = "COMMENT", conflicts_with = "because")]
    pub again: Option<String>,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The run; without it the latest one
    pub run: Option<String>,
    /// The changes of this task alone, by its id
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// Print the files with the counts of their lines instead
    #[arg(long, conflicts_with = "json")]
    pub stat: bool,
    /// Print the files as JSON: status, lines, and the tasks that changed them
    #[arg(long)]
    pub json: bool,
    /// Never start a pager
    #[arg(long)]
    pub no_pager: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The run
    pub run: String,
    /// Put the changes onto a new branch of this name instead of into your files
    #[arg(long, value_name = "NAME", conflicts_with_all = ["skip_conflicts", "three_way"])]
    pub branch: Option<String>,
    /// Commit the changes on the branch that is checked out, which has to be without changes
    #[arg(long, conflicts_with_all = ["branch", "skip_conflicts", "three_way"])]
    pub commit: bool,
    #[command(flatten)]
    pub commits: CommitArgs,
    #[command(flatten)]
    pub accept: AcceptArgs,
    /// Also deliver changes that hold a known secret
    #[arg(long)]
    pub accept_secrets: bool,
    #[command(flatten)]
    pub conflicts: ConflictArgs,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The run
    pub run: String,
    #[command(flatten)]
    pub conflicts: ConflictArgs,
}

#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Only runs in which nothing has happened for so long
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<Millis>,
    /// Also what is remembered of this project between runs; the next one reads and installs everything anew
    #[arg(long)]
    pub cache: bool,
    /// Only show what would be removed
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Remove it without being asked
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct TrustArgs {
    /// A workflow file elsewhere in the project, besides those in `.tipstaff`
    pub workflow: Option<String>,
    /// Show all orders of the project, and agree to nothing
    #[arg(long, conflicts_with_all = ["yes", "revoke"])]
    pub show: bool,
    /// Agree without being asked
    #[arg(long, conflicts_with = "revoke")]
    pub yes: bool,
    /// Agree to nothing of this project any more
    #[arg(long)]
    pub revoke: bool,
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The format
    #[arg(value_parser = ["handoff", "tasks", "judgement", "audit", "workflow", "config"])]
    pub format: String,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

fn age(text: &str) -> Result<Millis, String> {
    parse_duration(text).ok_or_else(|| "a time like 30d, 12h or 1d12h".to_owned())
}

fn sandbox_mode(text: &str) -> Result<SandboxMode, String> {
    let wrong = |_| "one of on, required, landlock, off".to_owned();
    serde_json::from_value(text.into()).map_err(wrong)
}
