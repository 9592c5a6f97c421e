//! A try of editing work: one process, or several one after another. A call that is stopped at its
//! checkpoint is a part of the work; its state is distilled, and the next part goes on from it.

use crate::model::{
    Artifact, AttemptId, CallId, CallInput, CallResult, CallSpec, Contract, Failure, FailureKind,
    HandoffOrigin, InputSource, ModelName, Purpose, RefusedChange, Stopped, WorkState,
};
use crate::plan::Distill;
use crate::run::{CallState, CallStatus};

use super::phase_context::{CallBuilder, PhaseContext};

/// The most parts of a try. The last one has no checkpoint: it ends as it ends.
const MOST_PARTS: u32 = 10;

/// How far a try is.
pub enum Tried<'a> {
    Pending,
    Next(Box<CallSpec>),
    /// Its last part ended by itself.
    Ended {
        call: CallId,
        result: &'a CallResult,
    },
    Failed(Failure),
}

/// A part that was stopped at its checkpoint.
struct Part<'a> {
    call: &'a CallState,
    result: &'a CallResult,
    at: &'a Stopped,
}

/// How far the try is that begins with this builder. A part that is there already is looked up by its
/// name: it has got its state, whatever became of those who distilled it.
pub fn tried<'a>(context: &PhaseContext<'a>, first: &CallBuilder) -> Tried<'a> {
    let mut stopped: Vec<Part<'a>> = Vec::new();
    for number in 1..=MOST_PARTS {
        let id = context.id(first.purpose, &name_of(first, number));
        let Some(call) = context.run.call(&id) else {
            return begin(context, first, &stopped);
        };
        let result = match &call.status {
            CallStatus::Open | CallStatus::Running => return Tried::Pending,
            // A call goes through its whole chain before it fails.
            CallStatus::Failed(failure) => return Tried::Failed(failure.clone()),
            CallStatus::Done(result) => result,
        };
        let Some(at) = result.stopped() else {
            return Tried::Ended { call: id, result };
        };
        stopped.push(Part { call, result, at });
        if stands_still(&stopped) {
            return Tried::Failed(stuck(call));
        }
    }
    Tried::Failed(Failure::new(
        FailureKind::Loop,
        format!("not done after {MOST_PARTS} processes"),
    ))
}

/// `T1`, then `T1.part-2`: no task's name has a dot.
fn name_of(first: &CallBuilder, number: u32) -> String {
    match number {
        1 => first.name.clone(),
        number => format!("{}.part-{number}", first.name),
    }
}

/// The next part, or what is needed before it.
fn begin<'a>(context: &PhaseContext<'a>, first: &CallBuilder, stopped: &[Part<'a>]) -> Tried<'a> {
    let Some(last) = stopped.last() else {
        let checkpoint = context.phase.checkpoint;
        return Tried::Next(Box::new(context.call(CallBuilder {
            checkpoint,
            ..first.clone()
        })));
    };
    let number = u32::try_from(stopped.len()).unwrap_or(u32::MAX);
    let (words, origin) = match distilled(context, first, last, number) {
        Distilled::Pending => return Tried::Pending,
        Distilled::Next(call) => return Tried::Next(call),
        Distilled::Words { words, origin } => (words, origin),
    };
    let mut inputs = first.inputs.clone();
    inputs.push(CallInput {
        source: InputSource::State(state(stopped, last, origin)),
        artifact: Some(words),
    });
    let tree = last.result.changes.as_ref().map(|changes| &changes.tree);
    let workspace = tree.map_or_else(
        || first.workspace.clone(),
        |tree| first.workspace.clone().at(tree),
    );
    let is_last = number + 1 == MOST_PARTS;
    let checkpoint = context.phase.checkpoint.filter(|_| !is_last);
    Tried::Next(Box::new(context.call(CallBuilder {
        name: name_of(first, number + 1),
        chain: rest_of_chain(context, first, last),
        inputs,
        workspace,
        checkpoint: checkpoint.map(|wanted| with_room(wanted, last.at.began)),
        continues: Some(workspace_of(last.call)),
        ..first.clone()
    })))
}

/// The next process begins about where the last one began: it gets room for some work, also where its
/// prompt alone comes near the checkpoint, or passes it.
fn with_room(wanted: u64, began: u64) -> u64 {
    wanted.max(began.saturating_add(wanted / 4))
}

/// From the model on that got this far.
fn rest_of_chain(
    context: &PhaseContext<'_>,
    first: &CallBuilder,
    last: &Part<'_>,
) -> Vec<ModelName> {
    let used = last.call.model();
    let is_used = |model| used == Some(model) || used == Some(context.run.in_place_of(model));
    let rest = first.chain.iter().skip_while(|model| !is_used(model));
    let rest: Vec<ModelName> = rest.cloned().collect();
    if rest.is_empty() {
        first.chain.clone()
    } else {
        rest
    }
}

/// Where the work began, and all of its parts go on.
fn workspace_of(call: &CallState) -> AttemptId {
    call.spec.continues.clone().unwrap_or_else(|| AttemptId {
        call: call.spec.id.clone(),
        attempt: call.last_attempt(),
    })
}

fn state(stopped: &[Part<'_>], last: &Part<'_>, origin: HandoffOrigin) -> WorkState {
    let changes = stopped
        .iter()
        .filter_map(|part| part.result.changes.as_ref());
    let mut files: Vec<String> = changes
        .flat_map(|changes| &changes.files)
        .map(|file| file.path.clone())
        .collect();
    files.sort();
    files.dedup();
    let refused = last.result.changes.as_ref();
    let refused: Vec<RefusedChange> =
        refused.map_or_else(Vec::new, |changes| changes.refused.clone());
    WorkState {
        of: last.call.spec.id.clone(),
        origin,
        files,
        refused,
    }
}

/// The words of a part's state.
enum Distilled {
    Pending,
    Next(Box<CallSpec>),
    Words {
        words: Artifact,
        origin: HandoffOrigin,
    },
}

/// A model distills them, once; else they are taken by rule. Where the working agent itself is to
/// distill, its model does, since its process is gone.
fn distilled(
    context: &PhaseContext<'_>,
    first: &CallBuilder,
    last: &Part<'_>,
    number: u32,
) -> Distilled {
    let by_rule = || Distilled::Words {
        words: last.at.extracted.clone(),
        origin: HandoffOrigin::Extracted,
    };
    let chain = match &context.phase.distill {
        Distill::Nobody => return by_rule(),
        Distill::Model(chain) => chain.clone(),
        Distill::Agent => rest_of_chain(context, first, last),
    };
    let call = context.call(CallBuilder {
        name: format!("{}.part-{number}", first.name),
        inputs: vec![CallInput {
            source: InputSource::Worklog,
            artifact: Some(last.at.worklog.clone()),
        }],
        ..CallBuilder::writer(Purpose::Distill, first.slot, chain, Contract::Handoff)
    });
    // One of the same name may have distilled the part as it was before it was tried afresh.
    let known = context
        .known(&call)
        .filter(|known| known.spec.key == call.key);
    match known.map(|known| &known.status) {
        None => Distilled::Next(Box::new(call)),
        Some(CallStatus::Open | CallStatus::Running) => Distilled::Pending,
        Some(CallStatus::Failed(_)) => by_rule(),
        Some(CallStatus::Done(result)) => match &result.handoff {
            Some(words) => Distilled::Words {
                words: words.clone(),
                origin: HandoffOrigin::Distilled,
            },
            None => by_rule(),
        },
    }
}

/// Whether the last two parts both changed nothing. One may do so, because reading comes first.
fn stands_still(stopped: &[Part<'_>]) -> bool {
    let idle = |part: &Part<'_>| !part.result.has_changed();
    matches!(stopped, [.., before, last] if idle(before) && idle(last))
}

fn stuck(call: &CallState) -> Failure {
    let at = call.spec.checkpoint.unwrap_or_default();
    Failure::new(
        FailureKind::Loop,
        format!(
            "two processes in a row came to the checkpoint ({at} tokens) without changing a file"
        ),
    )
    .hint("raise `after_tokens` of the phase's `checkpoint`, or cut the work into smaller tasks")
}
