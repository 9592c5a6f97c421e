//! The first Ctrl-C is heard whatever is under way, and what an agent has finished is not paid for again.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Sandbox, Terminal, until};

/// An agent that edits, and a git that hangs at the call whose number is in `hang-at`, if any. Each call has a number
/// of its own, those that run beside each other too.
fn project() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/fix.yaml",
            "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n    output: docs/mend.md\n    verify: \"true\"\n",
        )
        .git_init();
    sandbox.fake_agent(&format!(
        "- do: [{{ append: {{ path: {}, text: x }} }}, {{ write: {{ path: b.txt, text: second }} }}, {{ touch: {} }}, done]\n",
        sandbox.outside("starts").display(),
        sandbox.outside("ended").display(),
    ));
    let path = std::env::var("PATH").unwrap();
    let real = path.split(':').map(|folder| Path::new(folder).join("git"));
    let real = real
        .into_iter()
        .find(|git| git.exists())
        .expect("git is installed");
    let bin = sandbox.outside("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::create_dir(sandbox.outside("calls.d")).unwrap();
    let script = format!(
        "#!/bin/sh\ncd_was=$PWD; cd {outside}; echo \"$*\" >> calls\n\
         number=1; set -C; until true 2>/dev/null > calls.d/$number; do number=$((number+1)); done; set +C\n\
         if [ \"$number\" = \"$(cat hang-at 2>/dev/null)\" ] || {{ [ -e ended ] && [ -e hang-after ]; }}; then\n  \
         echo $$ > hangs.new; mv hangs.new hangs; read never < fifo\nfi\ncd \"$cd_was\"; exec {real} \"$@\"\n",
        outside = sandbox.outside("").display(),
        real = real.display(),
    );
    std::fs::write(bin.join("git"), script).unwrap();
    std::fs::set_permissions(bin.join("git"), PermissionsExt::from_mode(0o755)).unwrap();
    let made = sandbox
        .program("mkfifo")
        .arg(sandbox.outside("fifo"))
        .status();
    assert!(made.unwrap().success());
    sandbox.env("PATH", &format!("{}:{path}", bin.display()));
    sandbox
}

fn remove(sandbox: &Sandbox, names: &[&str]) {
    for name in names {
        let _ = std::fs::remove_file(sandbox.outside(name));
    }
}

fn starts(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.outside("starts")).unwrap_or_default()
}

/// It is as if nothing had been interrupted.
fn is_whole(sandbox: &Sandbox) {
    assert_eq!(sandbox.read("b.txt"), "second");
    assert!(sandbox.exists("docs/mend.md"));
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

/// A second, and what a loaded machine needs to end a helper and a process.
const HEARD: Duration = Duration::from_secs(5);

const RUN: [&str; 3] = ["run", "fix", "Mend it"];

#[test]
fn ctrl_c_at_the_terminal_costs_no_capture() {
    let sandbox = project();
    std::fs::write(sandbox.outside("hang-after"), "").unwrap();
    let mut terminal = Terminal::start(&sandbox, &RUN);
    until("git hangs in the capture", || {
        sandbox.outside("hangs").exists()
    });
    terminal.types("\u{3}");
    terminal
        .wait()
        .exits_with(130)
        .stdout_has("tipstaff resume");
    assert_eq!(sandbox.run().all("attempt_failed").len(), 0);

    remove(&sandbox, &["hang-after", "hangs"]);
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(starts(&sandbox), "x", "the agent was paid for twice");
    is_whole(&sandbox);
}

#[test]
fn ctrl_c_is_heard_whichever_git_command_hangs() {
    let counted = project();
    counted.tipstaff(&RUN).succeeds();
    let calls = std::fs::read_to_string(counted.outside("calls")).unwrap();
    let calls = calls.lines().count();
    assert!(calls > 10, "{calls} calls of git");
    // The number is not quite the same in each run: of equal ones, each third is enough.
    for at in (1..calls).step_by(3) {
        let sandbox = project();
        std::fs::write(sandbox.outside("hang-at"), at.to_string()).unwrap();
        let running = sandbox.start(&RUN);
        until("git hangs", || sandbox.outside("hangs").exists());
        running.signal(Signal::INT);
        running.wait().exits_with(130);
        let helper = std::fs::read_to_string(sandbox.outside("hangs")).unwrap();
        assert!(
            !Path::new("/proc").join(helper.trim()).exists(),
            "git is left at call {at}"
        );

        let paid = sandbox.outside("ended").exists();
        remove(&sandbox, &["hang-at"]);
        let began = std::fs::read_dir(sandbox.project().join(".tipstaff/runs"))
            .is_ok_and(|runs| runs.flatten().any(|run| run.path().is_dir()));
        let again = if began { vec!["resume"] } else { RUN.to_vec() };
        sandbox.tipstaff(&again).succeeds();
        assert_eq!(starts(&sandbox), "x", "paid before: {paid}, at call {at}");
        is_whole(&sandbox);
    }
}

/// As often as git is called, Ctrl-C meets `apply` and `undo` in it. The files are as before or as after, and the
/// same command again makes them as after.
#[test]
fn ctrl_c_leaves_files_whole_whichever_git_command_of_apply_and_undo_hangs() {
    let sandbox = project();
    sandbox
        .tipstaff(&[&RUN[..], &["--keep"]].concat())
        .succeeds();
    let id = sandbox.run().id();
    let (before, after) = (false, true);
    for (verb, from, to) in [("apply", before, after), ("undo", after, before)] {
        for at in 1.. {
            remove(&sandbox, &["hangs"]);
            std::fs::remove_dir_all(sandbox.outside("calls.d")).unwrap();
            std::fs::create_dir(sandbox.outside("calls.d")).unwrap();
            std::fs::write(sandbox.outside("hang-at"), at.to_string()).unwrap();
            let mut running = sandbox.start(&[verb, &id]);
            let mut ended = false;
            until("git hangs, or is called no more", || {
                ended = running.has_ended();
                ended || sandbox.outside("hangs").exists()
            });
            if ended {
                running.wait().succeeds();
                assert!(at > 2, "git is called {at} times by {verb}");
                break;
            }
            running.signal(Signal::INT);
            let heard = Instant::now();
            running.wait().exits_with(130).stderr_has("hint");
            assert!(heard.elapsed() < HEARD, "call {at} of {verb}");
            let there = ["b.txt", "docs/mend.md"].map(|path| sandbox.exists(path));
            assert_eq!(there[0], there[1], "half of it, in call {at} of {verb}");
            remove(&sandbox, &["hang-at"]);
            if there[0] == to {
                sandbox.tipstaff(&[verb, &id]);
                let back = if to == after { "undo" } else { "apply" };
                sandbox.tipstaff(&[back, &id]).succeeds();
            }
            let now = ["b.txt", "docs/mend.md"].map(|path| sandbox.exists(path));
            assert_eq!(now, [from; 2], "call {at} of {verb}");
        }
    }
}

/// Megabytes of short lines take long to be read; whoever interrupts meanwhile is heard before they are.
#[test]
fn ctrl_c_is_heard_while_a_flood_of_lines_is_read() {
    let sandbox = Sandbox::open();
    let ended = sandbox.outside("ended");
    let flood = format!(
        "yes | head -c 24000000; echo done > .tipstaff/out/deliverable.md; touch {}",
        ended.display()
    );
    sandbox
        .write(
            ".tipstaff/config.yaml",
            &format!(
                "agents:\n  flood: {{ kind: command, command: sh, args: [\"-c\", \"{flood}\"] }}\n\
                 models: {{ m1: {{ agent: flood, id: one }} }}\n"
            ),
        )
        .write(
            ".tipstaff/workflows/flood.yaml",
            "name: flood\nphases:\n  - { name: note, model: m1, context_strategy: fresh }\n",
        );
    let running = sandbox.start(&["run", "flood", "Note it"]);
    until("the agent has printed it", || ended.exists());
    let signalled = Instant::now();
    running.signal(Signal::INT);
    running.wait().exits_with(130);
    assert!(signalled.elapsed() < HEARD, "{:?}", signalled.elapsed());
    let types: Vec<String> = sandbox
        .run()
        .events()
        .into_iter()
        .map(|event| event.0)
        .collect();
    assert!(types.contains(&"run_interrupted".to_owned()), "{types:?}");
    assert!(
        !types.contains(&"attempt_succeeded".to_owned()),
        "{types:?}"
    );
}
