//! The phase's handoff: the agent's words and the machine's facts, checked against each other.

use crate::context::handoff;
use crate::model::{
    Artifact, ChangedFile, Handoff, HandoffFacts, HandoffOrigin, HandoffWords, InputSource,
    ModelName, Purpose, Section,
};
use crate::plan::{Distill, PhaseKind};
use crate::run::CallState;

use super::changes::PhaseChanges;
use super::{CloseError, Phase};

/// A handoff is no place for raw text: what is longer, in tokens, is cut and said to be.
const HANDOFF_TOKENS: u64 = 1500;

impl Phase<'_> {
    /// The handoff of the phase, and what is odd about it, beside what was odd about the call.
    pub(super) fn handoff(
        &self,
        document: &[u8],
        deliverable: &Artifact,
        changes: &PhaseChanges,
    ) -> Result<(Handoff, Vec<String>), CloseError> {
        let document = String::from_utf8_lossy(document);
        let mut own = Vec::new();
        let (words, origin) = self.words(&document, &mut own)?;
        let limited = handoff::limit(words, HANDOFF_TOKENS);
        own.extend(limited.remarks);
        let candidates = self.run.candidates(&self.plan.name);
        let winner = candidates.iter().find(|one| *one.call == self.winner.call);
        own.extend(winner.and_then(|one| one.weakened).map(|failed| {
            format!(
                "`{}` fails with the project's tests, and what runs them, as they were: it passes only with what the winner made of them",
                failed.command
            )
        }));
        let contradictions = self.contradictions(&limited.words, origin, changes);
        let facts = HandoffFacts {
            phase: self.plan.name.to_string(),
            origin,
            models: self.models(),
            deliverable: Some(deliverable.clone()),
            inputs: self.inputs(),
            files: changes.files.clone(),
            verifications: changes.verifications.clone(),
            remarks: [&own[..], &self.result.remarks[..]].concat().into(),
            contradictions: contradictions.into(),
        };
        let words = limited.words;
        Ok((Handoff { words, facts }, own))
    }

    fn contradictions(
        &self,
        words: &HandoffWords,
        origin: HandoffOrigin,
        changes: &PhaseChanges,
    ) -> Vec<String> {
        let (files, verifications) = (&changes.files, &changes.verifications);
        let mut found = handoff::contradictions(words, files, verifications);
        if origin != HandoffOrigin::Extracted && self.plan.sections.has(Section::Changes) {
            found.extend(handoff::passed_over(words, &self.own_files(files)));
        }
        found
    }

    /// The files among these that the authors of the words changed themselves: of what an earlier try or
    /// round did, they have nothing to tell.
    fn own_files(&self, files: &[ChangedFile]) -> Vec<ChangedFile> {
        let tasks = self.task_calls().filter_map(CallState::result);
        let results = tasks.chain([self.result]);
        let own: Vec<&ChangedFile> = results
            .filter_map(|result| result.changes.as_ref())
            .flat_map(|changes| &changes.files)
            .collect();
        let is_own = |file: &&ChangedFile| own.iter().any(|own| own.path == file.path);
        files.iter().filter(is_own).cloned().collect()
    }

    fn words(
        &self,
        document: &str,
        remarks: &mut Vec<String>,
    ) -> Result<(HandoffWords, HandoffOrigin), CloseError> {
        if let PhaseKind::Routed { .. } = self.plan.kind {
            return Ok((self.words_of_tasks()?, HandoffOrigin::Agent));
        }
        if self.plan.distill == Distill::Nobody {
            return Ok((self.extracted(document), HandoffOrigin::Extracted));
        }
        if self.result.handoff.is_some()
            && let Some(words) = self.words_of(self.call)?
        {
            return Ok((words, HandoffOrigin::Agent));
        }
        if let Some(words) = self.distilled()? {
            remarks.push("the agent left no valid handoff; a quick model distilled it".to_owned());
            return Ok((words, HandoffOrigin::Distilled));
        }
        remarks.push("the agent left no valid handoff; extracted by rule".to_owned());
        Ok((self.extracted(document), HandoffOrigin::Extracted))
    }

    /// The words that a rule finds in the document.
    fn extracted(&self, document: &str) -> HandoffWords {
        let mut words = handoff::extract(document);
        // Nobody gave more than was asked for: it is no remark.
        self.plan.sections.restrict(&mut words);
        words
    }

    /// The words of a call whose only purpose was to distill the phase's document.
    fn distilled(&self) -> Result<Option<HandoffWords>, CloseError> {
        let document = InputSource::Deliverable(self.plan.name.clone());
        let mut calls = self.run.calls_of(&self.plan.name);
        let call = calls.find(|call| {
            let mut inputs = call.spec.inputs.iter();
            call.spec.purpose == Purpose::Distill && inputs.any(|input| input.source == document)
        });
        call.map_or(Ok(None), |call| self.words_of(call))
    }

    fn words_of_tasks(&self) -> Result<HandoffWords, CloseError> {
        let mut all = HandoffWords::default();
        let mut summaries = Vec::new();
        for call in self.task_calls() {
            let Some(words) = self.words_of(call)? else {
                continue;
            };
            let task = call.spec.task.as_ref();
            let name =
                task.map_or_else(String::new, |task| format!("{} {}: ", task.id, task.title));
            summaries.push(format!("{name}{}", words.summary));
            all.decisions.extend(words.decisions);
            all.constraints.extend(words.constraints);
            all.risks.extend(words.risks);
            all.changes.extend(words.changes);
            all.gotchas.extend(words.gotchas);
            all.files.extend(words.files);
            all.open_questions.extend(words.open_questions);
        }
        let failed = self.state.failed_tasks();
        summaries.extend(
            failed.map(|(task, failure)| format!("{task} was not done: {}", failure.message)),
        );
        all.summary = summaries.join("\n");
        all.files.sort();
        all.files.dedup();
        Ok(all)
    }

    fn models(&self) -> Vec<ModelName> {
        let tasks = self.task_calls().filter_map(CallState::model);
        let mut models: Vec<ModelName> = tasks.chain(self.call.model()).cloned().collect();
        models.sort();
        models.dedup();
        models
    }

    fn inputs(&self) -> Vec<String> {
        let inputs = self.call.spec.inputs.iter();
        let named = inputs.filter_map(|input| match &input.source {
            InputSource::Request => Some("request".to_owned()),
            InputSource::Deliverable(phase) => Some(format!("{phase}.output")),
            InputSource::Handoff(phase) => Some(format!("{phase}.handoff")),
            InputSource::Changes(phase) => Some(format!("{phase}.changes")),
            InputSource::Tests(phase) => Some(format!("{phase}.tests")),
            InputSource::Findings(phase) => Some(format!("findings of {phase}")),
            InputSource::EarlierProposal(slot) => Some(format!("earlier proposal {slot}")),
            InputSource::Proposal(label) | InputSource::Candidate { label, .. } => {
                Some(format!("proposal {label}"))
            }
            InputSource::Lens(name) => Some(format!("lens {name}")),
            InputSource::File(path) => Some(format!("file:{path}")),
            InputSource::Person(_) => Some("words of a person".to_owned()),
            InputSource::State(state) => Some(format!("state of {}", state.of)),
            InputSource::Faulty
            | InputSource::Errors(_)
            | InputSource::Feedback(_)
            | InputSource::Reasons { .. }
            | InputSource::Printed { .. }
            | InputSource::Worklog => None,
        });
        named.collect()
    }
}
