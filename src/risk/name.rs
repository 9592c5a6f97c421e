//! Names as other file systems compare them.

/// Characters that show nothing (Unicode's `Default_Ignorable_Code_Point`): HFS+ and Linux' casefolded folders
/// pass over them when they compare names.
const IGNORED: [(char, char); 16] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a name is one of these on some file system: in any case, with characters that show nothing, with dots
/// and spaces at its end, as an alternate stream (`.git::$INDEX_ALLOCATION`), as a short name (`git~1`), or behind a
/// backslash, which is a `/` on Windows.
/// `names` are lowercase ASCII, each with one `*` at most.
pub fn is_name(name: &str, names: &[&str]) -> bool {
    let parts = parts(name);
    let mut parts = parts.iter();
    parts.any(|part| names.iter().any(|known| matches(part, known)))
}

/// The parts of a path as [`matches()`] compares them. Windows takes a backslash for a separator.
pub(super) fn parts(path: &str) -> Vec<String> {
    path.split(['/', '\\']).map(folded).collect()
}

pub(super) fn matches(folded: &str, known: &str) -> bool {
    match known.split_once('*') {
        Some((start, end)) => {
            folded.len() >= known.len() - 1 && folded.starts_with(start) && folded.ends_with(end)
        }
        None => folded == known || is_short_for(folded, known),
    }
}

/// Upper case first: that is how `ſ` becomes `s` and `ﬁ` becomes `fi`. Among ASCII names, this makes Unicode's
/// normal forms equal too: `K` (the Kelvin sign) is the only letter that they turn into ASCII.
fn folded(name: &str) -> String {
    let stream = name.split(':').next().unwrap_or_default();
    let is_shown = |c: &char| !IGNORED.iter().any(|(from, to)| (from..=to).contains(&c));
    let upper = stream.chars().filter(is_shown).flat_map(char::to_uppercase);
    let folded: String = upper.flat_map(char::to_lowercase).collect();
    folded.trim_end_matches(['.', ' ']).to_owned()
}

/// Whether this is a name that Windows gives a longer one for old programs: `gitatt~1` of `.gitattributes`, and
/// after some of these `gi7d29~1`.
fn is_short_for(name: &str, long: &str) -> bool {
    let Some((stem, rest)) = name.split_once('~') else {
        return false;
    };
    let (number, ending) = rest.split_once('.').unwrap_or((rest, ""));
    let long = long.trim_start_matches('.');
    let (base, long_ending) = long.rsplit_once('.').unwrap_or((long, ""));
    let base = base.replace(['.', ' '], "");
    let kept = base.len().min(7_usize.saturating_sub(number.len()));
    let hashed = stem
        .get(..2)
        .zip(stem.get(2..))
        .is_some_and(|(start, hash)| {
            base.starts_with(start)
                && hash.len() == 4
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (stem == &base[..kept] || hashed)
        && ending == &long_ending[..long_ending.len().min(3)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_name_is_known_in_all_its_disguises() {
        for name in [
            ".git",
            ".GIT",
            ".gIt.",
            ".git . .",
            "git~1",
            "GIT~1",
            "GIT~12",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".git::$INDEX_ALLOCATION",
            ".git:x",
            "gi7eba~1",
            ".g\u{131}t",
            "a\\.git",
        ] {
            assert!(is_name(name, &[".git"]), "{name:?}");
        }
        for name in [
            ".gitignore",
            "git",
            "git~",
            "~1",
            "git~x",
            ".git-old",
            "a.git",
            "gitlab~1",
        ] {
            assert!(!is_name(name, &[".git"]), "{name:?}");
        }
        let known = [
            ("GITATT~1", ".gitattributes"),
            ("CLAUDE.MD ", "claude.md"),
            ("claude~1.md", "claude.local.md"),
            (".hu\u{17f}\u{212a}y", ".husky"),
            ("PNPMFI~1.CJS", ".pnpmfile.cjs"),
            ("vite.config.ts", "*.config.ts"),
        ];
        for (name, long) in known {
            assert!(is_name(name, &[long]), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn case_and_what_shows_nothing_hide_no_name(
            upper in proptest::collection::vec(any::<bool>(), 14),
            ignored in proptest::sample::select(&IGNORED[..]),
            at in 0..14_usize,
            end in "[. ]{0,3}(:[a-z$]{0,5})?",
        ) {
            let letters = ".gitattributes".chars().zip(upper).enumerate();
            let mut name: String = letters
                .flat_map(|(index, (letter, upper))| {
                    let hidden = (index == at).then_some(ignored.1);
                    let letter = if upper { letter.to_ascii_uppercase() } else { letter };
                    hidden.into_iter().chain([letter])
                })
                .collect();
            name.push_str(&end);
            prop_assert!(is_name(&name, &[".gitattributes"]), "{name:?}");
        }

        #[test]
        fn any_name_can_be_asked_about(name in any::<String>(), long in "[.a-z]{0,20}") {
            let _ = is_name(&name, &[&long]);
        }
    }
}
