//! A node that fails in the middle of a call takes an attempt along and nothing else, and what it still writes does no harm.

use crate::cluster::Cluster;
use crate::site::{ONE, Site};

#[test]
fn another_node_does_the_call() {
    let write = "{ write: { path: .tipstaff/out/deliverable.md, text: LATE } }";
    let script = format!(
        "- when: {{ attempt: '1' }}\n  do: [{{ COUNT }}, {{ spawn: {{ seconds: 600, pid_file: OUTSIDE/pid }} }}, \
         {{ wait_for_file: OUTSIDE/go }}, {write}, hang]\n- do: [{{ COUNT }}, done]\n"
    );
    let site = Site::new(Cluster::alone(), ONE, &script);
    let running = site.start();
    site.until_there("pid");
    site.run().until(1, "attempt_spawned");
    let node = site.nodes().remove(0);
    site.cluster.kill_node(&node);
    running.wait().succeeds();
    assert_eq!(
        site.failures(),
        [("lost".to_owned(), format!("its node failed on {node}"))]
    );
    assert_eq!(site.starts(), 2);
    assert_ne!(site.nodes()[1], node);
    site.make("go");
    // Its agent has ended by itself: nobody told it to.
    site.is_clean();
    assert!(!site.sandbox.read("docs/plan.md").contains("LATE"));
}
