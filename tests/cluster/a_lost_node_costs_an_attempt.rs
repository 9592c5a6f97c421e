//! A node that fails in the middle of a call takes an attempt along and nothing else, and what it still writes does no harm.

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::site::{ONE, RUN, Site};
use crate::support::{alive, kill, parent, pid_in, until};

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

/// No other command of tipstaff clears up there.
#[test]
fn what_a_killed_job_left_on_its_node_goes_with_the_next_one() {
    let script = "- when: { attempt: '1' }\n  do: [{ COUNT }, { spawn: { seconds: 600, pid_file: OUTSIDE/pid } }, \
                  { wait_for_file: OUTSIDE/go }, done]\n\
                  - do: [{ COUNT }, { touch: OUTSIDE/again }, { wait_for_file: OUTSIDE/go }, done]\n";
    let site = Site::new(Cluster::shared(), ONE, script);
    site.executor("    constraint: claude\n");
    let running = site
        .sandbox
        .start(&[&RUN[..], &["--sandbox", "off"]].concat());
    site.until_there("pid");
    let orphan = pid_in(&site.sandbox.outside("pid"));
    let warden = parent(parent(orphan));
    let node = parent(warden);
    // Neither has the time to end what the other one leaves.
    for signal in [Signal::STOP, Signal::KILL] {
        for process in [warden, node] {
            kill(process, signal);
        }
    }
    until("the job has ended", || site.open_jobs().is_empty());
    assert!(alive(orphan));
    site.until_there("again");
    assert!(!alive(orphan));
    let left = site.sandbox.left_in_tmp();
    assert!(
        left.iter().all(|name| !name.ends_with("work-1.1")),
        "{left:?}"
    );
    site.make("go");
    running.wait().succeeds();
    assert_eq!(site.starts(), 2);
    site.is_clean();
}
