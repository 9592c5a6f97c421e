//! What a process with all its descendants takes.

use std::path::Path;
use std::time::Duration;

use tipstaff::model::ExitStatus;
use tipstaff::process::{ChildSpec, ExitRecord, start};

use crate::ground::{Ground, TIPSTAFF};

/// Runs a program in the project under a warden, which sees every process that comes of it: processor
/// time is their sum, memory that of the largest. It must end with 0.
pub fn measure(
    ground: &Ground,
    home: &str,
    program: &Path,
    args: &[String],
    stdin: &Path,
) -> ExitRecord {
    let spec = ChildSpec {
        program: program.to_owned(),
        args: args.iter().map(Into::into).collect(),
        env: ground.env(home),
        cwd: ground.path("project"),
        stdin: stdin.to_owned(),
        stdout: ground.path("stdout"),
        stderr: ground.path("stderr"),
        record: ground.path("exit.json"),
        marker: format!("bench-{}/1", std::process::id()),
        grace: Duration::from_secs(1),
        timeout: None,
        max_output_bytes: None,
        cell: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let exit = runtime.block_on(async {
        let mut child = start(spec, Path::new(TIPSTAFF)).await.expect("it starts");
        child.wait().await.expect("it can be waited for")
    });
    let said = std::fs::read_to_string(ground.path("stderr")).unwrap_or_default();
    assert_eq!(
        exit.status,
        ExitStatus::Exited(0),
        "{}: {said}",
        program.display()
    );
    exit
}
