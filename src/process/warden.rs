//! The warden: one child's keeper, a process of its own. Blocking, single-threaded, quick to start.
//!
//! It must never use the async runtime, never start a thread (signals are blocked for one thread
//! only), and never print except its reports.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rustix::process::{
    Pid, Signal, WaitStatus, getpid, getppid, kill_process_group, set_child_subreaper,
    set_parent_process_death_signal, setsid,
};

use super::cell::{self, Border, Entered, Init, Root};
use super::limits::Limits;
use super::number::{Number, Role};
use super::proctree::out_of_memory_kills;
use super::reap::{GIVE_UP, Heard, Pace, Reaped, SIGNALS, Signals, end_descendants, reap};
use super::record::{Asked, Exceeded, ExitRecord, Refusal, Report, StartStep, WardenFate};
use super::spec::{ChildSpec, MARK};
use super::sys;
use crate::files;
use crate::model::{ExitStatus, Millis};

/// The whole life of a warden: what `tipstaff __warden SUPERVISOR-PID` does.
///
/// Reads the child's description from standard input and reports on standard output. Exits with 0 when
/// no process of the child is left, with 1 when the child could not be started.
pub fn warden() -> ExitCode {
    match keep() {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            report(&Report::Refused(refusal));
            ExitCode::FAILURE
        }
    }
}

/// From the first preparations to the record.
fn keep() -> Result<(), Refusal> {
    let prepare = |error: io::Error| Refusal::new(StartStep::Prepare, &error);
    sys::default_meaning(&SIGNALS).map_err(prepare)?;
    let in_cell = std::env::args_os().nth(3).is_some();
    // Before it is shut to others: the kernel lets only who is open write down who it is in there.
    let entered = in_cell.then(cell::enter).transpose().map_err(no_cell)?;
    let signals = Signals::block().map_err(prepare)?;
    become_warden().map_err(prepare)?;

    let spec = read_spec().map_err(prepare)?;
    let (mut command, limits) = command(&spec)?;
    let init = confine(&spec, &mut command, entered).map_err(no_cell)?;
    let (start, kills) = (Instant::now(), out_of_memory_kills());
    // The handle is let go: the warden waits for all its children in one place.
    let pid = command
        .spawn()
        .map_err(|error| explain(&spec, &error))?
        .id();
    drop(command);
    report(&Report::Started { pid });

    let agent = super::proctree::as_pid(pid.cast_signed())
        .ok_or_else(|| prepare(io::Error::other("a process id out of range")))?;
    let (status, asked, exceeded) = attend(&signals, agent, spec.grace, limits).map_err(prepare)?;
    let wall = start.elapsed();
    let pace = if asked == Asked::AtOnce {
        Pace::AtOnce
    } else {
        Pace::Orderly
    };
    let swept = end_descendants(&signals, pace, init.as_ref()).map_err(prepare)?;

    let (cpu_ms, max_rss_kib) = used();
    let exit = ExitRecord {
        status,
        asked,
        exceeded,
        memory_ran_out: out_of_memory_kills() > kills,
        leaked: swept.leaked,
        survivors: swept.survivors,
        cpu_ms,
        max_rss_kib,
        wall_ms: Millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)),
        warden: WardenFate::Reported,
    };
    // A full disk must not lose it: the supervisor, if it lives, hears it on the pipe as well.
    exit.write(&spec.record).ok();
    report(&Report::Ended(exit));
    Ok(())
}

fn no_cell(error: io::Error) -> Refusal {
    Refusal::new(StartStep::Cell, &error)
}

/// Puts the cell together, and has the command's process enter it.
fn confine(
    spec: &ChildSpec,
    command: &mut Command,
    entered: Option<Entered>,
) -> io::Result<Option<Init>> {
    let Some(cell) = &spec.cell else {
        return Ok(None);
    };
    let mut border = Border::of(cell)?;
    let Some(entered) = entered else {
        sys::confine(command, move || {
            cell::renounce().and_then(|()| border.draw())
        });
        return Ok(None);
    };
    let root = Root::build(entered, cell)?;
    let init = Init::start(&root)?;
    let entrance = root.entrance(&spec.cwd)?;
    sys::confine(command, move || {
        entrance.enter()?;
        border.draw()
    });
    Ok(Some(init))
}

/// Shut to others, own session, subreaper, tied to the supervisor.
fn become_warden() -> io::Result<()> {
    sys::shut_others_out()?;
    let supervisor = std::env::args_os()
        .nth(2)
        .and_then(|arg| arg.to_str()?.parse().ok())
        .and_then(super::proctree::as_pid)
        .ok_or_else(|| io::Error::other("the supervisor's process id is missing"))?;
    // Fails only if it leads a group already; then it has what it needs.
    setsid().ok();
    set_child_subreaper(Some(getpid()))?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    if getppid() != Some(supervisor) {
        return Err(io::Error::other("the supervisor is gone"));
    }
    sys::keep_descriptors_private();
    Ok(())
}

fn read_spec() -> io::Result<ChildSpec> {
    let mut json = Vec::new();
    io::stdin().lock().read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

/// The child's command with its streams opened, and its limits, which hold from now on.
fn command(spec: &ChildSpec) -> Result<(Command, Limits), Refusal> {
    let apart = spec.is_apart();
    if !apart {
        enter(&spec.cwd).map_err(|error| Refusal::new(StartStep::Enter, &error))?;
    }
    let stdin = files::open(&spec.stdin).map_err(|error| Refusal::new(StartStep::Stdin, &error))?;
    let stdout =
        files::append(&spec.stdout).map_err(|error| Refusal::new(StartStep::Stdout, &error))?;
    let stderr =
        files::append(&spec.stderr).map_err(|error| Refusal::new(StartStep::Stderr, &error))?;
    let limits = Limits::new(spec, [&stdout, &stderr])
        .map_err(|error| Refusal::new(StartStep::Prepare, &error))?;
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(&spec.env)
        .env(MARK, &spec.marker)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0);
    if !apart {
        command.current_dir(&spec.cwd);
    }
    sys::tie(&mut command, (!apart).then(getpid), Signal::KILL);
    sys::number(&mut command, Number::of(&spec.marker), Role::Child);
    Ok((command, limits))
}

/// Asked beforehand: when the exec fails, a folder that is missing looks like a program that is.
fn enter(folder: &Path) -> io::Result<()> {
    if !std::fs::metadata(folder)?.is_dir() {
        return Err(io::Error::from_raw_os_error(nix::libc::ENOTDIR));
    }
    Ok(rustix::fs::access(folder, rustix::fs::Access::EXEC_OK)?)
}

/// Tells a missing program from one that is there but cannot be executed.
fn explain(spec: &ChildSpec, error: &io::Error) -> Refusal {
    let step = match error.raw_os_error() {
        // Of a script whose interpreter is missing the system says "not found" as well.
        Some(nix::libc::ENOENT) if spec.program.is_absolute() && spec.program.exists() => {
            StartStep::NotExecutable
        }
        Some(nix::libc::ENOENT | nix::libc::ENOTDIR) => StartStep::Missing,
        Some(nix::libc::EACCES | nix::libc::ENOEXEC | nix::libc::ELIBBAD) => {
            StartStep::NotExecutable
        }
        Some(_) | None => StartStep::Execute,
    };
    Refusal::new(step, error)
}

/// How the child's own process ended.
type Attended = (ExitStatus, Asked, Option<Exceeded>);

/// Waits for the child's end and carries out what the signals ask for, and what its limits demand.
fn attend(
    signals: &Signals,
    agent: Pid,
    grace: Duration,
    mut limits: Limits,
) -> io::Result<Attended> {
    let mut asked = Asked::No;
    let mut exceeded = None;
    let mut deadline: Option<Instant> = None;
    let status = loop {
        let ended = loop {
            match reap()? {
                Reaped::One(pid, status) if pid == agent => break Some(exit_status(status)),
                Reaped::One(..) => {}
                Reaped::NoneYet => break None,
                Reaped::NoneLeft => break Some(ExitStatus::Unknown),
            }
        };
        if let Some(status) = ended {
            break status;
        }
        let now = Instant::now();
        let heard = match asked {
            Asked::No => {
                exceeded = limits.exceeded(now);
                match exceeded {
                    Some(Exceeded::Time) => Heard::Stop,
                    Some(_) => Heard::Kill,
                    None => match signals.next(limits.patience(now))? {
                        Heard::Nothing => continue,
                        heard => heard,
                    },
                }
            }
            Asked::Politely | Asked::AtOnce => {
                signals.next(deadline.map(|deadline| deadline.saturating_duration_since(now)))?
            }
        };
        match (heard, asked) {
            (Heard::Child, _) => {}
            (Heard::Stop, Asked::No) => {
                kill_process_group(agent, Signal::INT).ok();
                asked = Asked::Politely;
                deadline = Instant::now().checked_add(grace);
            }
            (Heard::Stop | Heard::Kill, _) | (Heard::Nothing, Asked::No | Asked::Politely) => {
                kill_process_group(agent, Signal::KILL).ok();
                asked = Asked::AtOnce;
                deadline = Instant::now().checked_add(GIVE_UP);
            }
            // Killed and still there: the kernel holds it, or it became another user's.
            (Heard::Nothing, Asked::AtOnce) => break ExitStatus::Unknown,
        }
    };
    Ok((status, asked, exceeded))
}

fn exit_status(status: WaitStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (None, Some(signal)) => ExitStatus::Signaled(signal),
        (None, None) => ExitStatus::Unknown,
    }
}

/// Processor milliseconds and peak KiB of all that was waited for.
fn used() -> (u64, u64) {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return (0, 0);
    };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    (
        u64::try_from(micros).unwrap_or(0) / 1000,
        u64::try_from(usage.max_rss()).unwrap_or(0),
    )
}

/// A supervisor that is gone cannot hear it; the record file remains.
fn report(report: &Report) {
    let Ok(mut line) = serde_json::to_vec(report) else {
        return;
    };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).ok();
}
