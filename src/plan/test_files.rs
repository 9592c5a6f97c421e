//! Which files of a project are tests.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Told by patterns; `*` stays within a folder, `**` does not.
#[derive(Debug)]
pub struct TestFiles(GlobSet);

impl TestFiles {
    /// Where tests lie, and what their files are called, if nobody says so.
    pub const USUAL: [&str; 10] = [
        "**/{test,tests,__tests__,spec,testdata}/**",
        "**/*.{test,spec,cy}.*",
        "**/*{_test,_tests,_spec,-test,-spec}.*",
        "**/test_*.*",
        "**/test.*",
        "**/tests.*",
        "**/conftest.py",
        "**/*{Test,Tests,IT}.{java,kt,kts,scala,groovy,cs,php,swift}",
        "**/*Spec.{scala,kt,groovy,hs}",
        "**/__snapshots__/**",
    ];

    /// What is no pattern matches nothing.
    pub fn new(patterns: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let plain = pattern.strip_prefix("./").unwrap_or(pattern);
            if let Ok(glob) = GlobBuilder::new(plain).literal_separator(true).build() {
                set.add(glob);
            }
        }
        Self(set.build().unwrap_or_default())
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_test_files_are_told_from_others() {
        let files = TestFiles::new(&TestFiles::USUAL.map(str::to_owned));
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
        assert!(!TestFiles::new(&[]).has("tests/a.rs"));
    }
}
