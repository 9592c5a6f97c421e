//! Holding a handoff to its limit of tokens.

use crate::context::tokens;
use crate::model::{HandoffWords, Section};

/// Words within the limit, and what was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    pub words: HandoffWords,
    /// What was cut, one sentence for each list. Empty if nothing was.
    pub remarks: Vec<String>,
}

/// Cuts `words` to at most `most` tokens (estimated). The list with the most tokens loses its last
/// entry, again and again; the summary is shortened only when no list is left.
pub fn limit(words: HandoffWords, most: u64) -> Limited {
    let mut words = words;
    let mut lists = Lists::of(&words);
    let summary = tokens(&words.summary);
    while summary + lists.total() > most && lists.drop_one() {}

    let mut remarks = Vec::new();
    for (section, sizes) in Section::ALL.into_iter().zip(&lists.sizes) {
        let (before, kept) = (words.entries(section), sizes.len());
        if kept < before {
            words.truncate(section, kept);
            remarks.push(format!(
                "`{}`: the last {} of {before} entries were cut (limit: {most} tokens)",
                section.name(),
                before - kept
            ));
        }
    }
    if summary > most {
        words.summary = shorten(&words.summary, most);
        remarks.push(format!("`summary` was shortened (limit: {most} tokens)"));
    }
    Limited { words, remarks }
}

/// The tokens of each entry of each list, in the order of [`Section::ALL`].
struct Lists {
    sizes: [Vec<u64>; 7],
}

impl Lists {
    fn of(words: &HandoffWords) -> Self {
        let sentences = |list: &[String]| list.iter().map(|item| entry(&[item])).collect();
        Self {
            sizes: [
                sentences(&words.decisions),
                sentences(&words.constraints),
                sentences(&words.risks),
                words
                    .changes
                    .iter()
                    .map(|c| entry(&[&c.path, &c.what, &c.why]))
                    .collect(),
                sentences(&words.gotchas),
                sentences(&words.files),
                sentences(&words.open_questions),
            ],
        }
    }

    fn total(&self) -> u64 {
        self.sizes.iter().flatten().sum()
    }

    /// Takes the last entry from the largest list; `false` if all are empty.
    fn drop_one(&mut self) -> bool {
        self.sizes
            .iter_mut()
            .max_by_key(|sizes| sizes.iter().sum::<u64>())
            .is_some_and(|largest| largest.pop().is_some())
    }
}

/// Tokens of one entry with its bullet and line end.
fn entry(texts: &[&str]) -> u64 {
    2 + texts.iter().map(|text| tokens(text)).sum::<u64>()
}

/// The longest beginning of `text` with at most `most` tokens, with a mark that it was cut.
fn shorten(text: &str, most: u64) -> String {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let room = most.saturating_sub(tokens("…"));
    let fitting = ends.partition_point(|end| tokens(&text[..*end]) <= room);
    let end = fitting.checked_sub(1).map_or(0, |last| ends[last]);
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::*;

    #[test]
    fn the_largest_list_is_cut_first() {
        let words = HandoffWords {
            summary: "Short.".to_owned(),
            files: (0..500)
                .map(|n| format!("src/some/folder/file_{n}.rs"))
                .collect(),
            risks: vec!["One risk.".to_owned()],
            ..HandoffWords::default()
        };
        let limited = limit(words, 500);
        assert_eq!(limited.words.risks.len(), 1);
        assert_eq!(limited.words.files[0], "src/some/folder/file_0.rs");
        assert!(
            (20..100).contains(&limited.words.files.len()),
            "{}",
            limited.words.files.len()
        );
        assert_eq!(limited.remarks.len(), 1);
        assert!(
            limited.remarks[0].contains("of 500 entries"),
            "{:?}",
            limited.remarks
        );
    }

    #[test]
    fn words_within_the_limit_stay_as_they_are() {
        let words = HandoffWords {
            summary: "Fine.".to_owned(),
            ..HandoffWords::default()
        };
        assert_eq!(
            limit(words.clone(), 100),
            Limited {
                words,
                remarks: Vec::new()
            }
        );
    }

    proptest! {
        #[test]
        fn the_limit_holds(
            summary in "[a-zé ]{0,400}",
            risks in prop::collection::vec("[a-z ]{0,40}", 0..20),
            most in 3_u64..120,
        ) {
            let limited = limit(HandoffWords { summary, risks, ..HandoffWords::default() }, most);
            let total = tokens(&limited.words.summary) + Lists::of(&limited.words).total();
            assert!(total <= most, "{total} > {most}");
        }
    }
}
