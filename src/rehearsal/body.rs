//! A response body that can end in more ways than a proper one.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// How a body ends after its last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Clean,
    Drop,
    Never,
}

/// Pieces, then an end.
#[derive(Debug)]
pub(super) struct ScriptedBody {
    pieces: VecDeque<Bytes>,
    end: End,
    flushed: bool,
    /// Announced in the headers; without it the body is chunked.
    length: Option<u64>,
}

/// The connection was to be dropped here.
#[derive(Debug, thiserror::Error)]
#[error("dropped as the scenario wants it")]
pub(super) struct Dropped;

impl ScriptedBody {
    /// A body of these pieces, of a length that is not known before.
    pub(super) fn new(pieces: Vec<Bytes>, end: End) -> Self {
        let pieces = pieces.into();
        Self {
            pieces,
            end,
            flushed: false,
            length: None,
        }
    }

    /// A body of one piece that ends properly.
    pub(super) fn whole(piece: Bytes) -> Self {
        let length = Some(piece.len() as u64);
        Self {
            length,
            ..Self::new(vec![piece], End::Clean)
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

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
