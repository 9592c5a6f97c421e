//! Typed values out of a tree, with every mistake collected.

use std::sync::Arc;

use crate::model::{Bytes, Millis};

use super::{
    Diagnostic, Entry, Fields, Key, Node, Place, Scalar, Spanned, Spot, Value, did_you_mean,
    parse_duration, parse_size,
};

/// Reads one source's tree. A value that is not what was asked for is reported and left out, so that
/// reading goes on.
#[derive(Debug)]
pub struct Reader {
    source: Arc<str>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    /// A reader for a source's tree that already has some mistakes.
    pub fn new(source: Arc<str>, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            source,
            diagnostics,
        }
    }

    pub fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    pub fn spot(&self, place: Place) -> Spot {
        Spot {
            source: self.source.clone(),
            place,
            indent: None,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A map's entries. `what` names the value in messages: "`phases`".
    pub fn fields<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        match &node.value {
            Value::Map(entries) => Some(Fields {
                place: node.place,
                entries,
                known: &[],
            }),
            Value::Scalar(_) | Value::Seq(_) => self.wrong(node, what, "a map"),
        }
    }

    /// A map's entries with all keys checked against the known ones.
    pub fn known_fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &'n [Key],
    ) -> Option<Fields<'n>> {
        let fields = self.fields(node, what)?;
        for entry in fields.entries {
            self.check_key(entry, what, known);
        }
        Some(Fields { known, ..fields })
    }

    /// A scalar text. Numbers count as texts, truth values and nothing do not.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        match &node.value {
            Value::Scalar(scalar) if !scalar.is_null() && scalar.as_bool().is_none() => {
                Some(Spanned {
                    value: scalar.text.clone(),
                    spot: Spot {
                        indent: scalar.indent,
                        ..self.spot(node.place)
                    },
                })
            }
            Value::Map(_) => {
                let mistake = self
                    .spot(node.place)
                    .error("wrong-type", format!("{what} must be a text, not a map"))
                    .with_hint("a text that begins with `{` or has `: ` in it needs quotes");
                self.report(mistake);
                None
            }
            Value::Scalar(_) | Value::Seq(_) => self.wrong(node, what, "a text"),
        }
    }

    /// A text that is not empty.
    pub fn name(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = self.text(node, what)?;
        if text.value.trim().is_empty() {
            let empty = text.spot.error("empty", format!("{what} is empty"));
            self.report(empty);
            return None;
        }
        Some(text)
    }

    /// The same where any text will do: a bare `no` or `none` was hardly meant as one.
    pub fn free_text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = self.name(node, what)?;
        if scalar(node).is_some_and(|scalar| scalar.plain && scalar.is_switch()) {
            let message = format!("{what} cannot be `{}`", text.value);
            let mistake = text.spot.error("wrong-type", message);
            self.report(
                mistake.with_hint("leave the key out if you want none, or put it in quotes"),
            );
            return None;
        }
        Some(text)
    }

    /// One text, or a list of them.
    pub fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<Spanned<String>>> {
        match &node.value {
            Value::Seq(items) => Some(
                items
                    .iter()
                    .filter_map(|item| self.name(item, &format!("an item of {what}")))
                    .collect(),
            ),
            Value::Scalar(_) => Some(vec![self.name(node, what)?]),
            Value::Map(_) => self.wrong(node, what, "a text or a list of texts"),
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: &Node, what: &str) -> Option<Spanned<bool>> {
        match scalar(node).and_then(Scalar::as_bool) {
            Some(value) => Some(Spanned {
                value,
                spot: self.spot(node.place),
            }),
            None => self.wrong(node, what, "`true` or `false`"),
        }
    }

    /// A whole number, zero or more. `_` may group digits.
    pub fn whole(&mut self, node: &Node, what: &str) -> Option<Spanned<u64>> {
        let number = scalar(node)
            .filter(|scalar| scalar.plain)
            .and_then(|scalar| scalar.text.replace('_', "").parse().ok());
        match number {
            Some(value) => Some(Spanned {
                value,
                spot: self.spot(node.place),
            }),
            None => self.wrong(node, what, "a whole number, zero or more"),
        }
    }

    /// A whole number, one or more.
    pub fn positive(&mut self, node: &Node, what: &str) -> Option<Spanned<u64>> {
        let whole = self.whole(node, what)?;
        if whole.value > 0 {
            return Some(whole);
        }
        let message = format!("{what} must be at least 1");
        self.report(whole.spot.error("out-of-range", message));
        None
    }

    /// A whole number that fits into 32 bits.
    pub fn count(&mut self, node: &Node, what: &str) -> Option<Spanned<u32>> {
        let whole = self.whole(node, what)?;
        match u32::try_from(whole.value) {
            Ok(value) => Some(whole.map(|_| value)),
            Err(_) => self.wrong(node, what, "a smaller number"),
        }
    }

    /// A finite number, zero or more.
    pub fn amount(&mut self, node: &Node, what: &str) -> Option<Spanned<f64>> {
        let number = scalar(node)
            .filter(|scalar| scalar.plain)
            .and_then(|scalar| scalar.text.parse::<f64>().ok())
            .filter(|number| number.is_finite() && *number >= 0.0);
        match number {
            Some(value) => Some(Spanned {
                value,
                spot: self.spot(node.place),
            }),
            None => self.wrong(node, what, "a number, zero or more"),
        }
    }

    /// A length of time with its unit.
    pub fn duration(&mut self, node: &Node, what: &str) -> Option<Spanned<Millis>> {
        match scalar(node).and_then(|scalar| parse_duration(&scalar.text)) {
            Some(Millis(0)) => {
                let message = format!("{what} must be longer than nothing");
                self.report(self.spot(node.place).error("out-of-range", message));
                None
            }
            Some(value) => Some(Spanned {
                value,
                spot: self.spot(node.place),
            }),
            None => self.wrong(
                node,
                what,
                "a duration such as `90s`, `5m`, `2h` or `1h30m`",
            ),
        }
    }

    /// An amount of data with its unit.
    pub fn size(&mut self, node: &Node, what: &str) -> Option<Spanned<Bytes>> {
        match scalar(node).and_then(|scalar| parse_size(&scalar.text)) {
            Some(value) => Some(Spanned {
                value,
                spot: self.spot(node.place),
            }),
            None => self.wrong(node, what, "a size such as `512MiB` or `2GB`"),
        }
    }

    /// One of a few words, each with its meaning.
    pub fn choice<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(text.map(|_| *value));
        }
        let mistake = text
            .spot
            .error(
                "unknown-value",
                format!("{what} cannot be `{}`", text.value),
            )
            .with_hint_opt(did_you_mean(
                &text.value,
                words.iter().map(|(word, _)| *word),
            ));
        self.report(mistake);
        None
    }

    fn check_key(&mut self, entry: &Entry, what: &str, known: &[Key]) {
        let names = || known.iter().map(|key| key.name);
        if names().any(|name| name == entry.key) {
            return;
        }
        let mistake = self
            .spot(entry.place)
            .error(
                "unknown-key",
                format!("unknown key `{}` in {what}", entry.key),
            )
            .with_hint_opt(did_you_mean(&entry.key, names()));
        self.report(mistake);
    }

    fn wrong<T>(&mut self, node: &Node, what: &str, wanted: &str) -> Option<T> {
        let found = match scalar(node) {
            Some(scalar) if !scalar.is_null() && scalar.text.len() <= 40 => {
                format!("`{}`", scalar.text)
            }
            Some(_) | None => node.describe().to_owned(),
        };
        let mistake = self.spot(node.place).error(
            "wrong-type",
            format!("{what} must be {wanted}, not {found}"),
        );
        self.report(mistake);
        None
    }
}

fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar),
        Value::Seq(_) | Value::Map(_) => None,
    }
}
