//! A sign-in that an agent refreshes is lent to its calls: what they make of it is the user's again, no token is spent
//! by two of them, and a killed supervisor loses none.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::secrets_are_not_kept::holding;
use crate::support::{Output, Sandbox, until};

/// Refreshes its sign-in as Claude Code does, by a file in its place: `refresh-N` becomes `refresh-N+1`.
const AGENT: &str = r#"
case "$*" in *--version*) echo '2.1.332 (Claude Code)'; exit ;; esac
at="$CLAUDE_CONFIG_DIR/.credentials.json"
token=$(sed 's/.*"refresh-\([0-9]*\)-.*/\1/' "$at")
sed "s/refresh-$token-/refresh-$((token + 1))-/" "$at" > "$at.new" && mv "$at.new" "$at"
mkdir -p .tipstaff/out
new=$(sed 's/.*"\(refresh-[0-9]*-of-a-subscription\)".*/\1/' "$at")
echo "now it is $new" >&2
if [ -d .tipstaff/in/proposals ]; then
  echo '{"decision":"pick","winner":"A","scores":{"A":{},"B":{}},"rationale":"good"}' > .tipstaff/out/verdict.json
fi
[ -e OUTSIDE/hold ] && mv OUTSIDE/hold OUTSIDE/held && sleep 600
echo "A plan by $new." > .tipstaff/out/deliverable.md
echo '{"type":"assistant","message":{"id":"m","model":"x","content":[{"type":"text","text":"Done by '$new'."}]}}'
echo '{"type":"result","is_error":false,"result":"Done."}'
"#;

/// A user who is signed in by a token that has to be refreshed soon.
fn signed_in() -> Sandbox {
    let mut sandbox = Sandbox::new();
    let (bin, outside) = (sandbox.outside("bin"), sandbox.outside("mark"));
    std::fs::create_dir(&outside).unwrap();
    let outside = outside.display().to_string();
    sandbox.program_at(&bin.join("claude"), &AGENT.replace("OUTSIDE", &outside));
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    let mut config =
        format!("agents:\n  claude: {{ sandbox: {{ write: [{outside:?}] }} }}\nmodels:\n");
    for model in ["m1", "m2", "m3", "m4"] {
        config.push_str(&format!("  {model}: {{ agent: claude, id: opus }}\n"));
    }
    sandbox.user_config(&format!("{config}roles:\n  judge: m4\n"));
    std::fs::create_dir_all(file(&sandbox).parent().unwrap()).unwrap();
    let tokens =
        r#"{"claudeAiOauth":{"refreshToken":"refresh-0-of-a-subscription","expiresAt":1}}"#;
    std::fs::write(file(&sandbox), tokens).unwrap();
    sandbox
}

fn file(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".claude/.credentials.json")
}

fn tokens(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(file(sandbox)).unwrap()
}

#[test]
fn each_call_begins_with_the_token_that_the_last_one_left() {
    let sandbox = signed_in();
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    assert!(
        tokens(&sandbox).contains("refresh-4-"),
        "{}",
        tokens(&sandbox)
    );
    let mode = std::fs::metadata(file(&sandbox))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn refreshed_token_is_a_secret_too() {
    let sandbox = signed_in();
    let output = sandbox.trio(&[]).run_trio(&[]);
    output.succeeds();
    let secrets: Vec<String> = (0..5)
        .map(|number| format!("refresh-{number}-of-a-subscription"))
        .collect();
    for secret in &secrets {
        output.has_no(secret);
    }
    let run = sandbox.run();
    assert_eq!(holding(&run.path(""), &secrets), Vec::<String>::new());
    let replaced = "by [redacted:sign-in]";
    assert!(sandbox.read("docs/plan.md").contains(replaced));
    let kept = holding(&run.path("phases"), &[replaced.to_owned()]);
    assert!(
        kept.iter().any(|at| at.contains("events.jsonl")),
        "{kept:?}"
    );
}

#[test]
fn token_refreshed_under_a_killed_supervisor_is_not_lost() {
    let sandbox = signed_in();
    std::fs::write(sandbox.outside("mark/hold"), "").unwrap();
    let running = sandbox.trio(&["models: [m1, m2]"]).start_trio(&[]);
    until("an agent has refreshed its token", || {
        sandbox.outside("mark/held").exists()
    });
    assert!(tokens(&sandbox).contains("refresh-0-"));
    running.signal(Signal::KILL);
    running.wait();
    sandbox.tipstaff(&["resume"]).succeeds();
    // The one that was lost, its repetition, the other one, the judge.
    assert!(
        tokens(&sandbox).contains("refresh-4-"),
        "{}",
        tokens(&sandbox)
    );
}

#[test]
fn key_that_nobody_refreshes_is_lent_to_all_calls_at_once() {
    let sandbox = signed_in();
    let key = r#"{"claudeAiOauth":{"accessToken":"a-key-that-stays","expiresAt":null}}"#;
    std::fs::write(file(&sandbox), key).unwrap();
    let outside = sandbox.outside("mark").display().to_string();
    let keeps = AGENT.replace(
        "at=\"$CLAUDE_CONFIG_DIR/.credentials.json\"",
        "at=$HOME/none",
    );
    let meets = keeps.replace(
        "mkdir -p .tipstaff/out",
        "touch OUTSIDE/$TIPSTAFF_CALL; until [ $(ls OUTSIDE | wc -l) -ge 2 ]; do sleep 0.05; done\nmkdir -p .tipstaff/out",
    );
    let program = sandbox.outside("bin/claude");
    sandbox.program_at(&program, &meets.replace("OUTSIDE", &outside));
    let limits = ["models: [m1, m2]", "timeout: 60s"];
    sandbox.trio(&limits).run_trio(&[]).succeeds();
    assert_eq!(tokens(&sandbox), key);
}

#[test]
fn sign_in_that_cannot_be_written_is_used_and_the_loss_is_told() {
    let sandbox = signed_in();
    let folder = file(&sandbox).parent().unwrap().to_owned();
    let read_only = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(folder, read_only).unwrap();
    sandbox.trio(&[]);
    let mut command = sandbox.as_ordinary_user(&["run", "trio", "Plan it", "--depth", "1"]);
    let output = Output::of(command.spawn().unwrap());
    output
        .succeeds()
        .stderr_has("the sign-in that its agent refreshed was not put into");
    assert!(tokens(&sandbox).contains("refresh-0-"));
}

#[test]
fn tokens_beside_the_sign_in_are_not_lent_and_stay() {
    let sandbox = signed_in();
    let whole = r#"{"mcpOAuth":{"desk":{"accessToken":"a-token-of-a-desk"}},"claudeAiOauth":{"refreshToken":"refresh-0-of-a-subscription","expiresAt":1}}"#;
    std::fs::write(file(&sandbox), whole).unwrap();
    let outside = sandbox.outside("mark").display().to_string();
    let copies = AGENT.replace("mkdir -p", "cat \"$at\" > OUTSIDE/seen; mkdir -p");
    let program = sandbox.outside("bin/claude");
    sandbox.program_at(&program, &copies.replace("OUTSIDE", &outside));
    sandbox.trio(&[]).run_trio(&["--depth", "1"]).succeeds();
    let seen = std::fs::read_to_string(sandbox.outside("mark/seen")).unwrap();
    assert!(
        seen.contains("refresh-1-") && !seen.contains("desk"),
        "{seen}"
    );
    assert_eq!(tokens(&sandbox), whole.replace("refresh-0-", "refresh-1-"));
}
