//! Where something is in a source.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// A stretch of one line of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters; at least 1.
    pub len: usize,
}

impl Place {
    /// The place of some bytes of a text, which begin and end between characters.
    pub fn within(text: &str, bytes: Range<usize>) -> Self {
        let before = text.get(..bytes.start).unwrap_or_default();
        let inside = text.get(bytes).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            len: inside.chars().count().max(1),
        }
    }
}

/// A place with the name of its source: enough to speak about it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    pub source: Arc<str>,
    pub place: Place,
    /// Of a text in a literal block (`|`): by how many characters its lines are indented.
    pub indent: Option<usize>,
}

/// A value with its spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub spot: Spot,
}

impl<T> Spanned<T> {
    /// The same spot with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: change(self.value),
            spot: self.spot,
        }
    }
}

impl Spanned<String> {
    /// The spot of a part of a text, given in bytes of the value. Where the source does not hold the
    /// value as it is (escapes, folded lines), the whole text's spot.
    pub fn part(&self, bytes: Range<usize>) -> Spot {
        let (Some(before), Some(inside)) = (
            self.value.get(..bytes.start),
            self.value.get(bytes.start..bytes.end),
        ) else {
            return self.spot.clone();
        };
        if let Some(indent) = self.spot.indent {
            let mut place = Place::within(&self.value, bytes);
            // The parser gives the first line with something in it.
            let lines = self.value.lines();
            let blank = lines.take_while(|line| line.trim().is_empty()).count();
            place.line = (place.line + self.spot.place.line).saturating_sub(1 + blank);
            place.column += indent;
            return Spot {
                place,
                ..self.spot.clone()
            };
        }
        // A plain scalar is as long as its value, a quoted one without escapes two characters longer.
        let quote = match self.spot.place.len.checked_sub(self.value.chars().count()) {
            Some(0) => 0,
            Some(2) => 1,
            Some(_) | None => return self.spot.clone(),
        };
        Spot {
            source: self.spot.source.clone(),
            place: Place {
                line: self.spot.place.line,
                column: self.spot.place.column + quote + before.chars().count(),
                len: inside.chars().count().max(1),
            },
            indent: None,
        }
    }
}
