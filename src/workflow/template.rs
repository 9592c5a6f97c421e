//! `{name}` in paths and prompts.

use std::collections::BTreeMap;
use std::ops::Range;

/// The placeholders of an output path: every `{…}`, with the bytes it takes.
pub(super) fn placeholders(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let Some(close) = text[open..].find('}').map(|at| open + at) else {
            break;
        };
        found.push((open..close + 1, &text[open + 1..close]));
        from = close + 1;
    }
    found
}

/// A name in braces.
pub(super) struct Braces<'t> {
    /// The bytes it takes, braces included.
    pub(super) bytes: Range<usize>,
    pub(super) name: &'t str,
    /// Whether it is in one pair of braces and nothing else is, so that a value is put in.
    pub(super) plain: bool,
}

/// All names in braces, also in the forms of other template languages: `{{ inputs.name }}`.
pub(super) fn braces(text: &str) -> impl Iterator<Item = Braces<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let open = from + text[from..].find('{')?;
            let inside = open + run(&text[open..], '{');
            let close = inside + text[inside..].find(['{', '}', '\n'])?;
            let pairs = run(&text[close..], '}').min(inside - open);
            // A brace that opens is looked at again.
            from = close + pairs.max(usize::from(!text[close..].starts_with('{')));
            let content = &text[inside..close];
            let word = content.trim();
            let name = word.strip_prefix("inputs.").unwrap_or(word);
            if pairs > 0 && is_name(name) {
                return Some(Braces {
                    bytes: inside - pairs..close + pairs,
                    name,
                    plain: pairs == 1 && content == name,
                });
            }
        }
    })
}

fn run(text: &str, c: char) -> usize {
    text.len() - text.trim_start_matches(c).len()
}

/// Puts values in where a known name is in braces; all other braces stay as they are. Values are
/// not looked at again, so braces in them stay too.
pub(super) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let name_end = rest[1..]
            .find(|c: char| !is_name_character(c))
            .map_or(rest.len(), |end| end + 1);
        let value = values
            .get(&rest[1..name_end])
            .filter(|_| rest[name_end..].starts_with('}'));
        match value {
            Some(value) => {
                filled.push_str(value);
                rest = &rest[name_end + 1..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Whether a declared input may be called this.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(is_name_character)
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_put_in() {
        let values = BTreeMap::from([
            ("feature".to_owned(), "{request}".to_owned()),
            ("request".to_owned(), "Löschen".to_owned()),
        ]);
        assert_eq!(
            fill(
                "{feature}/{request} {{feature}} {other} {\"a\": {request}} {feature",
                &values
            ),
            "{request}/Löschen {{request}} {other} {\"a\": Löschen} {feature"
        );
        assert_eq!(fill("{", &values), "{");
        assert_eq!(fill("{é}", &values), "{é}");
    }

    #[test]
    fn names_are_found_in_any_braces() {
        let text = "{a} {{ b }} ${{ inputs.c }} { d } {\"e\": {f}} {g\n} }{ {} {h";
        let found: Vec<_> = braces(text)
            .map(|found| (&text[found.bytes], found.name, found.plain))
            .collect();
        assert_eq!(
            found,
            [
                ("{a}", "a", true),
                ("{{ b }}", "b", false),
                ("{{ inputs.c }}", "c", false),
                ("{ d }", "d", false),
                ("{f}", "f", true),
            ]
        );
    }

    #[test]
    fn every_brace_of_a_path_is_found() {
        let names: Vec<&str> = placeholders("a/{b}/{c d}.{")
            .into_iter()
            .map(|(_, n)| n)
            .collect();
        assert_eq!(names, ["b", "c d"]);
    }
}
