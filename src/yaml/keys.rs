//! What a map may hold, declared once: readers refuse every other key, and the JSON Schema for editors is
//! written from the same table.

use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    /// What it is for, as editors show it; may be empty.
    pub about: &'static str,
    pub required: bool,
    /// The map's types (its key `type`) that have this key; empty for all.
    pub of: &'static [&'static str],
    pub default: Option<Preset>,
    /// A good value where not every text is one; may be empty.
    pub example: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Any text.
    Text,
    /// A text that is not empty.
    Name,
    /// A name, or a list of them.
    Names,
    /// A text that this regular expression finds something in.
    Like(&'static str),
    /// One of a few words.
    Words(&'static [&'static str]),
    Flag,
    /// A whole number, this or more.
    Whole(u64),
    /// A number, zero or more.
    Amount,
    Duration,
    Size,
    /// A text, number or truth value; taken as it is written.
    Scalar,
    Nothing,
    Map(&'static [Key]),
    /// A map from names of the user's to such values.
    Each(Naming, &'static Takes),
    List(&'static Takes),
    Any(&'static [Takes]),
    /// So many entries or items, at least and at most.
    Counted(u32, Option<u32>, &'static Takes),
}

/// Names that the user gives.
#[derive(Debug, Clone, Copy)]
pub enum Naming {
    Free,
    Like(&'static str),
    Except(&'static [&'static str]),
}

/// What a key means that is not there.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    Word(&'static str),
    Number(u64),
}

/// The words of a choice, without their meanings.
pub const fn words<T, const N: usize>(choice: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = choice[at].0;
        at += 1;
    }
    words
}

impl Key {
    pub const fn new(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self {
            name,
            takes,
            about,
            required: false,
            of: &[],
            default: None,
            example: "",
        }
    }

    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub const fn of(mut self, types: &'static [&'static str]) -> Self {
        self.of = types;
        self
    }

    #[must_use]
    pub const fn default(mut self, preset: Preset) -> Self {
        self.default = Some(preset);
        self
    }

    #[must_use]
    pub const fn example(mut self, value: &'static str) -> Self {
        self.example = value;
        self
    }

    /// Whether a map of this type may have it.
    pub fn belongs_to(&self, kind: &str) -> bool {
        self.of.is_empty() || self.of.contains(&kind)
    }

    fn schema(&self) -> Value {
        let mut schema = self.takes.schema();
        if !self.about.is_empty() {
            schema["description"] = self.about.into();
        }
        match self.default {
            Some(Preset::Word(word)) => schema["default"] = word.into(),
            Some(Preset::Number(number)) => schema["default"] = number.into(),
            None => {}
        }
        if !self.example.is_empty() {
            schema["examples"] = json!([self.example]);
        }
        schema
    }
}

impl Takes {
    fn schema(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Name => json!({ "$ref": "#/$defs/name" }),
            Self::Names => json!({ "$ref": "#/$defs/names" }),
            Self::Like(pattern) => json!({ "type": "string", "pattern": pattern }),
            Self::Words(words) => {
                // A word that is a number may be written without quotes.
                let numbers = words.iter().filter_map(|word| word.parse::<u64>().ok());
                let all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
                json!({ "enum": all.into_iter().chain(numbers.map(Value::from)).collect::<Vec<_>>() })
            }
            Self::Flag => json!({ "type": "boolean" }),
            Self::Whole(least) => json!({ "type": "integer", "minimum": least }),
            Self::Amount => json!({ "type": "number", "minimum": 0 }),
            Self::Duration => json!({ "$ref": "#/$defs/duration" }),
            Self::Size => json!({ "$ref": "#/$defs/size" }),
            Self::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            Self::Nothing => json!({ "type": "null" }),
            Self::Map(keys) => object(keys),
            Self::Each(naming, value) => {
                let mut schema =
                    json!({ "type": "object", "additionalProperties": value.schema() });
                match naming {
                    Naming::Free => {}
                    Naming::Like(names) => schema["propertyNames"] = json!({ "pattern": names }),
                    Naming::Except(names) => {
                        schema["propertyNames"] = json!({ "not": { "enum": names } });
                    }
                }
                schema
            }
            Self::List(item) => json!({ "type": "array", "items": item.schema() }),
            Self::Any(all) => json!({ "anyOf": all.iter().map(Self::schema).collect::<Vec<_>>() }),
            Self::Counted(least, most, value) => {
                let mut schema = value.schema();
                for (bound, number) in [("min", Some(*least)), ("max", *most)] {
                    if let Some(number) = number {
                        schema[format!("{bound}Items")] = number.into();
                        schema[format!("{bound}Properties")] = number.into();
                    }
                }
                schema
            }
        }
    }
}

/// The schema of a map that has these keys and no others.
fn object(keys: &[Key]) -> Value {
    let properties = keys.iter().map(|key| (key.name.to_owned(), key.schema()));
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties.collect::<Map<_, _>>(),
    });
    let required = keys.iter().filter(|key| key.required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// The JSON Schema of a document that is a map with these keys.
pub fn schema(title: &str, about: &str, keys: &[Key]) -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": about,
    });
    if let (Value::Object(schema), Value::Object(object)) = (&mut schema, object(keys)) {
        schema.extend(object);
    }
    schema["$defs"] = json!({
        "name": { "type": "string", "minLength": 1 },
        "names": {
            "anyOf": [
                { "$ref": "#/$defs/name" },
                { "type": "array", "items": { "$ref": "#/$defs/name" } }
            ]
        },
        "duration": {
            "description": "A length of time: 90s, 5m, 2h, 1h30m.",
            "type": "string",
            "pattern": "^\\s*([0-9]+d)?\\s*([0-9]+h)?\\s*([0-9]+m(in)?)?\\s*([0-9]+s)?\\s*([0-9]+ms)?\\s*$",
            "minLength": 2
        },
        "size": {
            "description": "An amount of data: 512MiB, 2GB, or a number of bytes.",
            "type": ["string", "integer"],
            "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*([kKMGT]?B|[KMGT]iB)?\\s*$",
            "minimum": 0
        }
    });
    schema
}
