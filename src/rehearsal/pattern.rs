//! Names with wildcards.

use std::str::FromStr;

/// A name in which `*` stands for any text and `?` for any one character. Nothing else is special:
/// model names hold `/`, `:` and `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// Whether the whole text fits.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut in_text) = (0, 0);
        // Where to go back to: behind the last `*`, and how much of the text it has swallowed.
        let mut star: Option<(usize, usize)> = None;
        while in_text < text.len() {
            match self.0.get(at) {
                Some('*') => {
                    star = Some((at + 1, in_text));
                    at += 1;
                }
                Some(&wanted) if wanted == '?' || wanted == text[in_text] => {
                    at += 1;
                    in_text += 1;
                }
                Some(_) | None => {
                    let Some((behind, swallowed)) = star else {
                        return false;
                    };
                    star = Some((behind, swallowed + 1));
                    (at, in_text) = (behind, swallowed + 1);
                }
            }
        }
        self.0[at..].iter().all(|&rest| rest == '*')
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.chars().collect())
    }
}

impl FromStr for Pattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, fits) in [
            ("plan", "plan", true),
            ("plan", "planning", false),
            ("*", "", true),
            ("claude-*", "claude-opus", true),
            ("claude-*", "gpt-claude-", false),
            ("*:a/*@high", "x:y:a/b/c@high", true),
            ("*aab", "aaaab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "x", false),
            ("[a]", "a", false),
        ] {
            assert_eq!(
                Pattern::from(pattern).matches(text),
                fits,
                "{pattern} on {text}"
            );
        }
    }
}
