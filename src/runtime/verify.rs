//! Running a command on a checkout of a tree, to see whether the changes are good. It is run by tipstaff, so
//! no model says how it went; but it runs what models wrote, so it gets neither the user's variables nor home.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Input;
use crate::journal::Clean;
use crate::model::{Failure, FailureKind, Millis, PhaseName, TreeId, Verification, VerifyOutcome};
use crate::plan::{Network, PhaseKind, TestFiles};
use crate::process::Exceeded;
use crate::run::{PendingVerification, PhaseEvent};
use crate::workspace::{MANIFEST, pin, remove_tree, with_scripts_of, with_those_of};

use super::RunContext;
use super::attempt::{Control, unless_stopped};
use super::blocking::blocking;
use super::command::{Command, Ended};
use super::failure::machine;
use super::setup::{Users, set_up};

/// A command to be run for a phase.
pub struct Verify {
    pub context: Arc<RunContext>,
    pub phase: PhaseName,
    pub verifying: PendingVerification,
    /// The tree without the changes, and what the command said of it if that is known.
    pub ground: TreeId,
    pub before: Option<VerifyOutcome>,
}

/// How the command went once.
struct Ran {
    outcome: VerifyOutcome,
    exit: Option<i32>,
    wall: Millis,
    tail: Clean<'static>,
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
                tests_of: self.verifying.tests_of,
            },
            Err(failure) if failure.kind == FailureKind::Cancelled => return None,
            Err(failure) => PhaseEvent::Failed { failure },
        };
        Some(Input::Happened(event.of(self.phase)))
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        let tree = self.tree().await?;
        let ran = self.repeated(&tree, "after").await?;
        // Only a failure makes it worth knowing how it was before.
        let outcome = match (ran.outcome, self.before) {
            (VerifyOutcome::Failed, None) if tree == self.ground => VerifyOutcome::AlreadyFailing,
            (VerifyOutcome::Failed, None) => {
                match self.repeated(&self.ground, "before").await?.outcome {
                    VerifyOutcome::Passed => VerifyOutcome::Failed,
                    _ => VerifyOutcome::AlreadyFailing,
                }
            }
            (outcome, _) => outcome,
        };
        let PendingVerification { tree, command, .. } = &self.verifying;
        let mut name = format!("{tree} {command}");
        if let Some(tests_of) = &self.verifying.tests_of {
            name = format!("{tests_of} {name}");
        }
        let name = blake3::hash(name.as_bytes()).to_hex();
        let folder = self.context.plan.phase_folder(&self.phase);
        let folder = folder.unwrap_or_else(|| "phases".to_owned());
        let path = format!("{folder}/verify/{}.txt", &name.as_str()[..12]);
        Ok(Verification {
            command: self.verifying.command.clone(),
            outcome,
            exit: ran.exit,
            wall: ran.wall,
            output: self
                .context
                .folder
                .write_artifact(&path, &ran.tail)
                .map_err(machine)?,
        })
    }

    /// What the command runs on: the tree itself, or its code with another candidate's test files, all of them as
    /// they are there, so that no test of its own is left to be in their way; of the project also what runs them.
    async fn tree(&self) -> Result<TreeId, Failure> {
        let tree = self.verifying.tree.clone();
        let phase = self.context.plan.phase(&self.phase);
        let (Some(tests_of), Some(PhaseKind::Ensemble { cross_tests, .. })) = (
            self.verifying.tests_of.clone(),
            phase.map(|phase| &phase.kind),
        ) else {
            return Ok(tree);
        };
        let store = self.context.store();
        let (patterns, commands) = (cross_tests.clone(), [self.verifying.command.clone()]);
        let is_projects = tests_of == self.ground;
        let name = format!("{}-cross-{tree}-{tests_of}", self.phase);
        blocking(move || {
            let tests = TestFiles::new(&patterns, &commands);
            let is_one = |path: &Path| {
                let name = path.to_string_lossy();
                tests.has(&name) || is_projects && tests.runs(&name) && !path.ends_with(MANIFEST)
            };
            let mut crossed = with_those_of(&store, &tree, &tests_of, is_one).map_err(machine)?;
            if is_projects {
                crossed = with_scripts_of(&store, &crossed, &tests_of).map_err(machine)?;
            }
            pin(&store, &name, &crossed).map_err(machine)?;
            Ok(crossed)
        })
        .await
    }

    /// How the command ends on a tree, as often as its workflow wants to know.
    async fn repeated(&self, tree: &TreeId, name: &str) -> Result<Ran, Failure> {
        let mut first: Option<Ran> = None;
        for _ in 0..self.context.plan.repeats(&self.verifying.command).max(1) {
            let ran = self.run_on(tree, name).await?;
            let passed = ran.outcome == VerifyOutcome::Passed;
            // A candidate has to pass each time what passed each time before.
            if self.before == Some(VerifyOutcome::Passed) && !passed {
                return Ok(ran);
            }
            match &first {
                None => first = Some(ran),
                Some(known) if (known.outcome == VerifyOutcome::Passed) != passed => {
                    let outcome = VerifyOutcome::Flaky;
                    return Ok(Ran { outcome, ..ran });
                }
                Some(_) => {}
            }
        }
        Ok(first.expect("it runs at least once"))
    }

    fn limit(&self) -> Millis {
        let phase = self.context.plan.phase(&self.phase);
        phase.map_or(Millis::minutes(30), |phase| phase.limits.timeout)
    }

    async fn run_on(&self, tree: &TreeId, name: &str) -> Result<Ran, Failure> {
        // One that a model wrote has neither keys nor network.
        let is_models = self.verifying.task.is_some();
        let plan = &self.context.plan;
        let mut rules = plan.sandbox.clone();
        if let Some(phase) = plan.phase(&self.phase) {
            rules.extend(phase.sandbox.clone());
        }
        if is_models {
            rules.network = Some(Network::None);
        }
        let at = self.context.scratch.join(format!("verify-{name}"));
        // Of a candidate it is known how the command went before.
        let users = match self.before {
            Some(_) => Users::OneCandidate,
            None => Users::AllOfRun,
        };
        let layers = match set_up(&self.context, (tree, users), &|_| ()).await {
            Err(failure) if failure.kind == FailureKind::Setup && self.before.is_some() => {
                return Ok(self.not_set_up(&failure));
            }
            layers => layers?,
        };
        let command = Command {
            line: &self.verifying.command,
            tree,
            layers,
            at: &at,
            marker: format!("{}/verify/{name}", self.context.folder.id()),
            keys: !is_models,
            rules,
            timeout: self.limit(),
        };
        let ended = command.run(&self.context).await;
        blocking(move || {
            // What cannot be removed now goes with the run's scratch folder.
            let _ = remove_tree(&at);
            Ok(())
        })
        .await?;
        let ended = ended?;
        let outcome = match (outcome_of(&ended), self.before) {
            (VerifyOutcome::Failed, Some(before)) if before != VerifyOutcome::Passed => {
                VerifyOutcome::AlreadyFailing
            }
            (outcome, _) => outcome,
        };
        Ok(Ran {
            outcome,
            exit: ended.exit,
            wall: ended.wall,
            tail: ended.tail,
        })
    }

    /// What one candidate cannot be set up with is its own failure, and not the phase's; what it starts from was set up,
    /// whatever the command said there.
    fn not_set_up(&self, failure: &Failure) -> Ran {
        let tail = self.context.redactor.clean(failure.message.as_bytes());
        Ran {
            outcome: VerifyOutcome::Failed,
            // As a script ends whose first line fails.
            exit: Some(1),
            wall: Millis(0),
            tail: tail.into_owned(),
        }
    }
}

fn outcome_of(ended: &Ended) -> VerifyOutcome {
    match (ended.exceeded, ended.exit) {
        (Some(Exceeded::Time), _) => VerifyOutcome::TimedOut,
        (Some(Exceeded::Output), _) => VerifyOutcome::TooMuchOutput,
        (Some(Exceeded::Memory | Exceeded::Processes | Exceeded::Disk), _) => {
            VerifyOutcome::TooMuchUsed
        }
        (None, Some(0)) => VerifyOutcome::Passed,
        (None, Some(_) | None) => VerifyOutcome::Failed,
    }
}
