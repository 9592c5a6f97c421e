//! Arguments that several commands share.

use std::path::PathBuf;

use clap::Args;

use crate::model::CommitStyle;

/// Where the changes of a run go at its end.
#[derive(Debug, Args)]
pub struct DestinationArgs {
    /// Put changes and documents onto a new branch of this name instead of into your files
    #[arg(long, value_name = "NAME", conflicts_with = "keep")]
    pub branch: Option<String>,
    /// Commit changes and documents on the branch that is checked out, which has to be without changes
    #[arg(long, conflicts_with_all = ["branch", "keep"])]
    pub commit: bool,
    /// Keep changes and documents in the run instead of putting them into your files
    #[arg(long)]
    pub keep: bool,
    #[command(flatten)]
    pub commits: CommitArgs,
    #[command(flatten)]
    pub accept: AcceptArgs,
}

/// How commits are made. There are none without `--branch` or `--commit`.
#[derive(Debug, Default, Args)]
pub struct CommitArgs {
    /// Make one commit of all rather than one of each task and phase
    #[arg(long)]
    pub squash: bool,
    /// Sign commits, as your git is set up to
    #[arg(long)]
    pub sign: bool,
    /// Run the hooks of your repository for each commit; otherwise none runs
    #[arg(long)]
    pub hooks: bool,
}

impl CommitArgs {
    pub fn style(&self) -> CommitStyle {
        let Self {
            squash,
            sign,
            hooks,
        } = *self;
        CommitStyle {
            squash,
            sign,
            hooks,
        }
    }
}

/// Which changes of files that act on their own are delivered.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Also deliver changes of files that act on their own (hooks, editors' tasks, instructions to agents): a path,
    /// a folder or a pattern
    #[arg(long = "accept", value_name = "PATTERN")]
    pub accept: Vec<String>,
}

/// How often the change is made.
#[derive(Debug, Args)]
pub struct CandidateArgs {
    /// Have the one phase that edits make its change N times, each on its own, and take the best: commands sort
    /// them out, then a judge
    #[arg(long, visible_alias = "candidates", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=26))]
    pub best_of: Option<u32>,
}

/// Limits of a run.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Change a limit of the run: calls, tokens, cost (USD), wall (30m, 2h), concurrency; of all runs: day (USD),
    /// processes; of each editing call: changed_files, changed_size (2GB), changed_file_size; or of a phase:
    /// PHASE.calls, PHASE.tokens, PHASE.cost
    #[arg(long = "limit", value_name = "KEY=VALUE", value_parser = key_value)]
    pub limits: Vec<(String, String)>,
}

/// How progress is shown.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print one JSON event a line on standard output, and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Approve every gate without asking, and never ask anything on the terminal
    #[arg(long)]
    pub yes: bool,
    /// When it ends, write what it came to as Markdown into this file, for a pull request's text
    #[arg(long, value_name = "FILE")]
    pub pr_body: Option<PathBuf>,
    /// Show no progress, only the result
    #[arg(long, conflicts_with = "json")]
    pub quiet: bool,
    /// Show progress in lines that do not change, as without a terminal
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    pub plain: bool,
    /// Work in the background: print the run's name once it has begun, and leave
    #[arg(long, conflicts_with = "json")]
    pub detach: bool,
    /// Stay while accounts are parked, and go on by itself at their time
    #[arg(long)]
    pub wait: bool,
    /// Forget that accounts are parked: there is quota again
    #[arg(long)]
    pub unpark: bool,
    /// It is `doctor` that asks a model: nobody is told of its end.
    #[arg(skip)]
    pub is_probe: bool,
}

/// What is different from here on.
#[derive(Debug, Args)]
pub struct SteerArgs {
    /// Use another model in the place of one of the run's
    #[arg(long = "model", value_name = "NAME=MODEL", value_parser = key_value)]
    pub models: Vec<(String, String)>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What to do about files that do not merge; without any of these they are named and nothing is touched.
#[derive(Debug, Default, Args)]
pub struct ConflictArgs {
    /// Leave files that do not merge as they are, and change the others
    #[arg(long, conflicts_with = "three_way")]
    pub skip_conflicts: bool,
    /// Write conflict markers into files that do not merge
    #[arg(long = "3way")]
    pub three_way: bool,
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.trim().is_empty() {
        return Err("expected KEY=VALUE with a name before the `=`".to_owned());
    }
    Ok((key.trim().to_owned(), value.to_owned()))
}
