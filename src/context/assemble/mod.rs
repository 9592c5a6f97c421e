//! Assembling a prompt from its named parts, and the ledger of it.

mod excerpt;
mod instructions;
mod prompt_inputs;
mod workspace_section;

use std::collections::BTreeMap;

use self::instructions::instructions;
use self::prompt_inputs::parts_of;
use self::workspace_section::workspace_section;
use super::frame::frame;
use super::ledger::{Ledger, LedgerPart, Size};
use super::part::{Part, PartKind};
use super::{ContextError, Neighbours, contract, templates, tokens};
use crate::model::{CallSpec, ModelName, Purpose};
use crate::plan::{PhasePlan, Plan};

/// Everything that a prompt is made from.
#[derive(Debug, Clone, Copy)]
pub struct Assembly<'a> {
    pub plan: &'a Plan,
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
    /// Which of them are there because of others.
    pub neighbours: Option<&'a Neighbours>,
}

/// A prompt and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    pub prompt: String,
    pub ledger: Ledger,
}

/// Assembles the prompt of a call. The same assembly always gives the same prompt.
///
/// # Errors
///
/// If an input's content is not there or cannot be read: a call never starts with less than it was
/// meant to see.
pub fn assemble(assembly: &Assembly<'_>) -> Result<Assembled, ContextError> {
    let call = assembly.call;
    let phase = assembly
        .plan
        .phase(&call.phase)
        .ok_or_else(|| ContextError::UnknownPhase {
            phase: call.phase.to_string(),
        })?;
    let mut parts = parts(assembly, phase)?;
    // An input stays even if it is blank: that it is blank is worth knowing.
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
        neighbours: assembly.neighbours.cloned(),
    };
    Ok(Assembled { prompt, ledger })
}

/// The parts in the order in which they are in the prompt.
fn parts(assembly: &Assembly<'_>, phase: &PhasePlan) -> Result<Vec<Part>, ContextError> {
    let call = assembly.call;
    let mut parts = instructions(assembly, phase)?;
    match call.purpose {
        // They have one text before them and need no other.
        Purpose::Repair | Purpose::Distill => {}
        Purpose::Work | Purpose::Task | Purpose::Lens | Purpose::Propose | Purpose::Judge => {
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
    }
    let mut prompt_inputs = Vec::new();
    for input in &call.inputs {
        prompt_inputs.extend(parts_of(input, assembly, phase)?);
    }
    // A stable sort: within a kind, the call's own order holds.
    prompt_inputs.sort_by_key(|part| rank(part.kind));
    if let Some(first) = prompt_inputs
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
        prompt_inputs.insert(first, part.with(templates::SEQUENTIAL));
    }
    parts.extend(prompt_inputs);
    let why = "says what the working directory is";
    parts.push(
        Part::new(PartKind::Workspace, "workspace", "tipstaff", why)
            .with(&workspace_section(assembly)),
    );
    let why = "says which files the call must leave";
    let handoffs = contract::Handoffs {
        distill: &phase.distill,
        sections: &phase.sections,
    };
    parts.push(
        Part::new(PartKind::OutputContract, "output contract", "tipstaff", why)
            .with(&contract::text(&call.contract, handoffs)),
    );
    Ok(parts)
}

/// Documents, then handoffs, then what is to be mended: the order of the kinds of inputs.
fn rank(kind: PartKind) -> u8 {
    match kind {
        PartKind::Person => 0,
        PartKind::Input => 0,
        PartKind::Handoff => 1,
        PartKind::Changes => 2,
        PartKind::Tests => 3,
        PartKind::Findings => 4,
        PartKind::Feedback => 5,
        PartKind::State => 6,
        PartKind::Proposal => 7,
        PartKind::EarlierProposal => 8,
        PartKind::Faulty | PartKind::Worklog => 9,
        PartKind::Errors => 10,
        PartKind::Instructions
        | PartKind::Task
        | PartKind::AuthorsTask
        | PartKind::Request
        | PartKind::ProjectInstructions
        | PartKind::Workspace
        | PartKind::OutputContract => 11,
    }
}

#[cfg(test)]
mod tests;
