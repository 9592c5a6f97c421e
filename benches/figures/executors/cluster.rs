//! A cluster of its own, started and stopped by `scripts/test-cluster`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::ground::Ground;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-cluster");

/// Stopped when dropped.
pub struct Cluster {
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Whose two nodes take as many jobs as are handed in.
    pub fn start() -> Self {
        let cluster = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        cluster.script("start");
        // 200 jobs begin at once: a daemon of this machine may answer later than the tests' cluster waits.
        let path = cluster.configuration();
        let old = std::fs::read_to_string(&path).expect("it has a configuration");
        let new = old
            .replace("MessageTimeout=3", "MessageTimeout=60")
            .replace("SlurmdTimeout=3", "SlurmdTimeout=300");
        std::fs::write(&path, new).expect("a configuration can be written");
        let mut scontrol = Command::new("scontrol");
        scontrol.arg("reconfigure").env("SLURM_CONF", path);
        assert!(scontrol.status().expect("scontrol starts").success());
        cluster
    }

    /// What Slurm's commands read, by the variable `SLURM_CONF`.
    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    /// Milliseconds until a job that does nothing else has made a file.
    pub fn empty_job(&self, ground: &Ground) -> f64 {
        let mark = ground.path("mark");
        let _ = std::fs::remove_file(&mark);
        let script = format!("--wrap=: >'{}'", mark.display());
        let mut sbatch = self.command(ground, Path::new("sbatch"));
        sbatch.args(OPTIONS).args(["--output=/dev/null", &script]);
        let start = Instant::now();
        assert!(sbatch.status().expect("sbatch starts").success());
        while !mark.exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
        start.elapsed().as_secs_f64() * 1000.0
    }

    /// A command in the project that finds the cluster.
    pub fn command(&self, ground: &Ground, program: &Path) -> Command {
        let mut command = ground.command(program, "home");
        command.env("SLURM_CONF", self.configuration());
        command
    }

    /// Has calls carried out here, or on the cluster, by a name of the configuration.
    pub fn executor(&self, ground: &Ground, name: &str) {
        const BEGIN: &str = "executors:\n";
        let path = "home/.config/tipstaff/config.yaml";
        let old = std::fs::read_to_string(ground.path(path)).expect("there is an agent");
        let rest = old.split(BEGIN).next().unwrap_or_default();
        let shared = ground.path("shared").display().to_string();
        let options = OPTIONS.map(|option| format!("'{option}'")).join(", ");
        let config = format!(
            "{rest}{BEGIN}  cluster: {{ kind: slurm, shared: '{shared}', options: [{options}] }}\nexecutor: {name}\n"
        );
        ground.put(path, &config);
    }

    fn script(&self, order: &str) {
        let mut script = Command::new(SCRIPT);
        script
            .arg(order)
            .arg(self.folder.path())
            .env("CPUS", "200")
            .stdout(Stdio::null());
        let status = script.status().expect("a shell starts");
        assert!(status.success(), "{SCRIPT} {order}");
    }
}

/// Of each job: nothing of the user's login, which takes as long as the user's shell takes; little memory, which is only
/// counted; and the node that has the feature `claude`, so that there is one cache.
const OPTIONS: [&str; 3] = ["--export=ALL", "--mem=20", "--constraint=claude"];

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("stop");
    }
}
