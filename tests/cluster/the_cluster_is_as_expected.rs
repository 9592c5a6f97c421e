//! What the other tests build upon: two nodes, told apart by a feature, that die and come back,
//! and jobs that others hold and cancel.

use crate::cluster::{Cluster, NODES};
use crate::support::{alive, pid_in, until};

#[test]
fn a_job_runs_on_each_node() {
    let (cluster, folder) = (Cluster::shared(), tempfile::tempdir().unwrap());
    for (node, feature) in NODES {
        let output = folder.path().join(node);
        let job = cluster.submit(feature, output.to_str().unwrap(), "echo $SLURMD_NODENAME");
        cluster.wait(&job, "COMPLETED");
        assert_eq!(std::fs::read_to_string(output).unwrap().trim(), node);
    }
}

#[test]
fn a_dead_nodes_job_goes_on_until_the_node_is_back() {
    let (cluster, folder) = (Cluster::alone(), tempfile::tempdir().unwrap());
    let begun = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 1000", begun.display());
    let job = cluster.submit("claude", "/dev/null", &script);
    let process = pid_in(&begun);
    cluster.kill_node("n1");
    cluster.wait(&job, "NODE_FAIL");
    assert!(alive(process), "nobody is there to end it");
    cluster.mend();
    until("its processes are ended", || !alive(process));
    let job = cluster.submit("claude", "/dev/null", "true");
    cluster.wait(&job, "COMPLETED");
}

#[test]
fn a_held_job_waits_until_it_is_cancelled() {
    let cluster = Cluster::alone();
    cluster.open(false);
    let job = cluster.submit("claude", "/dev/null", "true");
    cluster.hold(&job);
    cluster.open(true);
    assert_eq!(cluster.reason(&job), "JobHeldUser");
    cluster.cancel(&job);
    cluster.wait(&job, "CANCELLED");
}

#[test]
fn a_cancelled_job_takes_processes_along_that_left_its_group() {
    let (cluster, folder) = (Cluster::shared(), tempfile::tempdir().unwrap());
    let left = folder.path().join("pid");
    let script = format!("setsid sleep 1000 & echo $! > {}; wait", left.display());
    let job = cluster.submit("claude", "/dev/null", &script);
    let left = pid_in(&left);
    cluster.cancel(&job);
    cluster.wait(&job, "CANCELLED");
    assert!(!alive(left));
}
