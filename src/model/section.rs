//! The sections of a handoff, and which of them a phase keeps.

use serde::{Deserialize, Serialize};

use super::HandoffWords;

/// A section of a handoff beside its summary, which is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Decisions,
    Constraints,
    Risks,
    Changes,
    Gotchas,
    Files,
    OpenQuestions,
}

impl Section {
    /// All of them, in the order in which a handoff has them.
    pub const ALL: [Self; 7] = [
        Self::Decisions,
        Self::Constraints,
        Self::Risks,
        Self::Changes,
        Self::Gotchas,
        Self::Files,
        Self::OpenQuestions,
    ];

    /// Its name, in workflows and in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Constraints => "constraints",
            Self::Risks => "risks",
            Self::Changes => "changes",
            Self::Gotchas => "gotchas",
            Self::Files => "files",
            Self::OpenQuestions => "open_questions",
        }
    }
}

/// The sections that the handoff of a phase has; all of them unless the workflow chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sections(Vec<Section>);

impl Default for Sections {
    fn default() -> Self {
        Self(Section::ALL.to_vec())
    }
}

impl FromIterator<Section> for Sections {
    fn from_iter<I: IntoIterator<Item = Section>>(chosen: I) -> Self {
        let chosen: Vec<Section> = chosen.into_iter().collect();
        let kept = Section::ALL.into_iter();
        Self(kept.filter(|section| chosen.contains(section)).collect())
    }
}

impl Sections {
    /// In the order in which a handoff has them.
    pub fn iter(&self) -> impl Iterator<Item = Section> {
        self.0.iter().copied()
    }

    pub fn has(&self, section: Section) -> bool {
        self.0.contains(&section)
    }

    /// Takes all other sections out of the words; those that held something are returned.
    pub fn restrict(&self, words: &mut HandoffWords) -> Vec<Section> {
        let others = Section::ALL.into_iter().filter(|other| !self.has(*other));
        let held: Vec<Section> = others.filter(|other| words.entries(*other) > 0).collect();
        for section in &held {
            words.truncate(*section, 0);
        }
        held
    }
}

impl HandoffWords {
    pub fn entries(&self, section: Section) -> usize {
        match section {
            Section::Decisions => self.decisions.len(),
            Section::Constraints => self.constraints.len(),
            Section::Risks => self.risks.len(),
            Section::Changes => self.changes.len(),
            Section::Gotchas => self.gotchas.len(),
            Section::Files => self.files.len(),
            Section::OpenQuestions => self.open_questions.len(),
        }
    }

    /// Keeps so many entries of a section, from its beginning.
    pub fn truncate(&mut self, section: Section, kept: usize) {
        match section {
            Section::Decisions => self.decisions.truncate(kept),
            Section::Constraints => self.constraints.truncate(kept),
            Section::Risks => self.risks.truncate(kept),
            Section::Changes => self.changes.truncate(kept),
            Section::Gotchas => self.gotchas.truncate(kept),
            Section::Files => self.files.truncate(kept),
            Section::OpenQuestions => self.open_questions.truncate(kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sections: &Sections) -> Vec<&'static str> {
        sections.iter().map(Section::name).collect()
    }

    #[test]
    fn the_order_is_the_handoffs_own() {
        let chosen = [Section::Files, Section::Decisions, Section::Files];
        assert_eq!(names(&chosen.into_iter().collect()), ["decisions", "files"]);
        assert_eq!(Sections::default().iter().count(), Section::ALL.len());
    }

    #[test]
    fn what_is_not_chosen_is_taken_out_and_told() {
        let mut words = HandoffWords {
            summary: "s".to_owned(),
            decisions: vec!["d".to_owned()],
            risks: vec!["r".to_owned()],
            ..HandoffWords::default()
        };
        let kept: Sections = [Section::Decisions, Section::Gotchas].into_iter().collect();
        assert_eq!(kept.restrict(&mut words), [Section::Risks]);
        assert_eq!(words.decisions, ["d"]);
        assert!(words.risks.is_empty());
        assert_eq!(Sections::default().restrict(&mut words), []);
    }

    #[test]
    fn a_name_is_the_one_in_the_json() {
        for section in Section::ALL {
            let json = serde_json::to_value(section).expect("a text");
            assert_eq!(json, section.name());
            let words = serde_json::to_value(HandoffWords::default()).expect("an object");
            assert!(words.get(section.name()).is_some(), "{section:?}");
        }
    }
}
