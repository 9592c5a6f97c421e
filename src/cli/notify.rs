//! Telling a person who looks elsewhere that a run has ended or waits: by a command, a webhook, the terminal.
//!
//! Each end and each question is told once. What fails is a warning: no run depends on it.

use std::collections::BTreeSet;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::OutputArgs;
use super::print;
use super::settings::Settings;
use crate::config::Notify;
use crate::model::{PhaseName, Question, RunEnd, Timestamp, names_a_secret};
use crate::plan::Plan;
use crate::process::run_helper;
use crate::report::{Screen, word};
use crate::run::{CallEvent, Event, PhaseEvent, Record, RunEvent};

/// Whoever takes longer is not told.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells of one run.
#[derive(Debug)]
pub struct Notifier {
    how: Notify,
    /// What is said of the run each time.
    facts: Value,
    run: String,
    /// The phases whose open question was told.
    asked: BTreeSet<PhaseName>,
    /// Whether it was told that the run is parked.
    parked: bool,
    /// Each gives a warning if it failed.
    sending: Vec<JoinHandle<Option<String>>>,
}

impl Notifier {
    pub fn new(
        settings: &Settings,
        (plan, run): (&Plan, &str),
        records: &[Record],
        output: &OutputArgs,
    ) -> Self {
        let how = match settings.user_configuration() {
            Ok((config, _)) if !output.is_probe => config.notify,
            Ok(_) => Notify::default(),
            // A run that goes on needs no configuration.
            Err(_) => {
                print::note("warning: your configuration has a mistake, so nobody is notified");
                Notify::default()
            }
        };
        let mut notifier = Self {
            how,
            facts: json!({
                "run": run,
                "workflow": plan.workflow,
                "request": plan.request,
                "project": settings.project.root.display().to_string(),
            }),
            run: run.to_owned(),
            asked: BTreeSet::new(),
            parked: false,
            sending: Vec::new(),
        };
        for record in records {
            if let Event::Phase {
                phase,
                event: PhaseEvent::PersonAsked { .. },
            } = &record.event
            {
                notifier.asked.insert(phase.clone());
            }
            notifier.answered(&record.event);
        }
        notifier
    }

    /// Tells of the run's end, if that is what happened, or that it is parked no more.
    pub fn saw(&mut self, event: &Event) {
        self.answered(event);
        let works = matches!(
            event,
            Event::Call {
                event: CallEvent::AttemptStarted { .. },
                ..
            }
        );
        if works && std::mem::take(&mut self.parked) {
            self.tell("running again", json!({}));
        }
        let Event::Run(RunEvent::Ended { end }) = event else {
            return;
        };
        let told = *end == RunEnd::Waiting && !self.asked.is_empty();
        if *end != RunEnd::Interrupted && !told {
            self.tell(&word(*end), json!({}));
        }
    }

    /// Tells of a question that nothing but a person answers.
    pub fn asks(&mut self, phase: &PhaseName, question: &Question) {
        if self.asked.insert(phase.clone()) {
            let more = json!({ "phase": phase, "question": question });
            self.tell(&word(RunEnd::Waiting), more);
        }
    }

    /// Tells once that the run stays and waits for an account.
    pub fn parks(&mut self, until: Timestamp) {
        if !std::mem::replace(&mut self.parked, true) {
            self.tell("parked", json!({ "parked_until": until.rfc3339() }));
        }
    }

    /// A question that was answered is told once more if it is asked once more.
    fn answered(&mut self, event: &Event) {
        if let Event::Phase {
            phase,
            event: PhaseEvent::PersonAnswered { .. },
        } = event
        {
            self.asked.remove(phase);
        }
    }

    fn tell(&mut self, state: &str, more: Value) {
        let text = format!("tipstaff: run {} is {state}", self.run);
        let text = text.replace("is failed", "failed");
        if self.how.terminal == Some(true) {
            Screen::Stderr.ring(&text);
        }
        let mut message = self.facts.clone();
        message["state"] = json!(state.replace(' ', "_"));
        message["text"] = json!(text);
        if let (Value::Object(message), Value::Object(more)) = (&mut message, more) {
            message.extend(more);
        }
        let message = message.to_string();
        let command = self.how.command.as_ref();
        let command = command.map(|command| ("command", in_shell(command, &message)));
        let webhook = self.how.webhook.as_ref();
        let webhook = webhook.map(|address| ("webhook", post(address, &message)));
        for (what, told) in command.into_iter().chain(webhook) {
            let wait = move || warning(what, &told);
            self.sending.push(std::thread::spawn(wait));
        }
    }

    /// Waits until all is told or was given up.
    pub fn finish(&mut self) {
        for sending in self.sending.drain(..) {
            if let Ok(Some(warning)) = sending.join() {
                print::note(&warning);
            }
        }
    }
}

fn in_shell(command: &str, message: &str) -> duct::Expression {
    without_secrets(duct::cmd!("sh", "-c", command)).stdin_bytes(message)
}

/// The address may be a secret, and others see a command line.
fn post(address: &str, message: &str) -> duct::Expression {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let config = format!(
        "url = \"{}\"\ndata-raw = \"{}\"\nheader = \"content-type: application/json\"\n\
         proto = \"=http,https\"\nmax-time = 10\nfail\nsilent\nshow-error\n",
        quoted(address),
        quoted(message),
    );
    without_secrets(duct::cmd!("curl", "-q", "--config", "-")).stdin_bytes(config)
}

/// Another process of the user can read the environment of this one.
fn without_secrets(command: duct::Expression) -> duct::Expression {
    let secrets = std::env::vars_os().filter(|(name, _)| names_a_secret(&name.to_string_lossy()));
    let command = secrets.fold(command, |command, (name, _)| command.env_remove(name));
    command.stdout_null().stderr_capture()
}

fn warning(what: &str, told: &duct::Expression) -> Option<String> {
    let why = match run_helper(told, Some(PATIENCE)) {
        Ok(done) if done.status.success() => return None,
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            let said = said.trim().lines().last().unwrap_or_default().to_owned();
            format!("{} {said}", done.status)
        }
        Err(error) => error.to_string(),
    };
    Some(format!(
        "warning: the {what} of `notify` failed: {}",
        why.trim()
    ))
}
