//! JSON Schema of the configuration, for editors.

use serde_json::{Value, json};

/// The schema of `config.yaml`.
pub fn schema() -> Value {
    let (properties, definitions) = schema_parts();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tipstaff configuration",
        "description": "Agents, models, roles and limits. Laid over the built-in configuration: built-in < user < project < workflow < flags.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions,
    })
}

/// The layer's properties and the definitions they refer to; a workflow's schema has them too.
pub fn schema_parts() -> (Value, Value) {
    let properties = json!({
        "agents": {
            "description": "Agent CLIs by name.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/agent" }
        },
        "models": {
            "description": "Names for agent + model id + variant.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/model" }
        },
        "roles": {
            "description": "Names for chains of models: first choice, then fallbacks.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/names" }
        },
        "limits": { "$ref": "#/$defs/limits" },
        "defaults": { "$ref": "#/$defs/defaults" },
        "verify_allow": { "description": "Commands that a model may propose to prove its changes and that run without a question, for example `npm test*`.", "$ref": "#/$defs/names" },
        "verify_env": {
            "description": "Variables set for all commands that prove changes.",
            "type": "object",
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] }
        },
        "verify_pass_env": { "description": "Names of your variables handed on to all commands that prove changes.", "$ref": "#/$defs/names" },
        "accept": { "description": "Paths, folders and patterns of changes that are delivered although they act on their own. Counts in your own configuration only.", "$ref": "#/$defs/names" }
    });
    let definitions = json!({
        "name": { "type": "string", "minLength": 1 },
        "names": {
            "oneOf": [
                { "$ref": "#/$defs/name" },
                { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/name" } }
            ]
        },
        "duration": {
            "description": "A length of time: 90s, 5m, 2h, 1h30m.",
            "type": "string",
            "pattern": "^\\s*([0-9]+d)?\\s*([0-9]+h)?\\s*([0-9]+m(in)?)?\\s*([0-9]+s)?\\s*([0-9]+ms)?\\s*$",
            "minLength": 2
        },
        "wholeOrNone": { "oneOf": [{ "type": "integer", "minimum": 0 }, { "const": "none" }] },
        "size": {
            "description": "An amount of data: 512MiB, 2GB, or a number of bytes; `none` for no limit.",
            "type": ["string", "integer"],
            "pattern": "^(none|\\s*[0-9]+(\\.[0-9]+)?\\s*([kKMGT]?B|[KMGT]iB)?\\s*)$",
            "minimum": 0
        },
        "agent": agent(),
        "model": model(),
        "limits": limits(),
        "defaults": defaults()
    });
    (properties, definitions)
}

fn agent() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "kind": {
                "description": "The adapter. Defaults to the agent's name.",
                "enum": ["opencode", "command"]
            },
            "command": { "description": "The program: a name on PATH, or a path.", "$ref": "#/$defs/name" },
            "args": { "description": "Arguments before all others.", "$ref": "#/$defs/names" },
            "env": {
                "description": "Variables set for it.",
                "type": "object",
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] }
            },
            "pass_env": { "description": "Names of your variables handed on to it.", "$ref": "#/$defs/names" }
        }
    })
}

fn model() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "agent": { "description": "The agent that runs it; `opencode` if not named.", "$ref": "#/$defs/name" },
            "id": { "description": "The id as the agent wants it: provider/model.", "$ref": "#/$defs/name" },
            "variant": { "description": "The variant (reasoning effort).", "$ref": "#/$defs/name" },
            "family": { "description": "Whose model it is.", "$ref": "#/$defs/name" },
            "price": {
                "description": "US dollars per million tokens.",
                "type": "object",
                "additionalProperties": false,
                "required": ["input", "output"],
                "properties": {
                    "input": { "type": "number", "minimum": 0 },
                    "output": { "type": "number", "minimum": 0 }
                }
            },
            "context": { "description": "Size of the window in tokens.", "type": "integer", "minimum": 0 }
        }
    })
}

fn limits() -> Value {
    json!({
        "description": "Limits of a whole run; `none` takes one away.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "calls": { "description": "Attempts started.", "$ref": "#/$defs/wholeOrNone" },
            "tokens": { "description": "Tokens of all attempts.", "$ref": "#/$defs/wholeOrNone" },
            "cost": {
                "description": "US dollars.",
                "oneOf": [{ "type": "number", "minimum": 0 }, { "const": "none" }]
            },
            "wall": {
                "description": "Wall-clock time.",
                "oneOf": [{ "$ref": "#/$defs/duration" }, { "const": "none" }]
            },
            "concurrency": { "description": "Calls at one time.", "type": "integer", "minimum": 1 },
            "changed_files": { "description": "Files that one editing call may change.", "$ref": "#/$defs/wholeOrNone" },
            "changed_size": { "description": "Their size together.", "$ref": "#/$defs/size" },
            "changed_file_size": { "description": "The size of each.", "$ref": "#/$defs/size" }
        }
    })
}

fn defaults() -> Value {
    json!({
        "description": "Of each call, where the workflow says nothing else.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "timeout": { "description": "Wall-clock time of an attempt.", "$ref": "#/$defs/duration" },
            "idle_timeout": { "description": "Silence of an attempt.", "$ref": "#/$defs/duration" },
            "retries": { "description": "Further attempts on the same model.", "type": "integer", "minimum": 0 },
            "straggler_timeout": { "description": "Time for the stragglers of an ensemble.", "$ref": "#/$defs/duration" },
            "project_instructions": {
                "description": "Whether the project's AGENTS.md is a part of prompts (never of `fresh` ones).",
                "type": "boolean"
            }
        }
    })
}
