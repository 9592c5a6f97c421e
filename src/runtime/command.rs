//! A shell command on a checkout of a tree, in a cell and under a warden like any other child. It runs what models or
//! strangers wrote, so it gets neither the user's variables nor home.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::agents::Environment;
use crate::files;
use crate::journal::Clean;
use crate::model::{ExitStatus, Failure, Millis, TreeId};
use crate::plan::SandboxRules;
use crate::process::{self, CellSpec, ChildSpec, Exceeded};
use crate::workspace::{ControlFiles, Workspace, remove_tree};

use super::RunContext;
use super::blocking::blocking;
use super::cell::{Inside, Room};
use super::failure::machine;
use super::private::private_environment;

/// A child that prints more than this, in bytes, is ended.
pub const MOST_OUTPUT: u64 = 512 << 20;
/// How much of the end of a command's output is kept, in bytes.
const TAIL: usize = 8 << 10;

pub struct Command<'a> {
    pub line: &'a str,
    pub tree: &'a TreeId,
    /// What `setup` made for the tree.
    pub layers: Vec<PathBuf>,
    /// The folder of the command; what was there is gone.
    pub at: &'a Path,
    pub marker: String,
    /// Whether it gets the variables that the user hands on.
    pub keys: bool,
    pub rules: SandboxRules,
    pub timeout: Millis,
}

/// How a command ended.
pub struct Ended {
    pub exit: Option<i32>,
    pub exceeded: Option<Exceeded>,
    pub wall: Millis,
    pub tail: Clean<'static>,
    pub workspace: Workspace,
}

/// What a command runs in.
struct Place {
    workspace: Workspace,
    inside: Inside,
    env: Environment,
    cell: Option<CellSpec>,
}

impl Command<'_> {
    /// Runs it to its end. Dropped before, it ends with all that it started.
    pub async fn run(self, context: &Arc<RunContext>) -> Result<Ended, Failure> {
        let (at, tree, layers) = (self.at.to_owned(), self.tree.clone(), self.layers);
        let (keys, rules, of_run) = (self.keys, self.rules, Arc::clone(context));
        let made = blocking(move || make(&of_run, (&tree, &layers), &at, (keys, &rules))).await?;
        let printed = self.at.join("output.txt");
        let spec = ChildSpec {
            program: "sh".into(),
            args: vec!["-c".into(), self.line.into()],
            env: made.env,
            cwd: made.inside.workspace,
            stdin: "/dev/null".into(),
            stdout: printed.clone(),
            stderr: printed.clone(),
            record: self.at.join("exit.json"),
            marker: self.marker,
            grace: context.grace,
            timeout: Some(self.timeout.into()),
            max_output_bytes: Some(MOST_OUTPUT),
            cell: made.cell,
        };
        let started = Instant::now();
        let mut child = process::start(spec, &context.program)
            .await
            .map_err(machine)?;
        let exit = child.wait().await.map_err(machine)?;
        let wall = Millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        let redactor = context.redactor.clone();
        let tail = blocking(move || {
            let tail = files::open(&printed).and_then(|file| redactor.clean_end(file, TAIL));
            tail.map_err(machine)
        });
        Ok(Ended {
            exit: match exit.status {
                ExitStatus::Exited(code) => Some(code),
                ExitStatus::Signaled(_) | ExitStatus::Unknown => None,
            },
            exceeded: exit.exceeded,
            wall,
            tail: tail.await?,
            workspace: made.workspace,
        })
    }
}

fn make(
    context: &RunContext,
    (tree, layers): (&TreeId, &[PathBuf]),
    at: &Path,
    (keys, rules): (bool, &SandboxRules),
) -> Result<Place, Failure> {
    remove_tree(at).map_err(machine)?;
    std::fs::create_dir_all(at).map_err(machine)?;
    let (root, private) = (at.join("workspace"), at.join("private"));
    let workspaces = context.workspaces();
    let workspace = workspaces.all(tree, ControlFiles::Keep, layers, &root)?;
    let inside = context.cells.inside(&root, &private, &private);
    let (plan, toolchains) = (&context.plan, &context.cells.toolchains);
    let user = (&context.environment, toolchains);
    let without_keys = !keys || plan.rehearsal.is_some();
    let env = private_environment(&inside, user, &plan.verify, without_keys);
    let mut env = env.map_err(machine)?;
    env.insert("PWD".into(), inside.workspace.clone().into());
    let cell = context.cells.spec(Room {
        root: at,
        workspace: &root,
        layers: workspace.layers(),
        installed: layers,
        binds: workspace.binds(),
        private: &private,
        keys: None,
        programs: &[],
        toolchains: true,
        links: Vec::new(),
        rules,
    })?;
    Ok(Place {
        workspace,
        inside,
        env,
        cell,
    })
}
