//! Where an agent's words and the machine's facts contradict each other.

use crate::model::{ChangedFile, HandoffWords, Verification, VerifyOutcome};

/// The most paths that one sentence names.
const MOST_PATHS: usize = 10;

/// Where the words of an editing phase contradict what git and the verifying commands show, one
/// sentence each: changes described that git does not show, and "the tests pass" where they do not.
pub fn contradictions(
    words: &HandoffWords,
    files: &[ChangedFile],
    verifications: &[Verification],
) -> Vec<String> {
    let claimed: Vec<&str> = described(words)
        .filter(|path| !files.iter().any(|file| is_about(path, file)))
        .collect();
    let claimed = (!claimed.is_empty()).then(|| {
        format!(
            "the handoff describes changes that git does not show: {}",
            named(&claimed)
        )
    });
    let claims = claims_of_success(words, verifications);
    claimed.into_iter().chain(claims).collect()
}

/// What git shows and the words pass over, as a sentence. Only words that were to tell of changes can be
/// held to it.
pub fn passed_over(words: &HandoffWords, files: &[ChangedFile]) -> Option<String> {
    let mentioned = words.files.iter().map(|path| plain(path));
    let mentioned: Vec<&str> = described(words).chain(mentioned).collect();
    let silent: Vec<&str> = files
        .iter()
        .filter(|file| !mentioned.iter().any(|path| is_about(path, file)))
        .map(|file| file.path.as_str())
        .collect();
    (!silent.is_empty()).then(|| {
        format!(
            "git shows changes that the handoff does not describe: {}",
            named(&silent)
        )
    })
}

fn described(words: &HandoffWords) -> impl Iterator<Item = &str> {
    let paths = words.changes.iter().map(|change| plain(&change.path));
    paths.filter(|path| !path.is_empty())
}

/// A path without the decoration that models give it.
fn plain(path: &str) -> &str {
    let path = path.trim().trim_matches('`');
    path.strip_prefix("./")
        .unwrap_or(path)
        .trim_end_matches('/')
}

/// Whether a described path is the file, the place it was moved from, or a folder around it.
fn is_about(path: &str, file: &ChangedFile) -> bool {
    let places = [Some(file.path.as_str()), file.from.as_deref()];
    places.into_iter().flatten().any(|place| {
        place
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn named(paths: &[&str]) -> String {
    let shown: Vec<String> = paths
        .iter()
        .take(MOST_PATHS)
        .map(|path| format!("`{path}`"))
        .collect();
    match paths.len().saturating_sub(MOST_PATHS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The first sentence that says that tests pass, if a command speaks against it.
fn claims_of_success(words: &HandoffWords, verifications: &[Verification]) -> Option<String> {
    let bad = verifications.iter().find(|result| result.is_bad())?;
    let described = words
        .changes
        .iter()
        .flat_map(|change| [&change.what, &change.why]);
    let claim = std::iter::once(&words.summary)
        .chain(&words.decisions)
        .chain(described)
        .chain(&words.gotchas)
        .flat_map(|text| text.split(['.', ';', '!', '\n']))
        .map(str::trim)
        .find(|sentence| says_that_tests_pass(sentence))?;
    let how = match bad.outcome {
        VerifyOutcome::TimedOut => "did not end in time",
        VerifyOutcome::TooMuchOutput => "printed without end",
        VerifyOutcome::TooMuchUsed => "used more than it may",
        VerifyOutcome::Failed
        | VerifyOutcome::AlreadyFailing
        | VerifyOutcome::Flaky
        | VerifyOutcome::Passed => "failed",
    };
    Some(format!(
        "the handoff says “{claim}”, but `{}` {how} when tipstaff ran it",
        bad.command
    ))
}

/// Plain claims only: a sentence with a word of doubt, wish or failure in it claims nothing.
fn says_that_tests_pass(sentence: &str) -> bool {
    const SUBJECTS: [&str; 6] = ["test", "tests", "suite", "checks", "build", "everything"];
    const SUCCESS: [&str; 7] = [
        "pass", "passes", "passed", "passing", "green", "succeed", "succeeds",
    ];
    const DOUBT: [&str; 15] = [
        "not", "no", "fail", "fails", "failed", "failing", "should", "must", "could", "cannot",
        "until", "except", "if", "to", "but",
    ];
    let lower = sentence.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let negated = words.iter().any(|word| word.ends_with("n't"));
    any(&SUBJECTS) && any(&SUCCESS) && !any(&DOUBT) && !negated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::verified::tests::failed;
    use crate::model::{ChangeKind, DescribedChange};

    fn words(paths: &[&str], summary: &str) -> HandoffWords {
        HandoffWords {
            summary: summary.to_owned(),
            changes: paths
                .iter()
                .map(|path| DescribedChange {
                    path: (*path).to_owned(),
                    ..DescribedChange::default()
                })
                .collect(),
            ..HandoffWords::default()
        }
    }

    fn changed(path: &str, from: Option<&str>) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            kind: ChangeKind::Modified,
            from: from.map(str::to_owned),
            lines: Some((1, 1)),
        }
    }

    #[test]
    fn words_that_fit_the_facts_are_left_alone() {
        let mut words = words(&["./src/a.rs", "`old.rs`", "docs/"], "All tests pass.");
        words.files = vec!["src/seen.rs".to_owned()];
        let files = [
            changed("src/a.rs", None),
            changed("new.rs", Some("old.rs")),
            changed("docs/deep/b.md", None),
            changed("src/seen.rs", None),
        ];
        assert_eq!(contradictions(&words, &files, &[]), Vec::<String>::new());
        assert_eq!(passed_over(&words, &files), None);
    }

    #[test]
    fn both_directions_are_told() {
        let said = words(&["src/a.rs", "src/ghost.rs"], "Done.");
        let files = [changed("src/a.rs", None), changed("src/ab.rs", None)];
        assert_eq!(
            contradictions(&said, &files, &[]),
            ["the handoff describes changes that git does not show: `src/ghost.rs`"]
        );
        assert_eq!(
            passed_over(&said, &files).as_deref(),
            Some("git shows changes that the handoff does not describe: `src/ab.rs`")
        );
        let many: Vec<ChangedFile> = (0..25).map(|n| changed(&format!("{n}"), None)).collect();
        let found = passed_over(&words(&[], "Done."), &many).expect("a remark");
        assert!(found.ends_with("`9` and 15 more"), "{found}");
    }

    #[test]
    fn a_claim_of_success_is_held_against_a_failed_command() {
        let said = words(&[], "Added the limiter. All tests pass now.");
        assert_eq!(
            contradictions(&said, &[], &[failed("npm test")]),
            ["the handoff says “All tests pass now”, but `npm test` failed when tipstaff ran it"]
        );
        for honest in [
            "Two tests do not pass.",
            "The tests should pass once T2 is done.",
            "The limiter passes the header on.",
            "The tests didn't pass",
        ] {
            let found = contradictions(&words(&[], honest), &[], &[failed("npm test")]);
            assert_eq!(found, Vec::<String>::new(), "{honest}");
        }
    }
}
