//! Making calls: the data of each, and the key that stands for all of it.

use crate::context::{self, FinishedPhase};
use crate::model::{
    Artifact, CallId, CallInput, CallKey, CallSpec, Contract, EditScope, Ground, ModelName,
    Profile, Purpose, Task,
};
use crate::plan::{PhasePlan, Plan, PlannedInput};

use super::History;

/// A call's open part: what differs between the calls of a phase.
pub struct Draft {
    pub purpose: Purpose,
    pub slot: u32,
    pub chain: Vec<ModelName>,
    pub inputs: Vec<CallInput>,
    pub contract: Contract,
    pub task: Option<Task>,
    pub edits: Option<EditScope>,
    pub profile: Profile,
    pub ground: Ground,
}

impl Draft {
    /// The call it makes in a phase.
    pub fn into_call(self, phase: &PhasePlan) -> CallSpec {
        let id = CallId::new(format!(
            "{}.{}-{}",
            phase.name,
            word(self.purpose),
            self.slot
        ));
        let mut call = CallSpec {
            id,
            key: CallKey::new(""),
            phase: phase.name.clone(),
            purpose: self.purpose,
            slot: self.slot,
            chain: self.chain,
            inputs: self.inputs,
            project_instructions: phase.project_instructions && self.ground == Ground::Snapshot,
            contract: self.contract,
            task: self.task,
            edits: self.edits,
            profile: self.profile,
            ground: self.ground,
            limits: phase.limits,
        };
        call.key = key(&call);
        call
    }
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Work => "work",
        Purpose::Propose => "propose",
        Purpose::Judge => "judge",
        Purpose::Repair => "repair",
        Purpose::Task => "task",
        Purpose::Lens => "lens",
        Purpose::Distill => "distill",
    }
}

/// The digest of everything that makes the call what it is; its id does not.
fn key(call: &CallSpec) -> CallKey {
    let nameless = CallSpec {
        id: CallId::new(""),
        key: CallKey::new(""),
        ..call.clone()
    };
    let bytes = serde_json::to_vec(&nameless).expect("a call is plain data without map keys");
    CallKey::new(blake3::hash(&bytes).to_hex().as_str())
}

/// What a phase's calls get to see, by its strategy and the phases closed so far.
pub fn inputs(plan: &Plan, phase: &PhasePlan, history: &History) -> Vec<CallInput> {
    let finished: Vec<FinishedPhase> = plan
        .phases
        .iter()
        .take_while(|earlier| earlier.name != phase.name)
        .filter_map(|earlier| {
            let closing = history.phase(&earlier.name)?.closing.as_ref()?;
            Some(FinishedPhase {
                name: earlier.name.clone(),
                deliverable: closing.deliverable.clone(),
                handoff: closing.handoff.clone(),
                patch: closing.patch.clone(),
                tests: closing.tests.clone(),
            })
        })
        .collect();
    let files: Vec<(String, Artifact)> = history
        .files()
        .iter()
        .filter(|file| {
            phase
                .inputs
                .contains(&PlannedInput::Files(file.glob.clone()))
        })
        .map(|file| (file.path.clone(), file.artifact.clone()))
        .collect();
    context::select(phase.strategy, phase, &finished, &files)
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
            ground: Ground::Snapshot,
            limits: CallLimits {
                timeout: Millis::minutes(30),
                idle_timeout: Millis::minutes(5),
                retries,
            },
        };
        call.key = key(&call);
        call
    }

    #[test]
    fn the_key_depends_on_the_work_and_not_on_the_name() {
        let call = call_with(&["m1"], 2);
        let renamed = CallSpec {
            id: "other".into(),
            ..call.clone()
        };
        assert_eq!(key(&call), key(&renamed));
        assert_ne!(
            key(&call),
            key(&CallSpec {
                slot: 2,
                ..call.clone()
            })
        );
        assert_ne!(key(&call), key(&call_with(&["m2"], 2)));
    }
}
