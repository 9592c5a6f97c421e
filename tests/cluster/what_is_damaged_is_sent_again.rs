//! The shared folder may lose what is put there: nothing that is torn is used, and nothing is half done.

use std::fs::OpenOptions;
use std::path::Path;

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::site::{ONE, RUN, Site, files};
use crate::support::{Output, TIPSTAFF, has_all};

fn tear(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let half = file.metadata().unwrap().len() / 2;
    file.set_len(half).unwrap();
}

/// The only attempt that failed did so for what was torn.
#[track_caller]
fn has_lost_one(site: &Site) {
    let failures = site.failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    let (kind, said) = &failures[0];
    assert_eq!(kind, "lost");
    assert!(said.contains("did not arrive whole"), "{said}");
    assert!(site.sandbox.exists("docs/plan.md"));
    site.is_clean();
}

#[test]
fn a_pack_that_is_torn_on_its_way_to_a_node() {
    let site = Site::new(Cluster::shared(), ONE, "- do: [{ COUNT }, done]\n");
    site.executor("    options: [--export=ALL, --hold]\n");
    let running = site.start();
    let job = site.job();
    let packs = files(&site.shared().join("projects"));
    let packs = packs
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "pack"));
    assert!(packs.map(|pack| tear(pack)).count() > 0);
    site.cluster.says("scontrol", &["release", &job]);
    site.cluster.wait(&job, "COMPLETED");
    site.cluster.says("scontrol", &["release", &site.job()]);
    running.wait().succeeds();
    assert_eq!(site.starts(), 1);
    has_lost_one(&site);
}

#[test]
fn a_document_that_is_torn_on_its_way_back() {
    let waits =
        "- do: [{ COUNT }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, done]\n";
    let site = Site::new(Cluster::shared(), ONE, waits);
    let running = site.start();
    site.until_there("works");
    running.signal(Signal::STOP);
    let (job, folder) = (site.job(), site.job_folder());
    site.make("go");
    site.cluster.wait(&job, "COMPLETED");
    tear(&folder.join("out/deliverable.md"));
    running.signal(Signal::CONT);
    running.wait().succeeds();
    assert_eq!(site.starts(), 2);
    has_lost_one(&site);
}

/// The supervisor alone sees the shared folder so small.
const FULL: &str = r#"
mkdir -m 700 "$1" && mount -t tmpfs -o size=4k,mode=700 tmpfs "$1" || exit 9
"$0" run work 'Plan it' 2>../run.log
echo "run $? $(ls -A "$1/jobs"/*/* 2>/dev/null | wc -l)"
"#;

#[test]
fn a_shared_folder_that_is_full() {
    let site = Site::new(Cluster::shared(), ONE, "- do: [{ COUNT }, done]\n");
    site.sandbox.agree(&RUN);
    let mut command = site.sandbox.program("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", FULL, TIPSTAFF]);
    let output = Output::of(command.arg(site.shared()).spawn().unwrap());
    let said = std::fs::read_to_string(site.sandbox.outside("run.log")).unwrap();
    has_all(
        &format!("{output}{said}"),
        &["run 1 0", "No space left", "resume"],
    );
    assert!(site.jobs().is_empty());
    site.sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(site.starts(), 1);
    site.is_clean();
}
