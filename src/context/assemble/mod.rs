//! Assembling a prompt from its named parts, and the ledger of it.

mod material;

use std::collections::BTreeMap;

use self::material::part_of;
use super::frame::frame;
use super::ledger::{Ledger, LedgerPart, Size};
use super::part::{Part, PartKind};
use super::{ContextError, contract, templates, tokens};
use crate::model::{CallSpec, Ground, ModelName, Profile, Purpose};
use crate::plan::{PhasePlan, Plan};

/// Everything that a prompt is made from.
#[derive(Debug, Clone, Copy)]
pub struct Assembly<'a> {
    /// The run's plan.
    pub plan: &'a Plan,
    /// The call.
    pub call: &'a CallSpec,
    /// The model that gets the prompt; for the ledger, never for the prompt.
    pub model: &'a ModelName,
    /// The inputs' contents by their artifacts' paths; of a handoff its JSON.
    pub contents: &'a BTreeMap<String, String>,
    /// Name and text of the project's instruction file, if there is one. Used only if the call
    /// wants it.
    pub project_instructions: Option<(&'a str, &'a str)>,
    /// How many files the workspace holds, if that is known.
    pub workspace_files: Option<usize>,
}

/// A prompt and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// The prompt.
    pub prompt: String,
    /// Its parts.
    pub ledger: Ledger,
}

/// Assembles the prompt of a call. The same assembly always gives the same prompt.
///
/// # Errors
///
/// If an input's content is not there or a handoff cannot be read: a call never starts with less
/// than it was meant to see.
pub fn assemble(assembly: &Assembly<'_>) -> Result<Assembled, ContextError> {
    let call = assembly.call;
    let phase = assembly
        .plan
        .phase(&call.phase)
        .ok_or_else(|| ContextError::UnknownPhase {
            phase: call.phase.to_string(),
        })?;
    let mut parts = parts(assembly, phase)?;
    // Material stays even if it is blank: that it is blank is worth knowing.
    parts.retain(|part| !part.kind.is_addressed() || !part.text.trim().is_empty());
    let prompt = frame(&parts);
    let ledger_parts: Vec<LedgerPart> = parts.iter().map(LedgerPart::of).collect();
    let bytes: u64 = ledger_parts.iter().map(|part| part.bytes).sum();
    let part_tokens: u64 = ledger_parts.iter().map(|part| part.tokens).sum();
    let frame_bytes = (prompt.len() as u64).saturating_sub(bytes);
    let frame_tokens = tokens(&prompt).saturating_sub(part_tokens);
    let ledger = Ledger {
        call: call.id.clone(),
        phase: call.phase.clone(),
        purpose: call.purpose,
        strategy: phase.strategy,
        model: assembly.model.clone(),
        window: assembly
            .plan
            .models
            .get(assembly.model)
            .and_then(|model| model.context),
        parts: ledger_parts,
        frame: Size {
            bytes: frame_bytes,
            tokens: frame_tokens,
        },
        total: Size {
            bytes: bytes + frame_bytes,
            tokens: part_tokens + frame_tokens,
        },
    };
    Ok(Assembled { prompt, ledger })
}

/// The parts in the order in which they stand in the prompt.
fn parts(assembly: &Assembly<'_>, phase: &PhasePlan) -> Result<Vec<Part>, ContextError> {
    let call = assembly.call;
    let mut parts = instructions(call, phase);
    match call.purpose {
        Purpose::Repair => {}
        Purpose::Work | Purpose::Propose | Purpose::Judge => {
            parts.push(
                Part::new(
                    PartKind::Request,
                    "request",
                    "request",
                    "what the user asked for",
                )
                .with(&assembly.plan.request),
            );
            if let Some((name, text)) = assembly.project_instructions
                && call.project_instructions
            {
                let why = "the project's own instructions are the same for every agent";
                parts.push(
                    Part::new(
                        PartKind::ProjectInstructions,
                        "project instructions",
                        name,
                        why,
                    )
                    .with(text),
                );
            }
        }
        _ => unreachable!("SOON"),
        _ => unreachable!("SOON"),
    }
    let mut material = Vec::new();
    for input in &call.inputs {
        material.extend(part_of(input, assembly, phase)?);
    }
    // A stable sort: within a kind, the call's own order holds.
    material.sort_by_key(|part| rank(part.kind));
    if let Some(first) = material
        .iter()
        .position(|part| part.kind == PartKind::EarlierProposal)
    {
        let why = "earlier proposals are among the inputs";
        let part = Part::new(
            PartKind::Instructions,
            "how to treat earlier proposals",
            "built-in template sequential",
            why,
        );
        material.insert(first, part.with(templates::SEQUENTIAL));
    }
    parts.extend(material);
    let why = "says what the working directory is";
    parts.push(
        Part::new(PartKind::Workspace, "workspace", "tipstaff", why)
            .with(&workspace(call, assembly.workspace_files)),
    );
    let why = "says which files the call must leave";
    parts.push(
        Part::new(PartKind::OutputContract, "output contract", "tipstaff", why)
            .with(&contract::text(&call.contract, &phase.distill)),
    );
    Ok(parts)
}

/// Inputs, then handoffs, then proposals: the order of the kinds of material.
fn rank(kind: PartKind) -> u8 {
    match kind {
        PartKind::Input => 0,
        PartKind::Handoff => 1,
        PartKind::Proposal => 2,
        PartKind::EarlierProposal => 3,
        PartKind::Faulty => 4,
        PartKind::Errors => 5,
        PartKind::Instructions
        | PartKind::Task
        | PartKind::Request
        | PartKind::ProjectInstructions
        | PartKind::Workspace
        | PartKind::OutputContract => 6,
    }
}

/// What the call is told to do.
fn instructions(call: &CallSpec, phase: &PhasePlan) -> Vec<Part> {
    let source = match templates::name_of(&phase.prompt) {
        Some(name) => format!("built-in template {name}"),
        None => format!("phase {}, prompt", phase.name),
    };
    let name = "instructions";
    match call.purpose {
        Purpose::Work | Purpose::Propose => {
            let why = "what this phase is asked for";
            vec![Part::new(PartKind::Instructions, name, &source, why).with(&phase.prompt)]
        }
        Purpose::Judge => {
            let judge = "built-in template judge";
            let why = "what the authors of the proposals were asked for";
            vec![
                Part::new(PartKind::Instructions, name, judge, "what a judge does")
                    .with(templates::JUDGE),
                Part::new(PartKind::Task, "task of the authors", &source, why).with(&phase.prompt),
            ]
        }
        Purpose::Repair => {
            let source = "built-in template repair";
            let why = "what a repair may do";
            vec![Part::new(PartKind::Instructions, name, source, why).with(templates::REPAIR)]
        }
        _ => unreachable!("SOON"),
        _ => unreachable!("SOON"),
    }
}

/// What the working directory is and what may be done in it.
fn workspace(call: &CallSpec, files: Option<usize>) -> String {
    let holds = match (call.ground.clone(), files) {
        (Ground::Empty, _) => "Your working directory is empty: all you need is in this prompt.",
        (Ground::Snapshot, Some(0)) => "Your working directory is the project, which is empty.",
        (Ground::Snapshot, Some(files)) => {
            return format!(
                "Your working directory holds a private copy of the project ({files} files). {}\n",
                allowed(call.profile)
            );
        }
        (Ground::Snapshot, None) => "Your working directory holds a private copy of the project.",
        _ => unreachable!("SOON"),
    };
    format!("{holds} {}\n", allowed(call.profile))
}

fn allowed(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => {
            "Read and search it as you need. Write only what the output contract names; any other \
             change is thrown away. Nobody can answer questions or grant permissions."
        }
        Profile::Worker => {
            "Edit it and run commands as you need. Nobody can answer questions or grant permissions."
        }
        Profile::Scribe => {
            "Write only what the output contract names. Nobody can answer questions or grant \
             permissions."
        }
    }
}

#[cfg(test)]
mod tests;
