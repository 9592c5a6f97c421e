//! A node that fails in the middle of a call takes an attempt along and nothing else: what it still writes does
//! no harm, and what the attempt had used is counted.

use rustix::process::Signal;
use serde_json::Value;

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
    // A job that ends in the middle of its call counts like an agent that does.
    let again = ONE.replace("retries: 0", "retries: 1");
    let site = Site::new(Cluster::shared(), &again, script);
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

#[test]
fn a_job_that_is_handed_in_again_is_lost() {
    let script = "- when: { attempt: '1' }\n  do: [{ COUNT }, { touch: OUTSIDE/works }, hang]\n- do: [{ COUNT }, done]\n";
    let site = Site::new(Cluster::shared(), ONE, script);
    let running = site.start();
    site.until_there("works");
    let job = site.job();
    let may_be = format!("JobId={job}");
    site.cluster
        .says("scontrol", &["update", &may_be, "Requeue=1"]);
    site.cluster.says("scontrol", &["requeuehold", &job]);
    running.wait().succeeds();
    let [(kind, said)] = &site.failures()[..] else {
        panic!("{:?}", site.failures());
    };
    assert_eq!(kind, "lost");
    assert!(said.contains("preempted"), "{said}");
    assert_eq!(site.starts(), 2);
    site.is_clean();
}

/// With a scheduler that says of the job in `OUTSIDE/named` what `sed` makes of its line.
fn with_word(script: &str, sed: &str) -> Site {
    let mut site = Site::new(Cluster::shared(), ONE, script);
    let squeue = format!(
        "named=$(cat OUTSIDE/named 2>/dev/null || echo none); squeue \"$@\" | sed \"/^$named|/{sed}\""
    );
    site.instead_of("squeue", &squeue);
    site
}

#[test]
fn what_it_had_used_counts() {
    let script = "- when: { attempt: '1' }\n  do: [{ turn: 1200 }, { touch: OUTSIDE/works }, hang]\n\
                  - do: [{ COUNT }, { turn: 1000 }, hang]\n";
    let mut site = with_word(script, "s/|RUNNING|/|NODE_FAIL|/");
    site.speaks("opencode", "--opencode-events");
    let args = [&RUN[..], &["--rehearse", "--limit", "tokens=2000"]].concat();
    let running = site.sandbox.start(&args);
    site.until_there("works");
    site.run().until(1, "attempt_spawned");
    std::fs::write(site.sandbox.outside("named"), site.job()).unwrap();
    running.wait().exits_with(5).stderr_has("tokens: 2000");
    assert_eq!(
        site.failures()[0],
        (
            "lost".to_owned(),
            format!("its node failed on {}", site.nodes()[0])
        )
    );
    assert_eq!(site.starts(), 1);
    let shown = site.sandbox.tipstaff(&["show", "--json"]);
    let shown: Value = serde_json::from_str(&shown.succeeds().stdout).unwrap();
    let all = 1220 + 1020;
    assert_eq!(shown["tokens"], all, "{shown:#}");
    assert_eq!(shown["would_have_cost"]["unknown_tokens"], all);
    site.is_clean();
}

#[test]
fn a_job_that_never_began_is_lost() {
    let mut site = with_word("- do: [{ COUNT }, done]\n", "s/|$/|n1/");
    site.instead_of(
        "sbatch",
        "[ -e OUTSIDE/first ] && exec sbatch \"$@\"; touch OUTSIDE/first; sbatch --hold \"$@\"",
    );
    let running = site.start();
    let job = site.job();
    // As the controller does by itself if the node does not answer when it is told to begin.
    std::fs::write(site.sandbox.outside("named"), &job).unwrap();
    site.cluster.cancel(&job);
    running.wait().succeeds();
    let said = "its job was cancelled before it began on n1";
    assert_eq!(site.failures(), [("lost".to_owned(), said.to_owned())]);
    assert_eq!(site.starts(), 1);
    site.is_clean();
}
