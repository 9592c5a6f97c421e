//! How an attempt can fail: one table of kinds, with what follows each and what is said of it.

use serde::{Deserialize, Serialize};

use super::Millis;

/// How a kind of failure is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Passing trouble: wait, and try the same model as often as the limits allow.
    Wait,
    /// Bad luck with the answer: try the same model at once, as often as the limits allow.
    Again,
    /// This model or its agent cannot do it: the next one.
    NextModel,
    /// The next model of another account; without one the run is parked until the account serves again.
    Park,
    /// Nothing helps that could be tried: the call fails.
    Stop,
    /// Not the agent's failure; it does not count.
    Uncounted,
}

/// Whether an attempt with this failure may have cost something, although its agent told of nothing used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billed {
    Maybe,
    No,
}

/// All that is known of a kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub kind: FailureKind,
    /// As files and configurations say it.
    pub name: &'static str,
    /// As people say it.
    pub word: &'static str,
    pub remedy: Remedy,
    pub billed: Billed,
    pub meaning: &'static str,
    /// What the user can do about it, where that is the same for all of the kind.
    pub hint: Option<&'static str>,
}

impl Rule {
    /// The exit code of a run that cannot go on without the call.
    pub fn exit_code(&self) -> Option<u8> {
        match self.remedy {
            Remedy::Wait | Remedy::Again | Remedy::NextModel | Remedy::Stop => Some(1),
            Remedy::Park => Some(5),
            Remedy::Uncounted => None,
        }
    }
}

macro_rules! kinds {
    ($($kind:ident $name:literal $word:literal $remedy:ident $billed:ident $meaning:literal $hint:expr;)*) => {
        /// What kind of failure an attempt ended with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum FailureKind {
            $(#[doc = $meaning] #[serde(rename = $name)] $kind,)*
        }

        impl FailureKind {
            /// The table: `docs/failures.md` shows it.
            pub const RULES: &[Rule] = &[$(Self::$kind.rule(),)*];

            pub const fn rule(self) -> Rule {
                match self {
                    $(Self::$kind => Rule {
                        kind: self,
                        name: $name,
                        word: $word,
                        remedy: Remedy::$remedy,
                        billed: Billed::$billed,
                        meaning: $meaning,
                        hint: $hint,
                    },)*
                }
            }
        }
    };
}

// kind, name, word, what follows, whether it may cost, meaning, hint
kinds! {
    AgentMissing "agent_missing" "agent missing" NextModel No
        "the agent program is not there or cannot be started"
        Some("install it, or set the agent's `command` to its path; `tipstaff doctor` tells what is there");
    Auth "auth" "not signed in" NextModel No
        "not signed in, or the key was refused"
        Some("set the provider's key variable");
    SignInExpired "sign_in_expired" "sign-in expired" NextModel No
        "the sign-in has run out, or was taken back"
        Some("sign in again with the agent's own command");
    Quota "quota" "quota used up" Park No
        "the account has no credit or quota left"
        Some("the account has no credit or quota left: top it up, or name a fallback model");
    RateLimit "rate_limit" "rate limit" Wait No
        "the provider asked to slow down"
        Some("give it time, name a fallback model, or set `concurrency` lower");
    Overloaded "overloaded" "provider overloaded" Wait No
        "the provider has no room for anybody's requests"
        Some("give it time, or name a fallback model of another provider");
    UnknownModel "unknown_model" "unknown model" NextModel No
        "the provider or the agent does not know the model"
        Some("`tipstaff models` lists what there is");
    ContextOverflow "context_overflow" "context overflow" NextModel Maybe
        "the prompt or the conversation does not fit the model's window"
        Some("give the phase less context (`context_strategy: distilled`), or a model with a larger window");
    Provider "provider" "provider error" Wait No
        "the provider answered with an error of its own (5xx, malformed streams)"
        None;
    Network "network" "network" Wait No
        "the provider could not be reached, or the connection broke"
        Some("check the network, the proxy variables and the provider's base URL");
    Rejected "rejected" "rejected" NextModel Maybe
        "the provider or the agent refuses the request (4xx that is none of the others)"
        None;
    ContentRefused "content_refused" "content refused" NextModel Maybe
        "the provider's filter, or the model, refuses the content"
        Some("say it in other words, or name a fallback model of another provider");
    PermissionRefused "permission_refused" "permission refused" Again Maybe
        "the agent asked for a permission that nobody can give, and stopped"
        None;
    SandboxRefused "sandbox_refused" "sandbox refused" NextModel Maybe
        "the agent may not read or write something that it needs"
        Some("`sandbox: { read: […], write: […] }` of the agent allows it more; `tipstaff doctor` tells what is closed");
    Crash "crash" "crash" Wait Maybe
        "the agent died, or ended without its final event"
        None;
    HangAtStart "hang_at_start" "hang at start" Wait Maybe
        "not a word from the agent since its start, for the idle limit"
        Some("`tipstaff doctor --live` asks each model for a word; `idle_timeout` sets the limit");
    Hang "hang" "hang" Wait Maybe
        "nothing more was heard from the agent for the idle limit"
        Some("`idle_timeout` sets the limit");
    Timeout "timeout" "timeout" NextModel Maybe
        "not done within the time that a call may take"
        Some("`timeout` sets the limit");
    OutOfMemory "out_of_memory" "out of memory" Again Maybe
        "what the agent started used more memory than its sandbox, its job or the machine has"
        Some("`sandbox: { memory: … }` sets the limit of a call, and `options` of an executor (`--mem`) that of its job");
    OutOfDisk "out_of_disk" "out of disk" Again Maybe
        "it wrote more than its sandbox allows"
        Some("`sandbox: { disk: … }` sets the limit");
    TooManyProcesses "too_many_processes" "too many processes" Again Maybe
        "it started more processes than its sandbox allows"
        Some("`sandbox: { processes: … }` sets the limit");
    Loop "loop" "loop" Again Maybe
        "the agent went round in circles (endless empty steps or compactions)"
        None;
    NoDeliverable "no_deliverable" "no deliverable" Again Maybe
        "the agent ended without leaving what it was asked for"
        None;
    Truncated "truncated" "truncated" Again Maybe
        "the answer was cut off by the model's output limit"
        Some("ask for less at once, or use a model with a larger output limit");
    BadOutput "bad_output" "bad output" Again Maybe
        "what was left is unusable (not UTF-8, too large, no valid data)"
        None;
    Machine "machine" "machine" Stop Maybe
        "the machine below failed: disk full, folder not writable, out of processes"
        Some("check that the disk has room and the temporary folder is writable");
    JobRefused "job_refused" "job refused" Stop Maybe
        "the scheduler does not start the call's job, or somebody cancelled it"
        Some("see what the scheduler says of the job, and its executor's settings; `tipstaff doctor` tries executors out");
    Setup "setup" "setup failed" Stop No
        "a command of `setup` failed"
        None;
    NonePassed "none_passed" "none passed" Stop Maybe
        "each candidate of an ensemble that edits fails what passed before"
        None;
    Limit "limit" "limit" Stop No
        "a limit left no room for it, and its phase goes on or fails by `at_limit`"
        None;
    Refused "refused" "refused" Stop Maybe
        "a person said no"
        None;
    Cancelled "cancelled" "cancelled" Uncounted Maybe
        "tipstaff ended the attempt itself (a straggler, or the user interrupted)"
        None;
    Lost "lost" "lost" Uncounted Maybe
        "the supervisor ended while the attempt ran; nothing is known of it"
        None;
}

/// A failed attempt's reason, for people and for the decision what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// What the user can do about it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How long the provider asked to wait, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Millis>,
}

impl Failure {
    /// A failure with the hint of its kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: kind.rule().hint.map(str::to_owned),
            retry_after: None,
        }
    }

    /// The same with a better hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
