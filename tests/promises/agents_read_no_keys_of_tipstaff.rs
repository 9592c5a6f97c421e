//! What tipstaff holds in its own processes is not read by the agents that it starts, although they are the
//! same user.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::{Output, Sandbox, alive, fake_agent, parent, until};

/// What an agent's own command line may well name.
const OWN: &str = "--customer=acme-5d41402abc4b";
const KEY: &str = "sk-0f1e2d3c4b5a69788796a5b4c3d2e1f0";

#[test]
fn agent_reads_no_private_file_of_warden_or_supervisor() {
    let mut sandbox = Sandbox::open();
    sandbox.env("MY_API_KEY", KEY).fake_agent(
        "- when: { model: m1 }\n  do: [spy, { write: { path: a.txt, text: new } }]\n- do: [done]\n",
    );
    sandbox.write("a.txt", "old").write(
        ".tipstaff/workflows/look.yaml",
        "name: look\nphases:\n  - { name: look, model: m1, edits: true, context_strategy: distilled, \
         output: seen.md, retries: 0 }\n",
    );
    let run = sandbox.as_ordinary_user(&["run", "look", "Look"]).spawn();
    Output::of(run.unwrap()).succeeds();
    let seen = sandbox.read("seen.md");
    let expected: String = [
        ("own", "read"),
        ("warden", "refused"),
        ("supervisor", "refused"),
    ]
    .iter()
    .flat_map(|(whose, could)| {
        ["environ", "mem", "cwd", "fd"].map(|name| format!("{whose} {name}: {could}\n"))
    })
    .collect();
    assert_eq!(seen, expected);
    assert_eq!(sandbox.read("a.txt"), "new", "all else works");
}

#[test]
fn git_gets_no_key() {
    let mut sandbox = Sandbox::new();
    sandbox.write("a.txt", "a\n").git_init();
    sandbox.fake_agent("[]").trio(&[]);
    let (bin, seen) = (sandbox.outside("bin"), sandbox.outside("seen"));
    fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        "#!/bin/sh\nenv >> {}\nPATH='{path}' exec git \"$@\"\n",
        seen.display()
    );
    fs::write(bin.join("git"), script).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
        .env("PATH", &format!("{}:{path}", bin.display()))
        .env("MY_API_KEY", KEY);
    sandbox.run_trio(&[]).succeeds();
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("GIT_OPTIONAL_LOCKS=0"), "{seen}");
    assert!(!seen.contains(KEY), "{seen}");
}

#[test]
fn command_lines_of_tipstaff_name_nothing() {
    let sandbox = Sandbox::open();
    let up = sandbox.outside("up");
    let hang = format!("- do: [{{ touch: {} }}, hang]\n", up.display());
    sandbox.fake_agent(&hang).trio(&["models: [m1]"]);
    let script = sandbox.outside("script.yaml");
    sandbox.user_config(&format!(
        "agents:\n  fake:\n    kind: command\n    command: {}\n    args: [--script, {}, {OWN}]\n    \
         env: {{ TOKEN: {KEY} }}\nmodels:\n  m1: {{ agent: fake, id: m1 }}\nroles:\n  judge: m1\n",
        fake_agent(),
        script.display(),
    ));
    let running = sandbox.start_trio(&[]);
    until("the agent works", || up.exists());
    let run = sandbox.run();
    run.until(1, "attempt_spawned");
    let agent = run.all("attempt_spawned")[0]["pid"].as_u64().unwrap();
    let agent = u32::try_from(agent).unwrap();
    let warden = parent(agent);
    let line = |pid: u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let arguments = |pid| {
        let line = String::from_utf8(line(pid)).unwrap();
        line.split_terminator('\0')
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert!(arguments(agent).contains(&OWN.to_owned()), "it is its own");
    assert_eq!(parent(warden), running.pid());
    let pid = running.pid().to_string();
    assert_eq!(arguments(warden)[1..], ["__warden", &pid]);
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let others = pids.filter(|pid| *pid != agent && alive(*pid));
    let told = others.filter(|pid| {
        let line = String::from_utf8_lossy(&line(*pid)).into_owned();
        [KEY, OWN].into_iter().any(|named| line.contains(named))
    });
    assert_eq!(told.collect::<Vec<u32>>(), Vec::<u32>::new());
    sandbox.end(running, Signal::TERM);
}
