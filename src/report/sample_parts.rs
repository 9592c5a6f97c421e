//! The parts that the sample histories are made of.

use std::collections::BTreeMap;

use crate::model::{
    Answer, Artifact, CallId, CallKey, CallLimits, CallResult, CallSpec, Closing, Contract,
    Decision, Digest, Document, Faults, HandoffOrigin, Judgement, Label, MicroUsd, Millis,
    ModelName, PhaseName, Profile, Purpose, RunLimits, Usage, VerdictRules, WorkspaceSource,
};
use crate::plan::{EnsembleMode, Judging, OnNone, PhaseKind, PhasePlan, Plan, testing};
use crate::run::{Event, PhaseEvent};

const LIMITS: CallLimits = CallLimits {
    timeout: Millis::minutes(20),
    idle_timeout: Millis::minutes(5),
    retries: 2,
};

pub(super) fn phase() -> PhaseName {
    PhaseName::from("plan")
}

pub(super) fn used(input: u64, output: u64, micro_usd: u64) -> Usage {
    Usage {
        requests: 1,
        input,
        output,
        cost: MicroUsd(micro_usd),
        ..Usage::default()
    }
}

pub(super) fn artifact(path: &str) -> Artifact {
    Artifact {
        path: path.to_owned(),
        digest: Digest::new("cd".repeat(32)),
        bytes: 5_210,
    }
}

pub(super) fn document(call: &str, attempt: u32, micro_usd: u64) -> CallResult {
    let folder = format!("phases/01-plan/calls/plan.{call}/attempt-{attempt}");
    CallResult {
        built_on: None,
        answer: Answer::Document,
        deliverable: Some(artifact(&format!("{folder}/deliverable.md"))),
        handoff: Some(artifact(&format!("{folder}/handoff.json"))),
        changes: None,
        structured: None,
        remarks: Faults::default(),
        usage: used(7_000, 1_200, micro_usd),
    }
}

pub(super) fn verdict(decision: Decision) -> CallResult {
    let points = |correctness, clarity| {
        BTreeMap::from_iter([
            ("clarity".to_owned(), clarity),
            ("correctness".to_owned(), correctness),
        ])
    };
    CallResult {
        built_on: None,
        answer: Answer::Judgement(Judgement {
            decision,
            winner: (decision == Decision::Pick).then(|| Label::from("B")),
            scores: BTreeMap::from_iter([
                (Label::from("A"), points(6.0, 7.5)),
                (Label::from("B"), points(9.0, 8.0)),
            ]),
            rationale: "B names the middleware and the failure modes; A leaves open where the \
                        counters live.\nB's rollout is the only one that can be undone."
                .to_owned(),
            grafts: Vec::new(),
        }),
        deliverable: None,
        handoff: None,
        changes: None,
        structured: Some(artifact(
            "phases/01-plan/calls/plan.judge/attempt-1/verdict.json",
        )),
        remarks: Faults::default(),
        usage: used(5_000, 800, 45_000),
    }
}

pub(super) fn document_at(path: &str) -> Document {
    Document {
        path: path.to_owned(),
        object: "8baef1b4abc478178b004d62031cf7fe6db6f903".to_owned(),
    }
}

pub(super) fn closed() -> Event {
    PhaseEvent::Closed {
        closing: Box::new(Closing {
            deliverable: artifact("phases/01-plan/output.md"),
            handoff: artifact("phases/01-plan/handoff.json"),
            origin: HandoffOrigin::Agent,
            document: Some(document_at("docs/plan.md")),
            published: Some("docs/plan.md".to_owned()),
            previous: Some("phases/01-plan/previous.md".to_owned()),
            tree: None,
            patch: None,
            tests: None,
            remarks: Faults::default(),
            contradictions: Faults::default(),
        }),
    }
    .of(phase())
}

pub(super) fn call(id: &str, purpose: Purpose, slot: u32, model: &str) -> CallSpec {
    CallSpec {
        id: CallId::from(id),
        key: CallKey::new("ef".repeat(32)),
        phase: phase(),
        purpose,
        slot,
        chain: vec![ModelName::from(model)],
        inputs: Vec::new(),
        project_instructions: true,
        contract: match purpose {
            Purpose::Judge => Contract::Judgement {
                labels: vec![Label::from("A"), Label::from("B")],
                rules: VerdictRules::default(),
            },
            _ => Contract::Document,
        },
        task: None,
        edits: None,
        profile: Profile::Reader,
        workspace: WorkspaceSource::Snapshot,
        checkpoint: None,
        continues: None,
        ballot: None,
        limits: LIMITS,
    }
}

pub(super) fn limits() -> RunLimits {
    RunLimits {
        calls: Some(40),
        tokens: Some(3_000_000),
        cost: Some(MicroUsd(10_000_000)),
        wall: Some(Millis::minutes(120)),
        concurrency: 3,
        processes: None,
        day: None,
    }
}

pub(super) fn plan() -> Plan {
    let chain = |model: &str| vec![ModelName::from(model)];
    let kind = PhaseKind::Ensemble {
        proposers: vec![chain("claude-opus"), chain("gemini-pro"), chain("gpt-4o")],
        judge: Judging::by(chain("claude-opus")),
        mode: EnsembleMode::Parallel,
        quorum: 2,
        quorum_named: false,
        straggler_timeout: Millis::seconds(15),
        on_none: OnNone::Ask,
        cross_tests: Vec::new(),
    };
    let phase = PhasePlan {
        description: "Plan the work".to_owned(),
        output: Some("docs/plan.md".to_owned()),
        limits: LIMITS,
        ..testing::phase("plan", kind)
    };
    Plan {
        workflow: "plan".to_owned(),
        description: "Several plans, one winner".to_owned(),
        request: "Add rate limiting to the HTTP API, per client and with a burst".to_owned(),
        limits: limits(),
        ..testing::plan(vec![phase])
    }
}
