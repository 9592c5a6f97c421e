//! The server: a thread with its own runtime that answers HTTP on loopback.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use super::answer::{Answer, Completion, Fate};
use super::body::{End, ScriptedBody};
use super::desk::{Desk, DeskError, Reply};
use super::request::ChatRequest;
use super::{Endpoint, Received, Refusal, RehearsalError, RehearsedCall, Scenario, wire};

/// Larger requests are refused; no model reads as much.
const LARGEST_REQUEST: usize = 64 << 20;

/// Wait after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The scripted model server. It serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    queue: Queue,
    thread: Option<JoinHandle<()>>,
}

type Queue = mpsc::UnboundedSender<Message>;

/// What the desk is asked; in one queue, so that a registration is known before its first request.
enum Message {
    Register {
        token: String,
        key: String,
        call: Box<RehearsedCall>,
    },
    Models {
        visitor: Visitor,
        reply: oneshot::Sender<Result<String, DeskError>>,
    },
    Answer {
        visitor: Visitor,
        body: Bytes,
        reply: oneshot::Sender<Result<Reply, DeskError>>,
    },
    Received {
        reply: std::sync::mpsc::SyncSender<Vec<Received>>,
    },
    Stop,
}

/// Who asks: the token of the path, and the key.
struct Visitor {
    token: String,
    key: Option<String>,
}

impl Server {
    /// Starts to serve a scenario on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// [`RehearsalError::Start`] if there is no port or no thread to be had.
    pub fn start(scenario: Scenario) -> Result<Self, RehearsalError> {
        Self::with_desk(Desk::new(scenario, None))
    }

    /// Starts to serve, and appends each [`Received`] to a file, one JSON object a line. If the
    /// file cannot be written any more, the rehearsal goes on without it.
    ///
    /// # Errors
    /// As [`Server::start`], and [`RehearsalError::Log`] if the file cannot be opened.
    pub fn start_logged(scenario: Scenario, log: &Path) -> Result<Self, RehearsalError> {
        let file: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(|source| RehearsalError::Log {
                path: log.to_owned(),
                source,
            })?;
        Self::with_desk(Desk::new(scenario, Some(file)))
    }

    fn with_desk(desk: Desk) -> Result<Self, RehearsalError> {
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
                    let serving = serve(listener, desk, messages, for_connections);
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
    mut desk: Desk,
    mut messages: mpsc::UnboundedReceiver<Message>,
    queue: Queue,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        tokio::select! {
            biased;
            message = messages.recv() => match message {
                Some(Message::Stop) | None => return Ok(()),
                Some(message) => attend(&mut desk, message),
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(converse(stream, queue.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// Replies go to whoever still waits for them.
fn attend(desk: &mut Desk, message: Message) {
    match message {
        Message::Register { token, key, call } => desk.register(token, key, *call),
        Message::Models { visitor, reply } => {
            let _ = reply.send(desk.model(&visitor.token, visitor.key.as_deref()));
        }
        Message::Answer {
            visitor,
            body,
            reply,
        } => {
            let answer = desk.answer(&visitor.token, visitor.key.as_deref(), &body);
            let _ = reply.send(answer);
        }
        Message::Received { reply } => {
            let _ = reply.send(desk.received().to_vec());
        }
        Message::Stop => {}
    }
}

async fn converse(stream: TcpStream, queue: Queue) {
    // Small events must not wait for each other.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(request, queue.clone()));
    // An error is a client that broke off, or a drop that the scenario wants.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A request that is to be dropped before an answer; hyper then closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("dropped as the scenario wants it")]
struct Hangup;

async fn respond(
    request: Request<Incoming>,
    queue: Queue,
) -> Result<Response<ScriptedBody>, Hangup> {
    let path = request.uri().path().to_owned();
    let Some((token, route)) = path.trim_start_matches('/').split_once('/') else {
        return Ok(plain(
            StatusCode::NOT_FOUND,
            "this server speaks under /TOKEN/v1 only",
        ));
    };
    let key = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let key = key
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let visitor = Visitor {
        token: token.to_owned(),
        key,
    };
    match (request.method(), route) {
        (&Method::GET, "v1/models") => Ok(models(visitor, &queue).await),
        (&Method::POST, "v1/chat/completions") => complete(request, visitor, &queue).await,
        (_, "v1/models" | "v1/chat/completions") => Ok(plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong method for this path",
        )),
        (_, _) => Ok(plain(
            StatusCode::NOT_FOUND,
            "no such path: chat completions and models only",
        )),
    }
}

async fn models(visitor: Visitor, queue: &Queue) -> Response<ScriptedBody> {
    let (reply, answer) = oneshot::channel();
    let _ = queue.send(Message::Models { visitor, reply });
    match answer.await {
        Ok(Ok(model)) => json(StatusCode::OK, wire::models(&model)),
        Ok(Err(error)) => refused(&error),
        Err(_gone) => plain(StatusCode::SERVICE_UNAVAILABLE, "the rehearsal is over"),
    }
}

async fn complete(
    request: Request<Incoming>,
    visitor: Visitor,
    queue: &Queue,
) -> Result<Response<ScriptedBody>, Hangup> {
    let body = match Limited::new(request.into_body(), LARGEST_REQUEST)
        .collect()
        .await
    {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request is larger than 64 MiB",
            ));
        }
        Err(_broken_off) => return Err(Hangup),
    };
    let (reply, answer) = oneshot::channel();
    let _ = queue.send(Message::Answer {
        visitor,
        body,
        reply,
    });
    let Reply {
        delay,
        answer,
        request,
    } = match answer.await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => return Ok(refused(&error)),
        Err(_gone) => return Err(Hangup),
    };
    if delay.0 > 0 {
        tokio::time::sleep(delay.into()).await;
    }
    match answer {
        Answer::Completion(completion) => Ok(completed(&completion, &request)),
        Answer::Refusal(refusal) => Ok(scripted_error(&refusal)),
        Answer::Drop => Err(Hangup),
        Answer::Stall => std::future::pending().await,
    }
}

fn completed(completion: &Completion, request: &ChatRequest) -> Response<ScriptedBody> {
    let end = match completion.fate {
        Fate::Arrives | Fate::Garbled => End::Clean,
        Fate::Dropped => End::Drop,
        Fate::Stalled => End::Never,
    };
    let body = ScriptedBody::new(wire::pieces(completion, request), end);
    with_type(StatusCode::OK, wire::media_type(request), body)
}

fn scripted_error(refusal: &Refusal) -> Response<ScriptedBody> {
    let status = StatusCode::from_u16(refusal.status).expect("checked when the scenario was read");
    let mut response = match &refusal.body {
        None => plain(status, &format!("rehearsed error {status}")),
        Some(body) if body.trim_start().starts_with(['{', '[']) => json(status, body.clone()),
        Some(body) if body.trim_start().starts_with('<') => {
            with_type(status, "text/html", whole(body.clone()))
        }
        Some(body) => with_type(status, "text/plain; charset=utf-8", whole(body.clone())),
    };
    for (name, value) in &refusal.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        // Both were checked when the scenario was read.
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refused(error: &DeskError) -> Response<ScriptedBody> {
    let status = match error {
        DeskError::Stranger => StatusCode::NOT_FOUND,
        DeskError::WrongKey => StatusCode::UNAUTHORIZED,
        DeskError::Unreadable(_) => StatusCode::BAD_REQUEST,
    };
    plain(status, &error.to_string())
}

/// An error in OpenAI's form.
fn plain(status: StatusCode, message: &str) -> Response<ScriptedBody> {
    json(status, wire::error_body(status.as_u16(), message))
}

fn json(status: StatusCode, body: String) -> Response<ScriptedBody> {
    with_type(status, "application/json", whole(body))
}

fn whole(body: String) -> ScriptedBody {
    ScriptedBody::new(vec![Bytes::from(body)], End::Clean)
}

fn with_type(
    status: StatusCode,
    media_type: &'static str,
    body: ScriptedBody,
) -> Response<ScriptedBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let value = hyper::header::HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
