//! What a call is told to do.

use super::Assembly;
use crate::context::part::{Part, PartKind};
use crate::context::{ContextError, tasks, templates};
use crate::model::{CallSpec, Contract, InputSource, Purpose};
use crate::plan::{LensPlan, PhaseKind, PhasePlan};

const NAME: &str = "instructions";

/// The parts that tell a call what to do, the most general first.
pub(super) fn instructions(
    assembly: &Assembly<'_>,
    phase: &PhasePlan,
) -> Result<Vec<Part>, ContextError> {
    let call = assembly.call;
    let source = source_of(&phase.prompt, &format!("phase {}, prompt", phase.name));
    let of_phase = || {
        let why = "what this phase is asked for";
        Part::new(PartKind::Instructions, NAME, &source, why).with(&phase.prompt)
    };
    Ok(match call.purpose {
        Purpose::Work | Purpose::Propose => vec![of_phase()],
        Purpose::Task => vec![of_phase(), task(call, phase)?],
        Purpose::Lens => {
            let lens = lens(call, phase)?;
            let source = source_of(
                &lens.prompt,
                &format!("phase {}, lens {}", phase.name, lens.name),
            );
            let why = "the question of this lens";
            vec![Part::new(PartKind::Instructions, NAME, &source, why).with(&lens.prompt)]
        }
        Purpose::Judge => {
            let (name, text, asked) = match &call.contract {
                Contract::Judgement { rules, .. } if phase.edits => {
                    let text = templates::judge_of_edits(rules);
                    ("judge-edits", text, "the candidates")
                }
                Contract::Judgement { rules, .. } => {
                    ("judge", templates::judge(rules), "the proposals")
                }
                Contract::Document
                | Contract::Tasks(_)
                | Contract::Audit
                | Contract::Edits
                | Contract::Handoff => ("join", templates::JOIN.to_owned(), "the answers"),
            };
            let why = format!("what the authors of {asked} were asked for");
            vec![
                own(name, &text, "what a judge does"),
                Part::new(PartKind::AuthorsTask, "task of the authors", &source, &why)
                    .with(&phase.prompt),
            ]
        }
        Purpose::Repair => vec![own("repair", templates::REPAIR, "what a repair may do")],
        Purpose::Distill if is_of_work(call) => {
            let asked = |name, source: &str, text| {
                let why = "what the stopped process was asked for";
                Part::new(PartKind::AuthorsTask, name, source, why).with(text)
            };
            vec![
                own(
                    "checkpoint",
                    templates::CHECKPOINT,
                    "what distilling a state is",
                ),
                asked("task of the author", &source, &phase.prompt),
                asked("request of the user", "request", &assembly.plan.request),
            ]
        }
        Purpose::Distill => vec![own("distill", templates::DISTILL, "what distilling is")],
    })
}

/// Whether it is the state of unfinished work that a call distills, and no document.
fn is_of_work(call: &CallSpec) -> bool {
    let mut inputs = call.inputs.iter();
    inputs.any(|input| input.source == InputSource::Worklog)
}

/// One of tipstaff's own templates.
fn own(name: &str, text: &str, why: &str) -> Part {
    let source = format!("built-in template {name}");
    Part::new(PartKind::Instructions, NAME, &source, why).with(text)
}

fn source_of(prompt: &str, otherwise: &str) -> String {
    match templates::name_of(prompt) {
        Some(name) => format!("built-in template {name}"),
        None => otherwise.to_owned(),
    }
}

fn task(call: &CallSpec, phase: &PhasePlan) -> Result<Part, ContextError> {
    let task = call
        .task
        .as_ref()
        .ok_or_else(|| ContextError::MissingTask {
            call: call.id.to_string(),
        })?;
    let source = match &phase.kind {
        PhaseKind::Routed { tasks, .. } => format!("phase {tasks}, task {}", task.id),
        PhaseKind::Single { .. } | PhaseKind::Ensemble { .. } | PhaseKind::Parallel { .. } => {
            format!("task {}", task.id)
        }
    };
    let why = "the task that this call carries out, and no other";
    Ok(Part::new(PartKind::Task, "task", &source, why).with(&tasks::render_task(task)))
}

fn lens<'a>(call: &CallSpec, phase: &'a PhasePlan) -> Result<&'a LensPlan, ContextError> {
    let lenses = match &phase.kind {
        PhaseKind::Parallel { lenses, .. } => lenses.as_slice(),
        PhaseKind::Single { .. } | PhaseKind::Ensemble { .. } | PhaseKind::Routed { .. } => &[],
    };
    let position = usize::try_from(call.slot).ok();
    let index = position.and_then(|slot| slot.checked_sub(1));
    index
        .and_then(|index| lenses.get(index))
        .ok_or_else(|| ContextError::UnknownLens {
            phase: phase.name.to_string(),
            slot: call.slot,
        })
}
