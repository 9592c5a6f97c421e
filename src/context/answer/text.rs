//! Files of an agent as text, and what is wrong with those that are none.

use super::LIMIT;
use crate::context::contract::OUT;
use crate::model::{Failure, FailureKind};

/// A file's text exactly as it is; `None` if it is not there or blank.
pub(super) fn text_of(bytes: Option<&[u8]>, name: &str) -> Result<Option<String>, Failure> {
    let Some(bytes) = bytes.filter(|bytes| !is_blank(Some(bytes))) else {
        return Ok(None);
    };
    let path = format!("`{OUT}/{name}`");
    if bytes.len() > LIMIT {
        return Err(too_large(&path, bytes.len()));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => {
            let what = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                "is UTF-16; UTF-8 is expected".to_owned()
            } else {
                format!("is not UTF-8 (byte {})", error.valid_up_to() + 1)
            };
            Err(Failure::new(
                FailureKind::BadOutput,
                format!("{path} {what}"),
            ))
        }
    }
}

/// Whether a file is not there or holds nothing to be read.
pub(super) fn is_blank(bytes: Option<&[u8]>) -> bool {
    bytes.is_none_or(|bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_nothing))
    })
}

/// Whether a character shows nothing.
pub(super) fn is_nothing(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\0')
}

/// The failure of what is larger than allowed.
pub(super) fn too_large(what: &str, bytes: usize) -> Failure {
    let message = format!("{what} is too large: {bytes} bytes, {LIMIT} are allowed");
    Failure::new(FailureKind::BadOutput, message)
}

/// The failure of an agent that left nothing to go on with.
pub(super) fn nothing(name: &str) -> Failure {
    let message = format!(
        "the agent left no text: `{OUT}/{name}` is missing or empty, and so is its final message"
    );
    Failure::new(FailureKind::NoDeliverable, message)
}
