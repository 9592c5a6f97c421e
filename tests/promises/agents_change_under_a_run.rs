//! What is true of an agent as a run begins need not be true as it ends: it updates itself, its sign-in runs out,
//! another one of its name stands first on PATH. No finished call is lost by it, and the user is told.

use std::path::PathBuf;

use crate::support::Sandbox;

const TWO: &str = "
name: two
phases:
  - { name: first, model: m, context_strategy: fresh, distill: none, output: first.md }
  - { name: second, model: m, context_strategy: fresh, distill: none, output: second.md }
";
const ANSWERS: &str = r#"
case "$*" in *--version*) echo 'VERSION (Claude Code)'; exit ;; esac
MORE
echo '{"type":"assistant","message":{"id":"m","model":"x","content":[{"type":"text","text":"By VERSION."}]}}'
echo '{"type":"result","is_error":false,"result":"By VERSION."}'
"#;

/// A project with two calls to a Claude Code that also does this before it answers.
fn project(more: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let bin = sandbox.outside("bin");
    sandbox.program_at(&bin.join("claude"), &claude("2.1.332", more));
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    sandbox.user_config("models: { m: { agent: claude, id: opus } }\n");
    sandbox.write(".tipstaff/workflows/two.yaml", TWO);
    let tokens = r#"{"claudeAiOauth":{"refreshToken":"r","expiresAt":9999999999999}}"#;
    std::fs::create_dir_all(sign_in(&sandbox).parent().unwrap()).unwrap();
    std::fs::write(sign_in(&sandbox), tokens).unwrap();
    sandbox
}

fn claude(version: &str, more: &str) -> String {
    ANSWERS.replace("MORE", more).replace("VERSION", version)
}

fn sign_in(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".claude/.credentials.json")
}

fn run(sandbox: &Sandbox) -> crate::support::Output {
    sandbox.tipstaff(&["run", "two", "Plan it"])
}

#[test]
fn program_that_updates_itself_goes_on_and_is_asked_for_its_version_again() {
    let update = r#"cat > /dev/null; sed 's/2[.]1[.]332/2.9.0/g' "$0" > "$0.new"; chmod +x "$0.new"; mv "$0.new" "$0""#;
    let sandbox = project(update);
    let output = run(&sandbox);
    assert!(!output.succeeds().stderr.contains("untested"), "{output:?}");
    assert_eq!(sandbox.read("first.md").trim(), "By 2.1.332.");
    assert_eq!(sandbox.read("second.md").trim(), "By 2.9.0.");
    let warning = "Claude Code 2.9.0 is untested (tested: 2.1.x)";
    run(&sandbox).succeeds().stderr_has(warning);
}

#[test]
fn sign_in_that_runs_out_keeps_the_finished_call_and_names_the_remedy() {
    let expires = r#"
if ! mkdir OUTSIDE/called && [ ! -e OUTSIDE/signed-in ]; then
  echo '{"type":"result","is_error":true,"api_error_status":401,"result":"API Error: 401 OAuth token has expired"}'
  exit 1
fi 2>/dev/null"#;
    let place = Sandbox::new();
    let outside = place.outside("").display().to_string();
    let sandbox = project(&expires.replace("OUTSIDE/", &outside));
    let config = format!(
        "models: {{ m: {{ agent: claude, id: opus }} }}\nsandbox: {{ write: [{outside:?}] }}\n"
    );
    sandbox.user_config(&config);
    run(&sandbox)
        .exits_with(1)
        .stderr_has("sign-in expired: API Error: 401 OAuth token has expired")
        .stderr_has("hint: sign in again with `claude auth login`");
    std::fs::write(place.outside("signed-in"), "").unwrap();
    sandbox
        .tipstaff(&["resume"])
        .succeeds()
        .stderr_has("1 finished call kept");
    assert_eq!(sandbox.run().calls("attempt_started").len(), 3);
}

#[test]
fn of_two_versions_on_path_the_first_is_used_and_the_other_named() {
    let mut sandbox = project("cat > /dev/null");
    let bins = ["bin", "newer"].map(|name| sandbox.outside(name));
    sandbox.program_at(&bins[1].join("claude"), &claude("2.9.0", "cat > /dev/null"));
    let path = |first: usize, second: usize| {
        let [first, second] = [&bins[first], &bins[second]].map(|bin| bin.display().to_string());
        format!("{first}:{second}:/usr/bin:/bin")
    };
    for (path, version, state, other) in [
        (path(0, 1), "2.1.332", "tested", &bins[1]),
        (path(1, 0), "2.9.0", "untested", &bins[0]),
    ] {
        sandbox.env("PATH", &path);
        let output = sandbox.tipstaff(&["doctor", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        let agents = told["agents"].as_array().unwrap();
        let claude = agents.iter().find(|agent| agent["name"] == "claude");
        let claude = claude.unwrap();
        assert_eq!(
            (&claude["version"], &claude["state"]),
            (&version.into(), &state.into())
        );
        assert_eq!(claude["others"][0], other.join("claude").to_str().unwrap());
        run(&sandbox).succeeds();
        assert_eq!(sandbox.read("second.md").trim(), format!("By {version}."));
    }
}
