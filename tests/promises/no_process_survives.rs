//! No process survives its call, whoever dies, and however.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tipstaff::process::{
    Asked, Ending, Exit, LineTail, ProcessError, TailLine, WardenFate, Watch, become_subreaper,
    start, sweep,
};

use crate::support::{FAKE_AGENT, Stage, TIPSTAFF, alive, kill, parent, pending, until};

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
    assert_eq!(exit.ending, Ending::Exited(3));
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
    assert_eq!(Exit::read(&stage.path("exit.json")), Some(exit));
    assert_eq!(std::fs::read_to_string(stage.path("out")).unwrap(), "bye\n");
}

#[tokio::test]
async fn a_straggler_that_is_deaf_to_sigterm_is_killed() {
    let deaf = "spawn: { setsid: true, ignore_signals: true, seconds: 600, pid_file: straggler }";
    let stage = Stage::new(&format!("- do: [{{ {deaf} }}]"));
    let exit = stage.start().await.wait().await.unwrap();
    assert_eq!(exit.ending, Ending::Exited(0));
    assert_eq!(exit.leaked.len(), 1);
    assert!(!alive(stage.pid_in("straggler")));
}

#[tokio::test]
async fn an_agent_that_leaves_nothing_is_charged_with_nothing() {
    let stage = Stage::new("- do: [{ append_stdin_to: prompt }]");
    let exit = stage.start().await.wait().await.unwrap();
    assert_eq!((exit.ending, exit.leaked.len()), (Ending::Exited(0), 0));
    assert_eq!(
        std::fs::read_to_string(stage.path("prompt")).unwrap(),
        "the prompt"
    );
}

#[tokio::test]
async fn an_agent_is_asked_politely_before_it_is_killed() {
    let stage = Stage::new("- do: [{ touch: ready }, hang]");
    let mut child = stage.start().await;
    until("the agent runs", || stage.path("ready").exists());
    child.stop();
    let exit = child.wait().await.unwrap();
    assert_eq!(exit.ending, Ending::Signaled(Signal::INT.as_raw()));
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
    assert_eq!(exit.ending, Ending::Signaled(Signal::KILL.as_raw()));
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
    assert_eq!(exit.ending, Ending::Exited(4));
    assert_eq!(child.wait().await.unwrap(), exit);
}

/// The tiny supervisor, and the id of the agent that it runs.
fn supervised(stage: &Stage) -> (std::process::Child, u32) {
    let supervisor = Command::new(FAKE_AGENT)
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
    let exit = Exit::read(&stage.path("exit.json")).expect("the warden wrote the record");
    assert_eq!(exit.ending, Ending::Signaled(Signal::KILL.as_raw()));
    assert_eq!(
        exit.leaked
            .iter()
            .map(|leaked| leaked.pid)
            .collect::<Vec<_>>(),
        [straggler]
    );
}

#[tokio::test]
async fn nothing_survives_a_warden_that_is_killed() {
    become_subreaper().unwrap();
    let stage = Stage::new(&format!("- do: [{{ {MARKED_STRAGGLER} }}, hang]"));
    let mut child = stage.start().await;
    let straggler = stage.pid_in("straggler");
    kill(child.warden_pid(), Signal::KILL);

    let exit = child.wait().await.unwrap();
    assert_eq!(
        (exit.warden, exit.ending),
        (WardenFate::Lost, Ending::Unknown)
    );
    assert!(
        exit.leaked.iter().any(|leaked| leaked.pid == straggler),
        "{exit:?}"
    );
    assert!(
        exit.leaked.iter().all(|leaked| leaked.pid != child.pid()),
        "{exit:?}"
    );
    assert!(!alive(child.pid()) && !alive(straggler));
}

#[tokio::test]
async fn a_killed_wardens_session_is_known_without_the_mark() {
    become_subreaper().unwrap();
    let plain = "spawn: { double_fork: true, clear_env: true, seconds: 600, pid_file: straggler }";
    let stage = Stage::new(&format!("- do: [{{ {plain} }}, hang]"));
    let mut child = stage.start().await;
    let straggler = stage.pid_in("straggler");
    kill(child.warden_pid(), Signal::KILL);
    child.wait().await.unwrap();
    assert!(!alive(straggler));
}

#[test]
fn what_survives_both_is_found_by_its_mark() {
    let stage = Stage::new(&format!("- do: [{{ {MARKED_STRAGGLER} }}, hang]"));
    let (mut supervisor, agent) = supervised(&stage);
    let straggler = stage.pid_in("straggler");
    let warden = parent(agent);
    // The warden must not see the supervisor's end: it is stopped first.
    kill(warden, Signal::STOP);
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    kill(warden, Signal::KILL);
    until("the agent is gone", || !alive(agent));
    assert!(alive(straggler), "the straggler is what this test is about");

    let found = sweep(&stage.prefix());
    assert_eq!(
        found.iter().map(|leaked| leaked.pid).collect::<Vec<_>>(),
        [straggler]
    );
    assert!(!alive(straggler));
    assert_eq!(sweep(&stage.prefix()), []);
}

#[tokio::test]
async fn two_hundred_megabytes_arrive_whole_through_a_small_reader() {
    const BYTES: u64 = 200_000_000;
    let stage = Stage::new(&format!(
        "- do: [{{ print_bytes: {BYTES} }}, {{ print: end }}]"
    ));
    let mut spec = stage.spec();
    spec.max_output_bytes = Some(BYTES / 2);
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    let exit = child.wait().await.unwrap();
    assert_eq!(exit.ending, Ending::Exited(0));
    assert!(child.over_limit());

    let mut tail = LineTail::new(stage.path("out"), 8 << 20);
    let (mut bytes, mut largest, mut last) = (0, 0, None);
    loop {
        let lines = tail.read_new().unwrap();
        let mut size = 0;
        for line in &lines {
            match line {
                TailLine::Text(text) => size += text.len() as u64 + 1,
                TailLine::TooLong { bytes } => panic!("a line of {bytes} bytes"),
            }
        }
        bytes += size;
        largest = largest.max(size);
        last = lines.into_iter().next_back().or(last);
        if !tail.has_more() {
            break;
        }
    }
    assert_eq!(bytes, BYTES + 4);
    assert_eq!(last, Some(TailLine::Text(String::from("end"))));
    assert!(largest <= 4 << 20, "{largest} bytes in one call");
}

#[tokio::test]
async fn output_without_end_is_noticed_while_it_grows_and_stopped() {
    let stage = Stage::new("- do: [{ print_bytes: 1000000000000 }]");
    let mut spec = stage.spec();
    spec.max_output_bytes = Some(1 << 20);
    let mut watch = Watch::new(&[&stage.path("out")], Duration::from_secs(1));
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    while !child.over_limit() {
        watch.changed().await;
    }
    child.kill();
    let exit = child.wait().await.unwrap();
    assert_eq!(
        (exit.asked, exit.ending),
        (Asked::AtOnce, Ending::Signaled(9))
    );
}

#[tokio::test]
async fn a_warden_that_was_stopped_still_ends_its_child() {
    let stage = Stage::new("- do: [{ touch: ready }, hang]");
    let mut child = stage.start().await;
    until("the agent runs", || stage.path("ready").exists());
    kill(child.warden_pid(), Signal::STOP);
    child.kill();
    assert_eq!(child.wait().await.unwrap().ending, Ending::Signaled(9));
}

#[tokio::test]
async fn a_child_inherits_nothing() {
    let stage = Stage::new("");
    let mut spec = stage.spec();
    spec.program = PathBuf::from("env");
    spec.args = Vec::new();
    let path = std::env::var_os("PATH").unwrap();
    spec.env.insert("PATH".into(), path.clone());
    start(spec, Path::new(TIPSTAFF))
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();

    let mut lines: Vec<_> = std::fs::read_to_string(stage.path("out"))
        .unwrap()
        .lines()
        .map(String::from)
        .collect();
    lines.sort_unstable();
    let path = format!("PATH={}", path.to_string_lossy());
    assert_eq!(
        lines,
        [path, format!("TIPSTAFF_CALL_MARK={}", stage.marker())]
    );
}

#[tokio::test]
async fn a_program_that_cannot_start_is_told_apart_from_one_that_is_missing() {
    let stage = Stage::new("");
    std::fs::write(stage.path("plain"), "no program").unwrap();
    std::fs::write(stage.path("script"), "#!/nonexistent/interpreter\n").unwrap();
    let mut permissions = std::fs::metadata(stage.path("script"))
        .unwrap()
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(stage.path("script"), permissions).unwrap();

    let refused = async |program: PathBuf| {
        let spec = tipstaff::process::ChildSpec {
            program,
            ..stage.spec()
        };
        start(spec, Path::new(TIPSTAFF)).await.unwrap_err()
    };
    let missing = [
        stage.path("nothing"),
        PathBuf::from("no-such-program-anywhere"),
    ];
    for program in missing {
        let error = refused(program.clone()).await;
        assert!(matches!(&error, ProcessError::ProgramMissing { program: p } if *p == program));
    }
    for program in [stage.path("plain"), stage.path("script")] {
        let error = refused(program.clone()).await;
        let fits =
            matches!(&error, ProcessError::NotExecutable { program: p, .. } if *p == program);
        assert!(fits, "{error:?}");
    }
}

#[tokio::test]
async fn a_folder_or_a_stream_that_is_missing_is_named() {
    let stage = Stage::new("");
    let mut spec = stage.spec();
    spec.cwd = stage.path("nowhere");
    let error = start(spec, Path::new(TIPSTAFF)).await.unwrap_err();
    assert!(matches!(&error, ProcessError::Folder { path, .. } if path.ends_with("nowhere")));

    let mut spec = stage.spec();
    spec.stdin = stage.path("no-prompt");
    let error = start(spec, Path::new(TIPSTAFF)).await.unwrap_err();
    assert!(matches!(&error, ProcessError::Stream { path, .. } if path.ends_with("no-prompt")));

    let error = start(stage.spec(), Path::new("/nonexistent/tipstaff"))
        .await
        .unwrap_err();
    assert!(matches!(error, ProcessError::Warden { .. }));
    let error = start(stage.spec(), Path::new("/bin/true"))
        .await
        .unwrap_err();
    assert!(matches!(error, ProcessError::WardenGone { .. }));
}
