//! Starting a child under its warden.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::process::Command;

use super::child::Child;
use super::error::ProcessError;
use super::number::{Number, Role};
use super::record::{Refusal, Report, StartStep};
use super::spec::ChildSpec;
use super::started::started;
use super::sys;

/// The hidden subcommand by which this binary becomes a warden; see [`super::warden()`].
pub const WARDEN_ARG: &str = "__warden";

/// Starts the child that `spec` describes under a warden made of `exe`, and returns when it runs.
///
/// `exe` is this program; `/proc/self/exe` stays right when the file is replaced meanwhile. Call it from
/// a thread that lives as long as the process (see the module's theory of operation). If the returned
/// future is dropped, the child is ended.
///
/// Fails if the program is missing or cannot be executed, if its folder or streams cannot be opened,
/// or if the warden itself cannot be started. Nothing runs then.
pub async fn start(spec: ChildSpec, exe: &Path) -> Result<Child, ProcessError> {
    let describe = |source| ProcessError::Describe {
        program: spec.program.clone(),
        source,
    };
    let absolute = spec.absolute().map_err(describe)?;
    let stdin = in_memory(&absolute).map_err(describe)?;
    let mut command = Command::new(exe);
    command
        .arg(WARDEN_ARG)
        .arg(std::process::id().to_string())
        .args(spec.is_apart().then_some("cell"))
        .env_clear()
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    sys::number(command.as_std_mut(), Number::of(&spec.marker), Role::Warden);
    let pids = |warden: &tokio::process::Child| warden.id().into_iter().collect();
    let no_warden = |source| ProcessError::Warden {
        exe: exe.to_path_buf(),
        source,
    };
    let warden = started(|| command.spawn(), pids).map_err(no_warden)?;
    let mut child = Child::new(warden, absolute);
    match child.greeting().await.map_err(no_warden)? {
        Some(Report::Started { pid }) => {
            child.started(pid);
            Ok(child)
        }
        Some(Report::Refused(refusal)) => Err(refused(refusal, &spec, exe)),
        Some(Report::Ended(_)) | None => Err(ProcessError::WardenGone {
            exe: exe.to_path_buf(),
        }),
    }
}

/// The description as a file in memory: it may hold secrets, which do not belong on a disk, and it may
/// be longer than a pipe takes.
fn in_memory(spec: &ChildSpec) -> io::Result<Stdio> {
    let mut file = File::from(memfd_create("tipstaff-child", MemfdFlags::CLOEXEC)?);
    file.write_all(&serde_json::to_vec(spec)?)?;
    file.rewind()?;
    Ok(Stdio::from(file))
}

fn refused(refusal: Refusal, spec: &ChildSpec, exe: &Path) -> ProcessError {
    let stream = |path: &Path, source| ProcessError::Stream {
        path: path.to_owned(),
        source,
    };
    let program = spec.program.clone();
    let step = refusal.step;
    let source = refusal.into_io();
    match step {
        StartStep::Prepare => ProcessError::Warden {
            exe: exe.to_path_buf(),
            source,
        },
        StartStep::Cell => ProcessError::Cell { source },
        StartStep::Enter => ProcessError::Folder {
            path: spec.cwd.clone(),
            source,
        },
        StartStep::Stdin => stream(&spec.stdin, source),
        StartStep::Stdout => stream(&spec.stdout, source),
        StartStep::Stderr => stream(&spec.stderr, source),
        StartStep::Missing => ProcessError::ProgramMissing { program },
        StartStep::NotExecutable => ProcessError::NotExecutable { program, source },
        StartStep::Execute => ProcessError::Execute { program, source },
    }
}
