//! The server state: all state of the server, and the choice of the answer. It belongs to one task; nobody
//! else touches it.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Write;

use super::answer::{Answer, answer};
use super::request::ModelRequest;
use super::{Afterwards, Received, RehearsedCall, Rule, Scenario, Turn, When, default_behaviour};
use crate::model::{Millis, ModelName};

/// Everything the server knows.
#[derive(Debug)]
pub(super) struct ServerState {
    scenario: Scenario,
    attempts: HashMap<String, Attempt>,
    received: Vec<Received>,
    /// The last text that each model got with the same tools.
    last: HashMap<(ModelName, Vec<String>), String>,
    log: Option<Log>,
}

#[derive(Debug)]
struct Attempt {
    key: String,
    call: RehearsedCall,
    /// How many of its requests each rule has answered.
    used: Vec<u32>,
}

/// An answer, when to give it, and to what.
#[derive(Debug)]
pub(super) struct Reply {
    /// Wait before the first byte.
    pub delay: Millis,
    pub answer: Answer,
    pub request: ModelRequest,
}

/// Where requests are written down.
pub(super) struct Log {
    pub file: File,
    pub clean: Clean,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

/// Takes secrets out of a line.
pub type Clean = Box<dyn Fn(&str) -> String + Send>;

/// Why a request gets no scripted answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerStateError {
    #[error("no such endpoint in this rehearsal")]
    Stranger,
    /// The key is not this endpoint's.
    #[error("the key is not the one of this endpoint")]
    WrongKey,
}

impl ServerState {
    /// A server state for a scenario; what is received also goes to `log`, as JSON lines.
    pub(super) fn new(scenario: Scenario, log: Option<Log>) -> Self {
        Self {
            scenario,
            attempts: HashMap::new(),
            received: Vec::new(),
            last: HashMap::new(),
            log,
        }
    }

    /// Takes note of an attempt.
    pub(super) fn register(&mut self, token: String, key: String, call: RehearsedCall) {
        let used = vec![0; self.scenario.rules.len()];
        self.attempts.insert(token, Attempt { key, call, used });
    }

    /// The model that an endpoint stands for.
    pub(super) fn model(&self, token: &str, key: Option<&str>) -> Result<String, ServerStateError> {
        let attempt = self.attempts.get(token).ok_or(ServerStateError::Stranger)?;
        attempt.check(key)?;
        Ok(attempt.call.model.to_string())
    }

    /// What was received so far, in order.
    pub(super) fn received(&self) -> &[Received] {
        &self.received
    }

    pub(super) fn answer(
        &mut self,
        token: &str,
        key: Option<&str>,
        request: ModelRequest,
    ) -> Result<Reply, ServerStateError> {
        let attempt = self
            .attempts
            .get_mut(token)
            .ok_or(ServerStateError::Stranger)?;
        attempt.check(key)?;
        let (reply, rule) = attempt.reply(&self.scenario, request);
        let mut received = note(&attempt.call, &reply.request, rule);
        let kind = (attempt.call.model.clone(), received.tools.clone());
        let text = &reply.request.text;
        if let Some(last) = self.last.insert(kind, text.clone()) {
            let same = last.bytes().zip(text.bytes());
            received.shared_bytes = same.take_while(|(one, other)| one == other).count() as u64;
        }
        self.log(&received);
        self.received.push(received);
        Ok(reply)
    }

    /// The log is a convenience: when it cannot be written (a full disk), the rehearsal goes on
    /// without it, and what was received is still in memory.
    fn log(&mut self, received: &Received) {
        let Some(log) = &mut self.log else { return };
        let written = serde_json::to_string(received)
            .map_err(std::io::Error::from)
            .and_then(|line| {
                let line = (log.clean)(&line);
                log.file.write_all(format!("{line}\n").as_bytes())
            });
        if written.is_err() {
            self.log = None;
        }
    }
}

impl Attempt {
    fn check(&self, key: Option<&str>) -> Result<(), ServerStateError> {
        match key {
            Some(key) if key == self.key => Ok(()),
            Some(_) | None => Err(ServerStateError::WrongKey),
        }
    }

    /// The first rule that fits answers; without one, the default behaviour.
    fn reply(&mut self, scenario: &Scenario, request: ModelRequest) -> (Reply, Option<usize>) {
        let turn = request.turn();
        if request.aside {
            let answer = answer(&default_behaviour::aside(&self.call), &self.call, &request);
            return (
                Reply {
                    delay: Millis(0),
                    answer,
                    request,
                },
                None,
            );
        }
        let chosen = scenario.rules.iter().enumerate().find(|(index, rule)| {
            rule.times.is_none_or(|times| self.used[*index] < times)
                && rule.when.fits(&self.call, turn)
        });
        let by_default = || default_behaviour::turn(&self.call, scenario.seed, turn);
        let (delay, scripted) = match chosen {
            None => (Millis(0), by_default()),
            Some((index, rule)) => {
                self.used[index] += 1;
                let scripted = match &rule.then {
                    None => by_default(),
                    Some(turns) => scripted_turn(rule, turns, turn),
                };
                (rule.delay, scripted)
            }
        };
        let delay = Millis(delay.0.saturating_add(scripted.delay.0));
        let answer = answer(&scripted, &self.call, &request);
        (
            Reply {
                delay,
                answer,
                request,
            },
            chosen.map(|(index, _)| index),
        )
    }
}

/// A rule's answer for that turn of the conversation.
fn scripted_turn(rule: &Rule, turns: &[Turn], turn: u32) -> Turn {
    let first = rule.when.turn.unwrap_or(1);
    let at = usize::try_from(turn.saturating_sub(first)).unwrap_or(usize::MAX);
    let beyond = || match rule.after {
        Afterwards::Close => None,
        Afterwards::Repeat => turns.last(),
    };
    turns
        .get(at)
        .or_else(beyond)
        .cloned()
        .unwrap_or_else(default_behaviour::last_words)
}

impl When {
    /// Whether the rule is for that answer of that call.
    fn fits(&self, call: &RehearsedCall, turn: u32) -> bool {
        let Self {
            phase,
            call: id,
            purpose,
            model,
            slot,
            task,
            round,
            attempt,
            turn: wanted_turn,
        } = self;
        phase
            .as_ref()
            .is_none_or(|phase| phase.matches(call.phase.as_str()))
            && id.as_ref().is_none_or(|id| id.matches(call.call.as_str()))
            && purpose.is_none_or(|purpose| purpose == call.purpose)
            && model
                .as_ref()
                .is_none_or(|model| model.matches(call.model.as_str()))
            && slot.is_none_or(|slot| slot == call.slot)
            && task.as_ref().is_none_or(|task| {
                let own = call.task.as_ref();
                own.is_some_and(|own| task.matches(own.id.as_str()))
            })
            && round.is_none_or(|round| round == call.call.round())
            && attempt.is_none_or(|attempt| attempt == call.attempt)
            && wanted_turn.is_none_or(|wanted| wanted == turn)
    }
}

fn note(call: &RehearsedCall, request: &ModelRequest, rule: Option<usize>) -> Received {
    Received {
        call: call.call.clone(),
        attempt: call.attempt,
        turn: request.turn(),
        aside: request.aside,
        bytes: request.bytes as u64,
        prompt_tokens: request.tokens,
        messages: request.messages as u64,
        system_bytes: request.system.len() as u64,
        tools_bytes: request.tools_bytes as u64,
        shared_bytes: 0,
        tools: request.tools.iter().map(|tool| tool.name.clone()).collect(),
        rule: rule.and_then(|index| u32::try_from(index + 1).ok()),
    }
}

#[cfg(test)]
#[path = "server_state_tests.rs"]
pub(super) mod tests;
