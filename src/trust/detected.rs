//! Commands that a model may propose in a project of a known kind: those that its tests are run with.

use std::path::Path;

/// A file at the top of a project a line, and the patterns of the commands that come with it.
const KINDS: &str = "\
package.json: npm test*, npm run test*, node --test*
pnpm-lock.yaml: pnpm test*
yarn.lock: yarn test*
bun.lock: bun test*
bun.lockb: bun test*
Cargo.toml: cargo test*, cargo check*, cargo clippy*, cargo nextest run*
go.mod: go test*, go vet*
pyproject.toml: pytest*, python -m pytest*, python3 -m pytest*
pytest.ini: pytest*, python -m pytest*, python3 -m pytest*
requirements.txt: pytest*, python -m pytest*, python3 -m pytest*
setup.py: pytest*, python -m unittest*, python3 -m pytest*, python3 -m unittest*
Makefile: make test*, make check*
pom.xml: mvn test*
build.gradle: ./gradlew test*, gradle test*
build.gradle.kts: ./gradlew test*, gradle test*
composer.json: composer test*, vendor/bin/phpunit*
Gemfile: bundle exec rspec*, bundle exec rake test*
mix.exs: mix test*";

/// Their patterns, each once.
pub fn detected_commands(project: &Path) -> Vec<String> {
    let kinds = KINDS.lines().filter_map(|line| line.split_once(": "));
    let there = kinds.filter(|(file, _)| project.join(file).is_file());
    let patterns = there.flat_map(|(_, patterns)| patterns.split(", "));
    let mut found: Vec<String> = patterns.map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::plan::VerifyRules;

    #[test]
    fn kind_of_a_project_allows_its_own_tests_only() {
        let temp = tempfile::tempdir().unwrap();
        assert!(detected_commands(temp.path()).is_empty());
        for file in ["Cargo.toml", "setup.py", "pyproject.toml"] {
            std::fs::write(temp.path().join(file), "").unwrap();
        }
        // A folder of that name is no manifest.
        std::fs::create_dir(temp.path().join("package.json")).unwrap();
        let rules = VerifyRules {
            allow: detected_commands(temp.path()),
            ..VerifyRules::default()
        };
        for command in ["cargo test --workspace", "python3 -m pytest -q", "pytest"] {
            assert!(rules.allow(command), "{command}");
        }
        for command in [
            "npm test",
            "cargo run",
            "cargo install evil",
            "python3 x.py",
        ] {
            assert!(!rules.allow(command), "{command}");
        }
        let pytest = rules.allow.iter().filter(|pattern| *pattern == "pytest*");
        assert_eq!(pytest.count(), 1);
    }
}
