//! Server-sent events, and how an answer that is made of them breaks.

use hyper::body::Bytes;
use serde_json::Value;

use super::super::completion::Transmission;

/// Texts are streamed in pieces of at most this many bytes.
const PIECE: usize = 512;

/// A streamed answer, in the parts which a broken transmission tells apart.
#[derive(Default)]
pub(super) struct Events {
    /// The opening and the text.
    pub text: Vec<Bytes>,
    pub calls: Vec<Bytes>,
    pub end: Vec<Bytes>,
    /// An event that is cut in the middle of its JSON.
    pub garbled: &'static [u8],
}

impl Events {
    /// What of it comes through.
    pub(super) fn sent(mut self, transmission: Transmission) -> Vec<Bytes> {
        match transmission {
            Transmission::Arrives => [self.text, self.calls, self.end].concat(),
            Transmission::Dropped | Transmission::Stalled => {
                // The text came through, the tool calls only half.
                self.calls.truncate(self.calls.len() / 2);
                [self.text, self.calls].concat()
            }
            Transmission::Garbled => {
                self.text.truncate(1);
                self.text.push(Bytes::from_static(self.garbled));
                self.text
            }
        }
    }
}

pub(super) fn data(event: &Value) -> Bytes {
    Bytes::from(format!("data: {event}\n\n"))
}

/// An event that has the name of its `type`.
pub(super) fn named(event: &Value) -> Bytes {
    let name = event["type"].as_str().unwrap_or("message");
    Bytes::from(format!("event: {name}\ndata: {event}\n\n"))
}

/// The text in pieces, cut between characters.
pub(super) fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lose_nothing() {
        let text = "aü€𝄞".repeat(1000);
        assert!(cut(&text).all(|piece| piece.len() <= PIECE && !piece.is_empty()));
        assert_eq!(cut(&text).collect::<String>(), text);
        assert_eq!(cut("").count(), 0);
    }
}
