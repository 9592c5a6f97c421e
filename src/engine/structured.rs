//! Getting structured data from a model: ask, have it mended once, then ask the next model.

use crate::model::{
    Answer, CallId, CallInput, CallResult, CallSpec, Failure, FailureKind, Faults, InputSource,
    ModelName, Purpose,
};
use crate::run::{CallState, CallStatus};

use super::phase_context::{CallBuilder, PhaseContext};

pub enum Structured {
    Pending,
    Next(Box<CallSpec>),
    Answered {
        /// The call that gave it: the one asked, or the repair of its answer.
        by: CallId,
        /// The call that was asked; it holds the document, if there is one.
        asked: CallId,
        answer: Answer,
    },
    /// No model gave a usable answer; the last one's failure.
    Exhausted(Failure),
}

/// Asks the models of a chain one after another. `builder` makes the call for one of them, `usable` says
/// what is wrong with a valid answer, given what the asked call left.
pub fn structured(
    context: &PhaseContext<'_>,
    chain: &[ModelName],
    builder: impl Fn(u32, &ModelName) -> CallBuilder,
    usable: impl Fn(&Answer, &CallResult) -> Result<(), String>,
) -> Structured {
    let mut failure = Failure::new(FailureKind::UnknownModel, "no model is configured");
    for (slot, model) in (1u32..).zip(chain) {
        let builder = builder(slot, model);
        let call = context.call(builder.clone());
        let Some(asked) = context.known(&call) else {
            return Structured::Next(Box::new(call));
        };
        let errors = match came(asked, asked, &usable) {
            Came::Pending => return Structured::Pending,
            Came::Usable(answer) => {
                return Structured::Answered {
                    by: call.id.clone(),
                    asked: call.id,
                    answer,
                };
            }
            Came::Failed(why) => {
                failure = why;
                continue;
            }
            Came::Wrong(errors) => errors,
        };
        let repair = context.call(repair(builder, asked, &errors));
        let Some(repaired) = context.known(&repair) else {
            return Structured::Next(Box::new(repair));
        };
        match came(repaired, asked, &usable) {
            Came::Pending => return Structured::Pending,
            Came::Usable(answer) => {
                return Structured::Answered {
                    by: repair.id,
                    asked: call.id,
                    answer,
                };
            }
            Came::Failed(why) => failure = why,
            Came::Wrong(errors) => {
                let message = format!("the answer is not valid: {}", errors);
                failure = Failure::new(FailureKind::BadOutput, message);
            }
        }
    }
    Structured::Exhausted(failure)
}

enum Came {
    Pending,
    Usable(Answer),
    Wrong(Faults),
    Failed(Failure),
}

fn came(
    call: &CallState,
    asked: &CallState,
    usable: impl Fn(&Answer, &CallResult) -> Result<(), String>,
) -> Came {
    let result = match &call.status {
        CallStatus::Open | CallStatus::Running => return Came::Pending,
        CallStatus::Failed(failure) => return Came::Failed(failure.clone()),
        CallStatus::Done(result) => result,
    };
    match &result.answer {
        Answer::Invalid { errors } => Came::Wrong(errors.clone()),
        answer => match usable(answer, asked.result().unwrap_or(result)) {
            Ok(()) => Came::Usable(answer.clone()),
            Err(error) => Came::Wrong(error.into()),
        },
    }
}

fn repair(of: CallBuilder, asked: &CallState, errors: &Faults) -> CallBuilder {
    let faulty = asked.result().and_then(|result| result.structured.clone());
    CallBuilder {
        inputs: vec![
            CallInput {
                source: InputSource::Faulty,
                artifact: faulty,
            },
            CallInput {
                source: InputSource::Errors(errors.clone()),
                artifact: None,
            },
        ],
        name: of.name,
        ballot: of.ballot,
        ..CallBuilder::writer(Purpose::Repair, of.slot, of.chain, of.contract)
    }
}
