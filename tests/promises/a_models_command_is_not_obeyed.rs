//! A command that a model wrote runs where the workflow or its user allows it, or the person at the terminal;
//! and no command that verifies changes gets the user's keys or home.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Sandbox, Terminal};

const CHOICES: &str = "[r]un them, [s]kip them or [l]ater? ";
const BUILD: [&str; 3] = ["run", "build", "Build it"];

/// A project whose plan is cut into one task, which a model wants to verify with this command.
fn project(command: &str) -> Sandbox {
    let sandbox = Sandbox::open();
    sandbox
        .write("a.txt", "a\n")
        .write("package.json", "{}\n")
        .write(
            ".tipstaff/workflows/build.yaml",
            "name: build\nphases:\n  - name: decompose\n    model: m1\n    context_strategy: fresh\n    \
             retries: 0\n  - name: execute\n    type: routed\n    routing: { default: m1 }\n    \
             input: decompose.output\n    context_strategy: distilled\n    retries: 0\n",
        )
        .git_init();
    let tasks = serde_json::json!({"tasks": [{
        "id": "T1", "title": "The file", "category": "any", "instructions": "Change it.",
        "files": {"edit": ["a.txt"]}, "verify": command,
    }]});
    let tasks = serde_json::to_string(&tasks.to_string()).unwrap();
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose }}\n  do:\n    - write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }}\n    \
         - done\n- do: [{{ write: {{ path: a.txt, text: b }} }}, done]\n"
    ));
    sandbox
}

/// A command that takes a key of the user's, as a script the project has.
fn thief(sandbox: &Sandbox) -> String {
    let loot = sandbox.outside("loot").display().to_string();
    format!("sh -c 'env > {loot}'")
}

#[test]
fn nobody_at_a_terminal_means_that_it_is_skipped() {
    for args in [&["--yes"][..], &["--json"], &[]] {
        let scratch = Sandbox::new();
        let command = thief(&scratch);
        let sandbox = project(&command);
        let output = sandbox.tipstaff(&[&BUILD[..], args].concat());
        output.succeeds();
        let said = if args == ["--json"] {
            &output.stdout
        } else {
            &output.stderr
        };
        assert!(
            said.contains("verify_allow") || said.contains("run_commands"),
            "{output}"
        );
        assert!(said.contains("sh -c"), "{output}");
        assert!(!scratch.outside("loot").exists());
        assert_eq!(sandbox.read("a.txt"), "b");
        assert!(sandbox.run().all("verified").is_empty());
    }
}

#[test]
fn the_one_at_the_terminal_is_asked_once_with_the_command() {
    for (keys, runs) in [("r\n", true), ("s\n", false)] {
        let scratch = Sandbox::new();
        let command = thief(&scratch);
        let sandbox = project(&command);
        let mut terminal = Terminal::start(&sandbox, &BUILD);
        terminal.until_shows(1, CHOICES);
        assert!(!scratch.outside("loot").exists());
        terminal.types("perhaps\n").until_shows(2, CHOICES);
        terminal.types(keys);
        terminal.wait().succeeds().stdout_has(&command);
        assert_eq!(scratch.outside("loot").exists(), runs);
        assert_eq!(sandbox.run().all("person_asked").len(), 1);
    }
}

#[test]
fn who_leaves_the_question_answers_it_later() {
    for (answer, verified) in [("approve", 1), ("reject", 0)] {
        let sandbox = project("sh -c true");
        let mut terminal = Terminal::start(&sandbox, &BUILD);
        terminal.until_shows(1, CHOICES);
        terminal.types("l\n");
        terminal.wait().exits_with(4);
        let run = sandbox.run();
        sandbox
            .tipstaff(&["show", "--all"])
            .succeeds()
            .stdout_has("sh -c true");
        sandbox.tipstaff(&[answer, &run.id()]).succeeds();
        assert_eq!(run.all("verified").len(), verified);
    }
}

#[test]
fn what_its_tests_are_run_with_needs_no_question() {
    for (command, runs) in [
        ("npm test", true),
        ("npm test -- --grep 'one thing'", true),
        ("npm test; touch HERE", false),
        ("npm test && touch HERE", false),
        ("npm test $(touch HERE)", false),
        ("npm test `touch HERE`", false),
        ("npm test > HERE", false),
        ("npm test | tee HERE", false),
        ("npm test\ntouch HERE", false),
        ("PATH=. npm test", false),
        ("cargo test", false),
    ] {
        let scratch = Sandbox::new();
        let here = scratch.outside("here").display().to_string();
        let mut sandbox = project(&command.replace("HERE", &here));
        let bin = sandbox.outside("bin");
        std::fs::create_dir(&bin).unwrap();
        std::fs::write(bin.join("npm"), "#!/bin/sh\necho tested\n").unwrap();
        std::fs::set_permissions(bin.join("npm"), PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        sandbox.env("PATH", &path);
        sandbox.tipstaff(&BUILD).succeeds();
        let run = sandbox.run();
        assert_eq!(run.all("verified").len(), usize::from(runs), "{command}");
        assert_eq!(
            run.all("person_asked").len(),
            usize::from(!runs),
            "{command}"
        );
        assert!(!std::path::Path::new(&here).exists(), "{command}");
    }
}

#[test]
fn no_command_gets_the_users_keys_or_home() {
    let scratch = Sandbox::open();
    let loot = scratch.outside("loot").display().to_string();
    let mut sandbox = Sandbox::open();
    sandbox
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/mend.yaml",
            &format!(
                "name: mend\nverify_env: {{ CI: 1 }}\nverify_pass_env: [DATABASE_URL]\nphases:\n  \
                 - name: mend\n    model: m1\n    edits: true\n    context_strategy: fresh\n    retries: 0\n    \
                 verify: 'env > {loot}; ls -A \"$HOME\" \"$TMPDIR\" >> {loot}'\n"
            ),
        )
        .git_init();
    sandbox.fake_agent("- do: [{ write: { path: a.txt, text: b } }, done]\n");
    std::fs::write(sandbox.home().join(".netrc"), "machine example.org").unwrap();
    sandbox
        .env("OPENAI_API_KEY", "sk-not-for-commands-1")
        .env("SSH_AUTH_SOCK", "/agent")
        .env("DATABASE_URL", "postgres://here");
    sandbox.tipstaff(&["run", "mend", "Mend it"]).succeeds();
    let seen = std::fs::read_to_string(&loot).unwrap();
    for text in ["CI=1", "DATABASE_URL=postgres://here"] {
        assert!(seen.contains(text), "{seen}");
    }
    let home = sandbox.home().display().to_string();
    for text in [
        "OPENAI_API_KEY",
        "SSH_AUTH_SOCK",
        ".netrc",
        &format!("HOME={home}\n"),
    ] {
        assert!(!seen.contains(text), "{text} in {seen}");
    }
}
