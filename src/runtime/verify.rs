//! Running a command on a checkout of a tree, to see whether the changes are good. It is run by tipstaff, so
//! no model says how it went; but it runs what models wrote, so it gets neither the user's variables nor home.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::agents::Environment;
use crate::engine::Input;
use crate::files;
use crate::journal::Clean;
use crate::model::{
    ExitStatus, Failure, FailureKind, Millis, PhaseName, TreeId, Verification, VerifyOutcome,
};
use crate::process::{self, CellSpec, ChildSpec, Exceeded, Network};
use crate::run::{PendingVerification, PhaseEvent};
use crate::workspace::remove_tree;

use super::RunContext;
use super::attempt::{Control, unless_stopped};
use super::blocking::blocking;
use super::cell::{Inside, Room};
use super::failure::machine;
use super::private::private_environment;

/// How much of the end of a command's output is kept, in bytes.
const TAIL: usize = 8 << 10;

/// How a command ended once.
struct Ended {
    exit: Option<i32>,
    exceeded: Option<Exceeded>,
    wall: Millis,
    tail: Clean<'static>,
}

/// A command to be run for a phase.
pub struct Verify {
    pub context: Arc<RunContext>,
    pub phase: PhaseName,
    pub verifying: PendingVerification,
}

impl Verify {
    /// Runs the command and says how it went; `None` if it was told to stop.
    pub async fn run(self, mut control: watch::Receiver<Control>) -> Option<Input> {
        // Dropping the child ends it with all that it started.
        let verified = unless_stopped(&mut control, self.verify()).await;
        let event = match verified {
            Ok(verification) => PhaseEvent::Verified {
                task: self.verifying.task,
                tree: self.verifying.tree,
                verification,
            },
            Err(failure) if failure.kind == FailureKind::Cancelled => return None,
            Err(failure) => PhaseEvent::Failed { failure },
        };
        Some(Input::Happened(event.of(self.phase)))
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        let ended = self.run_on(&self.verifying.tree, "after").await?;
        let outcome = match (ended.exceeded, ended.exit) {
            (Some(Exceeded::Time), _) => VerifyOutcome::TimedOut,
            (Some(Exceeded::Output), _) => VerifyOutcome::TooMuchOutput,
            (Some(Exceeded::Memory | Exceeded::Processes | Exceeded::Disk), _) => {
                VerifyOutcome::TooMuchUsed
            }
            (None, Some(0)) => VerifyOutcome::Passed,
            // Only a failure makes it worth knowing how it was before.
            (None, Some(_) | None) => {
                let before = self.run_on(&self.context.snapshot, "before").await?;
                if before.exit == Some(0) && before.exceeded.is_none() {
                    VerifyOutcome::Failed
                } else {
                    VerifyOutcome::AlreadyFailing
                }
            }
        };
        let name = format!("{} {}", self.verifying.tree, self.verifying.command);
        let name = blake3::hash(name.as_bytes()).to_hex();
        let folder = self.context.plan.phase_folder(&self.phase);
        let folder = folder.unwrap_or_else(|| "phases".to_owned());
        let path = format!("{folder}/verify/{}.txt", &name.as_str()[..12]);
        Ok(Verification {
            command: self.verifying.command.clone(),
            outcome,
            exit: ended.exit,
            wall: ended.wall,
            output: self
                .context
                .folder
                .write_artifact(&path, &ended.tail)
                .map_err(machine)?,
        })
    }

    fn limit(&self) -> Millis {
        let phase = self.context.plan.phase(&self.phase);
        phase.map_or(Millis::minutes(30), |phase| phase.limits.timeout)
    }

    /// Runs the command on a tree, under a warden like any other child.
    async fn run_on(&self, tree: &TreeId, name: &str) -> Result<Ended, Failure> {
        let at = self.context.scratch.join(format!("verify-{name}"));
        let printed = at.join("output.txt");
        let (context, tree, folder) = (Arc::clone(&self.context), tree.clone(), at.clone());
        let is_models = self.verifying.task.is_some();
        let made = blocking(move || {
            remove_tree(&folder).map_err(machine)?;
            std::fs::create_dir_all(&folder).map_err(machine)?;
            make(&context, &tree, &folder, is_models)
        });
        let (inside, env, cell) = made.await?;
        let spec = ChildSpec {
            program: "sh".into(),
            args: vec!["-c".into(), self.verifying.command.clone().into()],
            env,
            cwd: inside.workspace,
            stdin: "/dev/null".into(),
            stdout: printed.clone(),
            stderr: printed.clone(),
            record: at.join("exit.json"),
            marker: format!("{}/verify/{name}", self.context.folder.id()),
            grace: self.context.grace,
            timeout: Some(self.limit().into()),
            max_output_bytes: Some(super::prepare::MOST_OUTPUT),
            cell,
        };
        let started = Instant::now();
        let mut child = process::start(spec, &self.context.program)
            .await
            .map_err(machine)?;
        let exit = child.wait().await.map_err(machine)?;
        let wall = Millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        let redactor = self.context.redactor.clone();
        let tail = blocking(move || {
            let tail = files::open(&printed).and_then(|file| redactor.clean_end(file, TAIL));
            // What cannot be removed now goes with the run's scratch folder.
            let _ = remove_tree(&at);
            tail.map_err(machine)
        })
        .await?;
        let code = match exit.status {
            ExitStatus::Exited(code) => Some(code),
            ExitStatus::Signaled(_) | ExitStatus::Unknown => None,
        };
        Ok(Ended {
            exit: code,
            exceeded: exit.exceeded,
            wall,
            tail,
        })
    }
}

/// The workspace, environment and cell of a command. One that a model wrote has neither keys nor network. Blocks.
fn make(
    context: &RunContext,
    tree: &TreeId,
    at: &Path,
    is_models: bool,
) -> Result<(Inside, Environment, Option<CellSpec>), Failure> {
    let (workspace, private) = (at.join("workspace"), at.join("private"));
    let ground = context.workspaces().whole(tree, &workspace)?;
    let inside = context.cells.inside(&workspace, &private, &private);
    let (plan, toolchains) = (&context.plan, &context.cells.toolchains);
    let user = (&context.environment, toolchains);
    let env = private_environment(
        &inside,
        user,
        &plan.verify,
        is_models || plan.rehearsal.is_some(),
    );
    let mut env = env.map_err(machine)?;
    env.insert("PWD".into(), inside.workspace.clone().into());
    let cell = context.cells.spec(Room {
        root: at,
        workspace: &workspace,
        layers: ground.layers(),
        binds: ground.binds(),
        private: &private,
        keys: None,
        program: None,
        toolchains: true,
        links: Vec::new(),
        rules: &plan.sandbox,
        network: match is_models {
            true => Network::Own,
            false => Network::Host,
        },
    })?;
    Ok((inside, env, cell))
}
