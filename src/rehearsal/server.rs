//! The server: a thread with its own runtime that answers HTTP on loopback.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::model::Endpoint;

use super::message::{Message, Queue};
use super::server_state::{Clean, Log, ServerState};
use super::{Received, RehearsalError, RehearsedCall, Scenario, service};
use crate::files;

/// Wait after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The scripted model server. It serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    queue: Queue,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to serve a scenario on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// [`RehearsalError::Start`] if there is no port or no thread to be had.
    pub fn start(scenario: Scenario) -> Result<Self, RehearsalError> {
        Self::with_desk(ServerState::new(scenario, None))
    }

    /// Starts to serve, and appends each [`Received`] to a file, one JSON object a line, cleaned. If the
    /// file cannot be written any more, the rehearsal goes on without it.
    ///
    /// # Errors
    /// As [`Server::start`], and [`RehearsalError::Log`] if the file cannot be opened.
    pub fn start_logged(
        scenario: Scenario,
        log: &Path,
        clean: Clean,
    ) -> Result<Self, RehearsalError> {
        let file = files::append(log).map_err(|source| RehearsalError::Log {
            path: log.to_owned(),
            source,
        })?;
        Self::with_desk(ServerState::new(scenario, Some(Log { file, clean })))
    }

    fn with_desk(server_state: ServerState) -> Result<Self, RehearsalError> {
        let (queue, messages) = mpsc::unbounded_channel();
        let start = || {
            let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let for_connections = queue.clone();
            let thread = std::thread::Builder::new()
                .name("rehearsal".to_owned())
                .spawn(move || {
                    let serving = serve(listener, server_state, messages, for_connections);
                    // An error here means that the listener could not join the runtime; clients then
                    // see a refused connection, as they would of a server that is gone.
                    let _ = LocalSet::new().block_on(&runtime, serving);
                })?;
            Ok((address, thread))
        };
        let (address, thread) =
            start().map_err(|source: io::Error| RehearsalError::Start { source })?;
        Ok(Self {
            address,
            queue,
            thread: Some(thread),
        })
    }

    /// Registers one attempt and gives it an address of its own.
    pub fn endpoint(&self, call: RehearsedCall) -> Endpoint {
        let (token, key) = (secret(), secret());
        let base_url = format!("http://{}/{token}/v1", self.address);
        let register = Message::Register {
            token,
            key: key.clone(),
            call: Box::new(call),
        };
        // Only a server that is gone does not take it; its clients cannot connect either.
        let _ = self.queue.send(register);
        Endpoint { base_url, key }
    }

    /// What the server has received so far, in order; asides included, refused requests not.
    pub fn received(&self) -> Vec<Received> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let _ = self.queue.send(Message::Received { reply });
        answer.recv().unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.queue.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

/// 128 bits that nobody on this machine can guess: the standard library's random hash keys.
fn secret() -> String {
    let half = || RandomState::new().hash_one("rehearsal");
    format!("{:016x}{:016x}", half(), half())
}

async fn serve(
    listener: StdListener,
    mut server_state: ServerState,
    mut messages: mpsc::UnboundedReceiver<Message>,
    queue: Queue,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        tokio::select! {
            biased;
            message = messages.recv() => match message {
                Some(Message::Stop) | None => return Ok(()),
                Some(message) => attend(&mut server_state, message),
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(service::converse(stream, queue.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// Replies go to whoever still waits for them.
fn attend(server_state: &mut ServerState, message: Message) {
    match message {
        Message::Register { token, key, call } => server_state.register(token, key, *call),
        Message::Models { visitor, reply } => {
            let _ = reply.send(server_state.model(&visitor.token, visitor.key.as_deref()));
        }
        Message::Answer {
            visitor,
            request,
            reply,
        } => {
            let answer = server_state.answer(&visitor.token, visitor.key.as_deref(), *request);
            let _ = reply.send(answer);
        }
        Message::Received { reply } => {
            let _ = reply.send(server_state.received().to_vec());
        }
        Message::Stop => {}
    }
}
