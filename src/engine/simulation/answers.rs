//! What calls, commands and closings leave.

use crate::model::{
    Answer, Artifact, Audit, AuditVerdict, CallInput, CallResult, CallSpec, ChangeKind,
    ChangedFile, Changes, Closing, Contract, Decision, Digest, Document, Faults, Graft,
    HandoffOrigin, InputSource, Judgement, Label, MicroUsd, Millis, ModelName, Purpose,
    RefusedChange, Stopped, Task, TaskFiles, TaskId, TaskList, TreeId, Usage, Verification,
    VerifyOutcome, WorkspaceSource,
};
use crate::plan::PhasePlan;
use crate::run::{CallState, PendingVerification, RunState};

use super::fault_plan::{Data, FaultPlan, Hands, Manner, Proof, Tasks, Taste};
use super::part::part_of;
use super::plans::command;
use super::trees::{self, contents};

/// What a good attempt of this model leaves.
pub fn answer(
    faults: &FaultPlan,
    manner: Manner,
    call: &CallSpec,
    model: &ModelName,
) -> CallResult {
    let valid = match manner.data {
        Data::Valid => true,
        Data::Mended => call.purpose == Purpose::Repair,
        Data::Invalid => false,
    };
    let round = usize::try_from(call.id.round()).unwrap();
    let mut document = true;
    let answer = match &call.contract {
        Contract::Document | Contract::Edits => Answer::Document,
        Contract::Judgement { .. }
        | Contract::Tasks { .. }
        | Contract::Audit
        | Contract::Handoff
            if !valid =>
        {
            Answer::Invalid {
                errors: "nonsense".to_owned().into(),
            }
        }
        Contract::Handoff => Answer::Document,
        Contract::Judgement { rules, .. } => {
            document = manner.taste == Taste::Synthesizes;
            let judgement = judgement(manner.taste, call);
            match judgement.decision == Decision::Synthesize && rules.picks_only {
                true => Answer::Invalid {
                    errors: "not to be had".to_owned().into(),
                },
                false => Answer::Judgement(judgement),
            }
        }
        Contract::Tasks { .. } => Answer::Tasks(task_list(
            faults.lists.get(round - 1).or(faults.lists.last()).unwrap(),
        )),
        Contract::Audit => {
            let passes = faults.passes.get(round - 1).or(faults.passes.last());
            Answer::Audit(audit(*passes.unwrap_or(&true)))
        }
    };
    let words = words(faults, call, model, round);
    let left = |name: &str| artifact(&format!("{}/{name}", call.id), &words);
    let hands_off = match call.contract {
        Contract::Handoff => valid,
        _ => manner.hands_off,
    };
    CallResult {
        built_on: None,
        deliverable: document.then(|| left("deliverable.md")),
        handoff: hands_off.then(|| left("handoff.json")),
        changes: call.edits.is_some().then(|| changes(manner.hands, call)),
        structured: (answer != Answer::Document).then(|| left("structured.json")),
        answer,
        remarks: Faults::default(),
        usage: usage(manner, 2),
    }
}

/// What an attempt leaves that comes to its checkpoint before the work is done; none if it does not.
pub fn unfinished(manner: Manner, call: &CallSpec, attempt: u32) -> Option<CallResult> {
    let part = part_of(&call.id);
    let checkpoint = call.checkpoint.filter(|_| part <= manner.reach.stops)?;
    let idle = manner.reach.idle >> (part - 1) & 1 == 1;
    let changes = changes(if idle { Hands::Idle } else { manner.hands }, call);
    let left = |name: &str| {
        artifact(
            &format!("{}/{attempt}/{name}", call.id),
            &contents(&changes.tree),
        )
    };
    Some(CallResult {
        built_on: None,
        answer: Answer::Unfinished(Stopped {
            began: manner.reach.begins,
            context: checkpoint + 1,
            worklog: left("worklog.md"),
            extracted: left("extracted.json"),
        }),
        deliverable: None,
        handoff: None,
        changes: Some(changes),
        structured: None,
        remarks: Faults::default(),
        usage: usage(manner, 2),
    })
}

/// What a model has to say. Some say the same again in later rounds.
fn words(faults: &FaultPlan, call: &CallSpec, model: &ModelName, round: usize) -> String {
    let varies = if faults.repeats { 0 } else { round };
    format!(
        "{model} {} {:?} {} {varies}",
        call.phase, call.purpose, call.slot
    )
}

fn judgement(taste: Taste, call: &CallSpec) -> Judgement {
    let Contract::Judgement { labels, rules } = &call.contract else {
        panic!("{call:?}")
    };
    let decision = match taste {
        Taste::Picks | Taste::Prefers(_) => Decision::Pick,
        Taste::Synthesizes | Taste::Forgets => Decision::Synthesize,
        Taste::Refuses if rules.abstain => Decision::Abstain,
        Taste::Refuses => Decision::None,
    };
    let winner = match taste {
        Taste::Prefers(own) => best(own, call).unwrap_or(&labels[0]),
        _ => &labels[0],
    };
    let points = |label: &Label| if label == winner { 8.0 } else { 5.0 };
    let columns = |label: &Label| {
        let criteria = rules.criteria.iter();
        let columns = criteria.map(|one| (one.name.clone(), points(label)));
        (label.clone(), columns.collect())
    };
    // Who has a taste of its own finds something in the others.
    let others = labels.iter().filter(|label| *label != winner);
    let grafts = others.filter(|_| rules.grafts && matches!(taste, Taste::Prefers(_)));
    let grafts = grafts.map(|label| Graft {
        from: label.clone(),
        what: "its edge case".to_owned(),
    });
    Judgement {
        decision,
        winner: (decision == Decision::Pick).then(|| winner.clone()),
        scores: labels.iter().map(columns).collect(),
        rationale: "because".to_owned(),
        grafts: grafts.collect(),
    }
}

/// The proposal that a judge of that taste likes best: by what it says, not by where it stands. None where it sees
/// nothing but a faulty verdict.
fn best(own: u8, call: &CallSpec) -> Option<&Label> {
    let shown = call.inputs.iter().filter_map(|input| match &input.source {
        InputSource::Proposal(label) => Some((label, input.artifact.as_ref()?)),
        _ => None,
    });
    let liking =
        |artifact: &Artifact| *blake3::hash(format!("{own}{artifact:?}").as_bytes()).as_bytes();
    let best = shown.max_by_key(|(_, artifact)| liking(artifact));
    best.map(|(label, _)| label)
}

fn audit(passes: bool) -> Audit {
    Audit {
        verdict: if passes {
            AuditVerdict::Pass
        } else {
            AuditVerdict::Fail
        },
        summary: "looked".to_owned(),
        findings: Vec::new(),
    }
}

pub fn task_list(tasks: &Tasks) -> TaskList {
    let id = |number: usize| {
        TaskId::new(match (tasks.alike, number) {
            (true, 0) => "T".to_owned(),
            (true, 1) => "T-2".to_owned(),
            (true, 2) => "T-2-2".to_owned(),
            (true | false, _) => format!("T{number}"),
        })
    };
    let task = |(number, (needs, proof)): (usize, &(u8, Option<usize>))| Task {
        id: id(number),
        title: "a task".to_owned(),
        category: "some".to_owned(),
        instructions: "do it".to_owned(),
        files: TaskFiles::default(),
        depends_on: (0..number)
            .filter(|n| needs >> n & 1 == 1)
            .map(id)
            .collect(),
        acceptance: Vec::new(),
        verify: proof.map(command),
    };
    let mut list: Vec<Task> = tasks.tasks.iter().enumerate().map(task).collect();
    if tasks.reversed {
        list.reverse();
    }
    TaskList { tasks: list }
}

fn changes(hands: Hands, call: &CallSpec) -> Changes {
    let base = tree_of(&call.workspace).unwrap().clone();
    let again = is_again(call);
    let (tree, changed) = match hands {
        Hands::Busy | Hands::Grabbing => {
            let mark = if again { "!" } else { "" };
            let now = format!("{}+{}{mark}", contents(&base), call.id);
            (trees::tree(&now), Some(file(call)))
        }
        Hands::Idle => (base.clone(), None),
    };
    let grabbed = (hands == Hands::Grabbing).then(|| RefusedChange {
        path: ".git/config".to_owned(),
        reason: "no".to_owned(),
    });
    Changes {
        base,
        tree,
        files: changed.into_iter().collect(),
        refused: grabbed.into_iter().collect(),
        secrets: Vec::new(),
        patch: None,
    }
}

/// Each call has a file of its own.
fn file(call: &CallSpec) -> ChangedFile {
    ChangedFile {
        path: call.id.to_string(),
        kind: ChangeKind::Modified,
        from: None,
        lines: None,
    }
}

/// The tree that a call starts from; none where it starts from the snapshot or from nothing.
pub fn tree_of(workspace: &WorkspaceSource) -> Option<&TreeId> {
    match workspace {
        WorkspaceSource::Tree(tree) | WorkspaceSource::Scoped { tree, .. } => Some(tree),
        WorkspaceSource::Snapshot | WorkspaceSource::Empty => None,
    }
}

/// Whether a call was told what was wrong with an earlier try, or is to make one better.
pub fn is_again(call: &CallSpec) -> bool {
    let mut inputs = call.inputs.iter();
    let fed = |one: &CallInput| matches!(one.source, InputSource::Feedback(_));
    inputs.any(fed) || call.refines().is_some()
}

/// What a command says of a tree: always the same.
pub fn verification(proof: Proof, verifying: &PendingVerification) -> Verification {
    // Another's tests in the place of its own make another tree.
    let tests = verifying.tests_of.as_ref().map(contents);
    let contents = tests.unwrap_or_default() + &contents(&verifying.tree);
    let outcome = match proof {
        Proof::Passes | Proof::CannotRun(_) => VerifyOutcome::Passed,
        Proof::Fails => VerifyOutcome::Failed,
        Proof::FailsFirst if contents.ends_with('!') => VerifyOutcome::Passed,
        Proof::FailsFirst => VerifyOutcome::Failed,
        // A task that is tried afresh when a run is taken up starts from another tree and has to end alike.
        Proof::FailsAtTimes if verifying.task.is_some() => VerifyOutcome::Passed,
        Proof::FailsAtTimes if contents.len().is_multiple_of(2) => VerifyOutcome::Passed,
        Proof::FailsAtTimes => VerifyOutcome::Failed,
        Proof::AlreadyFails => VerifyOutcome::AlreadyFailing,
        Proof::TimesOut => VerifyOutcome::TimedOut,
    };
    Verification {
        command: verifying.command.clone(),
        outcome,
        exit: None,
        wall: Millis::seconds(1),
        output: artifact("verify.txt", &format!("{outcome:?} {}", contents)),
    }
}

/// What is in the run folder when a phase is closed; its tree if it may edit.
pub fn closing(
    plan: &PhasePlan,
    winner: &CallState,
    tree: Option<TreeId>,
    state: &RunState,
) -> Closing {
    let result = winner.result().unwrap();
    let words = |name: &str, artifact_of: Option<&Artifact>| {
        let digest = artifact_of.map_or("none", |artifact| artifact.digest.as_str());
        artifact(&format!("{}/{name}", plan.name), digest)
    };
    let changed = tree.clone().filter(|tree| tree != state.base());
    let proved = state.verified().any(|seen| seen.phase == plan.name);
    Closing {
        deliverable: words("output.md", result.deliverable.as_ref()),
        handoff: words("handoff.json", result.handoff.as_ref()),
        origin: HandoffOrigin::Agent,
        document: plan.output.as_ref().map(|path| Document {
            path: path.clone(),
            object: result
                .deliverable
                .as_ref()
                .map_or_else(String::new, |one| one.digest.to_string()),
        }),
        published: None,
        previous: None,
        patch: changed.map(|tree| artifact("changes.patch", &contents(&tree))),
        tests: proved.then(|| artifact("verify.md", &contents(state.tree()))),
        tree,
        remarks: Faults::default(),
        contradictions: Faults::default(),
    }
}

/// What an attempt of this model has used after so many of its steps.
pub fn usage(manner: Manner, steps: u64) -> Usage {
    Usage {
        requests: steps,
        input: manner.spends * steps,
        cost: MicroUsd(manner.spends * steps),
        ..Usage::default()
    }
}

fn artifact(path: &str, content: &str) -> Artifact {
    Artifact {
        path: path.to_owned(),
        digest: Digest::new(content),
        bytes: 1,
    }
}
