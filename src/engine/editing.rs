//! A piece of editing work: a fresh process changes files, what it changed is checked and verified, and
//! what was wrong is fed back to it once before the next model of the chain gets its turn.

use crate::model::{
    Artifact, CallId, CallInput, CallResult, CallSpec, Failure, FailureKind, Faults, InputSource,
    ModelName, Task, TreeId, Verification, VerifyOutcome,
};

use super::parts::{Tried, tried};
use super::phase_context::{CallBuilder, PhaseContext, unverified};

/// A piece of editing work.
pub struct Editing<'a> {
    pub context: PhaseContext<'a>,
    pub task: Option<&'a Task>,
    pub chain: &'a [ModelName],
    pub verify: Vec<String>,
    /// Whether work that fails its verification is given up, instead of being passed on as a fact.
    pub must_pass: bool,
}

pub enum Edited {
    Pending,
    Next(Box<CallSpec>),
    /// This command has to be run on this tree.
    Verify {
        tree: TreeId,
        command: String,
    },
    /// It is done: the call that did it, and the tree with its changes.
    Done {
        call: CallId,
        tree: TreeId,
    },
    Failed(Failure),
}

impl Editing<'_> {
    /// How far the work is. `builder` makes the call of a try, from 1.
    pub fn status(&self, builder: impl Fn(u32) -> CallBuilder) -> Edited {
        let mut feedback: Option<Feedback> = None;
        let mut failure = Failure::new(FailureKind::UnknownModel, "no model is configured");
        for number in 1..=self.tries() {
            let begun = match &feedback {
                Some(feedback) => feedback.given(builder(number), number),
                None => builder(number),
            };
            let (call, result) = match tried(&self.context, &begun) {
                Tried::Pending => return Edited::Pending,
                Tried::Next(call) => return Edited::Next(call),
                Tried::Failed(failure) => return Edited::Failed(failure),
                Tried::Ended { call, result } => (call, result),
            };
            let tree = self.tree_of(result);
            let results = self.context.results(self.task.map(|task| &task.id), &tree);
            if let Some(command) = unverified(&self.verify, &results) {
                return Edited::Verify { tree, command };
            }
            match Feedback::on(result, &results, &tree, number == 1) {
                None => {
                    return Edited::Done { call, tree };
                }
                Some(found) => {
                    failure = Failure::new(FailureKind::BadOutput, found.lines.to_string());
                    if found.soft && number > 1 || self.is_last(number) {
                        return Edited::Done { call, tree };
                    }
                    feedback = Some(found);
                }
            }
        }
        Edited::Failed(failure)
    }

    /// Whether the work is passed on with its faults as facts, there being nobody left to mend them.
    fn is_last(&self, number: u32) -> bool {
        number == self.tries() && !self.must_pass
    }

    /// Twice on the first model, then once on each fallback.
    fn tries(&self) -> u32 {
        u32::try_from(self.chain.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    fn tree_of(&self, result: &CallResult) -> TreeId {
        let changes = result.changes.as_ref();
        changes
            .map_or(self.context.tree(), |changes| &changes.tree)
            .clone()
    }
}

/// What was wrong with a try.
pub struct Feedback {
    lines: Faults,
    /// The commands that failed, and the end of what each printed.
    failing: Vec<(String, Artifact)>,
    tree: TreeId,
    /// Told once; if it stays so, the work is good all the same.
    soft: bool,
}

impl Feedback {
    /// Refused edits count once: a model that insists on them gets on without them. So does a command
    /// that failed before the work began: it may be none of the work's business.
    pub fn on(
        result: &CallResult,
        verified: &[&Verification],
        tree: &TreeId,
        first: bool,
    ) -> Option<Self> {
        let refused = result.changes.iter().flat_map(|changes| &changes.refused);
        let mut lines: Faults = refused
            .filter(|_| first)
            .map(|refused| {
                format!(
                    "the change to `{}` was refused: {}",
                    refused.path, refused.reason
                )
            })
            .collect();
        let failing: Vec<&&Verification> = verified
            .iter()
            .filter(|result| result.outcome != VerifyOutcome::Passed)
            .collect();
        lines.extend(failing.iter().map(|result| match result.outcome {
            VerifyOutcome::TimedOut => format!("`{}` did not end in time", result.command),
            VerifyOutcome::TooMuchOutput => {
                format!("`{}` printed too much and was ended", result.command)
            }
            VerifyOutcome::TooMuchUsed => {
                format!("`{}` used more than it may and was ended", result.command)
            }
            VerifyOutcome::AlreadyFailing => {
                format!("`{}` fails, as it did before your changes", result.command)
            }
            VerifyOutcome::Flaky => {
                format!("`{}` passes at times and fails at times", result.command)
            }
            VerifyOutcome::Failed | VerifyOutcome::Passed => {
                format!("`{}` fails after your changes", result.command)
            }
        }));
        (!lines.is_empty()).then(|| Self {
            lines,
            tree: tree.clone(),
            soft: !failing.iter().any(|result| result.is_bad()),
            failing: failing
                .into_iter()
                .map(|result| (result.command.clone(), result.output.clone()))
                .collect(),
        })
    }

    /// The call of a try, from the second on, that gets it: on the same model once more, then on each fallback.
    pub fn given(&self, builder: CallBuilder, number: u32) -> CallBuilder {
        let skipped = usize::try_from(number.saturating_sub(2)).unwrap_or(usize::MAX);
        let mut inputs = builder.inputs;
        inputs.extend(self.inputs());
        CallBuilder {
            // No task's name holds a dot, so this can be no other task's.
            name: format!("{}.{number}", builder.name),
            chain: builder.chain.get(skipped..).unwrap_or_default().to_vec(),
            inputs,
            workspace: builder.workspace.at(&self.tree),
            ..builder
        }
    }

    /// As inputs of the next try.
    fn inputs(&self) -> impl Iterator<Item = CallInput> {
        let lines = CallInput {
            source: InputSource::Feedback(self.lines.clone()),
            artifact: None,
        };
        let printed = (1..).zip(&self.failing);
        let printed = printed.map(|(number, (command, output))| CallInput {
            source: InputSource::Printed {
                command: command.clone(),
                number,
            },
            artifact: Some(output.clone()),
        });
        std::iter::once(lines).chain(printed)
    }
}
