//! A supervisor that is killed leaves its jobs to finish, and whoever takes the run up takes what they came to: no call is
//! paid for twice, at whichever moment it died.

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::site::{ONE, Site};
use crate::support::{Output, Running, TIPSTAFF};

/// The agent says that it works, and goes on when it may.
const WAITS: &str =
    "- do: [{ COUNT }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, done]\n";

/// Kills the supervisor, which has handed in one job at most, takes the run up, and lets the agent go on.
#[track_caller]
fn ends_as_if_it_had_lived(site: &Site, running: Running, meanwhile: impl Fn(), after: impl Fn()) {
    running.signal(Signal::KILL);
    running.wait();
    meanwhile();
    let resumed = site.sandbox.start(&["resume"]);
    after();
    site.make("go");
    resumed.wait().succeeds();
    assert_eq!(site.starts(), 1);
    assert_eq!(site.run().calls("attempt_started"), ["plan.work-1"]);
    assert!(site.sandbox.exists("docs/plan.md"));
    site.is_clean();
}

fn nothing() {}

fn with_sbatch(script: &str) -> Site {
    with_command("sbatch", script)
}

/// With one of Slurm's commands before the real one that does this.
fn with_command(name: &str, script: &str) -> Site {
    let mut site = Site::new(Cluster::shared(), ONE, WAITS);
    site.instead_of(name, script);
    site
}

#[test]
fn killed_before_its_job_is_handed_in() {
    let site = with_sbatch(
        "[ -e OUTSIDE/go-on ] || { touch OUTSIDE/at-it; exec sleep 1000; }; exec sbatch \"$@\"",
    );
    let running = site.start();
    site.until_there("at-it");
    assert!(site.jobs().is_empty());
    let go_on = || {
        site.make("go-on");
    };
    ends_as_if_it_had_lived(&site, running, go_on, nothing);
}

#[test]
fn killed_before_it_heard_that_its_job_is_handed_in() {
    let site = with_sbatch("sbatch \"$@\"; touch OUTSIDE/at-it; exec sleep 1000");
    let running = site.start();
    site.until_there("at-it");
    ends_as_if_it_had_lived(&site, running, nothing, nothing);
    assert_eq!(site.jobs().len(), 1);
}

#[test]
fn killed_while_its_job_waits() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    site.executor("    options: [--export=ALL, --hold]\n");
    let running = site.start();
    let job = site.job();
    ends_as_if_it_had_lived(&site, running, nothing, || {
        site.cluster.says("scontrol", &["release", &job]);
        site.until_there("works");
    });
}

#[test]
fn killed_while_its_job_runs() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    let running = site.start();
    site.until_there("works");
    ends_as_if_it_had_lived(&site, running, nothing, nothing);
}

#[test]
fn taken_up_while_the_scheduler_does_not_answer() {
    let site = with_command(
        "squeue",
        "[ -e OUTSIDE/silent ] || exec squeue \"$@\"; touch OUTSIDE/asked; \
         echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1",
    );
    let running = site.start();
    site.until_there("works");
    let is_silent = || {
        site.make("silent");
    };
    ends_as_if_it_had_lived(&site, running, is_silent, || {
        site.until_there("asked");
    });
}

#[test]
fn killed_before_its_job_has_ended() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    let running = site.start();
    site.until_there("works");
    let job = site.job();
    ends_as_if_it_had_lived(
        &site,
        running,
        || {
            site.make("go");
            site.cluster.wait(&job, "COMPLETED");
        },
        nothing,
    );
}

#[test]
fn taken_up_where_the_shared_folder_is_not_mounted() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    let running = site.start();
    site.until_there("works");
    running.signal(Signal::KILL);
    running.wait();
    let run = site.run().name();
    // The job sees it all the time.
    let alone = |args: &str| {
        let script = format!("mount -t tmpfs tmpfs \"$1\" && exec \"$0\" {args}");
        let mut command = site.sandbox.program("unshare");
        let parent = site.shared();
        let parent = parent.parent().unwrap();
        command.args(["--map-root-user", "--mount", "sh", "-c", &script, TIPSTAFF]);
        Output::of(command.arg(parent).spawn().unwrap())
    };
    for args in ["resume", &format!("stop {run}")] {
        alone(args).exits_with(1).stderr_has("mount it");
    }
    site.make("go");
    site.sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(site.starts(), 1);
    site.is_clean();
}

#[test]
fn stopping_its_run_cancels_its_jobs() {
    let site = Site::new(Cluster::shared(), ONE, WAITS);
    let running = site.start();
    site.until_there("works");
    running.signal(Signal::KILL);
    running.wait();
    let run = site.run().name();
    let stopped = site.sandbox.tipstaff(&["stop", &run]);
    stopped.succeeds().stderr_has("cancelled 1 job");
    site.is_clean();
}
