//! Jobs that others hold or cancel, that no node can take, or that find another tipstaff: the run says so and goes on
//! when it can.

use crate::cluster::Cluster;
use crate::site::{ONE, Site};
use crate::support::{Output, until};

const COUNTS: &str = "- do: [{ COUNT }, { touch: OUTSIDE/works }, done]\n";
const WAITS: &str =
    "- do: [{ COUNT }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, done]\n";
const HELD: &str = "    options: [--export=ALL, --hold]\n";

fn release(site: &Site, job: &str) {
    site.cluster.says("scontrol", &["release", job]);
}

/// The run has failed by this kind, and says this.
#[track_caller]
fn is_refused(site: &Site, output: &Output, said: &str) {
    output.exits_with(1).stderr_has("tipstaff resume");
    let failures = site.failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].0, "job_refused", "{failures:?}");
    assert!(failures[0].1.contains(said), "{failures:?}");
    site.is_clean();
}

#[test]
fn a_job_that_somebody_cancels_can_be_resumed() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    let running = site.start();
    site.until_there("works");
    site.cluster.cancel(&site.job());
    is_refused(&site, &running.wait(), "cancelled its job");
    site.make("go");
    site.sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(site.starts(), 2);
    site.is_clean();
}

#[test]
fn a_job_that_is_cancelled_while_it_waits_costs_nothing() {
    let site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.executor(HELD);
    let running = site.start();
    site.cluster.cancel(&site.job());
    is_refused(&site, &running.wait(), "cancelled its job");
    let resumed = site.sandbox.start(&["resume"]);
    release(&site, &site.job());
    resumed.wait().succeeds();
    assert_eq!(site.starts(), 1);
}

#[test]
fn a_held_job_waits_and_says_so() {
    let site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.executor(HELD);
    let running = site.start();
    let job = site.job();
    until("it says why it waits", || {
        let says = site.run().all("attempt_progressed");
        says.iter()
            .any(|event| event["doing"] == "waits in the queue of cluster (JobHeldUser)")
    });
    release(&site, &job);
    running.wait().succeeds();
    let spawned = site.run().all("attempt_spawned").remove(0);
    assert_eq!(spawned["on"]["job"].as_str(), Some(&*job));
    assert!(spawned["on"]["waited_ms"].as_u64() > Some(0), "{spawned}");
    site.is_clean();
}

#[test]
fn what_no_node_has_is_refused() {
    let refused = [
        ("gpu-of-tomorrow", "Invalid feature specification"),
        (
            "'claude&codex'",
            "Requested node configuration is not available",
        ),
    ];
    for (constraint, said) in refused {
        let site = Site::new(Cluster::shared(), ONE, COUNTS);
        site.executor(&format!("    constraint: {constraint}\n"));
        let output = site.start().wait();
        is_refused(&site, &output, said);
        assert_eq!(site.starts(), 0);
    }
}

#[test]
fn a_job_is_found_whatever_its_options_call_it() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    site.executor("    options: [--export=ALL, --job-name=mine, --output=mine]\n");
    let running = site.start();
    site.until_there("works");
    let job = site.job();
    site.cluster.cancel(&job);
    is_refused(&site, &running.wait(), "cancelled its job");
    assert_eq!(site.starts(), 1);
}

#[test]
fn a_program_that_no_node_has_is_named() {
    let site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.executor("    program: /nowhere/tipstaff\n");
    let output = site.start().wait();
    is_refused(&site, &output, "/nowhere/tipstaff: not found");
    assert_eq!(site.jobs().len(), 1);
}

#[test]
fn a_node_with_another_version_names_both() {
    let site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.executor(HELD);
    let running = site.start();
    let job = site.job();
    let order = site.job_folder().join("order.json");
    let text = std::fs::read_to_string(&order).unwrap();
    let ours = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&ours));
    std::fs::write(&order, text.replace(&ours, "\"version\":\"9.8.7\"")).unwrap();
    release(&site, &job);
    let output = running.wait();
    is_refused(&site, &output, env!("CARGO_PKG_VERSION"));
    assert!(site.failures()[0].1.contains("9.8.7"));
    assert_eq!(site.starts(), 0);
}
