//! What the other tests build upon: two nodes, told apart by a feature, that die and come back.

use crate::cluster::{Cluster, NODES};

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
fn a_dead_node_takes_its_jobs_along_and_comes_back() {
    let cluster = Cluster::alone();
    let job = cluster.submit("claude", "/dev/null", "sleep 1000");
    cluster.wait(&job, "RUNNING");
    cluster.kill_node("n1");
    cluster.wait(&job, "NODE_FAIL");
    cluster.mend();
    let job = cluster.submit("claude", "/dev/null", "true");
    cluster.wait(&job, "COMPLETED");
}
