//! JSON Schema of the workflow format, for editors.

use serde_json::{Map, Value, json};

use crate::config::schema_parts;
use crate::model::Section;

use super::compile::IMPORT_TOKENS;

/// The schema of a workflow.
pub fn schema() -> Value {
    let (layer, layer_definitions) = schema_parts();
    let mut properties = Map::new();
    let own = json!({
        "name": { "description": "The workflow's name; the file's if not given.", "$ref": "#/$defs/name" },
        "description": { "description": "What it is for.", "type": "string" },
        "inputs": { "$ref": "#/$defs/inputs" },
        "phases": {
            "description": "The steps, in order.",
            "type": "array",
            "minItems": 1,
            "items": { "$ref": "#/$defs/phase" }
        }
    });
    let definitions = json!({ "inputs": inputs(), "phase": phase(), "section": section() });
    let mut all_definitions = Map::new();
    for (from, into) in [(own, &mut properties), (definitions, &mut all_definitions)] {
        extend(into, from);
    }
    extend(&mut properties, layer);
    extend(&mut all_definitions, layer_definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tipstaff workflow",
        "type": "object",
        "additionalProperties": false,
        "required": ["phases"],
        "properties": properties,
        "$defs": all_definitions,
    })
}

fn extend(into: &mut Map<String, Value>, from: Value) {
    if let Value::Object(from) = from {
        into.extend(from);
    }
}

fn inputs() -> Value {
    json!({
        "description": "Inputs that the user gives with --set; their names may stand in braces in `output` and prompts.",
        "oneOf": [
            { "$ref": "#/$defs/names" },
            {
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$" },
                "additionalProperties": {
                    "type": ["object", "null"],
                    "additionalProperties": false,
                    "properties": {
                        "default": { "type": ["string", "number", "boolean"] },
                        "description": { "type": "string" },
                        "required": { "type": "boolean" }
                    }
                }
            }
        ]
    })
}

fn section() -> Value {
    let names = Section::ALL.map(Section::name).into_iter();
    let names: Vec<&str> = names.chain(["summary"]).collect();
    json!({ "enum": names })
}

fn phase() -> Value {
    let mut properties = Map::new();
    for part in [
        phase_identity(),
        phase_models(),
        phase_context(),
        phase_ensemble(),
        phase_changes(),
        phase_flow(),
        phase_limits(),
    ] {
        extend(&mut properties, part);
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": properties,
        "allOf": [
            {
                "if": { "properties": { "type": { "const": "ensemble" } }, "required": ["type"] },
                "then": { "required": ["models", "judge"], "properties": { "edits": { "const": false } } }
            },
            {
                "if": { "properties": { "type": { "const": "parallel" } }, "required": ["type"] },
                "then": {
                    "oneOf": [{ "required": ["lenses"] }, { "required": ["models"] }],
                    "properties": { "edits": { "const": false } }
                }
            },
            {
                "if": { "properties": { "type": { "const": "routed" } }, "required": ["type"] },
                "then": { "required": ["routing", "input"], "properties": { "edits": { "const": true } } }
            },
            {
                "if": { "properties": { "type": { "const": "single" } } },
                "then": { "required": ["model"] }
            }
        ]
    })
}

fn phase_identity() -> Value {
    json!({
        "name": { "description": "Unique; also a folder's name.", "type": "string", "pattern": "^[\\p{L}\\p{N}_-]+$" },
        "type": { "enum": ["single", "ensemble", "routed", "parallel"], "default": "single" },
        "description": { "description": "What it is for.", "type": "string" }
    })
}

fn phase_models() -> Value {
    json!({
        "model": { "description": "Of a single phase, or of the lenses that name none: a model, a role, or agent:provider/model[@variant].", "$ref": "#/$defs/name" },
        "models": { "description": "Of an ensemble: who proposes. Of a parallel phase: who is asked the same question.", "$ref": "#/$defs/names" },
        "judge": { "description": "Of an ensemble: who decides. Of a parallel phase: who joins the answers.", "$ref": "#/$defs/name" },
        "routing": {
            "description": "Of a routed phase: a model for each category of tasks; `default` takes all others.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": { "$ref": "#/$defs/name" }
        },
        "lenses": lenses(),
        "on_task_fail": {
            "description": "Of a routed phase: whether tasks that do not depend on a failed one go on.",
            "enum": ["stop", "continue"],
            "default": "stop"
        },
        "fallback": { "description": "Models to try after all others.", "$ref": "#/$defs/names" }
    })
}

fn lenses() -> Value {
    let named = json!({
        "oneOf": [
            { "$ref": "#/$defs/name" },
            {
                "type": "object",
                "additionalProperties": false,
                "properties": { "model": { "$ref": "#/$defs/name" }, "prompt": { "$ref": "#/$defs/name" } }
            }
        ]
    });
    json!({
        "description": "Of a parallel phase: the questions, each with a name.",
        "oneOf": [
            { "type": "object", "minProperties": 1, "maxProperties": 26, "additionalProperties": named },
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 26,
                "items": {
                    "oneOf": [
                        {
                            "type": "object",
                            "additionalProperties": false,
                            "required": ["name"],
                            "properties": {
                                "name": { "$ref": "#/$defs/name" },
                                "model": { "$ref": "#/$defs/name" },
                                "prompt": { "$ref": "#/$defs/name" }
                            }
                        },
                        {
                            "type": "object",
                            "minProperties": 1,
                            "maxProperties": 1,
                            "propertyNames": { "not": { "enum": ["name", "model", "prompt"] } },
                            "additionalProperties": named
                        }
                    ]
                }
            }
        ]
    })
}

fn phase_context() -> Value {
    json!({
        "prompt": {
            "description": "A template's name, a file (.md, .txt or with a /), or inline text. Default: the template of the phase's name, else the general one.",
            "$ref": "#/$defs/name"
        },
        "input": {
            "description": "PHASE.output, PHASE.outputs, PHASE.handoff, PHASE.changes, PHASE.tests, request, file:GLOB; one or a list.",
            "$ref": "#/$defs/names"
        },
        "output": { "description": "Where the deliverable is published, relative to the project; {feature} and inputs may stand in it.", "$ref": "#/$defs/name" },
        "context_strategy": {
            "description": "full: every deliverable so far. scoped: only the task's files. distilled: handoffs. fresh: named inputs only.",
            "enum": ["full", "scoped", "distilled", "fresh"],
            "default": "full"
        },
        "scope": {
            "description": "Files of the scoped strategy.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "files": { "description": "Files to work on.", "$ref": "#/$defs/names" },
                "always": { "description": "Files that are always there to read.", "$ref": "#/$defs/names" },
                "expand": { "description": "Add what the task's files and `files` import and what imports them, to read.", "enum": ["imports", true, false] },
                "expand_tokens": { "description": "How many tokens of those at most.", "type": "integer", "minimum": 1, "default": IMPORT_TOKENS }
            }
        },
        "distill": {
            "description": "Who distills the handoff: self, none, a model or a role.",
            "oneOf": [
                { "$ref": "#/$defs/name" },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "by": { "$ref": "#/$defs/name" },
                        "sections": {
                            "description": "What the handoff holds beside its summary; all without this key.",
                            "oneOf": [{ "$ref": "#/$defs/section" }, { "type": "array", "items": { "$ref": "#/$defs/section" } }]
                        }
                    }
                }
            ]
        }
    })
}

fn phase_ensemble() -> Value {
    json!({
        "mode": {
            "description": "Of an ensemble. sequential: each later model sees the earlier proposals.",
            "enum": ["parallel", "sequential"],
            "default": "parallel"
        },
        "quorum": { "description": "Judge as soon as this many proposals are in.", "type": "integer", "minimum": 1 },
        "straggler_timeout": { "description": "How long the others get then.", "$ref": "#/$defs/duration" }
    })
}

fn phase_changes() -> Value {
    json!({
        "yields": { "description": "What a single phase has to leave. Default: told by its name and by how other phases use it.", "enum": ["document", "tasks", "verdict", "edits"] },
        "edits": { "description": "Whether the phase may change your files. Default: true for routed phases and for execute and integrate.", "type": "boolean" },
        "verify": { "description": "Of a phase that edits: commands that tipstaff runs on a full checkout with the changes; `PHASE.tests` stands for those that an earlier phase was proved with.", "$ref": "#/$defs/names" }
    })
}

fn phase_flow() -> Value {
    json!({
        "on_fail": {
            "description": "Where to go back to when the verdict is fail.",
            "type": "object",
            "additionalProperties": false,
            "required": ["goto"],
            "properties": {
                "goto": { "$ref": "#/$defs/name" },
                "max": { "type": "integer", "minimum": 1, "default": 2 }
            }
        },
        "when": {
            "description": "Run only if: NAME == VALUE of an input, PHASE.verdict == pass, PHASE.tests == fail; != for the opposite.",
            "type": "string",
            "pattern": "[!=]="
        },
        "gate": { "description": "Ask a person first; a text is the question.", "type": ["boolean", "string"] }
    })
}

fn phase_limits() -> Value {
    json!({
        "timeout": { "description": "Wall-clock time of an attempt.", "$ref": "#/$defs/duration" },
        "idle_timeout": { "description": "Silence of an attempt.", "$ref": "#/$defs/duration" },
        "retries": { "description": "Further attempts on the same model.", "type": "integer", "minimum": 0 },
        "budget": {
            "description": "What all calls of the phase together may use, in all its rounds.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "calls": { "description": "Attempts started.", "type": "integer", "minimum": 0 },
                "tokens": { "description": "Of all kinds together.", "type": "integer", "minimum": 0 },
                "cost": { "description": "US dollars.", "type": "number", "minimum": 0 }
            }
        },
        "checkpoint": {
            "description": "Go on in a fresh process when a call's own context passes this.",
            "type": "object",
            "additionalProperties": false,
            "required": ["after_tokens"],
            "properties": { "after_tokens": { "type": "integer", "minimum": 1 } }
        }
    })
}
