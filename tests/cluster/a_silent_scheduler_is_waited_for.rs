//! A scheduler that does not answer, or has forgotten a job that goes on, ends nothing and is asked for nothing twice.

use crate::cluster::Cluster;
use crate::site::{ONE, Site};
use crate::support::until;

const COUNTS: &str = "- do: [{ COUNT }, { touch: OUTSIDE/works }, done]\n";
const WAITS: &str =
    "- do: [{ COUNT }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, done]\n";

#[test]
fn a_job_is_handed_in_when_the_scheduler_answers_again() {
    let mut site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.instead_of(
        "sbatch",
        "[ -e OUTSIDE/tried ] && exec sbatch \"$@\"; touch OUTSIDE/tried; \
         echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2; exit 1",
    );
    site.start().wait().succeeds();
    let said = site.run().all("attempt_progressed");
    let waits = |event: &serde_json::Value| event["doing"] == "waits for the scheduler of cluster";
    assert!(said.iter().any(waits), "{said:?}");
    assert_eq!((site.starts(), site.jobs().len()), (1, 1));
    site.is_clean();
}

#[test]
fn a_job_that_was_handed_in_unheard_is_found() {
    // As when the controller answers too late: the job is there, and nobody knows.
    let mut site = Site::new(Cluster::shared(), ONE, COUNTS);
    site.instead_of(
        "sbatch",
        "sbatch --hold \"$@\" >OUTSIDE/unheard; \
         echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
    );
    let running = site.start();
    let job = site.job();
    until("its job is followed", || {
        let said = site.run().all("attempt_progressed");
        said.iter()
            .any(|event| event["doing"] == "waits in the queue of cluster (JobHeldUser)")
    });
    site.cluster.says("scontrol", &["release", &job]);
    running.wait().succeeds();
    assert_eq!((site.starts(), site.jobs().len()), (1, 1));
    site.is_clean();
}

#[test]
fn a_job_that_the_scheduler_has_forgotten_goes_on() {
    let mut site = Site::new(Cluster::shared(), ONE, WAITS);
    site.instead_of(
        "squeue",
        "[ -e OUTSIDE/works ] || exec squeue \"$@\"; printf x >>OUTSIDE/asked",
    );
    let running = site.start();
    // The last of these questions comes half a minute after the first answer without the job.
    for count in [5, 6] {
        until("it was asked for often enough", || {
            std::fs::read(site.sandbox.outside("asked")).is_ok_and(|asked| asked.len() >= count)
        });
    }
    site.make("go");
    running.wait().succeeds();
    assert_eq!(site.run().calls("attempt_started"), ["plan.work-1"]);
    assert_eq!(site.starts(), 1);
    site.is_clean();
}
