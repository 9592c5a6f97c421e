//! HTTP: one connection, from the request's path and key to the response and its ending.

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Refusal;
use super::answer::Answer;
use super::body::{End, ScriptedBody};
use super::completion::{Completion, Transmission};
use super::message::{Message, Queue, Visitor};
use super::request::{ModelRequest, Wire};
use super::server_state::{Reply, ServerStateError};
use super::wire::{self, Asked, Target};

/// Larger requests are refused; no model reads as much.
const LARGEST_REQUEST: usize = 64 << 20;

/// Serves one connection until it ends.
pub(super) async fn converse(stream: TcpStream, queue: Queue) {
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
            Wire::Chat,
            StatusCode::NOT_FOUND,
            "this server speaks under /TOKEN/v1 and /TOKEN/v1beta only",
        ));
    };
    let visitor = Visitor {
        token: token.to_owned(),
        key: key(&request),
    };
    match (request.method(), wire::asked(route)) {
        (&Method::GET, Some(Asked::Models)) => {
            Ok(tell(Wire::Chat, visitor, &queue, wire::models).await)
        }
        (&Method::POST, Some(Asked::Answer(wire, target))) => {
            complete(request, wire, target, visitor, &queue).await
        }
        (&Method::POST, Some(Asked::Tokens(wire, target))) => {
            Ok(match read(request, wire, target).await? {
                Ok(request) => tell(wire, visitor, &queue, |_| wire.tokens(request.tokens)).await,
                Err(response) => *response,
            })
        }
        // Codex would rather have a WebSocket, and goes on without one when it is told so.
        (&Method::GET, Some(Asked::Answer(wire, _))) if request.headers().contains_key(UPGRADE) => {
            let status = StatusCode::UPGRADE_REQUIRED;
            Ok(plain(wire, status, "there are no WebSockets here"))
        }
        (_, Some(Asked::Answer(wire, _) | Asked::Tokens(wire, _))) => Ok(wrong_method(wire)),
        (_, Some(Asked::Models)) => Ok(wrong_method(Wire::Chat)),
        (_, None) => Ok(plain(
            Wire::Chat,
            StatusCode::NOT_FOUND,
            "no such path: chat completions, messages, responses, generateContent and models only",
        )),
    }
}

/// The key, wherever the client's wire has it.
fn key(request: &Request<Incoming>) -> Option<String> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    let query = request.uri().query().unwrap_or_default();
    let in_query = || query.split('&').find_map(|pair| pair.strip_prefix("key="));
    bearer
        .or_else(|| header("x-api-key"))
        .or_else(|| header("x-goog-api-key"))
        .or_else(in_query)
        .map(str::to_owned)
}

/// Says something to whoever has the key; `say` gets the model that the endpoint stands for.
async fn tell(
    wire: Wire,
    visitor: Visitor,
    queue: &Queue,
    say: impl FnOnce(&str) -> String,
) -> Response<ScriptedBody> {
    let (reply, answer) = oneshot::channel();
    let _ = queue.send(Message::Models { visitor, reply });
    let status = StatusCode::SERVICE_UNAVAILABLE;
    match answer.await {
        Ok(Ok(model)) => json(StatusCode::OK, say(&model)),
        Ok(Err(error)) => refused(wire, &error),
        Err(_gone) => plain(wire, status, "the rehearsal is over"),
    }
}

/// The request, or what to say of it.
async fn read(
    request: Request<Incoming>,
    wire: Wire,
    target: Target<'_>,
) -> Result<Result<ModelRequest, Box<Response<ScriptedBody>>>, Hangup> {
    let body = match Limited::new(request.into_body(), LARGEST_REQUEST)
        .collect()
        .await
    {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            let response = plain(wire, status, "the request is larger than 64 MiB");
            return Ok(Err(Box::new(response)));
        }
        Err(_broken_off) => return Err(Hangup),
    };
    Ok(wire.decode(target, &body).map_err(|error| {
        let message = format!("not a request of this kind: {error}");
        Box::new(plain(wire, StatusCode::BAD_REQUEST, &message))
    }))
}

async fn complete(
    request: Request<Incoming>,
    wire: Wire,
    target: Target<'_>,
    visitor: Visitor,
    queue: &Queue,
) -> Result<Response<ScriptedBody>, Hangup> {
    let request = match read(request, wire, target).await? {
        Ok(request) => Box::new(request),
        Err(response) => return Ok(*response),
    };
    let (reply, answer) = oneshot::channel();
    let _ = queue.send(Message::Answer {
        visitor,
        request,
        reply,
    });
    let Reply {
        delay,
        answer,
        request,
    } = match answer.await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => return Ok(refused(wire, &error)),
        Err(_gone) => return Err(Hangup),
    };
    if delay.0 > 0 {
        tokio::time::sleep(delay.into()).await;
    }
    match answer {
        Answer::Completion(completion) => Ok(completed(&completion, &request)),
        Answer::Refusal(refusal) => Ok(scripted_error(wire, &refusal)),
        Answer::Drop => Err(Hangup),
        Answer::Stall => std::future::pending().await,
    }
}

fn completed(completion: &Completion, request: &ModelRequest) -> Response<ScriptedBody> {
    let end = match completion.transmission {
        Transmission::Arrives | Transmission::Garbled => End::Clean,
        Transmission::Dropped => End::Drop,
        Transmission::Stalled => End::Never,
    };
    let pieces = wire::pieces(completion, request);
    let body = match (end, request.stream) {
        (End::Clean, false) => ScriptedBody::whole(pieces.concat().into()),
        (_, _) => ScriptedBody::new(pieces, end),
    };
    with_type(StatusCode::OK, wire::media_type(request), body)
}

fn scripted_error(wire: Wire, refusal: &Refusal) -> Response<ScriptedBody> {
    let status = StatusCode::from_u16(refusal.status).expect("checked when the scenario was read");
    let mut response = match &refusal.body {
        None => {
            let words = refusal.cause.map(|cause| wire.words(cause).to_owned());
            let words = words.unwrap_or_else(|| format!("rehearsed error {status}"));
            json(status, wire.error(refusal.status, &words, Some(refusal)))
        }
        Some(body) if body.trim_start().starts_with(['{', '[']) => json(status, body.clone()),
        Some(body) if body.trim_start().starts_with('<') => {
            with_type(status, "text/html", whole(body.clone()))
        }
        Some(body) => with_type(status, "text/plain; charset=utf-8", whole(body.clone())),
    };
    for (name, value) in &refusal.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        // Both were checked when the scenario was read.
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refused(wire: Wire, error: &ServerStateError) -> Response<ScriptedBody> {
    let status = match error {
        ServerStateError::Stranger => StatusCode::NOT_FOUND,
        ServerStateError::WrongKey => StatusCode::UNAUTHORIZED,
    };
    plain(wire, status, &error.to_string())
}

fn wrong_method(wire: Wire) -> Response<ScriptedBody> {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    plain(wire, status, "wrong method for this path")
}

/// An error in the wire's form.
fn plain(wire: Wire, status: StatusCode, message: &str) -> Response<ScriptedBody> {
    json(status, wire.error(status.as_u16(), message, None))
}

fn json(status: StatusCode, body: String) -> Response<ScriptedBody> {
    with_type(status, "application/json", whole(body))
}

fn whole(body: String) -> ScriptedBody {
    ScriptedBody::whole(Bytes::from(body))
}

fn with_type(
    status: StatusCode,
    media_type: &'static str,
    body: ScriptedBody,
) -> Response<ScriptedBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let value = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
