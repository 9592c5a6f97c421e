//! Calls as jobs of Slurm, on a cluster of two nodes that `scripts/test-cluster run` starts and stops. Without one these
//! tests fail: a promise that was not tried is not kept.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use other parts of it"
)]
#[path = "../promises/support/mod.rs"]
mod support;

mod cluster;
mod site;

mod a_dead_supervisor_leaves_its_jobs;
mod a_lost_node_costs_an_attempt;
mod a_run_uses_all_nodes;
mod a_silent_scheduler_is_waited_for;
mod ctrl_c_reaches_the_nodes;
mod keys_stay_private;
mod the_cluster_is_as_expected;
mod the_scheduler_ends_jobs;
mod the_scheduler_has_its_say;
mod what_is_damaged_is_sent_again;
mod what_works_here_works_there;
