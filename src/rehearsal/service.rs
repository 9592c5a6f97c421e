//! HTTP: one connection, from the request's path and key to the response and its ending.

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::answer::{Answer, Completion, Transmission};
use super::body::{End, ScriptedBody};
use super::message::{Message, Queue, Visitor};
use super::request::ChatRequest;
use super::server_state::{Reply, ServerStateError};
use super::{Refusal, wire};

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
        let name = HeaderName::from_bytes(name.as_bytes());
        // Both were checked when the scenario was read.
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refused(error: &ServerStateError) -> Response<ScriptedBody> {
    let status = match error {
        ServerStateError::Stranger => StatusCode::NOT_FOUND,
        ServerStateError::WrongKey => StatusCode::UNAUTHORIZED,
        ServerStateError::Unreadable(_) => StatusCode::BAD_REQUEST,
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
