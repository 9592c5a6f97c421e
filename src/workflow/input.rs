//! What is under `input`.

use crate::yaml::{Diagnostic, Spanned, did_you_mean};

use super::paths::{check_glob, check_inside};

/// A named input as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `request`.
    Request,
    /// `PHASE.PART`.
    Phase { phase: String, part: Part },
    /// `file:GLOB`, relative to the project.
    Files(String),
}

/// What of a phase is an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its deliverable, raw: `output` or `outputs`.
    Output,
    Handoff,
    Changes,
    /// The result of its `verify`.
    Tests,
}

const PARTS: &[(&str, Part)] = &[
    ("output", Part::Output),
    ("outputs", Part::Output),
    ("handoff", Part::Handoff),
    ("changes", Part::Changes),
    ("tests", Part::Tests),
];

impl Part {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Handoff => "handoff",
            Self::Changes => "changes",
            Self::Tests => "tests",
        }
    }
}

impl Input {
    /// Reads one item.
    ///
    /// # Errors
    ///
    /// If it has none of the forms. Whether the phase exists is not looked at here.
    pub(super) fn read(text: &Spanned<String>) -> Result<Self, Box<Diagnostic>> {
        let written = text.value.as_str();
        if written == "request" {
            return Ok(Self::Request);
        }
        if let Some(glob) = written.strip_prefix("file:") {
            let mistake = |code, reason: &str, hint: Option<String>| {
                let mistake = text
                    .spot
                    .error(code, format!("the input `{written}` {reason}"));
                Box::new(mistake.with_hint_opt(hint))
            };
            check_inside(glob).map_err(|reason| mistake("bad-path", reason, None))?;
            let hint = "the signs themselves are written `[[]`, `[{]`, `[*]`, `[?]`".to_owned();
            check_glob(glob).map_err(|reason| mistake("bad-glob", &reason, Some(hint)))?;
            return Ok(Self::Files(glob.to_owned()));
        }
        let Some((phase, part)) = written.rsplit_once('.') else {
            let mistake = text
                .spot
                .error("bad-input", format!("`{written}` is no input"))
                .with_hint(format!(
                    "write `{written}.output` for a phase's document, `request`, or `file:PATH`"
                ));
            return Err(Box::new(mistake));
        };
        match PARTS.iter().find(|(word, _)| *word == part) {
            Some((_, part)) => Ok(Self::Phase {
                phase: phase.to_owned(),
                part: *part,
            }),
            None => {
                let place = text.part(phase.len() + 1..written.len());
                let mistake = place
                    .error("bad-input", format!("a phase has no `{part}`"))
                    .with_hint_opt(did_you_mean(part, PARTS.iter().map(|(word, _)| *word)));
                Err(Box::new(mistake))
            }
        }
    }
}
