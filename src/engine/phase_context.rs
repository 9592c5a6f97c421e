//! Where the decisions of a phase are made: the phase, what is known of it, and the making of calls.

use std::sync::Arc;

use crate::context::{self, FinishedPhase};
use crate::model::{
    Artifact, AttemptId, Ballot, CallId, CallInput, CallKey, CallSpec, Contract, Decider,
    EditScope, Failure, InputSource, ModelName, Profile, Purpose, Task, TaskId, TreeId,
    Verification, WorkspaceSource,
};
use crate::plan::{OutputKind, PhasePlan, Plan, PlannedInput, Proof, Strategy};
use crate::run::{CallState, Event, PendingVerification, PhaseEvent, PhaseState, RunState};

/// A phase with everything its decisions depend on.
#[derive(Clone, Copy)]
pub struct PhaseContext<'a> {
    pub plan: &'a Plan,
    pub phase: &'a PhasePlan,
    pub run: &'a RunState,
    pub state: &'a PhaseState,
}

/// A call's open part: what differs between the calls of a phase.
#[derive(Clone)]
pub struct CallBuilder {
    pub purpose: Purpose,
    /// What it is called within its phase and purpose: `1`, `T1`, `T1.2`.
    pub name: String,
    pub slot: u32,
    pub chain: Vec<ModelName>,
    pub inputs: Vec<CallInput>,
    pub contract: Contract,
    pub task: Option<Task>,
    pub edits: Option<EditScope>,
    pub profile: Profile,
    pub workspace: WorkspaceSource,
    pub checkpoint: Option<u64>,
    pub continues: Option<AttemptId>,
    pub ballot: Option<Ballot>,
}

impl CallBuilder {
    /// A call that reads the project and leaves a document.
    pub fn reader(
        purpose: Purpose,
        slot: u32,
        chain: Vec<ModelName>,
        workspace: WorkspaceSource,
    ) -> Self {
        Self {
            purpose,
            name: slot.to_string(),
            slot,
            chain,
            inputs: Vec::new(),
            contract: Contract::Document,
            task: None,
            edits: None,
            profile: Profile::Reader,
            workspace,
            checkpoint: None,
            continues: None,
            ballot: None,
        }
    }

    /// A call that sees texts only and leaves a text.
    pub fn writer(purpose: Purpose, slot: u32, chain: Vec<ModelName>, contract: Contract) -> Self {
        Self {
            contract,
            profile: Profile::Writer,
            ..Self::reader(purpose, slot, chain, WorkspaceSource::Empty)
        }
    }
}

impl<'a> PhaseContext<'a> {
    /// The call that a builder makes in this phase and round.
    pub fn call(&self, builder: CallBuilder) -> CallSpec {
        let mut call = CallSpec {
            id: self.id(builder.purpose, &builder.name),
            key: CallKey::new(""),
            phase: self.phase.name.clone(),
            purpose: builder.purpose,
            slot: builder.slot,
            chain: builder.chain,
            inputs: builder.inputs,
            project_instructions: self.phase.project_instructions
                && builder.workspace != WorkspaceSource::Empty,
            contract: builder.contract,
            task: builder.task,
            edits: builder.edits,
            profile: builder.profile,
            workspace: builder.workspace,
            checkpoint: builder.checkpoint,
            continues: builder.continues,
            ballot: builder.ballot,
            limits: self.phase.limits,
        };
        call.key = key(&call, self.state.round());
        call
    }

    /// The event that brings a call into the run: created, or reused where its work is done already.
    pub fn create(&self, call: CallSpec) -> Event {
        let event = match self.run.finished(&call.key) {
            Some(done) => PhaseEvent::CallReused {
                from: done.spec.id.clone(),
                call: Arc::new(call),
            },
            None => PhaseEvent::CallCreated {
                call: Arc::new(call),
            },
        };
        event.of(self.phase.name.clone())
    }

    /// The name of a call in this phase and round.
    pub fn id(&self, purpose: Purpose, name: &str) -> CallId {
        let round = match self.state.round() {
            1 => String::new(),
            again => format!("@{again}"),
        };
        CallId::new(format!(
            "{}.{}-{name}{round}",
            self.phase.name,
            word(purpose)
        ))
    }

    /// What is known of a call with this one's name.
    pub fn known(&self, call: &CallSpec) -> Option<&'a CallState> {
        self.run.call(&call.id)
    }

    /// The run's tree as it is now.
    pub fn tree(&self) -> &'a TreeId {
        self.run.tree()
    }

    /// What the phase's readers look at: the project as it is now. An auditor that is to see distilled
    /// results only gets no project at all.
    pub fn workspace(&self) -> WorkspaceSource {
        let audits = matches!(
            self.phase.kind,
            crate::plan::PhaseKind::Single {
                yields: OutputKind::Audit,
                ..
            }
        );
        match self.phase.strategy {
            Strategy::Distilled | Strategy::Fresh if audits => WorkspaceSource::Empty,
            Strategy::Scoped => self.scoped(&[], &[]),
            Strategy::Full | Strategy::Distilled | Strategy::Fresh => self.whole(),
        }
    }

    /// The whole project as it is now.
    pub fn whole(&self) -> WorkspaceSource {
        if self.tree() == self.run.base() {
            WorkspaceSource::Snapshot
        } else {
            WorkspaceSource::Tree(self.tree().clone())
        }
    }

    /// Only the files of the phase's scope and these ones.
    pub fn scoped(&self, edit: &[String], read: &[String]) -> WorkspaceSource {
        let scope = &self.phase.scope;
        WorkspaceSource::Scoped {
            tree: self.tree().clone(),
            edit: [edit, &scope.files].concat(),
            read: read.to_vec(),
            always: scope.always.clone(),
            imports: scope.imports,
            import_tokens: scope.import_tokens,
        }
    }

    /// A call that edits files as the phase's strategy lets it.
    pub fn editor(&self, purpose: Purpose, slot: u32, chain: &[ModelName]) -> CallBuilder {
        let (workspace, edits) = match self.phase.strategy {
            Strategy::Scoped => {
                let files = self.phase.scope.files.clone();
                (self.scoped(&[], &[]), EditScope::Only(files))
            }
            Strategy::Full | Strategy::Distilled | Strategy::Fresh => (
                WorkspaceSource::Tree(self.tree().clone()),
                EditScope::Anywhere,
            ),
        };
        CallBuilder {
            inputs: self.inputs(),
            contract: Contract::Edits,
            edits: Some(edits),
            profile: Profile::Worker,
            ..CallBuilder::reader(purpose, slot, chain.to_vec(), workspace)
        }
    }

    /// The commands that verify the phase's work as a whole, each once.
    pub fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        for proof in &self.phase.verify {
            let named = match proof {
                Proof::Command(command) | Proof::Repeated { run: command, .. } => {
                    vec![command.as_str()]
                }
                Proof::TestsOf { tests_of } => self.run.commands_of(tests_of).collect(),
            };
            for command in named {
                if !commands.iter().any(|known| known == command) {
                    commands.push(command.to_owned());
                }
            }
        }
        commands
    }

    /// The results of a task's commands, or of the phase's own, on a tree.
    pub fn results(&self, task: Option<&TaskId>, tree: &TreeId) -> Vec<&'a Verification> {
        self.run.verifications(&self.phase.name, task, tree)
    }

    /// The phase cannot go on.
    pub fn fails(&self, failure: Failure) -> Vec<Event> {
        vec![PhaseEvent::Failed { failure }.of(self.phase.name.clone())]
    }

    /// The phase is decided by what this call left, there being no other.
    pub fn decided(&self, call: CallId) -> Vec<Event> {
        vec![
            PhaseEvent::WinnerChosen {
                call,
                label: None,
                by: Decider::Only,
            }
            .of(self.phase.name.clone()),
        ]
    }

    /// Has a command run on a tree, unless one is being run.
    pub fn verify(&self, task: Option<&TaskId>, tree: TreeId, command: String) -> Vec<Event> {
        self.run_command(PendingVerification {
            task: task.cloned(),
            tree,
            command,
            tests_of: None,
        })
    }

    /// The same, of a command as it is described.
    pub fn run_command(&self, wanted: PendingVerification) -> Vec<Event> {
        if self.state.verifying().is_some() {
            return Vec::new();
        }
        let PendingVerification {
            task,
            tree,
            command,
            tests_of,
        } = wanted;
        vec![
            PhaseEvent::VerifyStarted {
                task,
                tree,
                command,
                tests_of,
            }
            .of(self.phase.name.clone()),
        ]
    }

    /// What the phase's calls get to see, by its strategy and the phases closed so far.
    pub fn inputs(&self) -> Vec<CallInput> {
        let earlier = self
            .plan
            .phases
            .iter()
            .take_while(|phase| phase.name != self.phase.name);
        let finished: Vec<FinishedPhase<'_>> = earlier
            .filter_map(|phase| {
                let closing = self.run.phase(&phase.name)?.closed()?;
                Some(FinishedPhase {
                    name: &phase.name,
                    deliverable: &closing.deliverable,
                    handoff: &closing.handoff,
                    patch: closing.patch.as_ref(),
                    tests: closing.tests.as_ref(),
                })
            })
            .collect();
        let files: Vec<(String, Artifact)> = self
            .run
            .files()
            .iter()
            .filter(|file| {
                self.phase
                    .inputs
                    .contains(&PlannedInput::Files(file.glob.clone()))
            })
            .map(|file| (file.path.clone(), file.artifact.clone()))
            .collect();
        let mut inputs = context::select(self.phase.strategy, self.phase, &finished, &files);
        inputs.extend(self.findings());
        inputs.extend(self.said());
        inputs
    }

    /// What a person said about this phase.
    fn said(&self) -> Option<CallInput> {
        let said = self.run.said(self.state);
        (!said.is_empty()).then_some(CallInput {
            source: InputSource::Person(said),
            artifact: None,
        })
    }

    /// What an audit found that sent the run back here.
    fn findings(&self) -> Option<CallInput> {
        let findings = self.state.findings.as_ref()?;
        Some(CallInput {
            source: InputSource::Findings(findings.from.clone()),
            artifact: Some(findings.artifact.clone()),
        })
    }
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Work => "work",
        Purpose::Task => "task",
        Purpose::Lens => "lens",
        Purpose::Propose => "propose",
        Purpose::Judge => "judge",
        Purpose::Repair => "repair",
        Purpose::Distill => "distill",
    }
}

/// The first of some commands that has no result yet.
pub fn unverified(commands: &[String], results: &[&Verification]) -> Option<String> {
    let mut commands = commands.iter();
    let open = |command: &&String| results.iter().all(|result| &result.command != *command);
    commands.find(open).cloned()
}

/// The digest of everything that makes the call what it is. Its id does not; nor does the tree that a
/// task starts from, because the tasks before it change that without changing the task. An audit is asked
/// anew in each round, whatever it gets to see: its last answer is what sent the run back.
fn key(call: &CallSpec, round: u32) -> CallKey {
    let mut nameless = CallSpec {
        id: CallId::new(""),
        key: CallKey::new(""),
        ..call.clone()
    };
    if nameless.task.is_some()
        && let WorkspaceSource::Tree(tree) | WorkspaceSource::Scoped { tree, .. } =
            &mut nameless.workspace
    {
        *tree = TreeId::default();
    }
    let mut bytes = serde_json::to_vec(&nameless).expect("a call is plain data without map keys");
    if call.contract == Contract::Audit && round > 1 {
        bytes.extend(round.to_le_bytes());
    }
    CallKey::new(blake3::hash(&bytes).to_hex().as_str())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::model::{CallLimits, Millis};

    /// A call with these models and that many retries; the rest does not matter.
    pub fn call_with(chain: &[&str], retries: u32) -> CallSpec {
        let mut call = CallSpec {
            id: "plan.work-1".into(),
            key: CallKey::new(""),
            phase: "plan".into(),
            purpose: Purpose::Work,
            slot: 1,
            chain: chain.iter().map(|model| ModelName::from(*model)).collect(),
            inputs: Vec::new(),
            project_instructions: false,
            contract: Contract::Document,
            task: None,
            edits: None,
            profile: Profile::Reader,
            workspace: WorkspaceSource::Snapshot,
            checkpoint: None,
            continues: None,
            ballot: None,
            limits: CallLimits {
                timeout: Millis::minutes(30),
                idle_timeout: Millis::minutes(5),
                retries,
            },
        };
        call.key = key(&call, 1);
        call
    }

    #[test]
    fn the_key_depends_on_the_work_and_not_on_the_name() {
        let call = call_with(&["m1"], 2);
        let renamed = CallSpec {
            id: "other".into(),
            ..call.clone()
        };
        let other_slot = CallSpec {
            slot: 2,
            ..call.clone()
        };
        let audit = CallSpec {
            contract: Contract::Audit,
            ..call.clone()
        };
        assert_eq!(key(&call, 1), key(&renamed, 2));
        assert_ne!(key(&call, 1), key(&other_slot, 1));
        assert_ne!(key(&call, 1), key(&call_with(&["m2"], 2), 1));
        assert_eq!(key(&audit, 1), key(&audit, 1));
        assert_ne!(key(&audit, 1), key(&audit, 2));
    }
}
