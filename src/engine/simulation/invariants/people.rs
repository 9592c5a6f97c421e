//! What people do.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Effect, Input};
use crate::model::{Artifact, InputSource, ModelName, PersonAnswer, PhaseName, Purpose, RunEnd};
use crate::run::{CallEvent, Event, PhaseEvent, RunEvent};

use super::super::person::before_gate;
use super::super::trace::Moment;
use super::{Promise, ensure, promise};

/// Whatever a person said about a phase is in the prompts of all its calls from then on, in all rounds;
/// proposers are sent back five times at most.
pub fn a_persons_words_reach_the_prompts() -> Promise {
    let mut said: BTreeMap<PhaseName, Vec<String>> = BTreeMap::new();
    let mut noted: Vec<String> = Vec::new();
    let mut sent_back: BTreeMap<PhaseName, u32> = BTreeMap::new();
    promise(move |facts, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Run(RunEvent::Noted { text }) => {
                noted.push(text.clone());
                Ok(())
            }
            Event::Phase {
                phase,
                event: PhaseEvent::Noted { text },
            } => {
                said.entry(phase.clone()).or_default().push(text.clone());
                Ok(())
            }
            Event::Phase {
                phase,
                event: PhaseEvent::PersonAnswered { answer, because },
            } => {
                let words = match answer {
                    PersonAnswer::Rejected { reason } => reason,
                    PersonAnswer::Approved
                    | PersonAnswer::SentBack
                    | PersonAnswer::Again
                    | PersonAnswer::Commands { .. }
                    | PersonAnswer::Picked(_) => because,
                };
                // At a gate, the work before it is meant.
                let about = before_gate(facts, phase);
                let about = about.filter(|_| *answer == PersonAnswer::Again);
                let about = about.as_ref().unwrap_or(phase);
                said.entry(about.clone()).or_default().push(words.clone());
                let back = sent_back.entry(about.clone()).or_default();
                let sent = matches!(answer, PersonAnswer::SentBack | PersonAnswer::Again);
                *back += u32::from(sent);
                ensure(*back <= 5, || "sent back too often".to_owned())
            }
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => {
                if matches!(call.purpose, Purpose::Repair | Purpose::Distill) {
                    return Ok(());
                }
                let told: String = call
                    .inputs
                    .iter()
                    .filter_map(|input| match &input.source {
                        InputSource::Person(said) => Some(said.join(" ")),
                        _ => None,
                    })
                    .collect();
                let mut words = said.get(&call.phase).into_iter().flatten().chain(&noted);
                let missing = words.find(|words| !told.contains(*words));
                ensure(missing.is_none(), || format!("{missing:?} is not told"))
            }
            _ => Ok(()),
        }
    })
}

/// Calls get the document and the handoff of another phase as they are now, a person's change included.
pub fn an_edited_document_counts() -> Promise {
    let mut now: BTreeMap<PhaseName, (Artifact, Artifact)> = BTreeMap::new();
    promise(move |_, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Phase {
                phase,
                event: PhaseEvent::Closed { closing },
            }
            | Event::Phase {
                phase,
                event: PhaseEvent::DocumentEdited { closing, .. },
            } => {
                let left = (closing.deliverable.clone(), closing.handoff.clone());
                now.insert(phase.clone(), left);
                Ok(())
            }
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            }
            | Event::Phase {
                event: PhaseEvent::CallReused { call, .. },
                ..
            } => {
                let old = call.inputs.iter().find(|input| match &input.source {
                    InputSource::Deliverable(phase) if phase != &call.phase => {
                        now.get(phase).map(|(document, _)| document) != input.artifact.as_ref()
                    }
                    InputSource::Handoff(phase) => {
                        now.get(phase).map(|(_, handoff)| handoff) != input.artifact.as_ref()
                    }
                    _ => false,
                });
                ensure(old.is_none(), || format!("{old:?} is old"))
            }
            _ => Ok(()),
        }
    })
}

/// No attempt uses a model in whose place another one is.
pub fn a_replaced_model_is_not_used() -> Promise {
    let mut gone: BTreeSet<ModelName> = BTreeSet::new();
    promise(move |_, moment| {
        let Moment::Wrote(record) = moment else {
            return Ok(());
        };
        match &record.event {
            Event::Run(RunEvent::ModelReplaced { model, by, .. }) => {
                gone.insert(model.clone());
                gone.remove(by);
                Ok(())
            }
            Event::Call {
                event: CallEvent::AttemptStarted { model, .. },
                ..
            } => ensure(!gone.contains(model), || format!("{model} is replaced")),
            _ => Ok(()),
        }
    })
}

/// A supervisor that asks does nothing else until it hears, and does not end for want of an answer that
/// it got.
pub fn who_is_asked_is_heard() -> Promise {
    let mut asks = false;
    let mut answered = false;
    promise(move |_, moment| match moment {
        Moment::Ordered(Effect::Ask { .. }) => {
            asks = true;
            Ok(())
        }
        Moment::Ordered(effect) => {
            let busy = asks && !matches!(effect, Effect::WakeAt(_) | Effect::End(_));
            ensure(!busy, || "a question is open".to_owned())
        }
        Moment::Heard(input) => {
            answered = matches!(input, Input::Answered { .. });
            asks &= *input == Input::Tick;
            Ok(())
        }
        Moment::Wrote(record) => {
            let waits = RunEnd::Waiting;
            let unheard = answered && record.event == Event::Run(RunEvent::Ended { end: waits });
            ensure(!unheard, || "the answer was not heard".to_owned())
        }
        Moment::Did(..) => Ok(()),
        Moment::Died => {
            (asks, answered) = (false, false);
            Ok(())
        }
    })
}
