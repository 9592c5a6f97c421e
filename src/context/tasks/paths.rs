//! The files that tasks name: paths or globs relative to the project.

use globset::GlobBuilder;

/// Folders that no task gets at.
const FORBIDDEN: [&str; 2] = [".git", ".tipstaff"];

/// A path without detours that change nothing: `./src//a.rs` is `src/a.rs`.
pub(super) fn plain(path: &str) -> String {
    let path = path.trim();
    let root = if path.starts_with('/') { "/" } else { "" };
    let steps: Vec<&str> = path
        .split('/')
        .filter(|step| !step.is_empty() && *step != ".")
        .collect();
    format!("{root}{}", steps.join("/"))
}

/// Why a task may not name this path; `None` if it may.
pub(super) fn objection(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("is empty; name files".to_owned());
    }
    let bytes = path.as_bytes();
    let drive = bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic();
    if path.starts_with(['/', '~', '\\']) || drive {
        return Some("is not relative to the project".to_owned());
    }
    let mut steps = path.split(['/', '\\']);
    if steps.clone().any(|step| step == "..") {
        return Some("leads out of the project".to_owned());
    }
    let inside = steps.find_map(|step| {
        FORBIDDEN
            .into_iter()
            .find(|forbidden| step.eq_ignore_ascii_case(forbidden))
    })?;
    Some(format!("lies in `{inside}`, which no task may touch"))
}

/// Whether two paths or globs can mean the same file. Of two different globs this is not known.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let within = |folder: &str, path: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    one == other
        || within(one, other)
        || within(other, one)
        || matches(one, other)
        || matches(other, one)
}

fn matches(glob: &str, path: &str) -> bool {
    let is_glob = glob.contains(['*', '?', '[', '{']);
    let built = is_glob.then(|| GlobBuilder::new(glob).literal_separator(true).build());
    built
        .and_then(Result::ok)
        .is_some_and(|glob| glob.compile_matcher().is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_objected_to() {
        for path in [
            "",
            "/etc/passwd",
            "~/x",
            "C:/x",
            "../x",
            "a/../../x",
            "a\\..\\x",
            ".git/config",
            "vendor/.GIT/hooks/x",
            ".tipstaff/out/handoff.json",
        ] {
            assert!(objection(&plain(path)).is_some(), "{path}");
        }
        for path in [
            "src/a.rs",
            ".gitignore",
            ".github/w.yml",
            "a..b",
            "src/*.rs",
            "-x y",
        ] {
            assert_eq!(objection(&plain(path)), None, "{path}");
        }
    }

    #[test]
    fn folders_and_globs_overlap_with_what_they_hold() {
        assert!(overlap("src/a.rs", "src/a.rs"));
        assert!(overlap("src", "src/a.rs"));
        assert!(overlap("src/a.rs", "src/*.rs"));
        assert!(!overlap("src/a.rs", "src/ab.rs"));
        assert!(!overlap("src/deep/a.rs", "src/*.rs"));
        assert!(!overlap("sr", "src"));
    }
}
