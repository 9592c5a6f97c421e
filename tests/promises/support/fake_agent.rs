//! Where tests and benches find the fake agent.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The program. `cargo test` builds it; where only one test or bench was asked for, or its source has
/// changed since, it is built now.
pub fn fake_agent() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = beside_this_program();
        if changed(&program) < newest_source() {
            build();
        }
        program.to_str().expect("the path is text").to_owned()
    })
}

/// `target/PROFILE/examples/fake-agent`; tests and benches are in `target/PROFILE/deps`.
fn beside_this_program() -> PathBuf {
    let this = std::env::current_exe().expect("a program knows where it is");
    let profile = this.ancestors().nth(2).expect("it is in a folder of cargo");
    profile.join("examples/fake-agent")
}

/// Its own source, or what it uses of tipstaff's.
fn newest_source() -> Option<SystemTime> {
    let all = ["fixtures/fake-agent", "src/process", "src/files"];
    let all = all.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let files = all
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("it is there"));
    files.flatten().map(|file| changed(&file.path())).max()?
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .ok()
}

/// As this program was built, so that nothing else is.
fn build() {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "build",
        "--quiet",
        "--example",
        "fake-agent",
    ]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    if cfg!(feature = "real-agents") {
        cargo.arg("--all-features");
    }
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "the fake agent is not built: {status}");
}
