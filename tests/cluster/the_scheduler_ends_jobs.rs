//! Jobs that the scheduler ends for reasons of its own: each is told by its name, and what another machine or another
//! moment can do goes on.

use crate::cluster::Cluster;
use crate::site::{ONE, Site};

/// The first attempt waits for its end, a later one does the work.
const WAITS_ONCE: &str = "- when: { attempt: '1' }\n  do: [{ COUNT }, { touch: OUTSIDE/works }, hang]\n\
                          - do: [{ COUNT }, done]\n";

#[test]
fn a_preempted_job_costs_an_attempt() {
    let site = Site::new(Cluster::shared(), ONE, WAITS_ONCE);
    site.executor("    partition: cheap\n    options: [--export=ALL, --mem=30G]\n");
    let running = site.start();
    site.until_there("works");
    site.run().until(1, "attempt_spawned");
    let node = site.nodes().remove(0);
    let urgent = [
        "--parsable",
        "--partition=urgent",
        "--mem=30G",
        "--output=/dev/null",
        "--wrap=sleep 1000",
        &format!("--nodelist={node}"),
    ];
    let urgent = site.cluster.says("sbatch", &urgent);
    site.cluster.wait(&urgent, "RUNNING");
    running.wait().succeeds();
    site.cluster.cancel(&urgent);
    let said = format!("its job was preempted on {node}");
    assert_eq!(site.failures(), [("lost".to_owned(), said)]);
    assert_ne!(site.nodes()[1], node);
    let models = site.run().all("attempt_started");
    assert!(
        models.iter().all(|event| event["model"] == "m1"),
        "{models:?}"
    );
    assert_eq!(site.starts(), 2);
    site.is_clean();
}

#[test]
fn a_job_at_the_schedulers_time_limit_is_a_timeout() {
    let site = Site::new(Cluster::shared(), ONE, WAITS_ONCE);
    let running = site.start();
    site.until_there("works");
    let job = format!("JobId={}", site.job());
    site.cluster
        .says("scontrol", &["update", &job, "EndTime=now"]);
    running.wait().exits_with(1).stderr_has("tipstaff resume");
    let [(kind, said)] = &site.failures()[..] else {
        panic!("{:?}", site.failures());
    };
    assert_eq!(kind, "timeout");
    assert!(said.contains("the scheduler's time limit on n"), "{said}");
    assert_eq!(site.starts(), 1);
    site.is_clean();
}
