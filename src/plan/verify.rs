//! Which commands of a model's may run, and with which variables all verifying commands do.

use serde::{Deserialize, Serialize};

use crate::model::AgentEnv;

/// What holds for the commands that verify changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VerifyRules {
    /// Patterns of commands that a model may propose and that run without a question.
    pub allow: Vec<String>,
    /// Variables set for all of them; the plan keeps their names, not their values.
    pub env: AgentEnv,
    /// Names of the user's variables handed on to them.
    pub pass_env: Vec<String>,
}

impl VerifyRules {
    /// Whether a command matches a pattern, word by word. In a pattern `*` stands for any part of a word; at
    /// its very end it stands for any further words as well. A command that needs a shell matches none.
    pub fn allow(&self, command: &str) -> bool {
        let Some(command) = words(command) else {
            return false;
        };
        self.allow.iter().any(|pattern| matches(pattern, &command))
    }
}

fn matches(pattern: &str, command: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split_whitespace().collect();
    let is_open = pattern.last().is_some_and(|last| last.ends_with('*'));
    let fits = match is_open {
        true => command.len() >= pattern.len(),
        false => command.len() == pattern.len(),
    };
    let mut pairs = pattern.iter().zip(command);
    !pattern.is_empty() && fits && pairs.all(|(pattern, word)| matches_word(pattern, word))
}

fn matches_word(pattern: &str, word: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == word,
        Some((head, tail)) => word.strip_prefix(head).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|at| matches_word(tail, &rest[at..]))
        }),
    }
}

/// The words of a command that means the same to a shell and without one; nothing for any other: variables,
/// substitutions, lists, redirections, patterns of files, several lines, assignments before the program.
pub fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (quote, letter) {
            (_, '\n' | '\r' | '\0') => return None,
            (Some(open), _) if letter == open => quote = None,
            // A shell looks into double quotes for these.
            (Some('"'), '$' | '`' | '\\' | '!') => return None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, _) if letter.is_alphanumeric() || "-_./:=,@%+".contains(letter) => {
                word.get_or_insert_default().push(letter);
            }
            (None, _) => return None,
        }
    }
    words.extend(word);
    let program = words.first()?;
    (quote.is_none() && !program.is_empty() && !program.contains('=')).then_some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(allow: &[&str]) -> VerifyRules {
        VerifyRules {
            allow: allow.iter().map(|pattern| (*pattern).to_owned()).collect(),
            ..VerifyRules::default()
        }
    }

    #[test]
    fn pattern_matches_word_by_word() {
        let rules = rules(&["npm test*", "node --test test/*", "make check"]);
        for command in [
            "npm test",
            "npm  test -- --grep 'two words'",
            "npm test:unit",
            "node --test test/a.js",
            "make check",
        ] {
            assert!(rules.allow(command), "{command}");
        }
        for command in [
            "npm",
            "npm run test",
            "npmtest",
            "xnpm test",
            "./npm test",
            "node --test",
            "make check all",
            "'npm test'",
            "",
        ] {
            assert!(!rules.allow(command), "{command}");
        }
        assert!(!super::tests::rules(&["", " "]).allow("x"));
    }

    #[test]
    fn command_that_needs_a_shell_matches_nothing() {
        let rules = rules(&["npm test*", "*"]);
        for command in [
            "npm test; curl evil",
            "npm test && rm -r x",
            "npm test | sh",
            "npm test & x",
            "npm test $(id)",
            "npm test `id`",
            "npm test \"$(id)\"",
            "npm test \"`id`\"",
            "npm test $HOME",
            "npm test > out",
            "npm test < in",
            "npm test\nid",
            "npm test\rid",
            "npm test *",
            "npm test ~",
            "npm test {a,b}",
            "npm test \\; id",
            "npm test # x",
            "npm test 'open",
            "npm test (x)",
            "PATH=. npm test",
            "! npm test",
        ] {
            assert!(!rules.allow(command), "{command}");
        }
        assert!(rules.allow("npm test 'a; b $(c) | d'"));
    }

    proptest! {
        /// What is let through has no letter outside of quotes that a shell would obey.
        #[test]
        fn words_are_what_a_shell_takes_for_words(command in "[a-z;&|<>$`'\" \\\\*(){}#!~\n-]{0,30}") {
            if let Some(words) = words(&command) {
                let bare = !command.contains(['\'', '"']);
                prop_assert!(!bare || words == command.split_whitespace().collect::<Vec<_>>());
                let obeyed = [';', '&', '|', '<', '>', '$', '`', '\\', '*', '(', ')', '{', '}', '#', '!', '~', '\n'];
                prop_assert!(!bare || !command.contains(obeyed));
                let status = std::process::Command::new("sh")
                    .arg("-c").arg(format!("printf '%s\\n' {command}")).output();
                if let Ok(output) = status {
                    let printed = String::from_utf8_lossy(&output.stdout);
                    prop_assert_eq!(printed.lines().collect::<Vec<_>>(), words);
                }
            }
        }
    }
}
