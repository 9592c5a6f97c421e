//! What every adapter is, whichever the agent. One folder or file a kind.

use std::ffi::OsString;

use crate::model::{ExitStatus, Failure};
use crate::plan::AgentSpec;

use super::product::Product;
use super::sign_in_file::SignInPlace;
use super::{
    AgentError, Assignment, Carried, Environment, Launch, LaunchError, SignIn, SignInFile, Signal,
};

/// A kind of agent: data, and pure functions that build its command, read its output and judge it.
pub struct Adapter {
    /// What tipstaff knows of the program; `None` if it may be any.
    pub product: Option<&'static Product>,
    /// Builds the command of an attempt. It fails where the program is not there, or the model id is not one that the
    /// agent can take.
    pub launch: fn(&Assignment<'_>) -> Result<Launch, LaunchError>,
    /// Of an agent that wants a conversation: the arguments for tipstaff's own client, which is then the process of the
    /// attempt, has the prompt, and starts the agent.
    pub client: Option<fn(&Assignment<'_>) -> Vec<OsString>>,
    /// A reader for what one attempt prints.
    pub decoder: fn(&AgentSpec, &Carried) -> Box<dyn Decoder>,
    pub answer_in: AnswerIn,
    /// How a model is signed in to. Only looks at what is there; whether a key is good only the provider can
    /// say.
    pub signed_in: fn(&str, &Carried, &Environment) -> SignIn,
    /// The providers that the user has set the agent up for; not those of key variables alone.
    pub providers: fn(&Carried) -> Vec<String>,
    /// Where the user's own sign-in with the agent is, if it is a file that the agent refreshes: an attempt that
    /// is [`SignIn::Refreshed`] is lent it.
    pub own_sign_in: Option<&'static SignInPlace>,
    /// The ids of all models that the agent knows of this model's provider; `None` where only the agent could
    /// tell.
    pub models_beside: fn(&str, &Carried) -> Option<Vec<String>>,
}

impl Adapter {
    /// One of which nothing else is known.
    pub(super) const fn of(
        launch: fn(&Assignment<'_>) -> Result<Launch, LaunchError>,
        decoder: fn(&AgentSpec, &Carried) -> Box<dyn Decoder>,
    ) -> Self {
        Self {
            product: None,
            launch,
            client: None,
            decoder,
            answer_in: AnswerIn::LastStep,
            signed_in: |_, _, _| SignIn::Free,
            providers: |_| Vec::new(),
            own_sign_in: None,
            models_beside: |_, _| None,
        }
    }

    pub fn sign_in_file(&self, environment: &Environment) -> Option<SignInFile> {
        self.own_sign_in?.file(environment)
    }
}

/// Reads what an attempt prints, line by line. Lines come without their breaks. Never fails: what is not
/// understood is no signal, or [`Signal::Noise`].
pub trait Decoder: Send + std::fmt::Debug {
    fn line(&mut self, line: &str) -> Vec<Signal>;

    /// What a line of standard error says about troubles that standard output keeps silent about, above all the
    /// agent's own retries of a failed model request.
    fn stderr_line(&mut self, _line: &str) -> Option<AgentError> {
        None
    }

    /// Whether a whole answer may lack the event that ends its step; then a text and exit code 0 are enough.
    fn end_may_be_missing(&self) -> bool {
        false
    }

    /// The cause of a failed attempt, where the last lines of standard error or the exit code know it better than
    /// its events.
    fn explain(&self, _stderr_tail: &str, _exit: Option<ExitStatus>) -> Option<Failure> {
        None
    }
}

/// Where the answer of an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerIn {
    /// In the text of the last step, which says of itself that it is.
    LastStep,
    /// In all that was printed; the exit code says whether it is one.
    Output,
}
