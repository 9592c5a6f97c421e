//! Paths relative to the project, checked as text.

use globset::GlobBuilder;

use crate::risk::is_name;

/// Longest component of a path in bytes, as file systems have it.
const MAX_COMPONENT: usize = 255;

/// Checks that a path (or a glob) stays inside the project.
///
/// # Errors
///
/// The reason, to follow the path's name: "leaves the project (`..`)".
pub(super) fn check_inside(path: &str) -> Result<(), &'static str> {
    if path.trim().is_empty() {
        return Err("is empty");
    }
    if path.chars().any(char::is_control) {
        return Err("has a control character in it");
    }
    if path.contains('\\') {
        return Err("has a backslash in it; use `/`");
    }
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || path.starts_with('~') || drive {
        return Err("is not relative to the project");
    }
    if path.split('/').any(|component| component == "..") {
        return Err("leaves the project (`..`)");
    }
    Ok(())
}

/// Checks that a path or pattern is one that files can match.
///
/// # Errors
///
/// The reason, to follow the pattern.
pub(super) fn check_glob(pattern: &str) -> Result<(), String> {
    let parsed = GlobBuilder::new(pattern).literal_separator(true).build();
    parsed
        .map(drop)
        .map_err(|error| format!("is no valid pattern: {}", error.kind()))
}

/// Checks where a deliverable is published, and drops `.` and doubled slashes.
///
/// # Errors
///
/// The reason, to follow the path's name.
pub(super) fn check_output(path: &str) -> Result<String, &'static str> {
    check_inside(path)?;
    if path.ends_with('/') {
        return Err("names a folder, not a file");
    }
    let components: Vec<&str> = path
        .split('/')
        .filter(|component| !component.is_empty() && *component != ".")
        .collect();
    for component in &components {
        if is_name(component, &[".git"]) {
            return Err("lies in `.git`");
        }
        if is_name(component, &[".tipstaff"]) {
            return Err("lies in `.tipstaff`, which is tipstaff's own");
        }
        if component.len() > MAX_COMPONENT {
            return Err("has a name in it that is longer than 255 bytes");
        }
    }
    if components.is_empty() {
        return Err("names the project folder itself");
    }
    Ok(components.join("/"))
}

/// Whether one published path would have to be a folder for the other.
pub(super) fn in_the_way(path: &str, other: &str) -> bool {
    let below = |long: &str, short: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    below(path, other) || below(other, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_the_project_are_outputs() {
        assert_eq!(
            check_output("./docs//{feature}/./x.md").as_deref(),
            Ok("docs/{feature}/x.md")
        );
        for path in [
            "",
            " ",
            "/etc/passwd",
            "~/x",
            "C:/x",
            "../x",
            "a/../../x",
            "a\\b",
            "a\nb",
            "docs/",
            ".",
            "./",
            ".git/hooks/x",
            "sub/.GIT/config",
            ".tipstaff/runs/x",
        ] {
            assert!(check_output(path).is_err(), "{path:?}");
        }
        assert!(check_output("a/..b/c..md").is_ok());
        assert!(check_output(&"x".repeat(300)).is_err());
    }

    #[test]
    fn a_file_cannot_be_a_folder() {
        assert!(in_the_way("docs/a", "docs/a/b.md"));
        assert!(!in_the_way("docs/a", "docs/ab"));
    }
}
