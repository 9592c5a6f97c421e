//! JSON Schema of the workflow format, for editors: the table of keys, and what each type of phase needs.

use serde_json::{Map, Value, json};

use crate::config::LAYER_KEYS;
use crate::yaml;

use super::ast::PhaseType;
use super::keys::{PHASE_KEYS, TOP_KEYS};

pub fn schema() -> Value {
    let about = "Steps of which each is a fresh agent process.";
    let keys = [TOP_KEYS, LAYER_KEYS].concat();
    let mut schema = yaml::schema("tipstaff workflow", about, &keys);
    let types = PhaseType::WORDS.map(|(word, kind)| of_type(word, kind));
    schema["properties"]["phases"]["items"]["allOf"] = types.into_iter().collect();
    schema
}

/// What a phase of this type has to have and must not have.
fn of_type(word: &str, kind: PhaseType) -> Value {
    let mut then = match kind {
        PhaseType::Single => json!({ "required": ["model"] }),
        PhaseType::Ensemble => json!({ "required": ["models", "judge"] }),
        PhaseType::Routed => json!({ "required": ["routing", "input"] }),
        PhaseType::Parallel => {
            json!({ "oneOf": [{ "required": ["lenses"] }, { "required": ["models"] }] })
        }
    };
    let foreign = PHASE_KEYS.iter().filter(|key| !key.belongs_to(word));
    let foreign = foreign.map(|key| (key.name.to_owned(), false.into()));
    let mut properties: Map<String, Value> = foreign.collect();
    if kind != PhaseType::Single {
        let edits = kind == PhaseType::Routed;
        properties.insert("edits".to_owned(), json!({ "const": edits }));
    }
    then["properties"] = properties.into();
    let mut is_type = json!({ "properties": { "type": { "const": word } } });
    // A phase without a type is a single one.
    if kind != PhaseType::Single {
        is_type["required"] = json!(["type"]);
    }
    json!({ "if": is_type, "then": then })
}
