//! The conversation: one session, one prompt, one turn.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::choice::{Choice, choices};
use super::event::{Event, Trouble};
use super::failure::{AUTH_REQUIRED, trouble};
use super::message::{self, Message, RpcError};
use super::permission::{allows, cancelled, outcome};
use super::settings::Settings;
use super::talk::Talk;
use crate::model::{ExitStatus, FailureKind, shortened};

/// How long the agent has until it takes the prompt.
const START_UP: Duration = Duration::from_secs(120);
/// How long it has to end its turn once that is cancelled.
const CANCELLING: Duration = Duration::from_secs(2);
/// So many lines that are no messages are a banner, or a warning that went astray.
const MOST_STRANGE: usize = 1000;

/// What the agent has to be told.
#[derive(Debug)]
pub struct Order {
    pub settings: Settings,
    pub prompt: String,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// To the agent, as a line.
    Send(Value),
    /// To whoever started us.
    Tell(Event),
    /// The conversation is over: end the agent.
    End,
}

/// Where it is, with what the last request was for.
enum Stage {
    Initialize,
    /// `method` is how one can sign in without a person, if that was not tried yet.
    Open {
        method: Option<Value>,
    },
    Authenticate,
    Choose {
        session: Value,
        rest: VecDeque<Choice>,
    },
    Work {
        session: Value,
    },
    Cancel {
        session: Value,
    },
    Over,
}

pub struct Session {
    order: Order,
    stage: Stage,
    /// The number of the last request, which is the only one without an answer.
    request: u64,
    talk: Talk,
    refused: Option<String>,
    strange: usize,
    /// The first of the lines that are no messages.
    first: String,
    effects: Vec<Effect>,
}

impl Session {
    /// Begins with the first request.
    pub fn begin(order: Order) -> (Self, Vec<Effect>) {
        let mut session = Self {
            order,
            stage: Stage::Initialize,
            request: 0,
            talk: Talk::default(),
            refused: None,
            strange: 0,
            first: String::new(),
            effects: Vec::new(),
        };
        let capabilities =
            json!({ "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false });
        let client = json!({ "name": "tipstaff", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "protocolVersion": 1, "clientCapabilities": capabilities, "clientInfo": client });
        session.ask("initialize", &params);
        let effects = session.take_effects();
        (session, effects)
    }

    /// Takes a line of the agent's, without its break.
    pub fn line(&mut self, line: &str) -> Vec<Effect> {
        match message::read(line) {
            _ if matches!(self.stage, Stage::Over) => {}
            None if line.trim().is_empty() => {}
            None => self.strange_line(line),
            Some(Message::Request { id, method, params }) => self.answer(&id, &method, &params),
            Some(Message::Notification { method, params }) => {
                if method == "session/update" && self.is_ours(&params) {
                    self.talk.update(&params["update"]);
                }
            }
            Some(Message::Response { id, outcome }) => {
                if id == self.request {
                    self.advance(outcome);
                }
            }
        }
        self.take_effects()
    }

    /// To be called about once a second.
    pub fn tick(&mut self) -> Vec<Effect> {
        self.talk.tick();
        self.take_effects()
    }

    /// How long the agent may stay at what it does, from when it began with it; `None` while it works: whoever
    /// started us has a clock for that.
    pub fn patience(&self) -> Option<Duration> {
        match self.stage {
            Stage::Initialize | Stage::Open { .. } | Stage::Authenticate | Stage::Choose { .. } => {
                Some(START_UP)
            }
            Stage::Cancel { .. } => Some(CANCELLING),
            Stage::Work { .. } | Stage::Over => None,
        }
    }

    /// That time is up.
    pub fn late(&mut self) -> Vec<Effect> {
        let waits_for = match self.stage {
            Stage::Initialize => "initialize",
            Stage::Open { .. } => "session/new",
            Stage::Authenticate => "authenticate",
            Stage::Choose { .. } => "the choice of its model",
            Stage::Cancel { .. } => {
                self.end_turn("cancelled", &Value::Null);
                return self.take_effects();
            }
            Stage::Work { .. } | Stage::Over => return Vec::new(),
        };
        let seconds = START_UP.as_secs();
        let mut text = format!("the agent did not answer `{waits_for}` within {seconds} s");
        if self.strange > 0 {
            text = format!("{text}; it printed `{}`", self.first);
        }
        self.fail(Trouble::new(FailureKind::HangAtStart, text));
        self.take_effects()
    }

    /// The turn is to end early.
    pub fn cancel(&mut self) -> Vec<Effect> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Work { session } => {
                let params = json!({ "sessionId": session });
                let cancel = message::notification("session/cancel", &params);
                self.effects.push(Effect::Send(cancel));
                self.stage = Stage::Cancel { session };
            }
            // The second time, or before there is a turn.
            Stage::Cancel { .. } => self.end_turn("cancelled", &Value::Null),
            _ => self.effects.push(Effect::End),
        }
        self.take_effects()
    }

    /// The agent's process has ended before the conversation did.
    pub fn agent_ended(&mut self, how: ExitStatus) -> Vec<Effect> {
        if let Stage::Work { .. } | Stage::Cancel { .. } = self.stage {
            self.tell_end("exited", &Value::Null);
        }
        match (&self.stage, how) {
            (Stage::Over, _) => {}
            (Stage::Initialize, _) if self.strange > 0 => self.fail(self.no_protocol()),
            // A code is passed on as our own, with standard error to explain it.
            (_, ExitStatus::Exited(_)) => self.end(),
            (_, ExitStatus::Signaled(_) | ExitStatus::Unknown) => {
                self.fail(Trouble::new(FailureKind::Crash, format!("the agent {how}")));
            }
        }
        self.take_effects()
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        // What was said in the turn came before what ended it.
        effects.splice(0..0, self.talk.events().map(Effect::Tell));
        effects
    }

    fn ask(&mut self, method: &str, params: &Value) {
        self.request += 1;
        let request = message::request(self.request, method, params);
        self.effects.push(Effect::Send(request));
    }

    fn end(&mut self) {
        self.stage = Stage::Over;
        self.effects.push(Effect::End);
    }

    fn fail(&mut self, trouble: Trouble) {
        self.effects.push(Effect::Tell(Event::Failed(trouble)));
        self.end();
    }

    fn strange_line(&mut self, line: &str) {
        if self.strange == 0 {
            self.first = shortened(line.trim(), 200).into_owned();
        }
        self.strange += 1;
        if self.strange > MOST_STRANGE {
            self.fail(self.no_protocol());
        }
    }

    fn no_protocol(&self) -> Trouble {
        let text = format!(
            "the agent does not speak the Agent Client Protocol: it printed `{}`",
            self.first
        );
        Trouble::new(FailureKind::BadOutput, text)
    }

    /// Those of its helpers have sessions of their own.
    fn is_ours(&self, params: &Value) -> bool {
        match &self.stage {
            Stage::Work { session } | Stage::Cancel { session } => params["sessionId"] == *session,
            _ => false,
        }
    }

    fn answer(&mut self, id: &Value, method: &str, params: &Value) {
        let reply = match (method, &self.stage) {
            ("session/request_permission", Stage::Cancel { .. }) => {
                message::answer(id, &cancelled())
            }
            ("session/request_permission", _) => {
                let tool = self.talk.asks(&params["toolCall"]);
                let allowed = allows(
                    self.order.settings.profile,
                    &tool,
                    Path::new(&self.order.settings.workspace),
                );
                if !allowed {
                    self.refused = Some(format!("{} {}", tool.name(), tool.detail()));
                }
                message::answer(id, &outcome(allowed, &params["options"]))
            }
            _ => message::refusal(id, method),
        };
        self.effects.push(Effect::Send(reply));
    }

    /// The answer to our last request is there.
    fn advance(&mut self, outcome: Result<Value, RpcError>) {
        match (std::mem::replace(&mut self.stage, Stage::Over), outcome) {
            (Stage::Initialize, Ok(answer)) => self.open(&answer),
            (
                Stage::Open {
                    method: Some(method),
                },
                Err(error),
            ) if error.code == AUTH_REQUIRED => {
                self.stage = Stage::Authenticate;
                self.ask("authenticate", &json!({ "methodId": method }));
            }
            (Stage::Open { .. }, Ok(answer)) => self.opened(&answer),
            (Stage::Authenticate, Ok(_)) => self.new_session(None),
            (Stage::Authenticate, Err(error)) => self.fail(Trouble {
                kind: Some(FailureKind::Auth),
                ..trouble(&error)
            }),
            (Stage::Choose { session, rest }, Ok(_)) => self.choose(session, rest),
            (Stage::Work { .. } | Stage::Cancel { .. }, Ok(answer)) => self.turn_ended(&answer),
            (Stage::Work { .. } | Stage::Cancel { .. }, Err(error)) => {
                self.tell_end("error", &Value::Null);
                self.fail(trouble(&error));
            }
            (_, Err(error)) => self.fail(trouble(&error)),
            (Stage::Over, Ok(_)) => {}
        }
    }

    fn open(&mut self, answer: &Value) {
        if answer["protocolVersion"] != 1 {
            let version = &answer["protocolVersion"];
            let text =
                format!("the agent speaks version {version} of the protocol, tipstaff version 1");
            return self.fail(Trouble::new(FailureKind::BadOutput, text));
        }
        let methods = answer["authMethods"].as_array();
        let by_key = methods.and_then(|all| all.iter().find(|method| needs_nobody(method)));
        self.new_session(by_key.map(|method| method["id"].clone()));
    }

    fn new_session(&mut self, method: Option<Value>) {
        self.stage = Stage::Open { method };
        let params = json!({ "cwd": self.order.settings.workspace, "mcpServers": [] });
        self.ask("session/new", &params);
    }

    fn opened(&mut self, answer: &Value) {
        let session = answer["sessionId"].clone();
        if !session.is_string() {
            let text = "the agent opened a session without an id";
            return self.fail(Trouble::new(FailureKind::BadOutput, text));
        }
        match choices(answer, &self.order.settings) {
            Ok(choices) => self.choose(session, choices.into()),
            Err(trouble) => self.fail(trouble),
        }
    }

    fn choose(&mut self, session: Value, mut rest: VecDeque<Choice>) {
        if let Some(Choice { method, mut params }) = rest.pop_front() {
            params["sessionId"] = session.clone();
            self.stage = Stage::Choose { session, rest };
            return self.ask(method, &params);
        }
        let prompt = json!([{ "type": "text", "text": self.order.prompt }]);
        let params = json!({ "sessionId": session, "prompt": prompt });
        self.stage = Stage::Work { session };
        self.ask("session/prompt", &params);
        self.effects.push(Effect::Tell(Event::Prompted));
    }

    fn turn_ended(&mut self, answer: &Value) {
        let reason = match answer["stopReason"].as_str().unwrap_or("unknown") {
            "end_turn" => "stop",
            "max_tokens" => "length",
            "refusal" => "content-filter",
            other => other,
        };
        // Some end the turn when a permission is refused.
        let refused = self.refused.take().filter(|_| reason == "cancelled");
        self.tell_end(reason, answer);
        match refused {
            Some(what) => {
                let text = format!("the agent asked for a permission that nobody can give: {what}");
                self.fail(Trouble::new(FailureKind::PermissionRefused, text));
            }
            None => self.end(),
        }
    }

    fn end_turn(&mut self, reason: &str, answer: &Value) {
        self.tell_end(reason, answer);
        self.end();
    }

    fn tell_end(&mut self, reason: &str, answer: &Value) {
        let (message, usage) = self.talk.end(answer);
        let reason = reason.to_owned();
        self.effects.push(Effect::Tell(Event::Ended {
            message,
            reason,
            usage,
        }));
    }
}

/// A way to sign in by a key that is there already; others open a browser, or want a terminal.
fn needs_nobody(method: &Value) -> bool {
    let says = |key: &str| method[key].as_str().unwrap_or_default().to_lowercase();
    let by_key = ["id", "name"].iter().any(|key| {
        let text = says(key).replace(['-', '_'], " ");
        text.contains("api key") || text.contains("apikey")
    });
    let wants_terminal =
        says("type") == "terminal" || method.pointer("/_meta/type") == Some(&json!("terminal"));
    (by_key || says("type") == "env_var") && !wants_terminal
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
