//! Which requests give a new session the model, the variant and the mode that are wanted.

use serde_json::{Value, json};

use super::event::Trouble;
use super::settings::Settings;
use crate::model::{FailureKind, shortened};

/// A request that changes the session: its method, and its parameters without the session's id.
#[derive(Debug, PartialEq)]
pub(super) struct Choice {
    pub method: &'static str,
    pub params: Value,
}

/// One thing that can be chosen.
struct Offer {
    method: &'static str,
    params: Value,
    /// Which parameter is the chosen value.
    key: &'static str,
    current: String,
    /// Values with the names that people see.
    values: Vec<(String, String)>,
}

/// What has to be asked for, in order.
///
/// # Errors
/// The agent does not offer what is wanted: it would quietly work with something else.
pub(super) fn choices(session: &Value, settings: &Settings) -> Result<Vec<Choice>, Trouble> {
    let mut choices = Vec::new();
    let wanted = [
        ("model", &settings.model),
        ("thought_level", &settings.variant),
    ];
    for (category, wanted) in wanted {
        if wanted.is_empty() {
            continue;
        }
        let offer = offer(session, category).ok_or_else(|| nothing_offered(category, wanted))?;
        choices.extend(offer.choose(wanted)?);
    }
    // Others let a model approve, which costs, or nobody.
    if let Some(mode) = offer(session, "mode")
        && let Ok(choice) = mode.choose("default")
    {
        choices.extend(choice);
    }
    Ok(choices)
}

/// The protocol's options, else the two choices that came before them.
fn offer(session: &Value, category: &str) -> Option<Offer> {
    let options = session.get("configOptions").and_then(Value::as_array);
    let of_category = |option: &&Value| {
        let named = option.get("category").or_else(|| option.get("id"));
        named.and_then(Value::as_str) == Some(category)
    };
    if let Some(option) = options.and_then(|all| all.iter().find(of_category)) {
        // Values may be in groups.
        let entries = option["options"].as_array()?.iter();
        let entries = entries.flat_map(|entry| match entry["options"].as_array() {
            Some(group) => group.iter().collect(),
            None => vec![entry],
        });
        return Some(Offer {
            method: "session/set_config_option",
            params: json!({ "configId": option["id"] }),
            key: "value",
            current: text(&option["currentValue"]),
            values: entries.map(|entry| named(entry, "value")).collect(),
        });
    }
    let (list, current, id, method, key) = match category {
        "model" => (
            "/models/availableModels",
            "/models/currentModelId",
            "modelId",
            "session/set_model",
            "modelId",
        ),
        "mode" => (
            "/modes/availableModes",
            "/modes/currentModeId",
            "id",
            "session/set_mode",
            "modeId",
        ),
        _ => return None,
    };
    let entries = session.pointer(list)?.as_array()?.iter();
    Some(Offer {
        method,
        params: json!({}),
        key,
        current: session.pointer(current).map(text).unwrap_or_default(),
        values: entries.map(|entry| named(entry, id)).collect(),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn named(entry: &Value, id: &str) -> (String, String) {
    (text(&entry[id]), text(&entry["name"]))
}

impl Offer {
    /// By its id, or by its name where that is what the provider calls it; nothing if it is chosen already.
    fn choose(&self, wanted: &str) -> Result<Option<Choice>, Trouble> {
        let by_id = self.values.iter().find(|(id, _)| id == wanted);
        let found = by_id.or_else(|| self.values.iter().find(|(_, name)| name == wanted));
        let Some((id, _)) = found else {
            let ids: Vec<&str> = self.values.iter().map(|(id, _)| id.as_str()).collect();
            let offered = shortened(&ids.join(", "), 600).into_owned();
            let message = format!("the agent does not offer `{wanted}`; it offers: {offered}");
            return Err(Trouble::new(FailureKind::UnknownModel, message));
        };
        let mut params = self.params.clone();
        params[self.key] = json!(id);
        Ok((*id != self.current).then_some(Choice {
            method: self.method,
            params,
        }))
    }
}

fn nothing_offered(category: &str, wanted: &str) -> Trouble {
    let (what, instead) = match category {
        "model" => (
            "model",
            "leave out the model's `id`, and name it in the agent's `args`",
        ),
        _ => ("variant", "leave out the model's `variant`"),
    };
    let message =
        format!("`{wanted}` cannot be chosen: the agent offers no choice of a {what}; {instead}");
    Trouble::new(FailureKind::UnknownModel, message)
}
