//! What is asked of a person, and what a person does.

use crate::model::{Closing, Document, Event, ModelName, PersonAnswer, PhaseName, Question};

use super::{History, PhaseState};

impl History {
    /// The model that attempts use for one of the plan's: itself, or what a person put into its place.
    pub fn in_place_of<'a>(&'a self, model: &'a ModelName) -> &'a ModelName {
        self.replaced.get(model).unwrap_or(model)
    }

    /// What a person has to answer now: there is one question at a time.
    pub fn open_question(&self) -> Option<(&PhaseName, &Question)> {
        let mut phases = self.phases.iter();
        phases.find_map(|(name, state)| Some((name, state.open_question()?)))
    }

    /// Takes in a question, or an act; every other event is none of both.
    pub(super) fn apply_act(&mut self, event: &Event) {
        match event {
            Event::PersonAsked { phase, question } => {
                self.phase_mut(phase).asked = Some(question.clone());
            }
            Event::PersonAnswered {
                phase,
                answer,
                because,
            } => self.take_answer(phase, answer, because),
            Event::DocumentEdited { phase, closing, .. } => {
                self.close_phase(phase, closing);
                let there = closing.published.is_some();
                let document = closing.document.as_ref().filter(|_| there);
                self.of_persons
                    .extend(document.map(|document| document.path.clone()));
            }
            Event::RoundsAdded { phase, rounds } => {
                let added = &mut self.phase_mut(phase).rounds_added;
                *added = added.saturating_add(*rounds);
            }
            Event::ModelReplaced { model, by, .. } => self.replace(model, by),
            _ => {}
        }
    }

    /// What a phase left is known; by its end, or because a person changed it.
    pub(super) fn close_phase(&mut self, phase: &PhaseName, closing: &Closing) {
        if let Some(tree) = &closing.tree {
            self.tree = Some(tree.clone());
        }
        if let Some(Document { path, object }) = &closing.document {
            if closing.published.is_some() {
                let there = &mut self.in_project.documents;
                there.insert(path.clone(), object.clone());
            }
            self.documents.insert(path.clone(), object.clone());
            self.of_persons.remove(path);
        }
        self.phase_mut(phase).closing = Some(closing.clone());
    }

    /// Whatever was used in the place of a model is not used any more.
    fn replace(&mut self, model: &ModelName, by: &ModelName) {
        for used in self.replaced.values_mut().filter(|used| *used == model) {
            used.clone_from(by);
        }
        self.replaced.insert(model.clone(), by.clone());
    }
}

/// Takes in an answer to a phase's question, and the words that go with it.
pub(super) fn answered(state: &mut PhaseState, answer: &PersonAnswer, because: &str) {
    if *answer == PersonAnswer::SentBack {
        *state = PhaseState {
            sent_back: state.sent_back + 1,
            ..state.again()
        };
    }
    state.asked = None;
    state.answered = Some(answer.clone());
    let (did, words) = match answer {
        // Nothing is asked of a model any more.
        PersonAnswer::Picked(_) | PersonAnswer::Commands { .. } => return,
        PersonAnswer::SentBack => ("found no earlier proposal good enough", because),
        PersonAnswer::Approved => ("agreed that this work begins", because),
        PersonAnswer::Rejected { reason } => {
            ("first did not agree that this work begins", reason.as_str())
        }
    };
    if !words.trim().is_empty() {
        state.said.push(format!("A person {did}: {}", words.trim()));
    }
}
