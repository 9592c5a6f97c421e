//! The hidden command `__acp`: the process of a call whose agent speaks the Agent Client Protocol. It has the
//! prompt on standard input like any agent, and prints the events of the conversation.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::print;
use crate::acp::{Effect, Event, Order, Session, Settings, Trouble};
use crate::model::{ExitStatus, FailureKind};
use crate::process::{Conversation, Said, shut_others_out};

/// How often is told that the agent lives.
const TICK: Duration = Duration::from_secs(1);

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
    match Conversation::start(&program, &args.collect::<Vec<_>>()) {
        Ok(mut agent) => {
            let ended = hold(&mut agent, order);
            agent.end();
            Ok(match ended? {
                Some(ExitStatus::Exited(code)) => u8::try_from(code).unwrap_or(1).into(),
                Some(ExitStatus::Signaled(_) | ExitStatus::Unknown) => ExitCode::FAILURE,
                None => ExitCode::SUCCESS,
            })
        }
        Err(error) => {
            let program = program.to_string_lossy();
            let text = format!("failed to start `{program}`: {error}");
            tell(&failed(FailureKind::AgentMissing, text))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// From the first request to the end of the conversation. Tells how the agent ended, if before that.
fn hold(agent: &mut Conversation, order: Order) -> io::Result<Option<ExitStatus>> {
    let (mut session, mut effects) = Session::begin(order);
    let mut exit = None;
    let (mut patience, mut since) = (session.patience(), Instant::now());
    let mut tick = since + TICK;
    loop {
        for effect in effects {
            match effect {
                Effect::Send(message) => {
                    if !agent.say(message.to_string()) {
                        let text = "the agent does not read what it is told";
                        tell(&failed(FailureKind::BadOutput, text.to_owned()))?;
                        return Ok(exit);
                    }
                }
                Effect::Tell(event) => tell(&event)?,
                Effect::End => return Ok(exit),
            }
        }
        if patience != session.patience() {
            (patience, since) = (session.patience(), Instant::now());
        }
        let late = patience.map(|patience| since + patience);
        effects = match agent.next(late.map_or(tick, |late| late.min(tick))) {
            Said::Line(line) => session.line(&line),
            Said::Ended(status) => {
                exit = Some(status);
                session.agent_ended(status)
            }
            Said::Stop => session.cancel(),
            Said::Nothing if late.is_some_and(|late| Instant::now() >= late) => session.late(),
            Said::Nothing => {
                tick = Instant::now() + TICK;
                session.tick()
            }
        };
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
