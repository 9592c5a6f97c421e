//! A scenario: what scripted models do, as data.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Pattern, RehearsalError, parse};
use crate::files;
use crate::model::{Millis, Purpose};

/// The bundled scenarios: name and text.
const BUILTIN: [(&str, &str); 7] = [
    (
        "default",
        include_str!("../../fixtures/scenarios/default.yaml"),
    ),
    ("flaky", include_str!("../../fixtures/scenarios/flaky.yaml")),
    (
        "full-context",
        include_str!("../../fixtures/scenarios/full-context.yaml"),
    ),
    (
        "judge-confused",
        include_str!("../../fixtures/scenarios/judge-confused.yaml"),
    ),
    (
        "one-proposer-fails",
        include_str!("../../fixtures/scenarios/one-proposer-fails.yaml"),
    ),
    (
        "rate-limit",
        include_str!("../../fixtures/scenarios/rate-limit.yaml"),
    ),
    (
        "slow-straggler",
        include_str!("../../fixtures/scenarios/slow-straggler.yaml"),
    ),
];

/// What scripted models do. Requests that no rule fits get the default default_behaviour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// From which the default judge's points are drawn.
    pub seed: u64,
    /// The rules; the first that fits a request answers it.
    pub rules: Vec<Rule>,
}

/// One rule of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub when: When,
    /// How many requests of each attempt it answers; without it, all that fit.
    pub times: Option<u32>,
    /// Wait before the first byte of each answer.
    pub delay: Millis,
    /// The model's answers, turn by turn; without it, the default default_behaviour.
    pub then: Option<Vec<Turn>>,
    /// What comes after the last of them.
    pub after: Afterwards,
}

/// What a model does when its script has ended and it is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Afterwards {
    /// It says a closing word and stops.
    #[default]
    Close,
    /// It gives its last answer again, without end: how an agent is sent into a loop.
    Repeat,
}

/// Which requests a rule is for. What is absent fits everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct When {
    pub phase: Option<Pattern>,
    pub call: Option<Pattern>,
    pub purpose: Option<Purpose>,
    pub model: Option<Pattern>,
    /// Which of the equal calls of its phase, from 1.
    pub slot: Option<u32>,
    /// The id of the task it carries out.
    pub task: Option<Pattern>,
    /// Which time its phase runs, from 1.
    pub round: Option<u32>,
    /// Which attempt, from 1.
    pub attempt: Option<u32>,
    /// Which answer of the model, from 1. The rule's `then` starts there.
    pub turn: Option<u32>,
}

/// One answer of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Turn {
    /// Its text; may be empty.
    pub text: String,
    /// What it does with its tools, in order.
    pub acts: Vec<Act>,
    pub ending: Ending,
    /// What it claims to have used, instead of what was counted.
    pub usage: UsageOverride,
    /// Wait before its first byte, beside the rule's.
    pub delay: Millis,
}

/// One use of a tool, in the agent's terms only when it is put on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Write {
        /// Relative to the workspace, or absolute.
        path: String,
        content: Content,
    },
    Edit {
        /// Relative to the workspace, or absolute.
        path: String,
        old: String,
        new: String,
    },
    Read {
        /// Relative to the workspace, or absolute.
        path: String,
    },
    Bash {
        command: String,
    },
    /// Use any tool, exactly so.
    Tool {
        name: String,
        /// Its arguments; placeholders in the texts among them are filled.
        arguments: Value,
    },
}

/// Content of a written file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// As it stands; placeholders are filled.
    Text(String),
    /// Raw as JSON; placeholders in its texts are filled, and quoted as JSON needs it.
    Json(Value),
}

/// How an answer ends.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Ending {
    #[default]
    Proper,
    /// With another finish reason than it should.
    Odd(Finish),
    /// It is an HTTP error.
    Error(Refusal),
    Drop(Moment),
    /// Nothing more comes, and the connection stays open.
    Stall(Moment),
    /// What comes is not JSON.
    Malformed,
}

/// Finish reasons out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The answer was cut at its limit.
    Length,
    ContentFilter,
    Unknown,
    /// The stream ends without a reason.
    Absent,
    /// It says that tools are called, whether or not any is.
    ToolCalls,
}

/// When a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first byte of the answer.
    BeforeHeaders,
    MidStream,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status, 400 to 599.
    pub status: u16,
    /// The body; without it, an OpenAI error object that fits the status.
    pub body: Option<String>,
    pub headers: BTreeMap<String, String>,
}

/// Token numbers to claim, in tipstaff's terms. What is absent is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageOverride {
    /// Input tokens not read from a cache.
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read: Option<u64>,
}

impl Scenario {
    /// Reads a scenario's YAML. `display_path` names it in errors.
    ///
    /// # Errors
    /// [`RehearsalError::Invalid`], with line and column.
    pub fn parse(text: &str, display_path: &str) -> Result<Self, RehearsalError> {
        parse::scenario(text, display_path)
    }

    /// The bundled scenario of that name.
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(builtin, _)| *builtin == name)?;
        Some(parse::scenario(text, name).expect("a test parses every bundled scenario"))
    }

    /// The bundled scenarios' names, sorted.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// Finds what `--rehearse` names: a bundled scenario, else a file.
    ///
    /// # Errors
    /// If there is neither, or the file cannot be read or is not a scenario.
    pub fn find(name_or_file: &str) -> Result<Self, RehearsalError> {
        if let Some(scenario) = Self::builtin(name_or_file) {
            return Ok(scenario);
        }
        let path = Path::new(name_or_file);
        let looks_like_a_file = path.components().count() > 1 || path.extension().is_some();
        if !looks_like_a_file && !path.exists() {
            return Err(unknown(name_or_file));
        }
        let text = files::read(path, crate::yaml::MAX_BYTES as u64)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|source| RehearsalError::Read {
                path: path.to_owned(),
                source,
            })?;
        Self::parse(&text, name_or_file)
    }
}

fn unknown(name: &str) -> RehearsalError {
    let suggestion = Scenario::builtin_names()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known.to_owned());
    RehearsalError::Unknown {
        name: name.to_owned(),
        known: Scenario::builtin_names().collect::<Vec<_>>().join(", "),
        suggestion,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_bundled_scenario_parses_under_its_own_name() {
        for name in Scenario::builtin_names() {
            let scenario = Scenario::builtin(name).unwrap();
            assert_eq!(scenario.name, name);
            assert!(!scenario.description.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_scenario_file_is_bundled() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/scenarios");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        files.sort();
        assert_eq!(files, Scenario::builtin_names().collect::<Vec<_>>());
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let error = Scenario::find("slow-stragler").unwrap_err().to_string();
        assert!(error.contains("did you mean `slow-straggler`?"), "{error}");
    }

    #[test]
    fn a_file_is_found_and_a_missing_one_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.yaml");
        std::fs::write(&file, "name: mine\n").unwrap();
        assert_eq!(Scenario::find(file.to_str().unwrap()).unwrap().name, "mine");
        let error = Scenario::find("no/such.yaml").unwrap_err();
        assert!(matches!(error, RehearsalError::Read { .. }), "{error}");
    }
}
