//! An agent that tries to get out of its cell, with a user who grants nothing.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{
    Lacks, Output, Running, Sandbox, TIPSTAFF, alive, descendants, fake_agent, kill, parent, until,
};

const LOOK: [&str; 3] = ["run", "look", "Look"];
const OPEN: bool = true;
const CLOSED: bool = false;

/// What is tried, how, and whether it is open in namespaces and by Landlock alone. `PROJECT`, `HOME` and `OUTSIDE` are
/// the real ones.
const ATTACKS: &[(&str, &str, [bool; 2])] = &[
    ("its own workspace", "read: a.txt", [OPEN, OPEN]),
    ("private key", "read: HOME/.ssh/id_test", [CLOSED, CLOSED]),
    (
        "sign-in",
        "read: HOME/.local/share/opencode/auth.json",
        [CLOSED, CLOSED],
    ),
    (
        "configuration",
        "read: HOME/.config/tipstaff/config.yaml",
        [CLOSED, CLOSED],
    ),
    ("names in the home", "read: HOME", [CLOSED, CLOSED]),
    ("real project", "read: PROJECT/a.txt", [CLOSED, CLOSED]),
    (
        "run folders",
        "read: PROJECT/.tipstaff/runs",
        [CLOSED, CLOSED],
    ),
    (
        "journal",
        "read: PROJECT/.tipstaff/runs/other/journal.jsonl",
        [CLOSED, CLOSED],
    ),
    ("other attempts", "read: OUTSIDE/tmp", [CLOSED, CLOSED]),
    (
        "proposal",
        "read: OUTSIDE/tmp/rival/proposal.md",
        [CLOSED, CLOSED],
    ),
    (
        "change of a proposal",
        "change: OUTSIDE/tmp/rival/proposal.md",
        [CLOSED, CLOSED],
    ),
    ("layers", "read: HOME/.cache/tipstaff", [CLOSED, CLOSED]),
    (
        "new layer",
        "make: HOME/.cache/tipstaff/new",
        [CLOSED, CLOSED],
    ),
    (
        "new file in the project",
        "make: PROJECT/new",
        [CLOSED, CLOSED],
    ),
    (
        "change of the project",
        "change: PROJECT/a.txt",
        [CLOSED, CLOSED],
    ),
    ("shell's file", "change: HOME/.bashrc", [CLOSED, CLOSED]),
    ("system", "make: /usr/tipstaff-test", [CLOSED, CLOSED]),
    // In namespaces it has one of its own.
    ("machine's /tmp", "make: /tmp/NAME", [OPEN, CLOSED]),
    (
        "settings of the kernel",
        "change: /proc/sys/kernel/core_pattern",
        [CLOSED, CLOSED],
    ),
    (
        "socket at a path",
        "connect: OUTSIDE/socket",
        [CLOSED, OPEN],
    ),
    ("socket with a name", "connect: '@NAME'", [CLOSED, CLOSED]),
    ("modes elsewhere", "chmod: OUTSIDE/loose", [CLOSED, OPEN]),
    (
        "environment of processes",
        "process: environ",
        [CLOSED, CLOSED],
    ),
    ("memory of processes", "process: mem", [CLOSED, CLOSED]),
    ("files of processes", "process: fd/0", [CLOSED, CLOSED]),
    ("folders of processes", "process: cwd", [CLOSED, CLOSED]),
    (
        "command lines of processes",
        "command_line: Look",
        [CLOSED, OPEN],
    ),
    ("roots of processes", "process: root", [CLOSED, CLOSED]),
    ("terminals", "terminal", [CLOSED, CLOSED]),
    ("warden and supervisor", "kill", [CLOSED, CLOSED]),
    ("rights", "rights", [CLOSED, CLOSED]),
    ("device", "device: disk", [CLOSED, CLOSED]),
    ("mount", "mount: .", [CLOSED, CLOSED]),
];

/// A user with secrets, and an agent with this script in a workflow of one phase.
fn victim(sandbox_yaml: &str, script: &str) -> Sandbox {
    let agent = serde_json::to_string(fake_agent()).unwrap();
    with_agent(
        sandbox_yaml,
        &format!("command: {agent}, args: [--script, script.yaml]"),
        script,
    )
}

fn with_agent(sandbox_yaml: &str, agent: &str, script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("script.yaml", script).write("a.txt", "a\n").write(
        ".tipstaff/workflows/look.yaml",
        "name: look\nphases:\n  - { name: look, model: m1, context_strategy: distilled, output: seen.md, retries: 0 }\n",
    );
    sandbox.user_config(&format!(
        "agents:\n  fake: {{ kind: command, {agent} }}\n\
         models: {{ m1: {{ agent: fake, id: m1 }} }}\nsandbox: {sandbox_yaml}\n"
    ));
    sandbox
}

fn attacked(lacks: Option<Lacks>, rung: usize, as_nobody: bool) {
    let name = format!("tipstaff-test-{}-{rung}-{as_nobody}", std::process::id());
    let mut script = "- do:\n  - attack:\n".to_owned();
    let sandbox = victim("on", "");
    let path = |name: &str| sandbox.outside(name).display().to_string();
    for (what, attack, _) in ATTACKS {
        let attack = attack
            .replace("PROJECT", &path("project"))
            .replace("HOME", &path("home"))
            .replace("OUTSIDE", &path(""))
            .replace("NAME", &name);
        let attack = match attack.contains(": ") {
            true => format!("{{ {attack} }}"),
            false => attack,
        };
        writeln!(script, "    - [ {what}, {attack} ]").unwrap();
    }
    sandbox.write("script.yaml", &script);
    for file in [
        "home/.ssh/id_test",
        "home/.local/share/opencode/auth.json",
        "home/.bashrc",
        "home/.cache/tipstaff/x",
        "tmp/rival/proposal.md",
        "project/.tipstaff/runs/other/journal.jsonl",
        "loose",
    ] {
        let at = sandbox.outside(file);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, "secret").unwrap();
    }
    let by_name = SocketAddr::from_abstract_name(&name).unwrap();
    let _listeners = [
        UnixListener::bind(sandbox.outside("socket")).unwrap(),
        UnixListener::bind_addr(&by_name).unwrap(),
    ];
    let _terminal = File::open("/dev/ptmx").unwrap();
    let command = match as_nobody {
        true => sandbox.as_ordinary_user(&LOOK),
        false => sandbox.command(&LOOK),
    };
    let mut command = match lacks {
        Some(lacks) => lacks.around(command),
        None => command,
    };
    let output = Output::of(command.spawn().unwrap());
    output.succeeds();
    let mut expected = String::new();
    for (what, _, outcomes) in ATTACKS {
        let outcome = if outcomes[rung] == OPEN {
            "open"
        } else {
            "closed"
        };
        writeln!(expected, "{what}: {outcome}").unwrap();
    }
    similar(&sandbox.read("seen.md"), &expected);
    assert!(!sandbox.exists("new") && !fs::exists(format!("/tmp/{name}")).unwrap());
}

/// With the lines alone that differ.
#[track_caller]
fn similar(seen: &str, expected: &str) {
    let differ: Vec<_> = seen
        .lines()
        .filter(|line| !expected.contains(line))
        .collect();
    assert_eq!(differ, Vec::<&str>::new());
    assert_eq!(seen.lines().count(), expected.lines().count(), "{seen}");
}

#[test]
fn nothing_is_open_in_namespaces() {
    attacked(None, 0, false);
    attacked(None, 0, true);
}

#[test]
fn landlock_alone_leaves_open_what_is_said() {
    attacked(Some(Lacks::Namespaces), 1, false);
    attacked(Some(Lacks::Namespaces), 1, true);
}

#[test]
fn nothing_survives_supervisor_and_warden_in_namespaces() {
    let hidden = |name: &str| {
        format!(
            "{{ spawn: {{ setsid: true, double_fork: true, ignore_signals: true, clear_env: true, seconds: 600, \
             pid_file: {name} }} }}"
        )
    };
    let script = format!(
        "- do: [ignore_signals, {}, {}, hang]\n",
        hidden("a"),
        hidden("b")
    );
    for as_nobody in [false, true] {
        let sandbox = victim("required", &script);
        let running = Running::of(match as_nobody {
            true => sandbox.as_ordinary_user(&LOOK),
            false => sandbox.command(&LOOK),
        });
        let supervisor = running.pid();
        let line = |pid: u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let hides = |pid: &u32| {
            let line = String::from_utf8_lossy(&line(*pid)).into_owned();
            line.contains("--ignore-signals") && !line.contains("--double-fork")
        };
        let hidden = || descendants(supervisor).into_iter().filter(hides).count();
        until("both hide", || hidden() == 2);
        let below = descendants(supervisor);
        let run = sandbox.run();
        run.until(1, "attempt_spawned");
        let agent = run.all("attempt_spawned")[0]["pid"].as_u64().unwrap();
        kill(parent(u32::try_from(agent).unwrap()), Signal::KILL);
        kill(supervisor, Signal::KILL);
        let killed = Instant::now();
        // One without memory runs nothing any more: the kernel waits until somebody takes note of its end.
        let runs = |pid: &u32| alive(*pid) && !line(*pid).is_empty();
        until("all are gone", || !below.iter().any(runs));
        let lasted = killed.elapsed();
        assert!(lasted < Duration::from_secs(1), "{lasted:?}");
        running.wait();
    }
}

#[test]
fn phase_may_use_what_it_says_and_the_next_one_not() {
    let script = "{ cat EXTRA 2>/dev/null || echo nothing; grep -c : /proc/net/dev; } > .tipstaff/out/deliverable.md";
    let sandbox = with_agent("on", "", "");
    let extra = sandbox.outside("extra").display().to_string();
    fs::write(&extra, "extra\n").unwrap();
    let script = serde_json::to_string(&script.replace("EXTRA", &extra)).unwrap();
    let phase = |name: &str, more: &str| {
        format!(
            "  - {{ name: {name}, model: m1, context_strategy: fresh, output: {name}.md{more} }}\n"
        )
    };
    let rules = format!(", sandbox: {{ read: [{extra}], network: none }}");
    let workflow = format!(
        "name: two\nphases:\n{}{}",
        phase("with", &rules),
        phase("without", "")
    );
    sandbox
        .write(".tipstaff/workflows/two.yaml", &workflow)
        .user_config(&format!(
            "agents: {{ sh: {{ kind: command, command: sh, args: [-c, {script}] }} }}\n\
             models: {{ m1: {{ agent: sh, id: m1 }} }}\nsandbox: on\n"
        ));
    let ask = format!("lets calls and commands of the phase `with` read {extra}");
    let untrusted = sandbox.program(TIPSTAFF).args(["run", "two", "x"]).spawn();
    Output::of(untrusted.unwrap())
        .exits_with(2)
        .stderr_has(&ask);
    sandbox.tipstaff(&["run", "two", "x"]).succeeds();
    assert_eq!(sandbox.read("with.md"), "extra\n1\n");
    let without = sandbox.read("without.md");
    assert!(
        without.starts_with("nothing\n") && without != "nothing\n1\n",
        "{without}"
    );
    // It could not reach its models.
    sandbox.user_config("agents: { opencode: { sandbox: { network: none } } }\nsandbox: on\n");
    sandbox
        .tipstaff(&["check", "two"])
        .exits_with(2)
        .stderr_has("`opencode` reaches its models by the network");
}

#[test]
fn whoever_takes_more_than_the_cell_allows_is_ended() {
    let big = |path: &str| {
        format!("- do: [{{ write_size: {{ path: {path}, bytes: 3000000000 }} }}, hang]\n")
    };
    let sh = "command: sh, args: [-c, 'for i in $(seq 2000); do sleep 600 & done; wait']";
    let cases = [
        (victim("{ disk: 100MB }", &big("big")), "out_of_disk"),
        (victim("{ disk: 100MB }", &big("/tmp/big")), "out_of_disk"),
        (
            victim("{ disk: 100MB }", &big("/dev/shm/big")),
            "out_of_disk",
        ),
        (
            with_agent("{ processes: 100 }", sh, ""),
            "too_many_processes",
        ),
    ];
    for (sandbox, kind) in cases {
        sandbox.tipstaff(&LOOK).exits_with(1);
        let run = sandbox.run();
        assert_eq!(run.all("attempt_failed")[0]["failure"]["kind"], kind);
        run.has_no_process();
    }
    // The system that a cell shows is nothing that its call wrote.
    let little =
        "- do: [{ write_size: { path: /dev/shm/x, bytes: 50000000 } }, { sleep_ms: 1200 }, done]\n";
    victim("{ disk: 100MB }", little).tipstaff(&LOOK).succeeds();
    let root = victim("on", &big("/big"));
    root.tipstaff(&LOOK).exits_with(1);
    let attempt = "phases/01-look/calls/look.work-1/attempt-1/stderr.log";
    assert!(root.run().read(attempt).contains("Read-only"));
}

#[test]
fn machine_without_namespaces_says_so_and_goes_on_with_landlock() {
    let sandbox = victim("on", "- do: [done]\n");
    let run = |more: &[&str]| {
        let command = sandbox.command(&[&LOOK, more].concat());
        Output::of(Lacks::Namespaces.around(command).spawn().unwrap())
    };
    run(&["--sandbox", "required"])
        .exits_with(1)
        .stderr_has("no namespaces: ")
        .stderr_has("hint: `tipstaff run --sandbox on`")
        .has_no("started");
    run(&[])
        .succeeds()
        .stderr_has("sandbox: agents can see other processes")
        .stderr_has("sandbox: landlock");
}

/// A whole run that edits and proves its edits, on a machine that has nothing to make cells of.
#[test]
fn machine_without_anything_says_so_and_works_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "a\n")
        .write(".tipstaff/workflows/mend.yaml", "name: mend\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: fresh, verify: grep -q b a.txt }\n")
        .fake_agent("- do: [{ write: { path: a.txt, text: b } }, done]\n");
    let run = |more: &[&str]| {
        let command = sandbox.command(&[&["run", "mend", "Mend"], more].concat());
        let mut command = Lacks::NamespacesAndLandlock.around(command);
        Output::of(command.spawn().unwrap())
    };
    run(&["--sandbox", "required"])
        .exits_with(1)
        .stderr_has("agents can read and write what you can")
        .has_no("started");
    let output = run(&[]);
    output.succeeds().has_no("fails");
    output.stderr_has("\nsandbox: agents can read and write what you can (no namespaces: ");
    output.stderr_has("sandbox: none");
    assert_eq!(sandbox.read("a.txt"), "b");
}
