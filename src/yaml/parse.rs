//! Text to tree.
//!
//! Aliases are copied in, within a budget: a text that is small on disk and huge in memory (an "alias
//! bomb") is refused. Depth is limited by the parser itself.

use serde_saphyr::granit_parser::{Options, Parser};

use super::builder::Builder;
use super::{Diagnostic, MAX_BYTES, Node, Source};

/// A parsed text: the tree as far as it goes, and the mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The tree; none if the text is empty or not YAML.
    pub root: Option<Node>,
    /// Mistakes in the text itself: syntax, duplicate keys, limits.
    pub diagnostics: Vec<Diagnostic>,
}

pub fn parse(source: &Source) -> Parsed {
    if source.text.len() > MAX_BYTES {
        let message = format!(
            "the file is too large: {} bytes, the limit is {MAX_BYTES}",
            source.text.len()
        );
        return Parsed {
            root: None,
            diagnostics: vec![Diagnostic::error(
                "too-large",
                source.name.as_ref(),
                message,
            )],
        };
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder::new(source);
    for next in Parser::new_from_str_with_options(&source.text, options) {
        let step = match next {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(Box::new(builder.syntax_error(&error))),
        };
        if let Err(diagnostic) = step {
            builder.give_up(*diagnostic);
            break;
        }
    }
    let (root, diagnostics) = builder.finish();
    Parsed { root, diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Place, Value};

    fn codes(text: &str) -> Vec<&'static str> {
        let parsed = parse(&Source::new("t.yaml", text));
        parsed.diagnostics.iter().map(|found| found.code).collect()
    }

    #[test]
    fn places_count_characters_from_one() {
        let parsed = parse(&Source::new("t.yaml", "é: x\nlist: [one, \"zwei\"]\n"));
        let Some(Node {
            value: Value::Map(entries),
            ..
        }) = parsed.root
        else {
            panic!("not a map");
        };
        let place = |line, column, len| Place { line, column, len };
        assert_eq!(entries[0].value.place, place(1, 4, 1));
        assert_eq!(entries[1].place, place(2, 1, 4));
        assert_eq!(entries[1].value.place, place(2, 7, 13));
        let Value::Seq(items) = &entries[1].value.value else {
            panic!("not a list");
        };
        assert_eq!(items[1].place, place(2, 13, 6));
    }

    #[test]
    fn bad_texts_are_refused_each_in_its_way() {
        assert_eq!(codes("a: 1\nb: 2\na: 3\n"), ["duplicate-key"]);
        assert_eq!(codes("a: [1, 2\n"), ["syntax"]);
        assert_eq!(codes("a: *nobody\n"), ["syntax"]);
        assert_eq!(codes("a: &me [*me]\n"), ["alias-loop"]);
        assert_eq!(codes("a: 1\n---\nb: 1\n"), ["many-documents"]);
        assert_eq!(codes("? [a]\n: 1\n"), ["wrong-type"]);
        assert_eq!(codes("a: !secret x\n"), ["unknown-tag"]);
        assert_eq!(codes(&"# x\n".repeat(300_000)), ["too-large"]);
        assert_eq!(codes("\u{feff}a: 1\r\nb: 2\r\n"), [""; 0]);
        assert_eq!(codes(""), [""; 0]);
        assert_eq!(codes("# only a remark\n"), [""; 0]);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert_eq!(codes(&text), ["alias-bomb"]);
        // One long text many times over is a bomb as well.
        let mut text = format!("a: &a {}\nb:\n", "x".repeat(100_000));
        text.push_str(&"  - *a\n".repeat(100));
        assert_eq!(codes(&text), ["alias-bomb"]);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        assert_eq!(codes(&"[".repeat(100_000)), ["syntax"]);
    }

    #[test]
    fn merged_keys_give_way_to_own_ones() {
        let text = "base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  x: 3\n";
        let parsed = parse(&Source::new("t.yaml", text));
        let Some(Value::Map(entries)) = parsed.root.map(|root| root.value) else {
            panic!("not a map");
        };
        let Value::Map(own) = &entries[1].value.value else {
            panic!("not a map");
        };
        let keys: Vec<&str> = own.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["x", "y"]);
        assert_eq!(own[0].value.place.line, 4);
    }
}
