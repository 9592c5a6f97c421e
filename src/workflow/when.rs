//! What is under `when`: one comparison.

use std::ops::Range;

use crate::yaml::{Diagnostic, Spanned, Spot, did_you_mean};

const FORMS: &str = "write `NAME == VALUE` for a declared input, `PHASE.verdict == pass` or \
                     `PHASE.tests == fail`; `!=` means the opposite";

/// A condition as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub text: Spanned<String>,
    pub subject: Spanned<WhenSubject>,
    pub value: Spanned<String>,
    /// Whether it must be different instead of equal.
    pub negated: bool,
}

/// What a condition looks at; whether it exists is not looked at here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhenSubject {
    /// `NAME` or `inputs.NAME`.
    Input(String),
    /// `PHASE.verdict`.
    Verdict(String),
    /// `PHASE.tests`.
    Tests(String),
}

impl When {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// If it has none of the forms, or compares a verdict with something that no verdict can be.
    pub(super) fn read(text: &Spanned<String>) -> Result<Self, Box<Diagnostic>> {
        let written = text.value.as_str();
        let operators: Vec<(usize, &str)> = ["==", "!="]
            .into_iter()
            .flat_map(|operator| written.match_indices(operator))
            .collect();
        let (at, operator) = match operators.as_slice() {
            [one] => *one,
            [] => return Err(mistake(&text.spot, format!("`{written}` compares nothing"))),
            _ => {
                let message = format!("`{written}` is more than one comparison");
                return Err(mistake(&text.spot, message));
            }
        };
        let left = trimmed(written, 0..at);
        let right = trimmed(written, at + operator.len()..written.len());
        if left.is_empty() || right.is_empty() {
            let message = format!("`{written}` needs something on both sides of `{operator}`");
            return Err(mistake(&text.spot, message));
        }
        let subject = read_subject(text, left)?;
        let value = Spanned {
            value: unquoted(&written[right.clone()]).to_owned(),
            spot: text.part(right),
        };
        check_value(&subject.value, &value)?;
        Ok(Self {
            text: text.clone(),
            subject,
            value,
            negated: operator == "!=",
        })
    }
}

fn mistake(spot: &Spot, message: String) -> Box<Diagnostic> {
    Box::new(spot.error("bad-condition", message).with_hint(FORMS))
}

fn read_subject(
    text: &Spanned<String>,
    bytes: Range<usize>,
) -> Result<Spanned<WhenSubject>, Box<Diagnostic>> {
    let written = &text.value[bytes.clone()];
    let subject = match written.split_once('.') {
        None => WhenSubject::Input(written.to_owned()),
        Some(("inputs", name)) => WhenSubject::Input(name.to_owned()),
        Some((phase, "verdict")) => WhenSubject::Verdict(phase.to_owned()),
        Some((phase, "tests")) => WhenSubject::Tests(phase.to_owned()),
        Some((phase, part)) => {
            let place = text.part(bytes.start + phase.len() + 1..bytes.end);
            let message = format!("a condition cannot look at `{part}` of a phase");
            let mistake = place
                .error("bad-condition", message)
                .with_hint_opt(did_you_mean(part, ["verdict", "tests"]));
            return Err(Box::new(mistake));
        }
    };
    Ok(Spanned {
        value: subject,
        spot: text.part(bytes),
    })
}

/// A verdict passes or fails; nothing else would ever hold.
fn check_value(subject: &WhenSubject, value: &Spanned<String>) -> Result<(), Box<Diagnostic>> {
    let what = match subject {
        WhenSubject::Input(_) => return Ok(()),
        WhenSubject::Verdict(_) => "a verdict is",
        WhenSubject::Tests(_) => "tests are",
    };
    if matches!(value.value.as_str(), "pass" | "fail") {
        return Ok(());
    }
    let message = format!("{what} `pass` or `fail`, never `{}`", value.value);
    let mistake = value
        .spot
        .error("unknown-value", message)
        .with_hint_opt(did_you_mean(&value.value, ["pass", "fail"]));
    Err(Box::new(mistake))
}

/// The bytes without white space around them.
fn trimmed(text: &str, bytes: Range<usize>) -> Range<usize> {
    let part = &text[bytes.clone()];
    let start = bytes.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// The text between quotes, if it is between quotes.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}
