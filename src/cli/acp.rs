//! The hidden command `__acp`: the process of a call whose agent speaks the Agent Client Protocol. It has the
//! prompt on standard input like any agent, and prints the events of the conversation.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, interval, sleep_until};

use super::print;
use crate::acp::{Effect, Event, Order, Session, Settings, Trouble};
use crate::model::{ExitStatus, FailureKind};
use crate::process::{Conversation, Said, shut_others_out};

/// `args` are those after the command's own name.
pub fn acp(args: impl Iterator<Item = OsString>) -> ExitCode {
    match converse(args) {
        Ok(code) => code,
        Err(error) => {
            print::note(&format!("the agent cannot be spoken with: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn converse(mut args: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    // Agents are the same user.
    shut_others_out()?;
    let usage = || io::Error::from(io::ErrorKind::InvalidInput);
    let settings = args
        .next()
        .and_then(|arg| Settings::from_arg(&arg))
        .ok_or_else(usage)?;
    let program = args.next().ok_or_else(usage)?;
    let mut prompt = String::new();
    io::stdin().lock().read_to_string(&mut prompt)?;
    let order = Order { settings, prompt };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let exit = runtime.block_on(async {
        match Conversation::start(&program, &args.collect::<Vec<_>>()) {
            Ok(agent) => Talk::new(agent)?.hold(order).await,
            Err(error) => {
                let program = program.to_string_lossy();
                let text = format!("failed to start `{program}`: {error}");
                tell(&failed(FailureKind::AgentMissing, text))?;
                Ok(1)
            }
        }
    })?;
    Ok(ExitCode::from(exit))
}

/// A conversation under way.
struct Talk {
    agent: Conversation,
    /// How the agent ended, if before the conversation did.
    exit: Option<ExitStatus>,
    is_over: bool,
}

impl Talk {
    fn new(agent: Conversation) -> io::Result<Self> {
        Ok(Self {
            agent,
            exit: None,
            is_over: false,
        })
    }

    /// From the first request to the agent's end. Gives our exit code.
    async fn hold(mut self, order: Order) -> io::Result<u8> {
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let mut seconds = interval(Duration::from_secs(1));
        let (mut session, effects) = Session::begin(order);
        self.carry_out(effects)?;
        let mut patience = session.patience();
        let mut since = Instant::now();
        while !self.is_over {
            let deadline = patience.map(|patience| since + patience);
            let effects = tokio::select! {
                said = self.agent.next() => match said? {
                    Said::Line(line) => session.line(&line),
                    Said::Ended(status) => {
                        self.exit = Some(status);
                        session.agent_ended(status)
                    }
                },
                _ = interrupts.recv() => session.cancel(),
                _ = terminations.recv() => session.cancel(),
                _ = seconds.tick() => session.tick(),
                () = sleep_until(deadline.unwrap_or(since)), if deadline.is_some() => session.late(),
            };
            self.carry_out(effects)?;
            if patience != session.patience() {
                (patience, since) = (session.patience(), Instant::now());
            }
        }
        let Self { agent, exit, .. } = self;
        agent.end().await;
        Ok(match exit {
            Some(ExitStatus::Exited(code)) => u8::try_from(code).unwrap_or(1),
            Some(ExitStatus::Signaled(_) | ExitStatus::Unknown) => 1,
            None => 0,
        })
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Send(message) => {
                    if self.agent.say(message.to_string()).is_err() {
                        let text = "the agent does not read what it is told";
                        tell(&failed(FailureKind::BadOutput, text.to_owned()))?;
                        self.is_over = true;
                        break;
                    }
                }
                Effect::Tell(event) => tell(&event)?,
                Effect::End => self.is_over = true,
            }
        }
        Ok(())
    }
}

fn failed(kind: FailureKind, message: String) -> Event {
    Event::Failed(Trouble {
        kind: Some(kind),
        message,
        ..Trouble::default()
    })
}

fn tell(event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    print::bytes(&line).map_err(|failure| io::Error::other(failure.text().to_owned()))
}
