//! No secret is kept: of the configuration, the environment, the carried sign-in; in no form.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::{Sandbox, until};

const CONFIGURED: &str = "cfg/Key+Value=0123\"456789";
const PASSED: &str = "env-token-abcdefghijklm";
const CARRIED: &str = "sk-carried-9876543210";
const NOTHING: [String; 0] = [];

/// Every file below a folder that holds one of these.
pub fn holding(folder: &Path, needles: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            found.extend(holding(&path, needles));
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let held = needles.iter().filter(|needle| text.contains(*needle));
            found.extend(held.map(|needle| format!("{}: {needle}", path.display())));
        }
    }
    found
}

/// What `base64` makes of it behind so many bytes, without the letters that others have a part in.
fn base64(text: &str, before: usize) -> String {
    let mut child = Command::new("base64")
        .arg("-w0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("{}{text}", &".."[..before]);
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let encoded = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    encoded[4..encoded.len() - 4].to_owned()
}

fn forms(secret: &str) -> Vec<String> {
    let escapes = [("/", "%2F"), ("+", "%2B"), ("=", "%3D"), ("\"", "%22")];
    let in_url = escapes
        .iter()
        .fold(secret.to_owned(), |text, (from, to)| text.replace(from, to));
    let mut forms: Vec<String> = (0..3).map(|before| base64(secret, before)).collect();
    let in_json = secret.replace('"', "\\\"");
    forms.extend([
        in_url.replace("%2F", "/").to_lowercase(),
        in_json.replace('/', "\\/"),
        in_json.replace('\\', "\\\\").replace('"', "\\\""),
        secret.to_owned(),
        in_json,
        in_url,
    ]);
    forms
}

/// An agent that spreads what it knows; in one form in two writes.
const SPREADS: &str = r#"
say() {
  printf '%s\n' "plain $1"
  half="${1%??????????}"
  printf '%s' "$half"; sleep 0.1; printf '%s\n' "${1#"$half"}"
  for before in '' . ..; do printf '%s%s' "$before" "$1" | base64 -w0; echo; done
  printf '%s' "$1" | sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g; s,",%22,g'; echo
  printf '%s' "$1" | sed 's,+,%2b,g; s,=,%3d,g; s,",%22,g'; echo
  printf '%s' "$1" | sed 's,",\\",g'; echo
  printf '%s' "$1" | sed 's,",\\",g; s,/,\\/,g'; echo
  printf '%s' "$1" | sed 's,",\\\\\\",g'; echo
}
all() { say "$MY_API_KEY"; say "$PASSED_TOKEN"; }
all
all >&2
{ echo '# Plan'; all; } > .tipstaff/out/deliverable.md
printf '{"summary": "%s", "decisions": ["%s"]}' "$PASSED_TOKEN" \
  "$(printf %s "$MY_API_KEY" | sed 's,",\\",g')" > .tipstaff/out/handoff.json
exit ${CODE:-0}
"#;

const WORKFLOW: &str = "name: one\nphases:\n  - name: plan\n    type: single\n    model: m\n    \
                        output: docs/plan.md\n    retries: 0\n    prompt: Say TOKEN\n";

fn spreading(code: u8) -> Sandbox {
    let mut sandbox = Sandbox::new();
    std::fs::write(sandbox.outside("agent.sh"), SPREADS).unwrap();
    sandbox.env("PASSED_TOKEN", PASSED);
    let workflow = WORKFLOW.replace("TOKEN", PASSED);
    sandbox.write(".tipstaff/workflows/one.yaml", &workflow);
    configure(
        &sandbox,
        &format!("env: {{ MY_API_KEY: '{CONFIGURED}', CODE: '{code}' }}, "),
    );
    sandbox
}

fn configure(sandbox: &Sandbox, env: &str) {
    let script = sandbox.outside("agent.sh").display().to_string();
    sandbox.user_config(&format!(
        "agents: {{ a: {{ kind: command, command: sh, args: ['{script}'], {env}\
         pass_env: [PASSED_TOKEN] }} }}\nmodels: {{ m: {{ agent: a }} }}\n"
    ));
}

#[test]
fn secrets_of_any_source_are_kept_in_no_form() {
    let sandbox = spreading(0);
    let output = sandbox.tipstaff(&["run", "one", &format!("Use {CONFIGURED}")]);
    output
        .succeeds()
        .stderr_has("holds a secret; it was taken out");
    let run = sandbox.run();
    let needles = [forms(CONFIGURED), forms(PASSED)].concat();
    for folder in [
        run.path(""),
        sandbox.project().join("docs"),
        sandbox.outside("tmp"),
    ] {
        assert_eq!(holding(&folder, &needles), NOTHING);
    }
    let commands = [&["show"][..], &["show", "--json"], &["runs", "--json"]];
    let shown = commands.map(|command| sandbox.tipstaff(command));
    for output in shown.iter().chain([&output]) {
        needles.iter().for_each(|needle| {
            output.has_no(needle);
        });
    }
    let plan = sandbox.read("docs/plan.md");
    assert_eq!(plan.matches("[redacted:MY_API_KEY]").count(), 10, "{plan}");
    assert!(run.read("plan.json").contains("\"MY_API_KEY\""));
}

#[test]
fn resumed_run_takes_values_from_the_configuration() {
    let sandbox = spreading(3);
    sandbox.tipstaff(&["run", "one", "Plan it"]).exits_with(1);
    configure(&sandbox, "");
    sandbox
        .tipstaff(&["resume"])
        .exits_with(2)
        .stderr_has("the run needs `CODE` of agent `a`, which the configuration does not set")
        .stderr_has("hint: set it as `agents: { a: { env: { CODE: … } } }`");
    configure(
        &sandbox,
        "env: { MY_API_KEY: 'rotated-key-0123', CODE: '0' }, ",
    );
    sandbox.tipstaff(&["resume"]).succeeds();
    let plan = sandbox.read("docs/plan.md");
    assert!(plan.contains("plain [redacted:MY_API_KEY]"), "{plan}");
}

#[test]
fn secret_on_a_command_line_is_refused() {
    let sandbox = spreading(0);
    sandbox.user_config(&format!(
        "agents: {{ a: {{ kind: command, command: sh, args: ['--key', '{PASSED}'] }} }}\n\
         models: {{ m: {{ agent: a }} }}\n"
    ));
    let output = sandbox.tipstaff(&["run", "one", "Plan it"]);
    output
        .exits_with(2)
        .stderr_has("a secret is in `command` or `args` of agent `a`")
        .has_no(PASSED);
    assert!(!sandbox.exists(".tipstaff/runs"));
}

/// An `opencode` that tells where its key lies, and waits.
const WAITS: &str = "#!/bin/sh
[ \"$1\" = --version ] && echo 1.18.33 && exit
readlink -f \"$XDG_DATA_HOME/opencode/auth.json\" > STARTED.new
mv STARTED.new STARTED
sleep 600
";

/// A user who is signed in by OpenCode's own `auth.json`.
fn signed_in() -> Sandbox {
    let mut sandbox = Sandbox::open();
    let auth = sandbox.home().join(".local/share/opencode/auth.json");
    std::fs::create_dir_all(auth.parent().unwrap()).unwrap();
    let entry = format!(r#"{{"anthropic":{{"type":"api","key":"{CARRIED}"}}}}"#);
    std::fs::write(auth, entry).unwrap();
    let program = sandbox.outside("bin/opencode");
    std::fs::create_dir(sandbox.outside("bin")).unwrap();
    let started = sandbox.outside("started").display().to_string();
    std::fs::write(&program, WAITS.replace("STARTED", &started)).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", sandbox.outside("bin").display());
    sandbox.env("PATH", &path);
    sandbox.write(
        ".tipstaff/workflows/one.yaml",
        &WORKFLOW.replace("model: m\n", "model: claude-opus\n"),
    );
    sandbox
}

/// The place of the key of an agent under way.
fn key(sandbox: &Sandbox) -> String {
    let started = sandbox.outside("started");
    until("the agent has its key", || started.exists());
    let key = std::fs::read_to_string(started).unwrap().trim().to_owned();
    assert!(std::fs::read_to_string(&key).unwrap().contains(CARRIED));
    key
}

fn killed(sandbox: &Sandbox) -> String {
    let running = sandbox.start(&["run", "one", "Plan it"]);
    let key = key(sandbox);
    sandbox.end(running, Signal::KILL);
    assert!(Path::new(&key).exists(), "{key}");
    key
}

#[test]
fn next_command_removes_the_keys_of_a_killed_run() {
    let mut sandbox = signed_in();
    let runtime = sandbox.outside("runtime");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::set_permissions(&runtime, PermissionsExt::from_mode(0o700)).unwrap();
    sandbox.env("XDG_RUNTIME_DIR", &runtime.display().to_string());
    let key = killed(&sandbox);
    assert!(Path::new(&key).starts_with(&runtime), "{key}");
    let needles = [CARRIED.to_owned()];
    assert_eq!(holding(&sandbox.outside("tmp"), &needles), NOTHING);
    let output = sandbox.tipstaff(&["runs"]);
    assert_eq!(output.succeeds().stderr, "");
    assert_eq!(std::fs::read_dir(&runtime).unwrap().count(), 0);
}

#[test]
fn keys_lie_in_the_scratch_folder_where_there_is_no_better_place() {
    let sandbox = signed_in();
    let key = killed(&sandbox);
    assert!(Path::new(&key).starts_with(sandbox.outside("tmp")), "{key}");
    sandbox.tipstaff(&["completions", "bash"]).succeeds();
    assert!(!Path::new(&key).exists());
    // What a resumed run needs is still there, until the run itself is gone.
    assert_eq!(sandbox.left_in_tmp().len(), 1);
    std::fs::remove_dir_all(sandbox.run().path("")).unwrap();
    sandbox.tipstaff(&["runs"]).succeeds();
    assert_eq!(sandbox.left_in_tmp(), NOTHING);
}

#[test]
fn living_run_is_not_swept() {
    let sandbox = signed_in();
    let running = sandbox.start(&["run", "one", "Plan it"]);
    let key = key(&sandbox);
    sandbox.tipstaff(&["runs"]).succeeds();
    assert!(Path::new(&key).exists(), "{key}");
    sandbox.end(running, Signal::INT);
    assert_eq!(sandbox.left_in_tmp(), NOTHING);
}
