//! Plans for tests, with what does not matter to them.

use std::collections::BTreeMap;

use crate::model::{
    AtLimit, Budget, CallLimits, CommitStyle, Destination, FORMAT, Millis, RunLimits, Sections,
};

use super::{Distill, PhaseKind, PhasePlan, Plan, ScopePlan, Strategy, VerifyRules};

/// A phase that sees the inputs it names, and names none.
pub fn phase(name: &str, kind: PhaseKind) -> PhasePlan {
    PhasePlan {
        name: name.into(),
        description: String::new(),
        kind,
        substitutes: Vec::new(),
        strategy: Strategy::Fresh,
        inputs: Vec::new(),
        prompt: "Do it.".to_owned(),
        output: None,
        edits: false,
        limits: CallLimits {
            timeout: Millis::minutes(30),
            idle_timeout: Millis::minutes(5),
            retries: 2,
        },
        budget: Budget::default(),
        at_limit: AtLimit::default(),
        distill: Distill::Agent,
        sections: Sections::default(),
        project_instructions: true,
        scope: ScopePlan::default(),
        verify: Vec::new(),
        on_fail: None,
        when: None,
        gate: None,
        sandbox: Default::default(),
        checkpoint: None,
    }
}

/// A plan without limits and models.
pub fn plan(phases: Vec<PhasePlan>) -> Plan {
    Plan {
        format: FORMAT,
        workflow: "test".to_owned(),
        description: String::new(),
        request: "Do something.".to_owned(),
        inputs: BTreeMap::new(),
        seed: 7,
        mark: 0,
        change_limits: Default::default(),
        setup: None,
        sandbox_mode: Default::default(),
        sandbox: Default::default(),
        verify: VerifyRules {
            allow: vec!["*".to_owned()],
            ..VerifyRules::default()
        },
        limits: RunLimits {
            calls: None,
            tokens: None,
            cost: None,
            wall: None,
            concurrency: 2,
            processes: None,
            day: None,
        },
        rehearsal: None,
        file: None,
        destination: Destination::Tree,
        commits: CommitStyle::default(),
        accept: Vec::new(),
        agents: BTreeMap::new(),
        models: BTreeMap::new(),
        phases,
        executors: Default::default(),
        expected: Vec::new(),
    }
}
