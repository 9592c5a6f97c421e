//! One ensemble through the real engine: what authors, commands and judges say is scripted, all that follows from it
//! is tipstaff's own: the shuffles, the prompts, the reading of verdicts, what they come to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tipstaff::context::{self, Assembly, Left};
use tipstaff::engine::{Begin, Effect, Engine, Input};
use tipstaff::model::{
    Answer, Artifact, CallId, CallResult, CallSpec, Changes, Digest, Faults, Millis, ModelName,
    PhaseName, Purpose, Question, Rung, Sections, Timestamp, TreeId, Undecided, Usage,
    Verification, VerifyOutcome,
};
use tipstaff::plan::Plan;
use tipstaff::run::{CallEvent, Event, PendingVerification, PhaseEvent};

/// Who takes part. Proposers are numbered from 1.
pub trait Cast {
    /// What a proposer writes.
    fn proposal(&self, slot: u32) -> String;
    /// What is in `verdict.json` after this prompt.
    fn verdict(&self, call: &CallSpec, model: &ModelName, prompt: &str) -> String;
    /// Whether the commands pass on the changes of a proposer; they pass without any.
    fn passes(&self, slot: u32) -> bool;
}

/// What an ensemble comes to.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Decided {
    /// The proposer who wins.
    pub winner: Option<u32>,
    /// Why a person is asked.
    pub why: Option<Undecided>,
    /// Proposals and verdicts.
    pub calls: usize,
    /// The proposers behind A, B, C …
    pub order: Vec<u32>,
}

/// Runs the only phase of a plan until its winner is chosen or a person is asked.
pub fn decide(plan: &Plan, cast: &impl Cast) -> Decided {
    let mut trial = Trial {
        cast,
        engine: Engine::new(plan.clone(), &[]),
        contents: BTreeMap::new(),
        decided: Decided::default(),
    };
    let mut inputs = VecDeque::from([begin()]);
    while let Some(input) = inputs.pop_front() {
        let reaction = trial.engine.handle(Timestamp::default(), input);
        for event in &reaction.events {
            trial.hear(event);
        }
        if trial.decided.winner.is_some() || trial.decided.why.is_some() {
            return trial.decided;
        }
        let effects = reaction.effects.into_iter();
        inputs.extend(effects.filter_map(|effect| trial.carry_out(effect)));
    }
    panic!("the ensemble comes to nothing: {:?}", trial.engine.state());
}

struct Trial<'a, C> {
    cast: &'a C,
    engine: Engine,
    /// By the paths of artifacts, and of patches by their trees.
    contents: BTreeMap<String, String>,
    decided: Decided,
}

impl<C: Cast> Trial<'_, C> {
    fn hear(&mut self, event: &Event) {
        let slot = |call: &CallId| {
            let call = self.engine.state().any_call(call);
            call.expect("the call is known").spec.slot
        };
        match event {
            Event::Phase {
                event: PhaseEvent::ProposalsSealed { labels },
                ..
            } => self.decided.order = labels.iter().map(|(_, call)| slot(call)).collect(),
            Event::Phase {
                event: PhaseEvent::WinnerChosen { call, .. },
                ..
            } => self.decided.winner = Some(slot(call)),
            Event::Phase {
                event:
                    PhaseEvent::PersonAsked {
                        question: Question::PickWinner { kind, .. },
                    },
                ..
            } => self.decided.why = *kind,
            Event::Call {
                event: CallEvent::AttemptStarted { .. },
                ..
            } => self.decided.calls += 1,
            _ => {}
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        let event = match effect {
            Effect::StartAttempt {
                call,
                attempt,
                model,
            } => {
                let result = Arc::new(self.result(&call, &model));
                CallEvent::AttemptSucceeded { attempt, result }.of(call.id.clone())
            }
            Effect::Verify { phase, verifying } => self.verified(phase, verifying),
            _ => return None,
        };
        Some(Input::Happened(event))
    }

    fn result(&mut self, call: &CallSpec, model: &ModelName) -> CallResult {
        let mut result = CallResult {
            answer: Answer::Document,
            deliverable: None,
            handoff: None,
            changes: None,
            built_on: None,
            structured: None,
            remarks: Faults::default(),
            usage: Usage::default(),
        };
        if call.purpose == Purpose::Propose {
            let text = self.cast.proposal(call.slot);
            if call.edits.is_some() {
                let changes = changes(call.slot);
                let patch = context::diff_key(&changes.base, &changes.tree);
                self.contents.insert(patch, PATCH.to_owned());
                result.changes = Some(changes);
            }
            result.deliverable = Some(self.keep(&format!("{}/deliverable.md", call.id), text));
        } else {
            let verdict = self.cast.verdict(call, model, &self.prompt(call, model));
            let left = Left {
                verdict: Some(verdict.clone().into_bytes()),
                ..Left::default()
            };
            let decoded = context::decode_answer(&call.contract, &Sections::default(), &left);
            result.answer = decoded.expect("a verdict was left").answer;
            result.structured = Some(self.keep(&format!("{}/verdict.json", call.id), verdict));
        }
        result
    }

    /// What the model is really given to read.
    fn prompt(&self, call: &CallSpec, model: &ModelName) -> String {
        let assembled = context::assemble(&Assembly {
            plan: self.engine.plan(),
            call,
            model,
            contents: &self.contents,
            project_instructions: None,
            workspace_files: None,
            neighbours: None,
        });
        assembled.expect("the prompt can be assembled").prompt
    }

    fn keep(&mut self, path: &str, text: String) -> Artifact {
        let artifact = Artifact {
            path: path.to_owned(),
            digest: Digest::new(blake3::hash(text.as_bytes()).to_hex().as_str()),
            bytes: text.len() as u64,
        };
        self.contents.insert(path.to_owned(), text);
        artifact
    }

    fn verified(&mut self, phase: PhaseName, verifying: PendingVerification) -> Event {
        let PendingVerification {
            task,
            tree: on,
            command,
            tests_of,
        } = verifying;
        let mut slots = self.decided.order.iter();
        let slot = slots.find(|slot| tree(**slot) == on);
        let passes = slot.is_none_or(|slot| self.cast.passes(*slot));
        let verification = Verification {
            command,
            outcome: match passes {
                true => VerifyOutcome::Passed,
                false => VerifyOutcome::Failed,
            },
            exit: Some(i32::from(!passes)),
            wall: Millis(1),
            output: self.keep(&format!("verify/{}", on.as_str()), String::new()),
        };
        PhaseEvent::Verified {
            task,
            tree: on,
            verification,
            tests_of,
        }
        .of(phase)
    }
}

const PATCH: &str = "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1 +1 @@\n-old\n+new\n";

/// What a proposer leaves; 0 is nobody's: what all start from.
fn tree(slot: u32) -> TreeId {
    TreeId::parse(&format!("{slot:040x}")).expect("so many digits are an id")
}

fn changes(slot: u32) -> Changes {
    Changes {
        base: tree(0),
        tree: tree(slot),
        files: Vec::new(),
        refused: Vec::new(),
        secrets: Vec::new(),
        patch: None,
    }
}

fn begin() -> Input {
    Input::Begin(Begin {
        run: "bench".into(),
        version: "0".into(),
        plan: Digest::new("plan"),
        base: tree(0),
        files: Vec::new(),
        sandbox: Rung::None,
        parked: Vec::new(),
    })
}
