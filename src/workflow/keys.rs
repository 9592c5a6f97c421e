//! All keys of the format, and which phase type has which.

use super::ast::PhaseType;

/// Keys at the top of a workflow, without those of a configuration layer.
pub(super) const TOP_KEYS: &[&str] = &["name", "description", "inputs", "phases"];

/// Keys of a phase.
pub(super) const PHASE_KEYS: &[&str] = &[
    "name",
    "type",
    "description",
    "model",
    "models",
    "judge",
    "routing",
    "lenses",
    "on_task_fail",
    "prompt",
    "input",
    "output",
    "context_strategy",
    "mode",
    "quorum",
    "straggler_timeout",
    "yields",
    "edits",
    "scope",
    "verify",
    "distill",
    "on_fail",
    "when",
    "gate",
    "timeout",
    "idle_timeout",
    "retries",
    "fallback",
    "budget",
    "checkpoint",
];

/// The types that a key belongs to; `None` for a key of all types.
pub(super) fn types_of(key: &str) -> Option<&'static [PhaseType]> {
    match key {
        "model" => Some(&[PhaseType::Single, PhaseType::Parallel]),
        "models" | "judge" => Some(&[PhaseType::Ensemble, PhaseType::Parallel]),
        "mode" | "quorum" | "straggler_timeout" => Some(&[PhaseType::Ensemble]),
        "routing" | "on_task_fail" => Some(&[PhaseType::Routed]),
        "lenses" => Some(&[PhaseType::Parallel]),
        "on_fail" | "yields" => Some(&[PhaseType::Single]),
        "verify" => Some(&[PhaseType::Single, PhaseType::Routed]),
        _ => None,
    }
}
