//! Small plans and handoffs for the tests of this room.

use std::collections::BTreeMap;

use crate::model::{
    Artifact, CallLimits, Digest, FORMAT, Handoff, HandoffFacts, HandoffOrigin, HandoffWords,
    Millis, ModelName, RunLimits,
};
use crate::plan::{Distill, ModelSpec, PhaseKind, PhasePlan, Plan, Strategy};

pub(super) const MODELS: [&str; 2] = ["claude-opus", "gemini-pro"];

pub(super) fn artifact(path: &str) -> Artifact {
    Artifact {
        path: path.to_owned(),
        digest: Digest::new(format!("digest of {path}")),
        bytes: 1,
    }
}

pub(super) fn limits() -> CallLimits {
    CallLimits {
        timeout: Millis::minutes(10),
        idle_timeout: Millis::minutes(2),
        retries: 1,
    }
}

pub(super) fn phase(name: &str, strategy: Strategy) -> PhasePlan {
    PhasePlan {
        name: name.into(),
        description: String::new(),
        kind: PhaseKind::Single {
            chain: vec!["claude-opus".into()],
            yields: crate::plan::Yields::Document,
        },
        strategy,
        inputs: Vec::new(),
        prompt: super::templates::for_phase(name).to_owned(),
        output: None,
        edits: false,
        limits: limits(),
        budget: crate::model::Budget::default(),
        distill: Distill::Agent,
        sections: crate::model::Sections::default(),
        project_instructions: true,
        scope: crate::plan::ScopePlan::default(),
        verify: Vec::new(),
        on_fail: None,
        when: None,
        gate: None,
        checkpoint: None,
    }
}

pub(super) fn plan(phases: Vec<PhasePlan>) -> Plan {
    let spec = |name: &str| ModelSpec {
        agent: "opencode".into(),
        id: format!("vendor/{name}-9"),
        variant: None,
        family: Some("vendor".to_owned()),
        price: None,
        context: Some(200_000),
    };
    Plan {
        format: FORMAT,
        workflow: "test".to_owned(),
        description: String::new(),
        request: "Add rate limiting.".to_owned(),
        inputs: BTreeMap::new(),
        seed: 7,
        limits: RunLimits {
            calls: None,
            tokens: None,
            cost: None,
            wall: None,
            concurrency: 3,
        },
        rehearsal: None,
        destination: crate::model::Destination::Tree,
        agents: BTreeMap::new(),
        models: MODELS
            .iter()
            .map(|name| (ModelName::new(*name), spec(name)))
            .collect(),
        phases,
    }
}

pub(super) fn handoff(phase: &str, summary: &str) -> Handoff {
    Handoff {
        words: HandoffWords {
            summary: summary.to_owned(),
            ..HandoffWords::default()
        },
        facts: HandoffFacts {
            phase: phase.to_owned(),
            origin: HandoffOrigin::Agent,
            models: vec!["claude-opus".into()],
            deliverable: None,
            inputs: Vec::new(),
            files: Vec::new(),
            verifications: Vec::new(),
            remarks: Vec::new(),
            contradictions: Vec::new(),
        },
    }
}
