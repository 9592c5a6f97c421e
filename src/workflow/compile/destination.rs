//! Where the changes go at the end, checked before anything is started.

use crate::model::Destination;
use crate::yaml::Diagnostic;

/// Checks a branch's name as git does.
pub(super) fn check_destination(destination: &Destination, found: &mut Vec<Diagnostic>) {
    if let Destination::Branch(name) = destination
        && let Some(reason) = why_no_branch(name)
    {
        let message = format!("`{name}` is no name for a branch: it {reason}");
        found.push(Diagnostic::error(
            "bad-branch",
            format!("--branch {name}"),
            message,
        ));
    }
}

/// What `git check-ref-format --branch` refuses.
fn why_no_branch(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty");
    }
    if name.starts_with('-') {
        return Some("begins with `-`");
    }
    if name == "HEAD" || name == "@" {
        return Some("means something else to git");
    }
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    if name.contains(forbidden) {
        return Some("has a character in it that git forbids");
    }
    if name.contains("..") || name.contains("@{") {
        return Some("has `..` or `@{` in it");
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if name.ends_with('.') || name.split('/').any(bad_part) {
        return Some("has an empty part, or one that begins or ends wrongly for git");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_called_as_git_allows() {
        for name in ["topic", "feature/dark-mode", "größe", "a.b", "@x"] {
            assert_eq!(why_no_branch(name), None, "{name}");
        }
        for name in [
            "", "-f", "HEAD", "@", "a b", "a..b", "a~1", "a:b", "a\\b", "/a", "a/", "a//b", ".a",
            "a/.b", "a.lock", "a.lock/b", "a.", "x@{1}", "a\tb", "a*",
        ] {
            assert!(why_no_branch(name).is_some(), "{name:?}");
        }
    }
}
