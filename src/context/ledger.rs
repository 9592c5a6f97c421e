//! The context ledger: what exactly a call saw, and why (`context.json`).

use serde::{Deserialize, Serialize};

use super::neighbours::Neighbours;
use super::part::{Part, PartKind};
use super::tokens;
use crate::model::{CallId, Digest, ModelName, PhaseName, Purpose};
use crate::plan::Strategy;

/// How large a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Size {
    /// In bytes.
    pub bytes: u64,
    pub tokens: u64,
}

impl Size {
    pub(super) fn of(text: &str) -> Self {
        Self {
            bytes: text.len() as u64,
            tokens: tokens(text),
        }
    }
}

/// One part of the prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPart {
    pub name: String,
    pub kind: PartKind,
    /// Where it comes from: `phase plan, handoff`, `request`, `AGENTS.md`, `built-in template plan`.
    pub source: String,
    pub why: String,
    /// Digest of the file it was read from, if there is one. A handoff is rendered from that file,
    /// so its bytes here differ from the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Size in bytes, as it stands in the prompt.
    pub bytes: u64,
    pub tokens: u64,
    /// Whether the tokens are an estimate rather than counted by the model's own tokenizer.
    pub tokens_estimated: bool,
}

/// What a call saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub call: CallId,
    pub phase: PhaseName,
    pub purpose: Purpose,
    pub strategy: Strategy,
    pub model: ModelName,
    /// Size of the model's window in tokens, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The parts, in their order in the prompt.
    pub parts: Vec<LedgerPart>,
    /// The lines between the parts, put there by tipstaff.
    pub frame: Size,
    /// The whole prompt: parts and frame. The agent adds its own part to it.
    pub total: Size,
    /// Files that are in the workspace because of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Neighbours>,
}

impl LedgerPart {
    pub(super) fn of(part: &Part) -> Self {
        let size = Size::of(&part.text);
        Self {
            name: part.name.clone(),
            kind: part.kind,
            source: part.source.clone(),
            why: part.why.clone(),
            digest: part.digest.clone(),
            bytes: size.bytes,
            tokens: size.tokens,
            tokens_estimated: true,
        }
    }
}

impl Ledger {
    /// The ledger as a readable table, without colour. `~` marks estimates.
    pub fn render(&self) -> String {
        let mut rows = vec![["part", "from", "bytes", "tokens", "why"].map(str::to_owned)];
        for part in &self.parts {
            let tokens = if part.tokens_estimated { "~" } else { "" };
            rows.push([
                part.name.clone(),
                part.source.clone(),
                grouped(part.bytes),
                format!("{tokens}{}", grouped(part.tokens)),
                part.why.clone(),
            ]);
        }
        for (name, size) in [("between the parts", self.frame), ("total", self.total)] {
            let tokens = format!("~{}", grouped(size.tokens));
            rows.push([
                name.to_owned(),
                String::new(),
                grouped(size.bytes),
                tokens,
                String::new(),
            ]);
        }
        let mut out = format!(
            "Context of {} (phase {}, strategy {}, model {}{})\n\n",
            self.call,
            self.phase,
            strategy_name(self.strategy),
            self.model,
            self.share()
        );
        out.push_str(&align(&rows));
        out
    }

    /// How much of the window the prompt takes, if the window is known.
    fn share(&self) -> String {
        match self.window.filter(|window| *window > 0) {
            Some(window) => {
                let percent = self.total.tokens.saturating_mul(100).div_ceil(window);
                format!(", ~{percent} % of its window")
            }
            None => String::new(),
        }
    }
}

/// A strategy's name as it stands in a workflow.
pub(super) fn strategy_name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Full => "full",
        Strategy::Scoped => "scoped",
        Strategy::Distilled => "distilled",
        Strategy::Fresh => "fresh",
    }
}

/// `1234567` as `1 234 567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Columns side by side; the third and the fourth hold numbers and are set right.
fn align(rows: &[[String; 5]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut out = String::new();
    for [name, from, bytes, tokens, why] in rows {
        let [a, b, c, d] = widths;
        let line = format!("  {name:<a$}  {from:<b$}  {bytes:>c$}  {tokens:>d$}  {why}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_says_where_everything_comes_from() {
        let part = |name: &str, source: &str, bytes| LedgerPart {
            name: name.to_owned(),
            kind: PartKind::Input,
            source: source.to_owned(),
            why: "because".to_owned(),
            digest: None,
            bytes,
            tokens: bytes / 4,
            tokens_estimated: true,
        };
        let ledger = Ledger {
            call: "plan.propose-1".into(),
            phase: "plan".into(),
            purpose: Purpose::Propose,
            strategy: Strategy::Distilled,
            model: "claude-opus".into(),
            window: Some(200_000),
            parts: vec![
                part("request", "request", 40),
                part("handoff of ws", "phase ws, handoff", 12_000),
            ],
            frame: Size {
                bytes: 400,
                tokens: 100,
            },
            total: Size {
                bytes: 12_440,
                tokens: 3_110,
            },
            neighbours: None,
        };
        assert_eq!(
            ledger.render(),
            "Context of plan.propose-1 (phase plan, strategy distilled, model claude-opus, ~2 % of its window)\n\n\
             \x20 part               from                bytes  tokens  why\n\
             \x20 request            request                40     ~10  because\n\
             \x20 handoff of ws      phase ws, handoff  12 000  ~3 000  because\n\
             \x20 between the parts                        400    ~100\n\
             \x20 total                                 12 440  ~3 110\n"
        );
        let json = serde_json::to_string(&ledger).expect("serializable");
        assert_eq!(
            serde_json::from_str::<Ledger>(&json).expect("the same"),
            ledger
        );
    }
}
