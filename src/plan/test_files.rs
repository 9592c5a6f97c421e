//! Which files of a project are tests, and which decide how they are run.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::risk::{Acts, risk_of};

/// Told by patterns; `*` stays within a folder, `**` does not.
#[derive(Debug)]
pub struct TestFiles<'a> {
    tests: Cow<'static, GlobSet>,
    /// Of which the scripts are started.
    commands: &'a [String],
}

/// These are asked for at every step of a run.
static USUAL_TESTS: LazyLock<GlobSet> = LazyLock::new(|| set(&TestFiles::USUAL));
static RUNNERS: LazyLock<GlobSet> = LazyLock::new(|| set(&TestFiles::RUNNERS));

impl<'a> TestFiles<'a> {
    /// Where tests lie, and what their files are called, if nobody says so.
    pub const USUAL: [&'static str; 10] = [
        "**/{test,tests,__tests__,spec,testdata}/**",
        "**/*.{test,spec,cy}.*",
        "**/*{_test,_tests,_spec,_specs,-test,-tests,-spec,-specs}.*",
        "**/test_*.*",
        "**/test.*",
        "**/tests.*",
        "**/conftest.py",
        "**/*{Test,Tests,IT}.{java,kt,kts,scala,groovy,cs,php,swift}",
        "**/*Spec.{scala,kt,groovy,hs}",
        "**/__snapshots__/**",
    ];
    /// Of files that say more, such as `Cargo.toml`, only `package.json` is among them: its scripts can be told from
    /// the rest.
    const RUNNERS: [&'static str; 6] = [
        "{script,scripts,ci}/**",
        "**/package.json",
        "**/{Makefile,makefile,GNUmakefile,justfile,Justfile,.justfile,Taskfile.yml,Taskfile.yaml,Rakefile,*.mk}",
        "**/{tox.ini,pytest.ini,conftest.py,noxfile.py,phpunit.xml,phpunit.xml.dist,.rspec}",
        "**/{jest,vitest,playwright,cypress,karma}.{config,conf}.*",
        "**/.mocharc*",
    ];

    /// By these patterns, or the usual ones where there are none; the scripts that commands start decide how tests
    /// are run, too.
    pub fn new(patterns: &[String], commands: &'a [String]) -> Self {
        let tests = match patterns {
            [] => Cow::Borrowed(&*USUAL_TESTS),
            some => Cow::Owned(set(some)),
        };
        Self { tests, commands }
    }

    pub fn has(&self, path: &str) -> bool {
        self.tests.is_match(path)
    }

    /// Whether it decides which tests run, and how.
    pub fn runs(&self, path: &str) -> bool {
        let mut scripts = self.commands.iter().flat_map(|line| scripts_of(line));
        // An interpreter obeys `.npmrc` whatever the command says.
        let acts = risk_of(path).is_some_and(|risk| risk.acts == Acts::ByThemselves);
        acts || RUNNERS.is_match(path) || scripts.any(|script| Path::new(path).ends_with(script))
    }
}

/// The files that a command line starts, by themselves, by a shell or an interpreter. What else programs are given
/// may be the very work that is to be tested.
fn scripts_of(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split([';', '|', '&', '(', ')', '\n']);
    parts.filter_map(|part| {
        let mut words = part
            .split_whitespace()
            .skip_while(|word| word.contains('='));
        let first = words.next()?;
        let script = match first {
            "sh" | "bash" | "dash" | "zsh" => words.find(|word| !word.starts_with('-'))?,
            "node" | "python" | "python3" | "ruby" | "perl" | "php" => words.next()?,
            first => Some(first).filter(|first| first.contains('/'))?,
        };
        let script = script.trim_matches(['"', '\'']);
        Some(script.strip_prefix("./").unwrap_or(script))
    })
}

/// What is no pattern matches nothing.
fn set(patterns: &[impl AsRef<str>]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns.iter().map(AsRef::as_ref) {
        let plain = pattern.strip_prefix("./").unwrap_or(pattern);
        if let Ok(glob) = GlobBuilder::new(plain).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_test_files_are_told_from_others() {
        let files = TestFiles::new(&[], &[]);
        for test in [
            "tests/a.rs",
            "crates/a/tests/common/mod.rs",
            "src/__tests__/a.tsx",
            "test/limit.test.js",
            "src/limit.spec.ts",
            "pkg/limit_test.go",
            "test_limit.py",
            "a/conftest.py",
            "src/main/LimitTest.java",
            "spec/limit_spec.rb",
        ] {
            assert!(files.has(test), "{test}");
        }
        for other in [
            "src/latest.js",
            "src/contest.py",
            "attest/a.rs",
            "src/tester.rs",
            "src/testing.rs",
            "package.json",
            "src/manifest.rs",
        ] {
            assert!(!files.has(other), "{other}");
        }
        let named = TestFiles::new(&["checks/**".to_owned()], &[]);
        assert!(named.has("checks/a.rs") && !named.has("tests/a.rs"));
    }

    #[test]
    fn what_a_command_starts_decides_how_tests_are_run() {
        let commands =
            ["CI=1 sh -e ./checks/all.sh && (cd web; 'bin/check' -f app.js); node checks/own.js && node -c src/a.js".to_owned()];
        let files = TestFiles::new(&[], &commands);
        for runner in [
            "checks/all.sh",
            "checks/own.js",
            "scripts/run.js",
            "web/.npmrc",
            "rules.mk",
            "web/bin/check",
            "web/package.json",
            "Makefile",
            "vitest.config.ts",
        ] {
            assert!(files.runs(runner), "{runner}");
        }
        for other in [
            "checks/all.sh.js",
            "src/a.js",
            "src/scripts/a.js",
            "package-lock.json",
            "app.js",
            "Cargo.toml",
        ] {
            assert!(!files.runs(other), "{other}");
        }
    }
}
