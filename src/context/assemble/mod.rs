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
    /// What is unusual about it.
    pub remarks: Vec<String>,
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
    let (prompt, held) = frame(&parts, assembly.plan.mark);
    let remarks = held.into_iter().map(|part| {
        format!("`{part}` held the mark of this run's prompts, which was taken out of it")
    });
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
    Ok(Assembled {
        prompt,
        ledger,
        remarks: remarks.collect(),
    })
}

/// The parts, from what changes least between the calls of a run to what is this call's own: prompts begin with
/// what they have in common, which providers then need not read again. The last one says how to end, since
/// models follow best what they read last.
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
    for input in &call.inputs {
        parts.extend(parts_of(input, assembly, phase)?);
    }
    let handoffs = contract::Handoffs {
        distill: &phase.distill,
        sections: &phase.sections,
    };
    let (contract, ending) = contract::text(&call.contract, handoffs);
    let section = workspace_section(assembly);
    let tipstaffs = [
        (
            PartKind::Workspace,
            "workspace",
            "says what the working directory is",
            section,
        ),
        (
            PartKind::OutputContract,
            "output contract",
            "says which files the call must leave",
            contract,
        ),
        (
            PartKind::Ending,
            "how to end",
            "says once more what must not be forgotten",
            ending,
        ),
    ];
    parts.extend(
        tipstaffs.map(|(kind, name, why, text)| Part::new(kind, name, "tipstaff", why).with(&text)),
    );
    // A stable sort: within a kind, the call's own order holds.
    parts.sort_by_key(|part| rank(part.kind, call.purpose));
    if let Some(first) = parts
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
        parts.insert(first, part.with(templates::SEQUENTIAL));
    }
    Ok(parts)
}

/// How much a kind of part belongs to one call alone: first what all calls of a run see, then what those with
/// the same contract do, what later phases see as well, what the phase's calls see, and what nobody else does.
fn rank(kind: PartKind, purpose: Purpose) -> u8 {
    let tipstaffs_own = match purpose {
        Purpose::Judge | Purpose::Repair | Purpose::Distill => true,
        Purpose::Work | Purpose::Task | Purpose::Lens | Purpose::Propose => false,
    };
    match kind {
        PartKind::Request => 0,
        PartKind::ProjectInstructions => 1,
        PartKind::OutputContract => 2,
        // What is not of a phase is the same in all of them.
        PartKind::Instructions if tipstaffs_own => 3,
        PartKind::Input => 4,
        PartKind::Handoff => 5,
        PartKind::Instructions | PartKind::AuthorsTask => 6,
        PartKind::Changes => 7,
        PartKind::Tests => 8,
        PartKind::Findings => 9,
        PartKind::Person => 10,
        PartKind::Task => 11,
        // Of a task it names the files.
        PartKind::Workspace => 12,
        PartKind::Feedback => 13,
        PartKind::State => 14,
        PartKind::Proposal => 15,
        PartKind::EarlierProposal => 16,
        PartKind::Faulty | PartKind::Worklog => 17,
        PartKind::Errors => 18,
        PartKind::Ending => 19,
    }
}

#[cfg(test)]
mod tests;
