//! Which scenario `--rehearse` names: a bundled one, else a file.

use std::path::Path;

use super::{RehearsalError, Scenario};
use crate::files;

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

impl Scenario {
    /// The bundled scenario of that name.
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(builtin, _)| *builtin == name)?;
        Some(Self::parse(text, name).expect("a test parses every bundled scenario"))
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
