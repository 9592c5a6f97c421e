//! No process survives its call, whoever dies, and however.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tipstaff::model::ExitStatus;
use tipstaff::process::{Asked, ExitRecord, Swept, WardenFate, start, sweep};

use crate::support::{
    Output, Running, Sandbox, Stage, TIPSTAFF, alive, fake_agent, kill, parent, pending, pid_in,
    until,
};

/// Leaves a process behind that no group kill and no mark finds, says so, and goes on.
const STRAGGLER: &str = "spawn: { setsid: true, double_fork: true, clear_env: true, seconds: 600, pid_file: straggler }";
/// The same, with the mark.
const MARKED_STRAGGLER: &str =
    "spawn: { setsid: true, double_fork: true, seconds: 600, pid_file: straggler }";

#[tokio::test]
async fn what_an_agent_leaves_behind_is_ended_and_named() {
    let stage = Stage::new(&format!(
        "- do: [{{ print: bye }}, {{ {STRAGGLER} }}, {{ exit: 3 }}]"
    ));
    let mut child = stage.start().await;
    let exit = child.wait().await.unwrap();

    let straggler = stage.pid_in("straggler");
    assert!(!alive(straggler));
    assert_eq!(exit.status, ExitStatus::Exited(3));
    assert_eq!((exit.asked, exit.warden), (Asked::No, WardenFate::Reported));
    assert_eq!(
        exit.leaked
            .iter()
            .map(|leaked| leaked.pid)
            .collect::<Vec<_>>(),
        [straggler]
    );
    assert!(
        exit.leaked[0].command.contains("--linger"),
        "{:?}",
        exit.leaked
    );
    assert_eq!(exit.survivors, []);
    assert!(exit.max_rss_kib > 100, "{exit:?}");
    assert_eq!(ExitRecord::read(&stage.path("exit.json")), Some(exit));
    assert_eq!(std::fs::read_to_string(stage.path("out")).unwrap(), "bye\n");
}

#[tokio::test]
async fn a_straggler_that_is_deaf_to_sigterm_is_killed() {
    let deaf = "spawn: { setsid: true, ignore_signals: true, seconds: 600, pid_file: straggler }";
    let stage = Stage::new(&format!("- do: [{{ {deaf} }}]"));
    let exit = stage.start().await.wait().await.unwrap();
    assert_eq!(exit.status, ExitStatus::Exited(0));
    assert_eq!(exit.leaked.len(), 1);
    assert!(!alive(stage.pid_in("straggler")));
}

#[tokio::test]
async fn an_agent_that_leaves_nothing_is_charged_with_nothing() {
    let stage = Stage::new("- do: [{ append_stdin_to: prompt }]");
    let exit = stage.start().await.wait().await.unwrap();
    assert_eq!((exit.status, exit.leaked.len()), (ExitStatus::Exited(0), 0));
    assert_eq!(
        std::fs::read_to_string(stage.path("prompt")).unwrap(),
        "the prompt"
    );
}

#[tokio::test]
async fn an_agent_that_is_held_does_nothing_until_it_is_let_go_or_killed() {
    let stage = Stage::new(
        "- do: [{ wait_for_file: go }, { touch: went }, { wait_for_file: on }, { touch: on-and-on }, hang]",
    );
    let mut child = stage.start().await;
    let frozen = child.freeze().await.expect("it runs");
    std::fs::write(stage.path("go"), "").unwrap();
    // It would look for the file every few milliseconds.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!stage.path("went").exists(), "it went on");
    drop(frozen);
    until("it goes on", || stage.path("went").exists());

    let frozen = child.freeze().await.expect("it runs again");
    std::fs::write(stage.path("on"), "").unwrap();
    child.kill();
    let exit = child.wait().await.unwrap();
    drop(frozen);
    assert_eq!(exit.status, ExitStatus::Signaled(Signal::KILL.as_raw()));
    assert!(
        !stage.path("on-and-on").exists(),
        "it went on before its end"
    );
    assert!(child.freeze().await.is_none(), "nobody is there to be held");
}

#[tokio::test]
async fn an_agent_is_asked_politely_before_it_is_killed() {
    let stage = Stage::new("- do: [{ touch: ready }, hang]");
    let mut child = stage.start().await;
    until("the agent runs", || stage.path("ready").exists());
    child.stop();
    let exit = child.wait().await.unwrap();
    assert_eq!(exit.status, ExitStatus::Signaled(Signal::INT.as_raw()));
    assert_eq!(exit.asked, Asked::Politely);
}

#[tokio::test]
async fn an_agent_that_is_deaf_is_killed_after_its_grace_time() {
    let stage = Stage::new(&format!("- do: [ignore_signals, {{ {STRAGGLER} }}, hang]"));
    let mut spec = stage.spec();
    spec.grace = Duration::from_millis(300);
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    let straggler = stage.pid_in("straggler");
    let asked = Instant::now();
    child.stop();
    let exit = child.wait().await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(300));
    assert_eq!(exit.status, ExitStatus::Signaled(Signal::KILL.as_raw()));
    assert_eq!(exit.asked, Asked::AtOnce);
    assert!(!alive(straggler));
}

#[tokio::test]
async fn the_second_stop_does_not_wait_for_the_grace_time() {
    let stage = Stage::new("- do: [ignore_signals, { touch: ready }, hang]");
    let mut child = stage.start().await;
    until("the agent runs", || stage.path("ready").exists());
    child.stop();
    until("the agent was asked", || pending(child.pid(), Signal::INT));
    child.stop();
    let exit = child.wait().await.unwrap();
    assert_eq!(exit.asked, Asked::AtOnce);
    assert!(exit.wall_ms.0 < 60_000, "{exit:?}");
}

#[tokio::test]
async fn a_child_that_is_let_go_is_ended() {
    let stage = Stage::new(&format!("- do: [ignore_signals, {{ {STRAGGLER} }}, hang]"));
    let child = stage.start().await;
    let (pid, straggler) = (child.pid(), stage.pid_in("straggler"));
    drop(child);
    until("nothing is left", || !alive(pid) && !alive(straggler));
}

#[tokio::test]
async fn waiting_may_be_interrupted_and_taken_up_again() {
    let stage = Stage::new("- do: [{ wait_for_file: go }, { exit: 4 }]");
    let mut child = stage.start().await;
    for _ in 0..3 {
        tokio::time::timeout(Duration::from_millis(5), child.wait())
            .await
            .unwrap_err();
    }
    std::fs::write(stage.path("go"), "").unwrap();
    let exit = child.wait().await.unwrap();
    assert_eq!(exit.status, ExitStatus::Exited(4));
    assert_eq!(child.wait().await.unwrap(), exit);
}

/// The tiny supervisor, and the id of the agent that it runs.
/// The straggler, once the process that started it has ended.
fn only_straggler(stage: &Stage) -> u32 {
    until("the agent goes on", || stage.path("ready").exists());
    stage.pid_in("straggler")
}

fn supervised(stage: &Stage) -> (std::process::Child, u32) {
    let supervisor = Command::new(fake_agent())
        .arg("--supervise")
        .args([
            Path::new(TIPSTAFF),
            stage.folder(),
            Path::new(&stage.marker()),
        ])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let agent = stage.pid_in("supervised");
    (supervisor, agent)
}

#[test]
fn nothing_survives_a_supervisor_that_is_killed() {
    let stage = Stage::new(&format!("- do: [ignore_signals, {{ {STRAGGLER} }}, hang]"));
    let (mut supervisor, agent) = supervised(&stage);
    let straggler = stage.pid_in("straggler");
    let warden = parent(agent);
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();

    until("nothing is left", || {
        ![agent, straggler, warden].into_iter().any(alive)
    });
    let exit = ExitRecord::read(&stage.path("exit.json")).expect("the warden wrote the record");
    assert_eq!(exit.status, ExitStatus::Signaled(Signal::KILL.as_raw()));
    assert_eq!(
        exit.leaked
            .iter()
            .map(|leaked| leaked.pid)
            .collect::<Vec<_>>(),
        [straggler]
    );
}

/// Kills the warden and tells how its child ended, as the supervisor wrote it down.
fn without_warden(script: &str) -> (Stage, ExitRecord) {
    let stage = Stage::new(script);
    let (mut supervisor, agent) = supervised(&stage);
    only_straggler(&stage);
    kill(parent(agent), Signal::KILL);
    supervisor.wait().unwrap();
    assert!(!alive(agent));
    let exit = ExitRecord::read(&stage.path("exit.json")).unwrap();
    let ending = (exit.warden, exit.status);
    assert_eq!(ending, (WardenFate::Lost, ExitStatus::Unknown));
    assert!(exit.leaked.iter().all(|leaked| leaked.pid != agent));
    (stage, exit)
}

#[test]
fn killed_warden_leaves_no_process() {
    let plain = "spawn: { double_fork: true, clear_env: true, seconds: 600, pid_file: straggler }";
    for straggler in [MARKED_STRAGGLER, STRAGGLER, plain] {
        let (stage, exit) = without_warden(&format!(
            "- do: [{{ {straggler} }}, {{ touch: ready }}, hang]"
        ));
        let straggler = stage.pid_in("straggler");
        assert!(!alive(straggler));
        let named = exit.leaked.iter().any(|leaked| leaked.pid == straggler);
        assert!(named, "{exit:?}");
        assert_eq!(exit.survivors, []);
    }
}

#[test]
fn agent_that_kills_its_warden_fails_alone() {
    let sandbox = Sandbox::open();
    let straggler = sandbox.outside("straggler");
    let spawn = STRAGGLER.replace("straggler }", &format!("{} }}", straggler.display()));
    sandbox.fake_agent(&format!(
        "- when: {{ model: m2 }}\n  do: [{{ {spawn} }}, kill_warden, hang]\n"
    ));
    sandbox.trio(&["quorum: 2"]);
    sandbox.run_trio(&[]).succeeds();
    assert!(!alive(pid_in(&straggler)));
    let run = sandbox.run();
    let failed = run.all("attempt_failed");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["call"], "plan.propose-2");
    assert_eq!(failed[0]["failure"]["kind"], "crash");
    run.has_no_process();
}

#[test]
fn what_survives_both_is_found_without_its_mark() {
    let stage = Stage::new(&format!(
        "- do: [{{ {STRAGGLER} }}, {{ touch: ready }}, hang]"
    ));
    let (mut supervisor, agent) = supervised(&stage);
    let straggler = only_straggler(&stage);
    let warden = parent(agent);
    // The warden must not see the supervisor's end: it is stopped first.
    kill(warden, Signal::STOP);
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    kill(warden, Signal::KILL);
    until("the agent is gone", || !alive(agent));
    assert!(alive(straggler), "the straggler is what this test is about");

    let found = sweep(stage.run());
    let pids: Vec<_> = found.leaked.iter().map(|leaked| leaked.pid).collect();
    assert_eq!(pids, [straggler]);
    assert!(!alive(straggler));
    assert_eq!(sweep(stage.run()), Swept::default());
}

#[test]
fn resume_begins_nothing_beside_a_living_first_attempt() {
    let sandbox = Sandbox::open();
    let at = |name: &str| sandbox.outside(name).display().to_string();
    let deaf = STRAGGLER.replace("pid_file: straggler", "ignore_signals: true, pid_file: ");
    let spawn = deaf.replace("pid_file: ", &format!("pid_file: {}", at("straggler")));
    sandbox.fake_agent(&format!(
        "- when: {{ model: m1, attempt: \"1\" }}\n  do: [{{ {spawn} }}, {{ touch: {} }}, hang]\n\
         - when: {{ model: m1 }}\n  do: [{{ touch: {} }}, {{ wait_for_file: {} }}, done]\n",
        at("up"),
        at("again"),
        at("go"),
    ));
    sandbox.trio(&["models: [m1]"]);
    let running = sandbox.start_trio(&[]);
    until("the first one works", || sandbox.outside("up").exists());
    let run = sandbox.run();
    run.until(1, "attempt_spawned");
    let agent = run.all("attempt_spawned")[0]["pid"].as_u64().unwrap();
    let warden = parent(u32::try_from(agent).unwrap());
    // The warden must not see the supervisor's end: it is stopped first.
    kill(warden, Signal::STOP);
    running.signal(Signal::KILL);
    running.wait();
    kill(warden, Signal::KILL);
    let straggler = pid_in(&sandbox.outside("straggler"));
    assert!(alive(straggler), "the straggler is what this test is about");

    let resumed = sandbox.start(&["resume"]);
    until("the second one works", || sandbox.outside("again").exists());
    assert!(!alive(straggler));
    std::fs::write(sandbox.outside("go"), "").unwrap();
    resumed.wait().succeeds();
    run.has_no_process();
}

/// Only root can make something that its user cannot end.
#[test]
fn resume_refuses_beside_what_it_cannot_end() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::open();
    let (become_root, pid) = (sandbox.outside("become-root"), sandbox.outside("pid"));
    let up = sandbox.outside("up");
    let script = format!(
        "{} --reuid=0 --regid=0 --clear-groups setsid env -i sleep 600 & echo $! > {}; touch {}; exec sleep 600",
        become_root.display(),
        pid.display(),
        up.display()
    );
    sandbox.fake_agent("[]").trio(&["models: [m1]"]);
    sandbox.user_config(&format!(
        "agents:\n  fake: {{ kind: command, command: sh, args: [-c, {script:?}] }}\n\
         models:\n  m1: {{ agent: fake, id: m1 }}\nroles:\n  judge: m1\n"
    ));
    let command = sandbox.as_ordinary_user(&["run", "trio", "Plan it"]);
    std::fs::copy("/usr/bin/setpriv", &become_root).unwrap();
    std::fs::set_permissions(&become_root, PermissionsExt::from_mode(0o4755)).unwrap();
    let running = Running::of(command);
    until("the agent works", || up.exists());
    let left = pid_in(&pid);
    until("it has become root's", || {
        std::fs::read(format!("/proc/{left}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep"))
    });
    let run = sandbox.run();
    run.until(1, "attempt_spawned");
    let agent = run.all("attempt_spawned")[0]["pid"].as_u64().unwrap();
    let warden = parent(u32::try_from(agent).unwrap());
    kill(warden, Signal::STOP);
    running.signal(Signal::KILL);
    running.wait();
    kill(warden, Signal::KILL);

    let resume = sandbox.as_ordinary_user(&["resume"]);
    let refused = Output::of({ resume }.spawn().unwrap());
    kill(left, Signal::KILL);
    refused
        .exits_with(1)
        .stderr_has(&format!("left behind\n  process {left} (sleep 600)"))
        .stderr_has(&format!(
            "hint: end it yourself, then `tipstaff resume {}`",
            run.name()
        ));
    assert_eq!(run.all("attempt_started").len(), 1);
}

#[tokio::test]
async fn a_warden_that_was_stopped_still_ends_its_child() {
    let stage = Stage::new("- do: [{ touch: ready }, hang]");
    let mut child = stage.start().await;
    until("the agent runs", || stage.path("ready").exists());
    kill(child.warden_pid(), Signal::STOP);
    child.kill();
    assert_eq!(child.wait().await.unwrap().status, ExitStatus::Signaled(9));
}

#[test]
fn a_polite_stop_is_heard_even_if_sigint_was_ignored_where_the_supervisor_started() {
    let stage = Stage::new("- do: [hang]");
    // What a shell without job control does to everything that it starts in the background.
    let mut supervisor = Command::new("sh")
        .args([
            "-c",
            "trap '' INT; exec \"$0\" --supervise \"$@\"",
            fake_agent(),
        ])
        .args([
            Path::new(TIPSTAFF),
            stage.folder(),
            Path::new(&stage.marker()),
        ])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let agent = stage.pid_in("supervised");
    kill(parent(agent), Signal::TERM);
    supervisor.wait().unwrap();
    let exit = ExitRecord::read(&stage.path("exit.json")).unwrap();
    assert_eq!(
        (exit.status, exit.asked),
        (ExitStatus::Signaled(2), Asked::Politely)
    );
}
