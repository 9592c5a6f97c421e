//! The tree of a parsed text.

use super::{Key, Place};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, number, truth value or nothing; the reader decides which it wants.
    Scalar(Scalar),
    Seq(Vec<Node>),
    /// A map in the order of the source; keys are unique.
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    /// Whether it was there without quotes, so that `true`, `5` and `~` are not texts.
    pub plain: bool,
    /// Of a literal block (`|`): by how many characters its lines are indented.
    pub indent: Option<usize>,
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Node,
}

/// A map's entries, for looking up.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'n> {
    pub place: Place,
    pub entries: &'n [Entry],
    /// The keys that it may have; none for a map of names that the user gives.
    pub known: &'n [Key],
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&'n Entry> {
        debug_assert!(
            self.known.is_empty() || self.known.iter().any(|known| known.name == key),
            "`{key}` is read and declared nowhere"
        );
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Scalar {
    /// Whether it is nothing: an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The truth value it is, if it is one (YAML 1.2: `true` and `false`, no `yes`).
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    /// Whether it is a word that says yes, no or nothing in other formats, and a text here.
    pub fn is_switch(&self) -> bool {
        let words = [
            "yes", "no", "on", "off", "y", "n", "none", "null", "true", "false",
        ];
        words.contains(&self.text.trim().to_lowercase().as_str())
    }
}

impl Node {
    /// What it is, for messages: `a list`, `nothing`.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
            Value::Scalar(scalar) if scalar.is_null() => "nothing",
            Value::Scalar(scalar) if scalar.as_bool().is_some() => "a truth value",
            Value::Scalar(scalar) if scalar.plain && scalar.text.parse::<f64>().is_ok() => {
                "a number"
            }
            Value::Scalar(_) => "a text",
        }
    }
}
