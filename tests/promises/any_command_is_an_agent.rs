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

/// Asks a model server by `curl`, as a user would.
const CURL: &str = r#"
text=$(sed ':a;N;$!ba;s/\\/\\\\/g;s/"/\\"/g;s/\n/\\n/g;s/\t/\\t/g')
printf '{"model":"%s","messages":[{"role":"user","content":"%s"}]}' "$TIPSTAFF_MODEL_ID" "$text" |
  curl --silent --show-error --fail-with-body --header "authorization: Bearer $OPENAI_API_KEY" --data @- "$OPENAI_BASE_URL/chat/completions"
echo
"#;

#[test]
fn a_wrapper_around_curl_asks_a_model_server() {
    let keys = "output: { text: choices.0.message.content, input_tokens: usage.prompt_tokens, \
                output_tokens: usage.completion_tokens, error: error.message }";
    let sandbox = sandbox(CURL, keys);
    sandbox
        .tipstaff(&["run", "note", "Describe the harbour", "--rehearse"])
        .succeeds()
        .stderr_has("rehearsal");
    let shown = failure(&sandbox);
    assert!(shown.contains("\"requests\":1"), "{shown}");
    assert!(!shown.contains("\"input\":0,\"output\":0"), "{shown}");

    let refused = "name: refused\nrules:\n  - then: [{ error: { status: 429, body: '{\"error\":{\"message\":\"rate limit\"}}' } }]\n    after: repeat\n";
    let scenario = sandbox.outside("refused.yaml");
    std::fs::write(&scenario, refused).unwrap();
    let scenario = scenario.to_str().unwrap();
    sandbox
        .tipstaff(&[
            "run",
            "note",
            "Describe the harbour",
            "--rehearse",
            scenario,
        ])
        .exits_with(1)
        .stderr_has("rate limit");
}

const HARBOUR: &str = "
name: harbour
phases:
  - { name: plan, type: ensemble, models: [long, short], judge: test, context_strategy: fresh, output: plan.md }
";

#[test]
fn a_linter_proposes_and_a_test_judges() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let script = |name: &str, text: &str| {
        let at = sandbox.outside(name);
        std::fs::write(&at, format!("#!/bin/sh\ncat >/dev/null\n{text}\n")).unwrap();
        std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o755)).unwrap();
        at.display().to_string()
    };
    let lint = script(
        "lint",
        "echo '# Findings'; grep -n -r TODO src | sort | head -$TIPSTAFF_MODEL_ID",
    );
    let judge = script(
        "judge",
        "for letter in A B; do\n\
         \x20 if [ $(grep -c TODO .tipstaff/in/proposals/$letter.md) -gt 1 ]; then winner=$letter; fi\n\
         done\n\
         echo '{\"decision\":\"pick\",\"winner\":\"'$winner'\",\"rationale\":\"It names all.\"}' \
         >.tipstaff/out/verdict.json",
    );
    sandbox.user_config(&format!(
        "agents:\n  lint: {{ kind: command, command: {lint} }}\n  judge: {{ kind: command, command: {judge} }}\n\
         models:\n  long: {{ agent: lint, id: '9' }}\n  short: {{ agent: lint, id: '1' }}\n  test: {{ agent: judge }}\n"
    ));
    sandbox
        .write("src/a.txt", "TODO one\n")
        .write("src/b.txt", "TODO two\n")
        .write(".tipstaff/workflows/harbour.yaml", HARBOUR)
        .git_init();
    sandbox
        .tipstaff(&["run", "harbour", "Look for what is left"])
        .succeeds();
    let plan = sandbox.read("plan.md");
    assert!(
        plan.contains("TODO one") && plan.contains("TODO two"),
        "{plan}"
    );
}

#[test]
fn a_program_that_asks_at_the_terminal_or_wants_one_ends_by_itself() {
    for (script, said) in [
        ("read answer </dev/tty || exit 3", "exited with 3"),
        (
            "cat >/dev/null; test -t 0 || { echo 'I need a terminal' >&2; exit 4; }",
            "I need a terminal",
        ),
    ] {
        let sandbox = sandbox(script, "");
        sandbox
            .tipstaff(&["run", "note", "Describe the harbour"])
            .exits_with(1)
            .stderr_has(said);
    }
}

#[test]
fn a_program_that_cannot_be_executed_is_named() {
    let sandbox = sandbox("echo", "");
    let program = sandbox.outside("wrapper");
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    sandbox
        .tipstaff(&["run", "note", "Describe the harbour"])
        .exits_with(2)
        .stderr_has("is not executable")
        .stderr_has("nothing was started");
}
