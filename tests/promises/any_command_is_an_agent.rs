//! A program that nobody wrote an adapter for: how it takes the prompt, what it prints, how it fails, and where its
//! sign-in is, are in the configuration.

use crate::support::Sandbox;

const NOTE: &str = "
name: note
phases:
  - { name: note, model: mine, context_strategy: fresh, output: note.md }
";

/// A project whose one model is this script.
fn sandbox(script: &str, keys: &str) -> Sandbox {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let program = sandbox.outside("wrapper");
    std::fs::write(&program, format!("#!/bin/sh\n{script}")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.user_config(&format!(
        "agents:\n  mine: {{ kind: command, command: {}, {keys} }}\nmodels:\n  mine: {{ agent: mine, id: m-1 }}\n\
         defaults: {{ retries: 0 }}\n",
        program.display()
    ));
    sandbox
        .write(".tipstaff/workflows/note.yaml", NOTE)
        .git_init();
    sandbox
}

fn failure(sandbox: &Sandbox) -> String {
    let output = sandbox.tipstaff(&["show", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    shown.to_string()
}

#[test]
fn a_prompt_comes_as_a_file_or_an_argument() {
    for (args, script) in [
        (
            "args: [--message-file, \"{prompt_file}\"]",
            "cat \"$2\"; wc -c",
        ),
        ("args: [\"{prompt}\"]", "echo \"$1\"; wc -c"),
    ] {
        let sandbox = sandbox(script, args);
        sandbox
            .tipstaff(&["run", "note", "Describe the harbour"])
            .succeeds();
        let note = sandbox.read("note.md");
        assert!(note.contains("Describe the harbour"), "{args}: {note}");
        assert!(note.ends_with("\n0\n"), "standard input is empty: {note}");
    }
}

#[test]
fn lines_of_json_are_read_by_their_paths_and_a_banner_is_none() {
    let sandbox = sandbox(
        "cat >/dev/null; echo 'Welcome to wrapper 3.1'; echo '{\"event\":\"unknown\"}'\n\
         printf '%s\\n' '{\"out\":{\"text\":\"# The harbour\\n\"},\"usage\":{\"in\":1200,\"out\":34},\"usd\":0.25}'",
        "output: { text: out.text, input_tokens: usage.in, output_tokens: usage.out, cost: usd }",
    );
    sandbox
        .tipstaff(&["run", "note", "Describe the harbour"])
        .succeeds()
        .stderr_has("$0.25");
    assert_eq!(sandbox.read("note.md"), "# The harbour\n");
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    let sandbox = sandbox(
        "cat >/dev/null; echo '{\"out\":{\"text\":\"x\"}}'",
        "output: { text: out.txt }",
    );
    sandbox
        .tipstaff(&["run", "note", "Describe the harbour"])
        .exits_with(1)
        .stderr_has("no line of its output is JSON with a text at `out.txt`");
}

#[test]
fn exit_codes_and_words_mean_what_the_configuration_says() {
    let keys = "failures: { rate_limit: { exit: 75 }, auth: { says: invalid api key }, \
                quota: { says: [\"litellm.BudgetExceeded\"] } }";
    for (script, kind, code) in [
        (
            "cat >/dev/null; echo 'come back later' >&2; exit 75",
            "rate_limit",
            1,
        ),
        (
            "cat >/dev/null; echo 'Error: Invalid API key' >&2; exit 1",
            "auth",
            1,
        ),
        (
            "cat >/dev/null; echo 'litellm.BudgetExceeded: no money'; exit 0",
            "quota",
            5,
        ),
        ("cat >/dev/null; echo 'what else' >&2; exit 9", "crash", 1),
    ] {
        let sandbox = sandbox(script, keys);
        sandbox
            .tipstaff(&["run", "note", "Describe the harbour"])
            .exits_with(code);
        let shown = failure(&sandbox);
        assert!(
            shown.contains(&format!("\"kind\":\"{kind}\"")),
            "{kind}: {shown}"
        );
    }
}

#[test]
fn a_shared_home_is_yours_and_is_named() {
    let sandbox = sandbox(
        "cat >/dev/null; cat ~/.wrapper/sign-in; pwd >~/.wrapper/used",
        "home: shared",
    );
    let folder = sandbox.home().join(".wrapper");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sign-in"), "signed in as harbour\n").unwrap();
    sandbox
        .tipstaff(&["run", "note", "Describe the harbour"])
        .succeeds()
        .stderr_has("the agent `mine` lives in your home");
    assert_eq!(sandbox.read("note.md"), "signed in as harbour\n");
    assert!(folder.join("used").exists());
}

#[test]
fn keys_of_a_wrapper_are_refused_for_an_agent_with_an_adapter() {
    let sandbox = Sandbox::new();
    sandbox.user_config("agents:\n  opencode: { home: shared }\n");
    sandbox
        .tipstaff(&["check", "plan"])
        .exits_with(2)
        .stderr_has("`output`, `failures` and `home` are not for the agent `opencode`");
}
