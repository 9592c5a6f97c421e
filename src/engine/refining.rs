//! The winner of an ensemble is made better once, with the judges' reasons, or with what they name in the others: what comes of it is one more proposal, which
//! wins only if the same judging prefers it to the one it comes from.

use crate::model::{CallId, CallInput, CallSpec, InputSource, Label, Purpose};
use crate::plan::{Judging, Refiner};
use crate::run::{CallStatus, Event, PhaseEvent, Winner};

use super::judging::{Candidate, Judged, Round, Said, as_input, chosen, judged};
use super::phase_context::{CallBuilder, PhaseContext};

pub struct Refining<'a> {
    pub context: &'a PhaseContext<'a>,
    pub judging: &'a Judging,
    /// The proposals that were judged.
    pub first: &'a [Candidate],
    /// What was made of the winner, if it is sealed and may win.
    pub refined: Option<&'a Candidate>,
}

/// Whether a proposal was made of a winner.
pub fn is_refined(context: &PhaseContext<'_>, call: &CallId) -> bool {
    let call = context.run.call(call);
    call.is_some_and(|call| call.spec.refines().is_some())
}

impl Refining<'_> {
    /// What follows once a winner is known; empty while something is under way. Whatever goes wrong on the way, the
    /// winner stands.
    pub fn after(&self, winner: Winner, said: Said) -> Vec<Event> {
        let context = self.context;
        let wanted = winner.label.clone();
        let wanted = wanted.and_then(|label| self.call(&label, &winner.call, said));
        let Some(call) = wanted else {
            return vec![chosen(context, winner)];
        };
        match context.known(&call).map(|known| &known.status) {
            None => vec![context.create(call)],
            Some(CallStatus::Open | CallStatus::Running) => Vec::new(),
            Some(CallStatus::Failed(_)) => vec![chosen(context, winner)],
            Some(CallStatus::Done(_)) => self.compared(winner, call.id),
        }
    }

    /// The call that makes it better; none if nobody is to, if no proposal won, or nothing is named to be taken over.
    fn call(&self, label: &Label, winner: &CallId, said: Said) -> Option<CallSpec> {
        let context = self.context;
        if self.judging.grafts && said.grafts.is_empty() {
            return None;
        }
        let author = context.run.call(winner)?;
        let chain = match self.judging.refine.as_ref()? {
            // Who made it, which may be another one than was to.
            Refiner::Author => {
                let made = author.model();
                let own = author.spec.chain.iter().filter(|own| Some(*own) != made);
                made.into_iter().chain(own).cloned().collect()
            }
            Refiner::By(chain) => chain.clone(),
        };
        let slot = author.spec.slot;
        let changes = author.result().and_then(|result| result.changes.as_ref());
        let builder = match changes {
            Some(changes) => {
                let editor = context.editor(Purpose::Propose, slot, &chain);
                CallBuilder {
                    workspace: editor.workspace.at(&changes.tree),
                    ..editor
                }
            }
            None => CallBuilder {
                inputs: context.inputs(),
                ..CallBuilder::reader(Purpose::Propose, slot, chain, context.workspace())
            },
        };
        let mut inputs = builder.inputs;
        inputs.push(CallInput {
            source: InputSource::Reasons {
                label: label.clone(),
                said: said.reasons,
                grafts: said.grafts,
            },
            artifact: None,
        });
        let all = self.first.iter();
        inputs.extend(all.filter_map(|(label, call)| as_input(context, (label, label), call)));
        Some(context.call(CallBuilder {
            name: format!("{slot}.refined"),
            inputs,
            ..builder
        }))
    }

    fn compared(&self, winner: Winner, made: CallId) -> Vec<Event> {
        let context = self.context;
        let sealed = context.state.sealed().unwrap_or_default();
        if sealed.iter().all(|(_, call)| *call != made) {
            let mut labels = sealed.to_vec();
            labels.push((Label::at(sealed.len()), made));
            return vec![PhaseEvent::ProposalsSealed { labels }.of(context.phase.name.clone())];
        }
        let parent = self.first.iter().find(|(_, call)| *call == winner.call);
        let Some((parent, refined)) = parent.zip(self.refined) else {
            return vec![chosen(context, winner)];
        };
        let both = [parent.clone(), refined.clone()];
        match judged(context, &self.judging.of_refined(), &both, Round::Refined) {
            Judged::Pending => Vec::new(),
            Judged::Next(calls) => calls.into_iter().map(|call| context.create(call)).collect(),
            Judged::Decided(better, _) if better.call == made => vec![chosen(context, better)],
            Judged::Decided(..) | Judged::Undecided(..) | Judged::Failed(_) => {
                vec![chosen(context, winner)]
            }
        }
    }
}
