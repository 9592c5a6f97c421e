//! One child under its warden: a folder with a script for the fake agent, and the spec to start it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tipstaff::process::{Child, ChildSpec, start};

use super::fake_agent::fake_agent;
use super::processes::pid_in;
use super::sandbox::TIPSTAFF;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder for one child.
pub struct Stage {
    folder: tempfile::TempDir,
    run: String,
}

impl Stage {
    /// With this script, which is YAML for the fake agent.
    pub fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("script.yaml"), script).unwrap();
        std::fs::write(folder.path().join("in"), "the prompt").unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            folder,
            run: format!("promise-{}-{number}", std::process::id()),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The run that it stands for.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The mark of its child.
    pub fn marker(&self) -> String {
        format!("{}/plan.propose-1/1", self.run)
    }

    /// A spec that runs the script; a long grace time, so that a test which needs it never passes by chance.
    pub fn spec(&self) -> ChildSpec {
        ChildSpec {
            program: PathBuf::from(fake_agent()),
            args: vec![
                OsString::from("--script"),
                self.path("script.yaml").into_os_string(),
            ],
            env: BTreeMap::new(),
            cwd: self.folder.path().to_path_buf(),
            stdin: self.path("in"),
            stdout: self.path("out"),
            stderr: self.path("err"),
            record: self.path("exit.json"),
            marker: self.marker(),
            grace: Duration::from_secs(60),
            timeout: None,
            max_output_bytes: None,
            cell: None,
        }
    }

    /// Starts the script.
    pub async fn start(&self) -> Child {
        start(self.spec(), Path::new(TIPSTAFF)).await.unwrap()
    }

    /// The process id in a file of the folder, as soon as it is there.
    pub fn pid_in(&self, name: &str) -> u32 {
        pid_in(&self.path(name))
    }
}
