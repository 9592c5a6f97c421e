//! Takes secrets out of what is kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::forms::forms;
use crate::model::names_a_secret;

/// Shorter values are no secrets, or too common to be replaced everywhere.
const MIN_LENGTH: usize = 8;

/// Replaces known secrets by `[redacted:NAME]`. The default one knows none. What one of its clones learns, all know:
/// whatever is written of a run is written without it.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Arc<Known>>>);

/// The secrets that are known at one time.
#[derive(Default)]
pub(super) struct Known {
    /// In all their forms, with what stands in for each.
    patterns: BTreeMap<String, String>,
    pub search: Option<AhoCorasick>,
    /// What stands in for each pattern, in their order.
    replacements: Vec<String>,
    /// Length in bytes of the longest pattern.
    pub longest: usize,
}

impl fmt::Debug for Redactor {
    /// Never shows a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("replacements", &self.known().replacements)
            .finish_non_exhaustive()
    }
}

impl Redactor {
    /// Knows the values of those variables whose names look like secrets (and passwords in URLs of
    /// any), and all `given` ones, which are pairs of a name to show and the secret. Values shorter
    /// than 8 bytes are left alone.
    pub fn new(
        environment: impl IntoIterator<Item = (String, String)>,
        given: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut patterns = BTreeMap::new();
        for (name, value) in environment {
            if names_a_secret(&name) && !is_number(&value) {
                add(&mut patterns, &name, &value);
            } else if let Some(password) = password_in_url(&value) {
                add(&mut patterns, &name, password);
            }
        }
        for (name, value) in given {
            add(&mut patterns, &name, &value);
        }
        Self(Arc::new(RwLock::new(Arc::new(Known::of(patterns)))))
    }

    /// Knows these secrets too from now on, and so do all clones.
    pub fn learn(&self, name: &str, secrets: &[String]) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut patterns = known.patterns.clone();
        for secret in secrets {
            add(&mut patterns, name, secret);
        }
        if patterns.len() > known.patterns.len() {
            *known = Arc::new(Known::of(patterns));
        }
    }

    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text without secrets; the same text if it holds none.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known();
        match known.search_in(text) {
            Some(search) => Cow::Owned(search.replace_all(text, &known.replacements)),
            None => Cow::Borrowed(text),
        }
    }

    /// The bytes without secrets; the same bytes if they hold none.
    pub fn redact_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let known = self.known();
        match known.search_in(bytes) {
            Some(search) => Cow::Owned(search.replace_all_bytes(bytes, &known.replacements)),
            None => Cow::Borrowed(bytes),
        }
    }

    /// The names of the secrets that the bytes hold, each with the first line of it, from 1.
    pub fn find(&self, bytes: &[u8]) -> BTreeMap<String, u64> {
        let known = self.known();
        let mut found = BTreeMap::new();
        let (mut line, mut counted) = (1, 0);
        let search = known.search.iter();
        for one in search.flat_map(|search| search.find_iter(bytes)) {
            let between = bytes.get(counted..one.start()).unwrap_or_default();
            line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
            counted = one.start();
            let shown = known.replacements.get(one.pattern().as_usize());
            let name = shown.map_or("", String::as_str);
            let name = name.trim_start_matches("[redacted:").trim_end_matches(']');
            found.entry(name.to_owned()).or_insert(line);
        }
        found
    }

    /// The bytes without secrets, fit for the run folder.
    pub fn clean<'a>(&self, bytes: &'a [u8]) -> Clean<'a> {
        Clean(self.redact_bytes(bytes))
    }

    /// The data without secrets in any of its texts.
    pub fn redact_data<T: Serialize + DeserializeOwned>(&self, data: T) -> T {
        if self.known().search.is_none() {
            return data;
        }
        let Ok(value) = serde_json::to_value(&data) else {
            return data;
        };
        // If a secret is a word of the format itself, what remains is no such data; then that word stays.
        for words in [Words::Redacted, Words::Kept] {
            let mut value = value.clone();
            if !self.redact_value(&mut value, words) {
                return data;
            }
            if let Ok(redacted) = serde_json::from_value(value) {
                return redacted;
            }
        }
        data
    }

    /// Redacts every text in the value, and says whether there was anything to redact.
    fn redact_value(&self, value: &mut Value, words: Words) -> bool {
        let mut found = false;
        match value {
            Value::String(text) if words == Words::Kept && is_word(text) => {}
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.redact(text) {
                    *text = redacted;
                    found = true;
                }
            }
            Value::Array(items) => {
                for item in items {
                    found |= self.redact_value(item, words);
                }
            }
            Value::Object(fields) => {
                for field in fields.values_mut() {
                    found |= self.redact_value(field, words);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        found
    }
}

impl Known {
    fn of(patterns: BTreeMap<String, String>) -> Self {
        let longest = patterns.keys().map(String::len).max().unwrap_or(0);
        // The longest first: a secret that begins with another one goes as a whole.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.keys())
            .ok()
            .filter(|_| longest > 0);
        Self {
            search,
            replacements: patterns.values().cloned().collect(),
            longest,
            patterns,
        }
    }

    /// The search, if it finds something there.
    fn search_in(&self, bytes: impl AsRef<[u8]>) -> Option<&AhoCorasick> {
        let bytes = bytes.as_ref();
        self.search.as_ref().filter(|search| search.is_match(bytes))
    }

    pub fn replacement(&self, pattern: usize) -> &[u8] {
        self.replacements
            .get(pattern)
            .map_or(b"[redacted]", String::as_bytes)
    }
}

/// Bytes without secrets: nothing else is written into a run folder, and only a [`Redactor`] makes them.
#[derive(Debug)]
pub struct Clean<'a>(Cow<'a, [u8]>);

impl<'a> Clean<'a> {
    /// For what a redactor made of bytes that it reads itself.
    pub(super) fn of(redacted: Cow<'a, [u8]>) -> Self {
        Self(redacted)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn into_owned(self) -> Clean<'static> {
        Clean(Cow::Owned(self.0.into_owned()))
    }
}

/// What happens to texts that may be words of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Redacted,
    Kept,
}

fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn add(patterns: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let value = value.trim();
    if value.len() < MIN_LENGTH {
        return;
    }
    // The name goes into JSON texts as well, so it holds nothing that would have to be escaped.
    let shown: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' | '/' => letter,
            _ => '_',
        })
        .collect();
    let replacement = format!("[redacted:{shown}]");
    for form in forms(value) {
        patterns.entry(form).or_insert_with(|| replacement.clone());
    }
}

/// `MAX_TOKENS=16000000` is no secret.
fn is_number(value: &str) -> bool {
    value.len() < 16 && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// `scheme://user:password@host`.
fn password_in_url(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(pairs: &[(&str, &str)]) -> Redactor {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Redactor::new(pairs.iter().map(owned), [])
    }

    #[test]
    fn knows_secrets_by_their_names() {
        let value = "correct-horse-battery";
        let found = redactor(&[("GITHUB_TOKEN", value)]);
        let text = found.redact("x correct-horse-battery y").into_owned();
        assert_eq!(text, "x [redacted:GITHUB_TOKEN] y");
        assert_eq!(redactor(&[("KEYBOARD", value)]).redact(value), value);
    }

    #[test]
    fn finds_secrets_by_name_and_first_line() {
        let both = redactor(&[("A_KEY", "correct-horse"), ("B_KEY", "battery-staple")]);
        let text = b"x\ny battery-staple correct-horse\n\nbattery-staple";
        let found: Vec<_> = both.find(text).into_iter().collect();
        assert_eq!(found, [("A_KEY".to_owned(), 2), ("B_KEY".to_owned(), 2)]);
        let encoded = b"\nYmF0dGVyeS1zdGFwbGU=";
        assert_eq!(
            both.find(encoded).into_iter().collect::<Vec<_>>(),
            [("B_KEY".to_owned(), 2)]
        );
        assert!(Redactor::default().find(text).is_empty());
    }

    #[test]
    fn leaves_short_values_and_numbers_alone() {
        let none = redactor(&[
            ("A_KEY", "short"),
            ("MAX_TOKENS", "16000000"),
            ("B_KEY", ""),
        ]);
        assert_eq!(none.redact("short 16000000"), "short 16000000");
    }

    #[test]
    fn takes_the_longer_of_two_that_begin_alike() {
        let both = redactor(&[("A_KEY", "sk-12345"), ("B_KEY", "sk-1234567890")]);
        assert_eq!(
            both.redact("sk-1234567890 sk-12345."),
            "[redacted:B_KEY] [redacted:A_KEY]."
        );
    }

    #[test]
    fn finds_secrets_inside_urls_and_json() {
        let url = redactor(&[("DATABASE_URL", "postgres://me:p%40ssw0rd@host/db?x=1")]);
        assert_eq!(
            url.redact("used p%40ssw0rd"),
            "used [redacted:DATABASE_URL]"
        );
        let key = redactor(&[("PRIVATE_KEY", "--BEGIN--\nabc\n--END--")]);
        assert_eq!(
            key.redact(r#"{"k":"--BEGIN--\nabc\n--END--"}"#),
            r#"{"k":"[redacted:PRIVATE_KEY]"}"#
        );
        let quoted = redactor(&[("A_KEY", "quo\"ted\"")]);
        assert_eq!(quoted.redact(r#""quo\"ted\"""#), r#""[redacted:A_KEY]""#);
    }

    #[test]
    fn what_one_clone_learns_all_know() {
        let (one, other) = (Redactor::default(), Redactor::default());
        let clone = one.clone();
        one.learn("sign-in", &["a-token-of-today".to_owned()]);
        assert_eq!(clone.redact("a-token-of-today"), "[redacted:sign-in]");
        assert_eq!(other.redact("a-token-of-today"), "a-token-of-today");
    }

    #[test]
    fn shows_no_secret_when_debugged() {
        let text = format!("{:?}", redactor(&[("A_KEY", "sk-1234567890")]));
        assert!(!text.contains("sk-123"), "{text}");
    }
}
