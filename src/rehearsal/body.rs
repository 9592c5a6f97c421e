//! A response body that can end in more ways than a proper one.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

/// How a body ends after its last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Properly.
    Clean,
    /// The connection is dropped.
    Drop,
    /// Nothing more comes.
    Never,
}

/// Pieces, then an end.
#[derive(Debug)]
pub(super) struct ScriptedBody {
    pieces: VecDeque<Bytes>,
    end: End,
    flushed: bool,
}

/// The connection was to be dropped here.
#[derive(Debug, thiserror::Error)]
#[error("dropped as the scenario wants it")]
pub(super) struct Dropped;

impl ScriptedBody {
    /// A body of these pieces.
    pub(super) fn new(pieces: Vec<Bytes>, end: End) -> Self {
        Self {
            pieces: pieces.into(),
            end,
            flushed: false,
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if let Some(piece) = self.pieces.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.end {
            End::Clean => Poll::Ready(None),
            End::Drop if self.flushed => Poll::Ready(Some(Err(Dropped))),
            // hyper throws away what it has buffered when a body fails, and flushes when a body
            // waits: so it is made to wait once, and the client gets the pieces before the drop.
            End::Drop => {
                self.flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            // Nobody wakes this: the client goes away, or the server is dropped.
            End::Never => Poll::Pending,
        }
    }
}
