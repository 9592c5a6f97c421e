//! What a changed file may do later, by its path.

use super::name::{matches, parts};
use super::table::{Acts, RULES};

/// What a changed file may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    pub acts: Acts,
    pub why: &'static str,
}

/// What a file of this path may do, or one in a folder of this path; nothing for an ordinary one.
pub fn risk_of(path: &str) -> Option<Risk> {
    let parts = parts(path);
    let is_named = |name: &&str| {
        let known: Vec<&str> = name.split('/').collect();
        let same = |(part, known): (&String, &&str)| matches(part, known);
        parts
            .windows(known.len())
            .any(|window| window.iter().zip(&known).all(same))
    };
    let rule = RULES.iter().find(|rule| rule.names.iter().any(&is_named))?;
    Some(Risk {
        acts: rule.acts,
        why: rule.why,
    })
}

/// Whether files below this path may act by themselves because of its name.
pub fn may_act_below(path: &str) -> bool {
    let last = parts(path).pop().unwrap_or_default();
    let begins = |name: &&str| {
        name.split_once('/')
            .is_some_and(|(first, _)| matches(&last, first))
    };
    let of_itself = risk_of(path).is_some_and(|risk| risk.acts == Acts::ByThemselves);
    of_itself || RULES.iter().any(|rule| rule.names.iter().any(&begins))
}

/// Files that act later, by how they do; each with the reason.
pub type Listed<'a> = Vec<(Acts, Vec<(&'a str, &'static str)>)>;

/// Those of these files that act later, under their headings; a heading without files is left out.
pub fn listed<'a>(paths: impl IntoIterator<Item = &'a str>) -> Listed<'a> {
    let risky = paths
        .into_iter()
        .filter_map(|path| Some((path, risk_of(path)?)));
    let risky: Vec<(&str, Risk)> = risky.collect();
    let of = |acts| {
        let those = risky.iter().filter(move |(_, risk)| risk.acts == acts);
        let those: Vec<_> = those.map(|(path, risk)| (*path, risk.why)).collect();
        (acts, those)
    };
    let all = Acts::ALL.map(of).into_iter();
    all.filter(|(_, those)| !those.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_what_they_do() {
        let acts = |path: &str| risk_of(path).map(|risk| risk.acts);
        for path in [
            ".envrc",
            "sub/.envrc",
            ".vscode/tasks.json",
            ".VSCode/x/y",
            ".husky/pre-commit",
            ".npmrc",
            ".cargo/config.toml",
            "crates/a/.cargo/config.toml",
            "AGENTS.md",
            "docs/agents.MD",
            ".github/Instructions/a.md",
            ".junie/x",
            ".vscode\\tasks.json",
            "app.code-workspace",
            ".vscode",
            ".Claude/settings.json",
            "VSCODE~1/tasks.json",
            ".gitattributes.",
            "lib/evil.pth",
        ] {
            assert_eq!(acts(path), Some(Acts::ByThemselves), "{path}");
        }
        for path in [
            ".github/workflows/ci.yml",
            "build.rs",
            "web/package.json",
            "Makefile",
            "vite.config.ts",
            "Dockerfile.dev",
        ] {
            assert_eq!(acts(path), Some(Acts::WhenRun), "{path}");
        }
        for path in [
            "src/main.rs",
            "README.md",
            ".gitignore",
            ".env.example",
            "cargo/config.toml",
            ".github/CODEOWNERS",
            "agents.md.txt",
            "src/build.rs.txt",
            "a",
            "",
        ] {
            assert_eq!(acts(path), None, "{path}");
        }
    }
}
