//! Lets the engine come to a phase with placeholders for all that only a run knows: the calls it makes there are
//! those that it would make.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::json;

use super::super::failure::{Exit, Failure};
use super::super::settings::Settings;
use crate::engine::{Begin, Effect, Engine, Input};
use crate::model::{
    Answer, Artifact, Audit, AuditVerdict, Budget, CallResult, CallSpec, Categories, Changes,
    Closing, Contract, Decision, Digest, Faults, FrozenFile, Graft, HandoffOrigin, Judgement,
    ModelName, PhaseName, RunId, Rung, Task, TaskFiles, TaskId, TaskList, Timestamp, TreeId, Usage,
    VerdictRules, Verification, VerifyOutcome,
};
use crate::plan::{PhasePlan, Plan, PlannedInput};
use crate::run::{CallEvent, Event, PendingVerification, PhaseEvent};
use crate::workspace::read_files;

/// More steps than any workflow has on its way to a phase.
const MOST_STEPS: usize = 10_000;

/// Stands for what only a run knows.
pub fn unknown(what: &str) -> String {
    format!("⟨{what}: known when the run comes to it⟩")
}

/// The calls of a phase in the order in which they would begin, with the contents of their inputs by path.
#[derive(Default)]
pub struct Prompted {
    pub calls: Vec<(Arc<CallSpec>, ModelName)>,
    pub contents: BTreeMap<String, String>,
}

pub fn walk(settings: &Settings, plan: &Plan, wanted: &PhaseName) -> Result<Prompted, Failure> {
    let mut prompted = Prompted::default();
    let files = prompted.files(settings, plan)?;
    let begin = Begin {
        run: RunId::new("preview"),
        version: String::new(),
        plan: digest(""),
        base: tree("base"),
        files,
        sandbox: Rung::default(),
        parked: Vec::new(),
    };
    let mut engine = Engine::new(passable(plan), &[]);
    let mut inputs = VecDeque::from([Input::Begin(begin)]);
    for _ in 0..MOST_STEPS {
        let Some(input) = inputs.pop_front() else {
            break;
        };
        for effect in engine.handle(Timestamp(0), input).effects {
            if let Effect::StartAttempt { call, model, .. } = &effect
                && &call.phase == wanted
            {
                prompted.calls.push((call.clone(), model.clone()));
            }
            if matches!(&effect, Effect::ClosePhase { phase, .. } if phase == wanted) {
                return Ok(prompted);
            }
            inputs.extend(prompted.carry_out(plan, effect));
        }
    }
    match prompted.calls.is_empty() {
        true => {
            let message = format!("the workflow does not come to phase `{wanted}`");
            Err(Failure::said(Exit::Failed, &message, None))
        }
        false => Ok(prompted),
    }
}

/// The plan without what could keep anybody from coming to a phase: conditions, gates, budgets.
fn passable(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for phase in &mut plan.phases {
        (phase.when, phase.gate, phase.budget) = (None, None, Budget::default());
    }
    plan
}

impl Prompted {
    fn carry_out(&mut self, plan: &Plan, effect: Effect) -> Option<Input> {
        let event = match effect {
            Effect::StartAttempt { call, attempt, .. } => CallEvent::AttemptSucceeded {
                attempt,
                result: self.result(&call).into(),
            }
            .of(call.id.clone()),
            Effect::Verify { phase, verifying } => self.verified(phase, verifying),
            Effect::ClosePhase { phase, .. } => self.closed(plan.phase(&phase)?),
            Effect::WakeAt(_) => return Some(Input::Tick),
            Effect::Ask { .. }
            | Effect::CancelAttempt { .. }
            | Effect::Deliver { .. }
            | Effect::Park(_)
            | Effect::End(_) => return None,
        };
        Some(Input::Happened(event))
    }

    /// The files that are inputs are there already.
    fn files(&mut self, settings: &Settings, plan: &Plan) -> Result<Vec<FrozenFile>, Failure> {
        let redactor = settings.redactor(Some(plan), None);
        let mut frozen = Vec::new();
        for input in plan.phases.iter().flat_map(|phase| &phase.inputs) {
            let PlannedInput::Files(glob) = input else {
                continue;
            };
            for file in read_files(glob, &settings.project.root)? {
                let text = String::from_utf8_lossy(&file.bytes);
                let text = redactor.redact(&text).into_owned();
                frozen.push(FrozenFile {
                    glob: glob.clone(),
                    artifact: self.artifact(&format!("inputs/{}", file.path), text),
                    path: file.path,
                });
            }
        }
        Ok(frozen)
    }

    fn artifact(&mut self, path: &str, text: String) -> Artifact {
        let artifact = Artifact {
            path: path.to_owned(),
            digest: digest(&text),
            bytes: text.len() as u64,
        };
        self.contents.insert(path.to_owned(), text);
        artifact
    }

    fn result(&mut self, call: &CallSpec) -> CallResult {
        let what = |kind: &str| unknown(&format!("{kind} of {}", call.id));
        let mut left =
            |name: &str, text: String| self.artifact(&format!("{}/{name}", call.id), text);
        let deliverable = left("deliverable.md", what("the document"));
        let words = json!({ "summary": what("the handoff") });
        let handoff = left("handoff.json", words.to_string());
        let patch = left("changes.patch", what("the changes"));
        let answer = match &call.contract {
            Contract::Document | Contract::Edits | Contract::Handoff => Answer::Document,
            Contract::Judgement { labels, rules } => Answer::Judgement(Judgement {
                decision: Decision::Pick,
                winner: labels.first().cloned(),
                scores: labels
                    .iter()
                    .map(|label| (label.clone(), points(rules)))
                    .collect(),
                rationale: what("the reason"),
                grafts: labels
                    .iter()
                    .skip(1)
                    .take(usize::from(rules.grafts))
                    .map(|from| Graft {
                        from: from.clone(),
                        what: what("what is to be taken over"),
                    })
                    .collect(),
            }),
            Contract::Tasks(categories) => Answer::Tasks(tasks(categories)),
            Contract::Audit => Answer::Audit(Audit {
                verdict: AuditVerdict::Pass,
                summary: what("the verdict"),
                findings: Vec::new(),
            }),
        };
        CallResult {
            built_on: None,
            structured: (answer != Answer::Document)
                .then(|| left("structured.json", what("the data"))),
            answer,
            deliverable: Some(deliverable),
            handoff: Some(handoff),
            changes: call.edits.is_some().then(|| Changes {
                base: tree("base"),
                tree: tree(call.id.as_str()),
                files: Vec::new(),
                refused: Vec::new(),
                secrets: Vec::new(),
                patch: Some(patch),
            }),
            remarks: Faults::default(),
            usage: Usage::default(),
        }
    }

    fn verified(&mut self, phase: PhaseName, verifying: PendingVerification) -> Event {
        let output = unknown(&format!("what `{}` prints", verifying.command));
        let verification = Verification {
            output: self.artifact(&format!("{phase}/{}", verifying.command), output),
            command: verifying.command,
            outcome: VerifyOutcome::Passed,
            exit: Some(0),
            wall: Default::default(),
        };
        PhaseEvent::Verified {
            task: verifying.task,
            tree: verifying.tree,
            verification,
            tests_of: verifying.tests_of,
        }
        .of(phase)
    }

    fn closed(&mut self, phase: &PhasePlan) -> Event {
        let name = &phase.name;
        let what = |kind: &str| unknown(&format!("{kind} of {name}"));
        let facts = json!({ "phase": name, "origin": HandoffOrigin::Agent, "models": [] });
        let handoff = json!({ "summary": what("the handoff"), "facts": facts }).to_string();
        let mut left = |file: &str, text: String| self.artifact(&format!("{name}/{file}"), text);
        let closing = Closing {
            deliverable: left("output.md", what("the document")),
            handoff: left("handoff.json", handoff),
            origin: HandoffOrigin::Agent,
            document: None,
            published: None,
            previous: None,
            tree: phase.edits.then(|| tree(name.as_str())),
            patch: phase
                .edits
                .then(|| left("changes.patch", what("the changes"))),
            tests: (!phase.verify.is_empty()).then(|| left("tests.md", what("the tests"))),
            remarks: Faults::default(),
            contradictions: Faults::default(),
        };
        let closing = Box::new(closing);
        PhaseEvent::Closed { closing }.of(name.clone())
    }
}

/// The same for each proposal.
fn points(rules: &VerdictRules) -> BTreeMap<String, f64> {
    let criteria = rules.criteria.iter();
    criteria.map(|one| (one.name.clone(), 0.0)).collect()
}

/// One for each category.
fn tasks(categories: &Categories) -> TaskList {
    let named = match categories.named.is_empty() {
        true => vec!["default".to_owned()],
        false => categories.named.clone(),
    };
    let task = |(number, category): (u32, String)| Task {
        id: TaskId::from(format!("T{number}").as_str()),
        title: unknown(&format!("a task of {category}")),
        instructions: unknown("its instructions"),
        category,
        files: TaskFiles {
            edit: vec![unknown("its files")],
            read: Vec::new(),
        },
        depends_on: Vec::new(),
        acceptance: Vec::new(),
        verify: None,
    };
    TaskList {
        tasks: (1..).zip(named).map(task).collect(),
    }
}

fn digest(text: &str) -> Digest {
    Digest::from(blake3::hash(text.as_bytes()).to_hex().as_str())
}

/// A tree that nobody reads.
fn tree(name: &str) -> TreeId {
    let id = blake3::hash(name.as_bytes()).to_hex();
    TreeId::parse(id.as_str()).unwrap_or_default()
}
