//! What the threads of agents and connections ask the one state.

use tokio::sync::{mpsc, oneshot};

use super::request::ModelRequest;
use super::server_state::{Reply, ServerStateError};
use super::{Received, RehearsedCall};

/// The way to the server state.
pub(super) type Queue = mpsc::UnboundedSender<Message>;

/// What the server state is asked; in one queue, so that a registration is known before its first request.
pub(super) enum Message {
    Register {
        token: String,
        key: String,
        call: Box<RehearsedCall>,
    },
    Models {
        visitor: Visitor,
        reply: oneshot::Sender<Result<String, ServerStateError>>,
    },
    Answer {
        visitor: Visitor,
        request: Box<ModelRequest>,
        reply: oneshot::Sender<Result<Reply, ServerStateError>>,
    },
    Received {
        reply: std::sync::mpsc::SyncSender<Vec<Received>>,
    },
    Stop,
}

pub(super) struct Visitor {
    pub token: String,
    /// The bearer token or what the client's wire has instead, if there is one.
    pub key: Option<String>,
}
