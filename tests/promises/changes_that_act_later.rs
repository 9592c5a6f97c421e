//! A change that acts without anybody running the project stays in the run until somebody accepts it.

use serde_json::Value;

use crate::support::{Sandbox, Terminal};

/// One phase that edits: it writes these files, each with its path as content.
fn editing(paths: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    let writes = paths.iter().map(|path| {
        let path = serde_json::to_string(path).unwrap();
        format!("{{ write: {{ path: {path}, text: {path} }} }}, ")
    });
    let writes: String = writes.collect();
    sandbox.fake_agent(&format!("- when: {{ model: m1 }}\n  do: [{writes}done]\n"));
    sandbox
}

fn held(sandbox: &Sandbox) -> Vec<String> {
    let applied = sandbox.run().all("changes_applied").pop().unwrap();
    let held = applied["held"].as_array().cloned().unwrap_or_default();
    held.iter()
        .map(|held| held["path"].as_str().unwrap().to_owned())
        .collect()
}

fn apply(sandbox: &Sandbox, flags: &[&str]) -> crate::support::Output {
    sandbox.tipstaff(&[&["apply", &sandbox.run().id()], flags].concat())
}

const ACTING: [&str; 8] = [
    ".cargo/config.toml",
    ".devcontainer/devcontainer.json",
    ".envrc",
    ".gitattributes",
    ".husky/pre-commit",
    ".npmrc",
    ".vscode/tasks.json",
    "AGENTS.md",
];

#[test]
fn each_class_is_held_back_and_the_rest_is_delivered() {
    let sandbox = editing(
        &[
            &ACTING[..],
            &["b.txt", "build.rs", ".github/workflows/ci.yml"],
        ]
        .concat(),
    );
    let output = sandbox.tipstaff(&["run", "one", "Do it"]);
    output
        .succeeds()
        .stderr_has("3 changed files in your project, not committed; 8 changes held back")
        .stderr_has(".envrc: shells and editors obey it where it lies")
        .stderr_has("runs when you build, test or push: .github/workflows/ci.yml, build.rs")
        .stderr_has("--accept .cargo/config.toml");
    assert_eq!(held(&sandbox), ACTING);
    for path in ACTING {
        assert!(!sandbox.exists(path), "{path}");
    }
    for path in ["b.txt", "build.rs", ".github/workflows/ci.yml"] {
        assert_eq!(sandbox.read(path), path);
    }
    let shown = sandbox.tipstaff(&["show", "--json"]);
    let shown: Value = serde_json::from_str(&shown.succeeds().stdout).unwrap();
    assert_eq!(shown["changes"]["held"].as_array().unwrap().len(), 8);
    assert_eq!(shown["changes"]["runs_when_used"][1]["path"], "build.rs");
    sandbox
        .tipstaff(&["diff"])
        .succeeds()
        .stdout_has("+++ b/.envrc")
        .stderr_has("acts on its own: .envrc: ")
        .stderr_has("runs when you build, test or push: build.rs: ");
}

#[test]
fn disguised_names_are_held_back_or_refused() {
    let disguised = [
        ".ENVRC",
        ".vscode./tasks.json",
        "CLAUDE~1.MD",
        ".husky::$DATA",
        "sub/.n\u{200c}pmrc",
    ];
    let refused = [
        ".GIT/config",
        "git~1/hooks/pre-commit",
        ".git./config",
        ".g\u{200c}it/config",
    ];
    let sandbox = editing(&[&disguised[..], &refused, &["b.txt"]].concat());
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    let mut wanted = disguised.map(str::to_owned);
    wanted.sort();
    assert_eq!(held(&sandbox), wanted);
    assert!(sandbox.exists("b.txt"));
    for path in refused {
        assert!(!sandbox.exists(path), "{path}");
    }
    let everything = apply(&sandbox, &["--accept", "**"]);
    everything.succeeds();
    for path in refused {
        assert!(!sandbox.exists(path), "{path}");
    }
    assert_eq!(sandbox.read(".ENVRC"), ".ENVRC");
}

#[test]
fn what_was_held_back_is_applied_and_undone_later() {
    let sandbox = editing(&[".envrc", ".npmrc", "b.txt"]);
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    apply(&sandbox, &[])
        .exits_with(2)
        .stderr_has("what is left of this run is held back")
        .stderr_has("hint: `tipstaff apply");
    apply(&sandbox, &["--accept", ".envrc"])
        .succeeds()
        .stderr_has("2 changed files in your project, not committed; 1 change held back");
    assert_eq!(sandbox.read(".envrc"), ".envrc");
    assert!(!sandbox.exists(".npmrc"));
    apply(&sandbox, &["--accept", ".npmrc"])
        .succeeds()
        .has_no("held back");
    assert_eq!(sandbox.read(".npmrc"), ".npmrc");
    sandbox.tipstaff(&["undo", &sandbox.run().id()]).succeeds();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn run_whose_changes_are_all_held_back_is_done_and_touches_nothing() {
    let sandbox = editing(&[".envrc"]);
    sandbox
        .tipstaff(&["run", "one", "Do it", "--json"])
        .succeeds()
        .stdout_has(r#""files":0,"held":[{"path":".envrc""#);
    let shown = sandbox.tipstaff(&["show"]);
    shown.stdout_has("no changed file in your project, not committed; 1 change held back");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let branch = editing(&[".envrc"]);
    branch
        .tipstaff(&["run", "one", "Do it", "--branch", "new"])
        .succeeds();
    assert!(!branch.git(&["branch", "--list"]).contains("new"));
    apply(&branch, &["--branch", "new", "--accept", ".envrc"]).succeeds();
    assert_eq!(branch.git(&["show", "new:.envrc"]), ".envrc");
}

#[test]
fn flag_configuration_and_request_accept() {
    let sandbox = editing(&[
        ".envrc",
        "AGENTS.md",
        "docs/AGENTS.md",
        ".npmrc",
        "sub/.npmrc",
    ]);
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let mut text = std::fs::read_to_string(&config).unwrap();
    text.push_str("accept: [.envrc]\n");
    std::fs::write(&config, text).unwrap();
    let request = "Say in `AGENTS.md` how to install.";
    let output = sandbox.tipstaff(&["run", "one", request, "--accept", "**/.npmrc"]);
    output.succeeds().stderr_has("acts on its own: .envrc");
    assert_eq!(held(&sandbox), ["docs/AGENTS.md"]);
    assert!(sandbox.exists("sub/.npmrc"));
}

#[test]
fn projects_own_accept_does_not_count() {
    let sandbox = editing(&[".envrc"]);
    sandbox.write(".tipstaff/config.yaml", "accept: ['**']\n");
    sandbox
        .tipstaff(&["run", "one", "Do it"])
        .succeeds()
        .stderr_has("`accept` counts in your own configuration only");
    assert_eq!(held(&sandbox), [".envrc"]);
}

#[test]
fn one_at_the_terminal_is_asked_once() {
    let sandbox = editing(&[".envrc", "b.txt"]);
    let mut terminal = Terminal::start(&sandbox, &["run", "one", "Do it"]);
    terminal.until_shows(1, "deliver what is held back, too (.envrc)? [y/N]");
    terminal.types("y\n").leaves();
    terminal.wait().succeeds();
    assert_eq!(sandbox.read(".envrc"), ".envrc");
    assert_eq!(sandbox.run().all("changes_applied").len(), 2);
}

#[test]
fn hooks_folder_of_git_and_links_into_acting_folders_count() {
    let sandbox = editing(&["tools/hooks/pre-push", "shared/settings.json", "b.txt"]);
    std::os::unix::fs::symlink("shared", sandbox.project().join(".vscode")).unwrap();
    sandbox.git(&["config", "core.hooksPath", "tools/hooks"]);
    sandbox.write("shared/x", "x\n");
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    assert_eq!(
        held(&sandbox),
        ["shared/settings.json", "tools/hooks/pre-push"]
    );
}

#[test]
fn hooks_and_folders_that_are_ignored_links_count() {
    let sandbox = editing(&["scripts/pre-commit", "shared/tasks.json", "b.txt"]);
    sandbox
        .write(".gitignore", ".tipstaff/\n.vscode\n")
        .write("scripts/pre-commit", "old\n")
        .write("shared/x", "x\n");
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, sandbox.project().join(at));
    std::fs::create_dir_all(sandbox.project().join(".git/hooks")).unwrap();
    link("../../scripts/pre-commit", ".git/hooks/pre-commit").unwrap();
    link("shared", ".vscode").unwrap();
    sandbox
        .tipstaff(&["run", "one", "Do it"])
        .succeeds()
        .stderr_has("obeys it, as .git/hooks/pre-commit");
    assert_eq!(held(&sandbox), ["scripts/pre-commit", "shared/tasks.json"]);
    assert_eq!(sandbox.read("scripts/pre-commit"), "old\n");
}

#[test]
fn gits_own_folder_of_hooks_may_be_a_link() {
    let sandbox = editing(&["scripts/pre-push", "b.txt"]);
    let hooks = sandbox.project().join(".git/hooks");
    std::fs::remove_dir_all(&hooks).ok();
    std::os::unix::fs::symlink("../scripts", hooks).unwrap();
    sandbox.write("scripts/x", "x\n");
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    assert_eq!(held(&sandbox), ["scripts/pre-push"]);
}

#[test]
fn folder_that_git_takes_for_a_repository_is_held_back() {
    let repository = ["a/HEAD", "a/config", "a/objects/x", "a/refs/x"];
    let led_elsewhere = ["b/commondir", "b/head"];
    let ordinary = ["web/Head/index.js", "web/objects/x", "web/refs/x"];
    let sandbox = editing(&[&repository[..], &led_elsewhere, &ordinary].concat());
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    assert_eq!(held(&sandbox), [&repository[..], &led_elsewhere].concat());
}

#[test]
fn document_that_acts_is_not_published_until_accepted() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("AGENTS.md", "old\n")
        .write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, output: AGENTS.md, retries: 0 }\n",
        )
        .git_init();
    sandbox.fake_agent("- when: { model: m1 }\n  do: [{ write: { path: .tipstaff/out/deliverable.md, text: \"new\\n\" } }]\n");
    sandbox
        .tipstaff(&["check", "one"])
        .succeeds()
        .stderr_has("`AGENTS.md` acts on its own");
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    assert_eq!(held(&sandbox), ["AGENTS.md"]);
    assert_eq!(sandbox.read("AGENTS.md"), "old\n");
    apply(&sandbox, &["--accept", "AGENTS.md"]).succeeds();
    assert_eq!(sandbox.read("AGENTS.md"), "new\n");
    sandbox.tipstaff(&["undo", &sandbox.run().id()]).succeeds();
    assert_eq!(sandbox.read("AGENTS.md"), "old\n");
}

#[test]
fn audit_reads_which_changes_act() {
    let sandbox = editing(&[".envrc", "build.rs"]);
    let workflow = sandbox.read(".tipstaff/workflows/one.yaml");
    sandbox.write(
        ".tipstaff/workflows/one.yaml",
        &format!("{workflow}  - {{ name: audit, model: m2, context_strategy: fresh, input: mend.handoff, retries: 0, on_fail: {{ goto: mend, max: 1 }} }}\n"),
    );
    sandbox.tipstaff(&["run", "one", "Do it"]);
    let prompt = "phases/02-audit/calls/audit.work-1/attempt-1/prompt.md";
    let prompt = sandbox.run().read(prompt);
    assert!(
        prompt.contains("- `.envrc`: shells and editors obey it"),
        "{prompt}"
    );
    assert!(
        prompt.contains("- `build.rs`: building, testing or starting"),
        "{prompt}"
    );
}
