//! Reading one JSON document of the user's, with comments, and saying where it is broken.

use std::io;
use std::path::Path;

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde_json::{Map, Value};

use crate::agents::LaunchError;
use crate::files;

/// Most bytes of such a document.
const LARGEST: u64 = 16 << 20;

/// A file's text; `None` if it is not there.
pub(super) fn text(path: &Path) -> Result<Option<String>, LaunchError> {
    let read = files::read(path, LARGEST).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    match read {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(LaunchError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The object in a text; an empty text is an empty object. `place` names the text in errors.
pub(super) fn object(text: &str, place: &str) -> Result<Map<String, Value>, LaunchError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParseOptions {
        allow_missing_commas: false,
        ..ParseOptions::default()
    };
    let value: Value =
        parse_to_serde_value(text, &options).map_err(|error| LaunchError::Syntax {
            place: place.to_owned(),
            line: error.line_display(),
            column: error.column_display(),
            message: error.kind().to_string(),
        })?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            Err(LaunchError::Shape {
                place: place.to_owned(),
                key: "(the document)".to_owned(),
                expected: "an object",
            })
        }
    }
}
