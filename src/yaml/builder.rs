//! Parser events to nodes: places, duplicate keys, merged keys, aliases within their budget.

use std::collections::HashMap;
use std::sync::Arc;

use serde_saphyr::granit_parser::{ErrorKind, Event, ScalarStyle, ScanError, Span, Tag};

use super::{Diagnostic, Entry, MAX_BYTES, Node, Place, Scalar, Source, Spot, Value};

/// How much may be copied for anchors and aliases, in nodes and bytes of text together.
const MAX_COPIED: usize = MAX_BYTES;

/// A collection that is not closed yet.
struct Frame {
    start: Place,
    anchor: usize,
    content: Open,
}

enum Open {
    Seq(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        merges: Vec<Node>,
        key: Option<Key>,
    },
}

/// A key that waits for its value.
enum Key {
    Named(String, Place),
    /// `<<`: the value's entries are taken over.
    Merge,
    /// Reported already; its value is dropped.
    Bad,
}

/// Builds the tree of one text.
pub(super) struct Builder<'t> {
    source: Arc<str>,
    /// Length of each line in characters.
    lines: Vec<usize>,
    text: &'t str,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(source: &'t Source) -> Self {
        Self {
            source: source.name.clone(),
            lines: source
                .text
                .lines()
                .map(|line| line.chars().count())
                .collect(),
            text: &source.text,
            stack: Vec::new(),
            anchors: HashMap::new(),
            copied: 0,
            root: None,
            diagnostics: Vec::new(),
        }
    }

    /// The tree and the mistakes.
    pub(super) fn finish(self) -> (Option<Node>, Vec<Diagnostic>) {
        (self.root, self.diagnostics)
    }

    /// Drops the tree: after this mistake it would be a lie.
    pub(super) fn give_up(&mut self, diagnostic: Diagnostic) {
        self.root = None;
        self.diagnostics.push(diagnostic);
    }

    /// Takes the next event; an error ends the parse.
    pub(super) fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Diagnostic>> {
        let place = self.place(&span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let message = "more than one YAML document in the file";
                return Err(Box::new(self.at(place).error("many-documents", message)));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), place);
                let forced_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let literal = style == ScalarStyle::Literal;
                let scalar = Scalar {
                    indent: literal
                        .then(|| self.indent(place.line - 1, &text))
                        .flatten(),
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain && !forced_text,
                };
                let value = Value::Scalar(scalar);
                self.attach(Node { place, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), place);
                self.open(place, anchor, Open::Seq(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), place);
                let content = Open::Map {
                    entries: Vec::new(),
                    merges: Vec::new(),
                    key: None,
                };
                self.open(place, anchor, content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&span)?,
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    let message = "this alias is inside the value that it names";
                    return Err(Box::new(self.at(place).error("alias-loop", message)));
                };
                self.spend(&node, place)?;
                self.attach(node, 0)?;
            }
            // Nodes are all above; the rest is presentation. The library's enum is open.
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, start: Place, anchor: usize, content: Open) {
        self.stack.push(Frame {
            start,
            anchor,
            content,
        });
    }

    fn close(&mut self, end: &Span) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let mut place = frame.start;
        let end_column = end.end.col() + 1;
        place.len = if end.end.line() == place.line && end_column > place.column {
            end_column - place.column
        } else {
            self.rest_of_line(place.line, place.column)
        };
        let value = match frame.content {
            Open::Seq(items) => Value::Seq(items),
            Open::Map {
                mut entries,
                merges,
                ..
            } => {
                for merge in merges {
                    self.merge(&mut entries, merge);
                }
                Value::Map(entries)
            }
        };
        self.attach(Node { place, value }, frame.anchor)
    }

    /// Puts a complete node where it belongs.
    fn attach(&mut self, node: Node, anchor: usize) -> Result<(), Box<Diagnostic>> {
        if anchor > 0 {
            self.spend(&node, node.place)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.content {
            Open::Seq(items) => items.push(node),
            Open::Map {
                entries,
                merges,
                key,
            } => match key.take() {
                None => {
                    let (next, mistake) = read_key(node, entries);
                    *key = Some(next);
                    if let Some((place, code, message)) = mistake {
                        let mistake = self.at(place).error(code, message);
                        self.diagnostics.push(mistake);
                    }
                }
                Some(Key::Named(key, place)) => entries.push(Entry {
                    key,
                    place,
                    value: node,
                }),
                Some(Key::Merge) => merges.push(node),
                Some(Key::Bad) => {}
            },
        }
        Ok(())
    }

    /// Takes over the entries of `<<`; the map's own ones win.
    fn merge(&mut self, entries: &mut Vec<Entry>, merged: Node) {
        let place = merged.place;
        let maps = match merged.value {
            Value::Seq(items) => items,
            value => vec![Node { place, value }],
        };
        for map in maps {
            let Value::Map(more) = map.value else {
                let message = "`<<` takes a map or a list of maps";
                let mistake = self.at(map.place).error("wrong-type", message);
                self.diagnostics.push(mistake);
                continue;
            };
            for entry in more {
                if !entries.iter().any(|own| own.key == entry.key) {
                    entries.push(entry);
                }
            }
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, place: Place) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            let message = format!("the tag `{}` means nothing here", tag.original());
            let mistake = self.at(place).error("unknown-tag", message);
            self.diagnostics.push(mistake);
        }
    }

    fn spend(&mut self, node: &Node, place: Place) -> Result<(), Box<Diagnostic>> {
        self.copied = self.copied.saturating_add(cost(node));
        if self.copied <= MAX_COPIED {
            return Ok(());
        }
        let message = "the aliases blow the file up beyond all measure";
        let mistake = self
            .at(place)
            .error("alias-bomb", message)
            .with_hint("write the values out, or use fewer aliases of aliases");
        Err(Box::new(mistake))
    }

    fn at(&self, place: Place) -> Spot {
        Spot {
            source: self.source.clone(),
            place,
            indent: None,
        }
    }

    pub(super) fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let mark = error.marker();
        let place = Place {
            line: mark.line().max(1),
            column: mark.col() + 1,
            len: 1,
        };
        if let Some(missing) = self.missing_colon(error.kind(), place.line) {
            return missing;
        }
        let message = format!("this is not valid YAML: {}", error.info());
        let hint = self.syntax_hint(error.kind(), place.line);
        self.at(place).error("syntax", message).with_hint_opt(hint)
    }

    /// A key without its colon: the parser stumbles in its line, or takes it and the next line for one text.
    fn missing_colon(&self, kind: &ErrorKind, line: usize) -> Option<Diagnostic> {
        let lines: Vec<&str> = self.text.lines().collect();
        let bare = |number: &usize| {
            let written = lines.get(number.checked_sub(1)?)?;
            let text = written.trim_start_matches([' ', '-']);
            let word = text.split([' ', ':']).next()?;
            let is_key = |c: char| c.is_ascii_lowercase() || c == '_';
            let key = !word.is_empty() && word.chars().all(is_key);
            (key && !text.contains(": ") && !text.trim_end().ends_with(':')).then(|| Place {
                line: *number,
                column: written.len() - text.len() + 1,
                len: word.len(),
            })
        };
        let place = match kind {
            ErrorKind::SimpleKeyExpected => bare(&line)?,
            ErrorKind::MappingValueNotAllowed => {
                let above = (1..line).rev().map_while(|number| bare(&number));
                above.last()?
            }
            _ => return None,
        };
        let key: String = lines[place.line - 1]
            .chars()
            .skip(place.column - 1)
            .take(place.len)
            .collect();
        let message = format!("this is not valid YAML: `{key}` lacks its `:`");
        let missing = self.at(place).error("syntax", message);
        Some(missing.with_hint(format!("write `{key}: …`, with a space after the colon")))
    }

    /// The usual cause of a syntax error, in the user's words.
    fn syntax_hint(&self, kind: &ErrorKind, line: usize) -> Option<String> {
        let line = self.text.lines().nth(line - 1).unwrap_or_default();
        if line.trim_start_matches(' ').starts_with('\t') {
            return Some("indent with spaces; YAML allows no tabs there".to_owned());
        }
        let colon = matches!(
            kind,
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement
        );
        if colon {
            let hint =
                "a text with `: ` in it needs quotes; or a `[`, `{` or quote above is not closed";
            return Some(hint.to_owned());
        }
        line.contains(": {")
            .then(|| "a text that begins with `{` needs quotes".to_owned())
    }

    fn place(&self, span: &Span) -> Place {
        let line = span.start.line().max(1);
        let column = span.start.col() + 1;
        let len = if span.end.line() == span.start.line() {
            span.end.col().saturating_sub(span.start.col()).max(1)
        } else {
            self.rest_of_line(line, column)
        };
        Place { line, column, len }
    }

    /// By how many characters the lines of a literal block are indented that begins after so many lines.
    fn indent(&self, before: usize, text: &str) -> Option<usize> {
        let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let first = |lines: std::str::Lines<'_>, skipped| {
            let mut lines = lines.skip(skipped);
            lines.find(|line| !line.trim().is_empty()).map(spaces)
        };
        first(self.text.lines(), before)?.checked_sub(first(text.lines(), 0)?)
    }

    fn rest_of_line(&self, line: usize, column: usize) -> usize {
        let length = self.lines.get(line - 1).copied().unwrap_or(0);
        (length + 1).saturating_sub(column).max(1)
    }
}

/// A mistake whose source is not known yet: place, code, message.
type KeyMistake = (Place, &'static str, String);

fn read_key(node: Node, entries: &[Entry]) -> (Key, Option<KeyMistake>) {
    let Value::Scalar(scalar) = node.value else {
        let message = "a key must be a text".to_owned();
        return (Key::Bad, Some((node.place, "wrong-type", message)));
    };
    if scalar.plain && scalar.text == "<<" {
        return (Key::Merge, None);
    }
    if let Some(first) = entries.iter().find(|entry| entry.key == scalar.text) {
        let message = format!(
            "the key `{}` is here twice, first in line {}",
            scalar.text, first.place.line
        );
        return (Key::Bad, Some((node.place, "duplicate-key", message)));
    }
    (Key::Named(scalar.text, node.place), None)
}

/// What a copy of the node costs. The depth is limited by the parser, so recursion is safe.
fn cost(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(scalar) => 16 + scalar.text.len(),
        Value::Seq(items) => items.iter().map(cost).fold(16, usize::saturating_add),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| cost(&entry.value).saturating_add(entry.key.len()))
            .fold(16, usize::saturating_add),
    }
}
