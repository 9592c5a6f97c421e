//! What a project needs is installed once for each state of the files that decide about it, before any model is paid,
//! and it is there for agents and for the commands that verify their work.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::{Lacks, Output, Sandbox, until};

const SETUP: &str = "setup: [{ run: npm ci, when: package-lock.json }]\n";

/// A project in which a chain of tasks changes files, each proved by what `npm ci` installs; a stand-in for npm counts
/// its runs.
fn project(npm: &str, setup: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let tasks: Vec<String> = (1..=8)
        .map(|number| {
            format!(
                r#"{{"id": "T{number}", "title": "T", "category": "any", "instructions": "Do it.",
                "files": {{"edit": ["a.txt"]}}}}"#
            )
        })
        .collect();
    let tasks = format!("{{\"tasks\": [{}]}}", tasks.join(", "));
    let tasks = serde_json::to_string(&tasks).unwrap();
    sandbox
        .write(".gitignore", "node_modules/\n.tipstaff/\n")
        .write("a.txt", "")
        .write("package.json", "{}\n")
        .write("package-lock.json", "one\n")
        .write(
            ".tipstaff/workflows/build.yaml",
            &format!(
                "name: build\n{setup}phases:\n  - name: decompose\n    model: m1\n    context_strategy: fresh\n    \
                 output: docs/tasks.md\n    retries: 0\n  - name: execute\n    type: routed\n    \
                 routing: {{ default: m1 }}\n    input: decompose.output\n    context_strategy: scoped\n    \
                 retries: 0\n    verify: grep -q installed node_modules/lib.js\n"
            ),
        )
        .git_init();
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose }}\n  do:\n    - write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }}\n    \
         - done\n- do: [{{ append: {{ path: a.txt, text: x }} }}, {{ append: {{ path: {}, text: x }} }}, {{ list: {} }}, done]\n",
        sandbox.outside("calls").display(),
        sandbox.outside("seen").display()
    ));
    let npm = format!(
        "#!/bin/sh\nset -e\necho $* >> {}\n{npm}\n",
        sandbox.outside("runs").display()
    );
    let program = sandbox.outside("bin/npm");
    fs::create_dir(sandbox.outside("bin")).unwrap();
    fs::write(&program, npm).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    sandbox.env(
        "PATH",
        &format!("{}:{path}", sandbox.outside("bin").display()),
    );
    sandbox
}

const INSTALLS: &str =
    "mkdir node_modules; echo installed > node_modules/lib.js; echo ci > built.txt";

fn build(sandbox: &Sandbox) -> Output {
    sandbox.tipstaff(&["run", "build", "Build it"])
}

fn runs(sandbox: &Sandbox) -> usize {
    let runs = fs::read_to_string(sandbox.outside("runs")).unwrap_or_default();
    runs.lines().inspect(|run| assert_eq!(*run, "ci")).count()
}

fn calls(sandbox: &Sandbox) -> usize {
    fs::read(sandbox.outside("calls")).map_or(0, |calls| calls.len())
}

#[test]
fn eight_tasks_their_proofs_and_the_next_run_share_one_installation() {
    let sandbox = project(INSTALLS, SETUP);
    let output = build(&sandbox);
    output.succeeds().stderr_has("setting up: npm ci");
    output.has_no("failed");
    assert_eq!((runs(&sandbox), calls(&sandbox)), (1, 8));
    let seen = fs::read_to_string(sandbox.outside("seen")).unwrap();
    assert!(
        seen.contains("node_modules/lib.js") && !seen.contains("built.txt"),
        "{seen}"
    );
    assert_eq!(sandbox.read("a.txt"), "xxxxxxxx");
    build(&sandbox).succeeds().has_no("setting up");
    assert_eq!(runs(&sandbox), 1);
    // Nothing of it, kept or not, is in the project.
    assert!(!sandbox.exists("node_modules") && !sandbox.exists("built.txt"));
    sandbox.write("package-lock.json", "two\n");
    build(&sandbox).succeeds();
    assert_eq!(runs(&sandbox), 2);
}

#[test]
fn copies_share_one_installation_as_well() {
    for mode in ["landlock", "off"] {
        let sandbox = project(INSTALLS, SETUP);
        let args = ["run", "build", "Build it", "--sandbox", mode];
        sandbox.tipstaff(&args).succeeds().has_no("failed");
        assert_eq!((runs(&sandbox), calls(&sandbox)), (1, 8));
        assert_eq!(sandbox.read("a.txt"), "xxxxxxxx");
        assert!(!sandbox.exists("node_modules"));
        // Where agents can write to what was installed, no other run uses it.
        sandbox.tipstaff(&args).succeeds();
        assert_eq!(runs(&sandbox), if mode == "off" { 2 } else { 1 });
    }
}

/// Stand-ins for cargo and go download into the user's caches, and build into the project and such a cache.
#[test]
fn downloads_and_builds_of_cargo_and_go_are_there_for_all() {
    for (lock, program, cache, script, proof, told) in [
        (
            "Cargo.lock",
            "cargo",
            "home/.cargo/registry",
            "case $1 in fetch) echo dep > $HOME/.cargo/registry/dep ;; test) mkdir target; echo built > target/lib; exit 101 ;; esac",
            "grep -q dep $HOME/.cargo/registry/dep && grep -q built target/lib && ! grep -rq planted $HOME/.cargo/registry",
            "cargo fetch --locked",
        ),
        (
            "go.sum",
            "go",
            "home/go/pkg/mod",
            "case $1 in mod) echo dep > $GOMODCACHE/dep; chmod 500 $GOMODCACHE ;; build) exit 1 ;; esac",
            "grep -q dep $GOMODCACHE/dep && ! grep -rq planted $GOMODCACHE",
            "go mod download",
        ),
    ] {
        let sandbox = project("", "");
        fs::create_dir_all(sandbox.outside(cache)).unwrap();
        fs::write(sandbox.outside(cache).join("before"), "before").unwrap();
        let program = sandbox.outside(&format!("bin/{program}"));
        let runs = sandbox.outside("runs").display().to_string();
        fs::write(
            &program,
            format!("#!/bin/sh\necho $1 >> {runs}\n{script}\n"),
        )
        .unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        fs::remove_file(sandbox.project().join("package-lock.json")).unwrap();
        let plants = "for at in $HOME/.cargo/registry ${GOMODCACHE:-/}; do echo planted > $at/new; done 2>/dev/null; \
                      echo x >> a.txt; echo '{\"summary\": \"x\"}' > .tipstaff/out/handoff.json";
        let plants = serde_json::to_string(plants).unwrap();
        sandbox
            .write(lock, "one\n")
            .write(".gitignore", "/target\n/.tipstaff\n")
            .write(
                ".tipstaff/workflows/mend.yaml",
                &format!("name: mend\nphases:\n  - name: mend\n    model: m\n    edits: true\n    context_strategy: fresh\n    verify: {proof}\n"),
            )
            .user_config(&format!(
                "agents: {{ sh: {{ kind: command, command: sh, args: [-c, {plants}] }} }}\n\
                 models: {{ m: {{ agent: sh, id: m }} }}\nsandbox: {{ write: [{}] }}\n",
                sandbox.outside("runs").display()
            ));
        fs::write(&runs, "").unwrap();
        let check = sandbox.tipstaff(&["check", "mend"]);
        check.succeeds().stdout_has(told).stdout_has(lock);
        for _ in 0..2 {
            let output = sandbox.tipstaff(&["run", "mend", "x", "--keep"]);
            output.succeeds().has_no("fail");
        }
        assert_eq!(fs::read_to_string(&runs).unwrap().lines().count(), 2);
        let of_user = fs::read_dir(sandbox.outside(cache)).unwrap();
        assert_eq!(of_user.count(), 1, "the user's own is as it was");
    }
}

#[test]
fn an_agent_that_changes_what_others_use_is_noticed() {
    let sandbox = project(INSTALLS, SETUP);
    let tmp = sandbox.outside("tmp").display().to_string();
    let change = format!(
        "find {tmp} -path '*/files/node_modules/lib.js' | while read -r f; do echo mine > $f; done; \
         echo $TIPSTAFF_PHASE > b.txt; echo '{{\"summary\": \"x\"}}' > .tipstaff/out/handoff.json"
    );
    let change = serde_json::to_string(&change).unwrap();
    sandbox
        .write(
            ".tipstaff/workflows/two.yaml",
            &format!(
                "name: two\n{SETUP}phases:\n  - {{ name: one, model: m, edits: true, context_strategy: fresh, retries: 0 }}\n  \
                 - {{ name: two, model: m, edits: true, context_strategy: fresh, retries: 0 }}\n"
            ),
        )
        .user_config(&format!(
            "agents: {{ sh: {{ kind: command, command: sh, args: [-c, {change}] }} }}\n\
             models: {{ m: {{ agent: sh, id: m }} }}\nsandbox: off\n"
        ));
    sandbox
        .tipstaff(&["run", "two", "x"])
        .exits_with(1)
        .stderr_has("what `setup` made in")
        .stderr_has("was changed");
}

#[test]
fn runs_that_begin_together_install_once() {
    let sandbox = project("", SETUP);
    let go = sandbox.outside("go");
    let waits = format!(
        "#!/bin/sh\necho $* >> {}\nwhile [ ! -e {} ]; do sleep 0.05; done\n{INSTALLS}\n",
        sandbox.outside("runs").display(),
        go.display()
    );
    fs::write(sandbox.outside("bin/npm"), waits).unwrap();
    let args = ["run", "build", "Build it", "--keep"];
    let first = sandbox.start(&args);
    until("npm runs", || runs(&sandbox) == 1);
    let second = sandbox.start(&args);
    until("both have begun", || sandbox.left_in_tmp().len() == 2);
    fs::write(go, "").unwrap();
    first.wait().succeeds();
    second.wait().succeeds();
    assert_eq!((runs(&sandbox), calls(&sandbox)), (1, 16));
}

/// A model changes the lock file, which decides what is installed.
fn mend(sandbox: &Sandbox) -> Output {
    sandbox
        .write(
            ".tipstaff/workflows/mend.yaml",
            &format!(
                "name: mend\n{SETUP}phases:\n  - name: mend\n    model: m1\n    edits: true\n    \
                 context_strategy: fresh\n    retries: 0\n    verify: grep -q two node_modules/lib.js\n"
            ),
        )
        .fake_agent("- do: [{ write: { path: package-lock.json, text: two } }, done]\n");
    sandbox.tipstaff(&["run", "mend", "x"])
}

#[test]
fn an_installation_that_a_model_broke_fails_the_phase() {
    let sandbox = project(
        &format!("grep -q one package-lock.json || {{ echo no lib@9; exit 7; }}; {INSTALLS}"),
        SETUP,
    );
    mend(&sandbox)
        .exits_with(1)
        .stderr_has("setup failed: `npm ci` ended with exit code 7")
        .stderr_has("no lib@9");
    assert_eq!(runs(&sandbox), 2);
    assert_eq!(sandbox.read("package-lock.json"), "one\n");
}

#[test]
fn a_failing_installation_ends_the_run_before_any_model_is_paid() {
    let sandbox = project("echo cannot resolve lib@9; exit 7", SETUP);
    let output = build(&sandbox);
    output
        .exits_with(1)
        .stderr_has("setup failed: `npm ci` ended with exit code 7")
        .stderr_has("cannot resolve lib@9")
        .stderr_has("setup: none");
    assert_eq!((runs(&sandbox), calls(&sandbox)), (1, 0));
    assert!(!sandbox.exists(".tipstaff/runs") || sandbox.tipstaff(&["runs"]).stdout.is_empty());
}

#[test]
fn what_no_ignore_rule_covers_is_not_kept() {
    let setup =
        "setup: [{ run: npm ci, when: package-lock.json, keep: [node_modules, built.txt] }]\n";
    let sandbox = project(INSTALLS, setup);
    let output = build(&sandbox);
    output
        .exits_with(1)
        .stderr_has("`built.txt`, which no ignore rule of the project covers")
        .stderr_has(".gitignore");
}

#[test]
fn a_lock_file_is_enough_unless_somebody_says_none() {
    let sandbox = project(INSTALLS, "");
    let check = sandbox.tipstaff(&["check", "build"]);
    check
        .succeeds()
        .stdout_has("setup: `npm ci` (package-lock.json)");
    build(&sandbox).succeeds();
    assert_eq!(runs(&sandbox), 1);

    // It runs code of strangers, and nobody named it.
    let sandbox = project(INSTALLS, "");
    let command = sandbox.command(&["run", "build", "Build it"]);
    let mut command = Lacks::NamespacesAndLandlock.around(command);
    let output = Output::of(command.spawn().unwrap());
    output.stderr_has("warning: `npm ci` is left out");
    assert_eq!((runs(&sandbox), calls(&sandbox)), (0, 8));

    let sandbox = project(INSTALLS, "setup: none\n");
    sandbox.tipstaff(&["check", "build"]).has_no("setup:");
    build(&sandbox).has_no("setting up");
    assert_eq!((runs(&sandbox), calls(&sandbox)), (0, 8));
}

/// The call that changes the lock file gets what the old one says, the commands that prove it what the new one says.
#[test]
fn a_call_that_changes_the_lock_file_is_proved_with_what_it_says() {
    let sandbox = project(
        "mkdir node_modules; cp package-lock.json node_modules/lib.js",
        SETUP,
    );
    mend(&sandbox).succeeds().has_no("fail");
    assert_eq!(runs(&sandbox), 2);
    assert_eq!(sandbox.read("package-lock.json"), "two");
    // A model had a say in it: no later run takes it from there.
    sandbox.tipstaff(&["run", "mend", "x", "--yes"]);
    assert_eq!(runs(&sandbox), 3);
}

#[test]
fn an_interrupted_installation_leaves_nothing() {
    let sandbox = project("sleep 600", SETUP);
    let running = sandbox.start(&["run", "build", "Build it"]);
    until("npm runs", || runs(&sandbox) == 1);
    running.signal(Signal::INT);
    let output = running.wait();
    output.exits_with(130).stderr_has("nothing is left of it");
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
    assert_eq!(calls(&sandbox), 0);
}
