//! Whoever ends a run ends its jobs: none is in the queue afterwards, no process is left, and the run can be resumed.

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::site::{ONE, Site};

const WAITS: &str =
    "- do: [{ COUNT }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, done]\n";

#[test]
fn while_a_job_waits() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    site.executor("    options: [--export=ALL, --hold]\n")
        .make("go");
    let running = site.start();
    site.job();
    running.signal(Signal::INT);
    running.wait().exits_with(130).stderr_has("tipstaff resume");
    assert!(site.open_jobs().is_empty());
    site.is_clean();
    let resumed = site.sandbox.start(&["resume"]);
    site.cluster.says("scontrol", &["release", &site.job()]);
    resumed.wait().succeeds();
    assert_eq!(site.starts(), 1);
    site.is_clean();
}

#[test]
fn while_a_job_runs() {
    for signals in [1, 2] {
        let site = Site::new(Cluster::shared(), ONE, WAITS);
        let running = site.start();
        site.until_there("works");
        running.signal(Signal::INT);
        if signals == 2 {
            site.run().until(1, "run_interrupted");
            running.signal(Signal::INT);
        }
        running.wait().exits_with(130).stderr_has("tipstaff resume");
        site.is_clean();
        site.make("go");
        site.sandbox.tipstaff(&["resume"]).succeeds();
        assert_eq!(site.starts(), 2);
        site.is_clean();
    }
}
