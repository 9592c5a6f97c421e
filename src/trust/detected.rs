//! What a project of a known kind needs nobody to say: the commands that its tests are run with, which a model may
//! propose, and those that install what it depends on.

use std::path::Path;

use serde_json::Value;

use crate::files;
use crate::plan::SetupStep;

/// Of a project's manifest, no more than this is read, in bytes.
const MANIFEST: u64 = 1 << 20;

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

/// A file at the top of a project, what it has to hold, and the command that runs all of the project's tests.
const TESTS: [(&str, &str, &str); 13] = [
    ("Makefile", "\ntest:", "make test"),
    ("Cargo.toml", "", "cargo test"),
    ("go.mod", "", "go test ./..."),
    ("uv.lock", "pytest", "uv run pytest"),
    ("pytest.ini", "", "python3 -m pytest"),
    ("pyproject.toml", "pytest", "python3 -m pytest"),
    ("composer.json", "\"test\"", "composer test"),
    ("phpunit.xml", "", "vendor/bin/phpunit"),
    ("Gemfile", "rspec", "bundle exec rspec"),
    ("mix.exs", "", "mix test"),
    ("pom.xml", "", "mvn --quiet test"),
    ("build.gradle", "", "./gradlew test"),
    ("build.gradle.kts", "", "./gradlew test"),
];
/// What runs the scripts of a package, by its lock file.
const RUNNERS: [(&str, &str); 3] = [
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun run"),
];

/// The command that a project's tests are run with, if its files show one.
pub fn detected_test(project: &Path) -> Option<String> {
    let text = |file: &str| {
        let bytes = files::read_below(project, file.as_ref(), MANIFEST).ok()?;
        Some(format!("\n{}", String::from_utf8_lossy(&bytes)))
    };
    let holds =
        |(file, what, _): &&(&str, &str, &str)| text(file).is_some_and(|text| text.contains(what));
    let [makefile, others @ ..] = &TESTS;
    let script = || {
        let package: Value = serde_json::from_str(&text("package.json")?).ok()?;
        let script = package.get("scripts")?.get("test")?.as_str()?;
        // What `npm init` writes.
        if script.contains("no test specified") {
            return None;
        }
        let runner = RUNNERS
            .iter()
            .find(|(lock, _)| project.join(lock).is_file());
        Some(format!(
            "{} test",
            runner.map_or("npm", |(_, runner)| runner)
        ))
    };
    let command = |(_, _, command): &(&str, &str, &str)| (*command).to_owned();
    let found = Some(makefile).filter(holds).map(command);
    found
        .or_else(script)
        .or_else(|| others.iter().find(holds).map(command))
}

/// A file at the top of a project a line, the folder that its command fills, the program, and the command. Of several
/// that fill the same one, the first counts. A project whose code does not compile can be worked on: what can be built of
/// it is.
const INSTALLERS: &str = "\
package-lock.json: node_modules: npm: npm ci
npm-shrinkwrap.json: node_modules: npm: npm ci
pnpm-lock.yaml: node_modules: pnpm: pnpm install --frozen-lockfile
yarn.lock: node_modules: yarn: yarn install --frozen-lockfile
bun.lock: node_modules: bun: bun install --frozen-lockfile
bun.lockb: node_modules: bun: bun install --frozen-lockfile
uv.lock: .venv: uv: UV_PYTHON_DOWNLOADS=never uv sync --frozen
poetry.lock: .venv: poetry: POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-interaction
composer.lock: vendor: composer: composer install --no-interaction
Cargo.lock: target: cargo: cargo fetch --locked && { cargo test --no-run --locked || true; }
go.sum: go: go: go mod download && { go build ./... || true; }";

/// The commands that install what a project depends on, of programs that are there.
pub fn detected_setup(project: &Path, is_there: impl Fn(&str) -> bool) -> Vec<SetupStep> {
    let mut filled = Vec::new();
    let mut found = Vec::new();
    for line in INSTALLERS.lines() {
        let parts: Vec<&str> = line.split(": ").collect();
        if let [file, folder, program, run] = parts[..]
            && !filled.contains(&folder)
            && project.join(file).is_file()
            && is_there(program)
        {
            filled.push(folder);
            found.push(SetupStep {
                run: run.to_owned(),
                when: vec![file.to_owned()],
                keep: Vec::new(),
                detected: true,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::plan::VerifyRules;

    #[test]
    fn a_folder_is_filled_by_one_command_whose_program_is_there() {
        let temp = tempfile::tempdir().unwrap();
        for file in ["package-lock.json", "yarn.lock", "bun.lock", "uv.lock"] {
            std::fs::write(temp.path().join(file), "").unwrap();
        }
        let found = detected_setup(temp.path(), |program| program != "npm");
        let found: Vec<&str> = found.iter().map(|step| step.run.as_str()).collect();
        let expected = [
            "yarn install --frozen-lockfile",
            "UV_PYTHON_DOWNLOADS=never uv sync --frozen",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn test_command_is_the_one_that_the_project_has() {
        let told = |files: &[(&str, &str)]| {
            let temp = tempfile::tempdir().unwrap();
            for (file, text) in files {
                std::fs::write(temp.path().join(file), text).unwrap();
            }
            detected_test(temp.path())
        };
        let package = r#"{ "scripts": { "test": "node --test" } }"#;
        let none = r#"{ "scripts": { "test": "echo \"Error: no test specified\" && exit 1" } }"#;
        for (files, command) in [
            (&[][..], None),
            (&[("package.json", package)], Some("npm test")),
            (
                &[("package.json", package), ("yarn.lock", "")],
                Some("yarn test"),
            ),
            (&[("package.json", none)], None),
            (&[("package.json", "{ not json")], None),
            (
                &[("Makefile", "all:\n\ntest: all\n"), ("Cargo.toml", "")],
                Some("make test"),
            ),
            (
                &[("Makefile", "all:\n"), ("Cargo.toml", "")],
                Some("cargo test"),
            ),
            (&[("pyproject.toml", "[project]\n")], None),
            (
                &[("pyproject.toml", "[tool.pytest.ini_options]\n")],
                Some("python3 -m pytest"),
            ),
        ] {
            assert_eq!(told(files).as_deref(), command, "{files:?}");
        }
    }

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
