//! Values that a table of keys lets through and values that it refuses, as YAML in one line.

use super::{Key, Takes};

/// Good and bad values.
#[derive(Debug, Default)]
pub struct Samples {
    pub good: Vec<String>,
    pub bad: Vec<String>,
}

fn samples(good: &[&str], bad: &[&str]) -> Samples {
    let own = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    let nested = ["[[1]]".to_owned()];
    Samples {
        good: own(good),
        bad: nested.into_iter().chain(own(bad)).collect(),
    }
}

impl Samples {
    fn map(self, into: impl Fn(String) -> String) -> Self {
        Self {
            good: self.good.into_iter().map(&into).collect(),
            bad: self.bad.into_iter().map(&into).collect(),
        }
    }

    fn extend(&mut self, other: Self) {
        self.good.extend(other.good);
        self.bad.extend(other.bad);
    }
}

/// Samples of a key's value.
pub fn of_key(key: &Key) -> Samples {
    let mut all = of(&key.takes);
    if !key.example.is_empty() {
        all.good = vec![key.example.to_owned()];
    }
    all
}

/// Maps in which one of the keys has a good or a bad value, and the required ones are there.
pub fn of_map(keys: &[Key]) -> Samples {
    let required = keys.iter().filter(|key| key.required);
    let required: Vec<(&str, String)> = required
        .map(|key| (key.name, of_key(key).good.swap_remove(0)))
        .collect();
    let with = |own: &str, value: Option<&str>| {
        let others = required.iter().filter(|(name, _)| *name != own);
        let mut entries: Vec<String> = others
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        entries.extend(value.map(|value| format!("{own}: {value}")));
        format!("{{{}}}", entries.join(", "))
    };
    let mut all = samples(&[], &["x1", &with("no_such_key", Some("1"))]);
    for key in keys {
        all.extend(of_key(key).map(|value| with(key.name, Some(&value))));
        if key.required {
            all.bad.push(with(key.name, None));
        }
    }
    all
}

fn of(takes: &Takes) -> Samples {
    match takes {
        Takes::Text => samples(&["x1", "''", "1.5"], &["true", "{a: b}"]),
        Takes::Name | Takes::Like(_) => samples(&["x1"], &["true", "''", "{a: b}"]),
        Takes::Names => samples(&["x1", "[x1, x2]", "[]"], &["true", "{a: b}", "['']"]),
        Takes::Words(words) => samples(words, &["no-such-word", "5"]),
        Takes::Flag => samples(&["true", "false"], &["yes", "1"]),
        Takes::Whole(0) => samples(&["0", "7"], &["-1", "1.5", "x1"]),
        Takes::Whole(_) => samples(&["1", "7"], &["0", "-1", "1.5", "x1"]),
        Takes::Amount => samples(&["0", "1.5"], &["-1", "x1"]),
        Takes::Duration => samples(&["90s", "1h30m"], &["90", "x1", "''"]),
        Takes::Size => samples(&["512MiB", "2GB", "0", "4096"], &["-1", "x1"]),
        Takes::Scalar => samples(&["x1", "1.5", "true"], &["{a: b}"]),
        Takes::Nothing => samples(&["~"], &["1"]),
        Takes::Map(keys) => of_map(keys),
        Takes::Each(_, value) => {
            let mut all = of(value).map(|value| format!("{{x1: {value}}}"));
            all.extend(samples(&[], &["x1"]));
            all
        }
        Takes::List(item) => of(item).map(|item| format!("[{item}]")),
        Takes::Counted(_, _, value) => {
            let mut all = of(value);
            all.good.retain(|value| value != "[]");
            all.bad.push("[]".to_owned());
            all
        }
        Takes::Any(all) => {
            let each: Vec<Samples> = all.iter().map(of).collect();
            let refused = |value: &String| {
                let all = all.iter().zip(&each);
                let mut all = all.map(|(takes, own)| {
                    own.bad.contains(value) || !shapes(takes).contains(&shape(value))
                });
                all.all(|refused| refused)
            };
            let bad = each.iter().flat_map(|one| &one.bad);
            Samples {
                bad: bad.filter(|value| refused(value)).cloned().collect(),
                good: each.iter().flat_map(|one| one.good.clone()).collect(),
            }
        }
    }
}

fn shape(value: &str) -> char {
    match value.as_bytes()[0] {
        b'{' => '{',
        b'[' => '[',
        _ => 's',
    }
}

/// The shapes of values that may be good.
fn shapes(takes: &Takes) -> Vec<char> {
    match takes {
        Takes::Map(_) | Takes::Each(..) => vec!['{'],
        Takes::List(_) => vec!['['],
        Takes::Names => vec!['s', '['],
        Takes::Any(all) => all.iter().flat_map(shapes).collect(),
        Takes::Counted(_, _, value) => shapes(value),
        _ => vec!['s'],
    }
}
