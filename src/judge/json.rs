//! Finding the JSON object in what a model wrote.
//!
//! Models wrap JSON in fences and sentences and leave commas before closing brackets. That is
//! forgiven where only one reading is possible, and each thing forgiven is named in a remark. Two
//! objects where one is expected, or an object that is cut off, are errors: nothing is guessed.

use jsonc_parser::ParseOptions;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The largest structured answer that is read, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The only JSON object in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonObject {
    /// Its members, in their order.
    pub members: Map<String, Value>,
    /// What had to be forgiven, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads the one JSON object in `text`.
///
/// # Errors
///
/// One sentence: the text is empty, too large, holds no JSON object, an unfinished one, or several
/// that differ.
pub fn read_object(text: &str) -> Result<JsonObject, String> {
    if text.len() > LIMIT {
        return Err(format!(
            "{} bytes are too many; {LIMIT} are allowed",
            text.len()
        ));
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("the text is empty; a JSON object is expected".to_owned());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(members)) => {
            return Ok(JsonObject {
                members,
                remarks: Vec::new(),
            });
        }
        Ok(other) => return Err(format!("a JSON object is expected, not {}", kind(&other))),
        Err(_) => {}
    }
    search(text)
}

/// The members as a typed value.
///
/// # Errors
///
/// One sentence with the place in the JSON: `scores.A: invalid type …`.
pub fn typed<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, String> {
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let path = error.path().to_string();
        match path.as_str() {
            "." => error.inner().to_string(),
            _ => format!("{path}: {}", error.inner()),
        }
    })
}

/// Looks for objects among other text.
fn search(text: &str) -> Result<JsonObject, String> {
    let mut found: Option<(&str, JsonObject)> = None;
    let mut first_error = None;
    let mut from = 0;
    while let Some(start) = text[from..].find('{').map(|offset| from + offset) {
        let Some(length) = balanced(&text[start..]) else {
            first_error.get_or_insert_with(|| {
                format!(
                    "the JSON object on line {} has no end",
                    line_of(text, start)
                )
            });
            break;
        };
        let span = &text[start..start + length];
        match parse(span) {
            Ok(object) => match &found {
                Some((_, earlier)) if earlier.members != object.members => {
                    return Err("there are several JSON objects; one is expected".to_owned());
                }
                Some(_) => {}
                None => found = Some((span, object)),
            },
            Err(error) => {
                first_error.get_or_insert_with(|| {
                    format!(
                        "not valid JSON from line {} on: {error}",
                        line_of(text, start)
                    )
                });
            }
        }
        // Not inside: a part of a broken object must never pass for the object.
        from = start + length;
    }
    match found {
        Some((span, mut object)) => {
            if span.len() < text.len() {
                object
                    .remarks
                    .insert(0, "text around the JSON object was ignored".to_owned());
            }
            Ok(object)
        }
        None => Err(first_error.unwrap_or_else(|| "there is no JSON object".to_owned())),
    }
}

/// Strict JSON first; then the same with trailing commas and comments, and nothing else.
fn parse(span: &str) -> Result<JsonObject, String> {
    let strict = match serde_json::from_str::<Map<String, Value>>(span) {
        Ok(members) => {
            return Ok(JsonObject {
                members,
                remarks: Vec::new(),
            });
        }
        Err(error) => error,
    };
    match jsonc_parser::parse_to_serde_value::<Value>(span, &LENIENT) {
        Ok(Value::Object(members)) => {
            let remark = "trailing commas or comments in the JSON were ignored".to_owned();
            Ok(JsonObject {
                members,
                remarks: vec![remark],
            })
        }
        Ok(_) | Err(_) => Err(strict.to_string()),
    }
}

const LENIENT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Length in bytes of the balanced `{ … }` at the beginning of `text`; brackets in strings do not
/// count. `None` if it is not closed.
fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].bytes().filter(|byte| *byte == b'\n').count() + 1
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;
    use serde_json::json;

    use super::*;

    fn members(text: &str) -> Value {
        Value::Object(read_object(text).expect("readable").members)
    }

    #[test]
    fn plain_object_needs_no_remark() {
        let object = read_object("\u{feff} {\"a\": 1}\n").expect("readable");
        assert_eq!(Value::Object(object.members), json!({"a": 1}));
        assert!(object.remarks.is_empty());
    }

    #[test]
    fn fences_prose_and_trailing_commas_are_forgiven_with_a_remark() {
        let text = "Here it is:\n```json\n{\"a\": [1, 2,], // two\n \"b\": \"}{\",}\n```\nBye.";
        let object = read_object(text).expect("readable");
        assert_eq!(
            Value::Object(object.members),
            json!({"a": [1, 2], "b": "}{"})
        );
        assert_eq!(object.remarks.len(), 2);
    }

    #[test]
    fn braces_in_prose_are_skipped() {
        assert_eq!(members("for {feature}: {\"a\": 1}"), json!({"a": 1}));
    }

    #[test]
    fn the_same_object_twice_is_one_and_two_objects_are_none() {
        assert_eq!(members("{\"a\": 1} again: {\"a\":1}"), json!({"a": 1}));
        let error = read_object("{\"a\": 1} or {\"a\": 2}").expect_err("ambiguous");
        assert!(error.contains("several"), "{error}");
    }

    #[test]
    fn part_of_a_broken_object_never_passes_for_it() {
        let error = read_object("{\"a\": {\"b\": 1}, oops}").expect_err("broken");
        assert!(error.contains("not valid JSON from line 1 on"), "{error}");
        let error = read_object("x\n{\"a\": {\"b\": 1}").expect_err("cut off");
        assert_eq!(error, "the JSON object on line 2 has no end");
    }

    #[test]
    fn other_values_and_nothing_are_named() {
        assert!(read_object("[1]").expect_err("list").contains("a list"));
        assert!(read_object(" \n").expect_err("empty").contains("empty"));
        assert!(
            read_object("Sorry.")
                .expect_err("prose")
                .contains("no JSON object")
        );
        let large = format!("{{\"a\": \"{}\"}}", "x".repeat(LIMIT));
        assert!(read_object(&large).expect_err("large").contains("too many"));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let deep = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        read_object(&deep).expect_err("too deep");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[{}\\[\\]\",:\\\\a1 \\n`é]{0,80}") {
            let _ = read_object(&text);
        }
    }
}
