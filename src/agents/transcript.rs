//! The fold of an agent's signals: what it used, what it answered, whether it goes in circles.
//!
//! Memory is bounded: only the text of the message under way and of the last answers is kept, each
//! up to [`TEXT_LIMIT`], and a bounded [`Worklog`].

use crate::model::{Failure, FailureKind, Millis, Usage};
use crate::plan::{AgentSpec, Price};

use super::agent_error::shorten;
use super::{AgentError, AnswerIn, Product, Signal, Worklog, registry};

/// Largest final text kept, in bytes: four times what the longest answer of a model comes to. A longer one is
/// unusable as a whole.
pub(super) const TEXT_LIMIT: usize = 2 << 20;
/// More model requests than this in one attempt are a runaway.
const STEP_LIMIT: u64 = 200;
/// So many idle steps in a row are an endless loop.
const IDLE_STEP_LIMIT: u32 = 3;
/// So many compactions in one attempt are an endless loop.
const COMPACTION_LIMIT: u32 = 3;
/// So many refusals in a row and we do not wait for the agent's own further retries.
const RATE_LIMIT_RETRIES: u32 = 3;
/// The agent's own longest pause between two tries, with room: longer silence after a refusal means
/// that the provider asked for a longer wait, which the agent obeys without a word or a cap.
const RETRY_PATIENCE: Millis = Millis::seconds(60);

/// An agent that could be stopped here and now without anything being half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// Input tokens of its first request.
    pub began: u64,
    /// Input tokens of its last request: the size of its context.
    pub context: u64,
}

/// What is known of an attempt from its output so far.
#[derive(Debug, Clone)]
pub struct Transcript {
    pub(super) answer_in: AnswerIn,
    product: Option<&'static Product>,
    price: Option<Price>,
    usage: Usage,
    steps: u64,
    signals: u64,
    doing: String,
    message: String,
    text: String,
    overlong: bool,
    step_open: bool,
    tools_in_step: u32,
    idle_steps: u32,
    pub(super) compactions: u32,
    last_reason: Option<String>,
    before_last: Option<String>,
    answer: Option<String>,
    pinned: Option<String>,
    agent_error: Option<AgentError>,
    retry: Option<AgentError>,
    retries: u32,
    began: Option<u64>,
    context: u64,
    log: Worklog,
}

impl Transcript {
    /// An empty one of an attempt of this agent. `price` is used where it tells no cost of its own.
    pub fn of(agent: &AgentSpec, price: Option<Price>) -> Self {
        let adapter = registry::of(agent.kind);
        Self {
            product: adapter.product,
            ..Self::new(adapter.answer_in, price)
        }
    }

    pub(super) fn new(answer_in: AnswerIn, price: Option<Price>) -> Self {
        Self {
            answer_in,
            product: None,
            price,
            usage: Usage::default(),
            steps: 0,
            signals: 0,
            doing: "starting".to_owned(),
            message: String::new(),
            text: String::new(),
            overlong: false,
            step_open: false,
            tools_in_step: 0,
            idle_steps: 0,
            compactions: 0,
            last_reason: None,
            before_last: None,
            answer: None,
            pinned: None,
            agent_error: None,
            retry: None,
            retries: 0,
            began: None,
            context: 0,
            log: Worklog::default(),
        }
    }

    /// Takes one signal of standard output.
    pub fn apply(&mut self, signal: Signal) {
        if !matches!(signal, Signal::Noise) {
            self.signals += 1;
        }
        match signal {
            Signal::StepStarted => {
                self.step_open = true;
                self.tools_in_step = 0;
                "thinking".clone_into(&mut self.doing);
            }
            Signal::StepEnded {
                message,
                reason,
                usage,
            } => self.end_step(&message, reason, usage),
            Signal::Text { message, text } => {
                self.log.said(&text);
                self.take_text(message, &text);
            }
            Signal::Tool {
                name,
                detail,
                failed,
            } => {
                self.log.did(&name, &detail, failed);
                self.tools_in_step += 1;
                self.progress();
                self.works_with(name, &detail);
            }
            Signal::ToolStarted { name, detail } => self.works_with(name, &detail),
            Signal::AgentError(agent_error) => self.agent_error = Some(agent_error),
            Signal::Retried(agent_error) => self.take_retry(agent_error),
            Signal::UsedInAll(usage) => self.usage = Price::settle(self.price, usage),
            Signal::Compacted => self.compact(),
            Signal::Noise => {}
        }
    }

    fn works_with(&mut self, tool: String, detail: &str) {
        self.doing = match detail {
            "" => tool,
            _ => format!("{tool} {}", shorten(detail, 80)),
        };
    }

    /// The agent retries a model request by itself, or was refused a permission.
    fn take_retry(&mut self, agent_error: AgentError) {
        if agent_error.kind() == FailureKind::PermissionRefused {
            self.doing = agent_error.message;
            return;
        }
        self.retries += 1;
        self.doing = format!("retrying: {}", shorten(&agent_error.message, 80));
        self.retry = Some(agent_error);
    }

    /// A reason to end the agent now, although it would go on.
    pub fn must_end(&self) -> Option<Failure> {
        if self.is_final() {
            return None;
        }
        if self.idle_steps >= IDLE_STEP_LIMIT {
            let reason = self.last_reason.as_deref().unwrap_or("unknown");
            return Some(Failure::new(
                FailureKind::Loop,
                format!(
                    "{IDLE_STEP_LIMIT} model requests in a row ended with `{reason}` and nothing done"
                ),
            ));
        }
        if self.compactions >= COMPACTION_LIMIT {
            return Some(
                Failure::new(
                    FailureKind::Loop,
                    "the agent compacts its context again and again",
                )
                .hint("the configured size of the model's window may be wrong"),
            );
        }
        if self.steps > STEP_LIMIT {
            return Some(Failure::new(
                FailureKind::Loop,
                format!("more than {STEP_LIMIT} model requests in one attempt"),
            ));
        }
        // An error event is the last word of its retries, and knows more than they did.
        let retry = self.retry.as_ref().filter(|_| self.agent_error.is_none())?;
        match retry.kind() {
            FailureKind::Quota => Some(self.failure_of(retry)),
            FailureKind::RateLimit if self.retries >= RATE_LIMIT_RETRIES => {
                Some(self.failure_of(retry))
            }
            _ => None,
        }
    }

    /// Whether the agent gave its final answer and did not start anything since. It may take a
    /// moment to exit; one that does not can be ended without loss.
    pub fn is_final(&self) -> bool {
        self.pinned.is_some() || (self.answer.is_some() && !self.step_open)
    }

    /// Whether the agent says what it does, step by step.
    pub fn tells_steps(&self) -> bool {
        self.answer_in == AnswerIn::LastStep
    }

    /// Whether a step is under way: the model answers, or a tool runs.
    pub fn is_in_step(&self) -> bool {
        self.step_open
    }

    /// Whether the next step should begin soon: a model that has asked for tools is asked again when their
    /// results are in, and may take its time to begin.
    pub fn awaits_step(&self) -> bool {
        !self.step_open && self.last_reason.as_deref() == Some("tool-calls")
    }

    /// Where the agent is, if its last step is over, called tools, and nothing has begun since:
    /// then their results are in and nothing is half done. `None` before the model tells any tokens.
    pub fn boundary(&self) -> Option<Boundary> {
        let between = !self.step_open && self.tools_in_step > 0;
        let called = self.last_reason.as_deref() == Some("tool-calls");
        let began = self.began.filter(|_| between && called)?;
        Some(Boundary {
            began,
            context: self.context,
        })
    }

    /// What the agent said and did, the newest of it.
    pub fn worklog(&self) -> &Worklog {
        &self.log
    }

    /// After how much silence waiting is pointless because the provider keeps the agent waiting;
    /// `None` while nothing is retried.
    pub fn patience(&self) -> Option<Millis> {
        let kind = self.retry.as_ref()?.kind();
        matches!(kind, FailureKind::RateLimit | FailureKind::Overloaded).then_some(RETRY_PATIENCE)
    }

    /// What a silence of this length amounts to: the agent error that the agent was retrying, else a hang.
    pub fn silence(&self, length: Millis) -> Failure {
        match &self.retry {
            Some(retry) => self.failure_of(retry),
            None if self.signals == 0 => Failure::new(
                FailureKind::HangAtStart,
                format!(
                    "not a word in {length}: the agent, or the provider of its model, does not answer"
                ),
            ),
            None => Failure::new(
                FailureKind::Hang,
                format!("not a word in {length}; last seen: {}", self.doing),
            ),
        }
    }

    /// An error that the agent told, as a failure for its user.
    pub(super) fn failure_of(&self, agent_error: &AgentError) -> Failure {
        agent_error.failure(self.product)
    }

    /// What the agent does, in a few words.
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// Used over all steps so far. The cost is the agent's own figure; where it tells none, that of the
    /// configured price.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Whether anything at all was said.
    pub(super) fn is_empty(&self) -> bool {
        self.signals == 0
    }

    /// Whether the final text was larger than what is kept.
    pub(super) fn is_overlong(&self) -> bool {
        self.overlong
    }

    /// Why the last step ended.
    pub(super) fn last_reason(&self) -> Option<&str> {
        self.last_reason.as_deref()
    }

    /// The last error of the session.
    pub(super) fn agent_error(&self) -> Option<&AgentError> {
        self.agent_error.as_ref()
    }

    /// What the agent retried when it was last heard of.
    pub(super) fn retry(&self) -> Option<&AgentError> {
        self.retry.as_ref()
    }

    /// The final text: of the message of the last `stop`, or all of the output of a command.
    pub(super) fn answer(&self) -> Option<&str> {
        match self.answer_in {
            AnswerIn::LastStep => self.pinned.as_deref().or(self.answer.as_deref()),
            AnswerIn::Output => Some(&self.text),
        }
    }

    /// The text of a step that was not ended.
    pub(super) fn unended_text(&self) -> Option<&str> {
        let is_open = self.step_open && !self.text.trim().is_empty();
        is_open.then_some(self.text.as_str())
    }

    fn take_text(&mut self, message: String, text: &str) {
        // What comes after the end of the last step, of the same message, is the rest of the answer.
        if let Some(answer) = &mut self.answer
            && !self.step_open
            && message == self.message
            && answer.len() + text.len() <= TEXT_LIMIT
        {
            answer.push_str(text);
            return;
        }
        if message != self.message {
            self.message = message;
            self.text.clear();
            self.overlong = false;
        }
        if self.overlong || self.text.len() + text.len() > TEXT_LIMIT {
            // Its beginning alone answers nothing; many agents at once may be this talkative.
            self.overlong = true;
            self.text = String::new();
            return;
        }
        self.text.push_str(text);
    }

    fn end_step(&mut self, message: &str, reason: String, usage: Usage) {
        self.steps += 1;
        self.step_open = false;
        // A provider that tells no usage says nothing of the context.
        if usage.input_tokens() > 0 {
            self.context = usage.input_tokens();
            self.began.get_or_insert(self.context);
        }
        self.usage += Price::settle(self.price, usage);
        let idle = match reason.as_str() {
            "unknown" => true,
            "tool-calls" => self.tools_in_step == 0,
            _ => false,
        };
        if idle {
            self.idle_steps += 1;
        } else {
            self.progress();
        }
        if reason == "stop" {
            let text = if message == self.message {
                std::mem::take(&mut self.text)
            } else {
                String::new()
            };
            self.before_last = self.answer.replace(text);
            // An answer after an error means that the agent recovered from it.
            self.agent_error = None;
        }
        self.last_reason = Some(reason);
    }

    /// The last `stop` was a summary for the agent itself. An answer before it stays the answer.
    fn compact(&mut self) {
        self.compactions += 1;
        self.answer = None;
        let before = self.before_last.take();
        self.pinned = self.pinned.take().or(before);
        "compacting its context".clone_into(&mut self.doing);
    }

    fn progress(&mut self) {
        self.idle_steps = 0;
        self.retries = 0;
        self.retry = None;
    }
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
