//! Small plans and handoffs for the tests of this module.

use crate::model::{
    Artifact, CallLimits, Digest, Faults, Handoff, HandoffFacts, HandoffOrigin, HandoffWords,
    Millis, ModelName,
};
use crate::plan::{ModelSpec, OutputKind, PhaseKind, PhasePlan, Plan, Strategy, testing};

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
    let kind = PhaseKind::Single {
        chain: vec!["claude-opus".into()],
        yields: OutputKind::Document,
    };
    PhasePlan {
        strategy,
        prompt: super::templates::builtin(name)
            .or_else(|| super::templates::builtin("general"))
            .expect("the general template is there")
            .to_owned(),
        limits: limits(),
        ..testing::phase(name, kind)
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
    let models = MODELS.map(|name| (ModelName::new(name), spec(name)));
    Plan {
        request: "Add rate limiting.".to_owned(),
        models: models.into(),
        ..testing::plan(phases)
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
            remarks: Faults::default(),
            contradictions: Faults::default(),
        },
    }
}
