//! What a call costs as a job of Slurm, on a cluster on this machine.

mod cluster;
mod flight;
mod scale;
mod travel;

use std::path::Path;
use std::time::Instant;

use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF};
use crate::page::Measured;
use crate::repository::calls;
use cluster::Cluster;

const ROUNDS: usize = 9;
/// Of the ensemble, which takes longer.
const ENSEMBLES: usize = 3;

const ONE: &str = "\
name: one
phases:
  - { name: work, model: m, context_strategy: fresh }
";
const NOTE: &str = "\
Supervisor, controller and nodes share this machine. A call's time is from its beginning to its result in the journal;
an empty job's is until it has made a file. Jobs do not ask for the user's login environment here, which takes as long as
the user's shell does. Bytes are what is added to the shared folder for a call, in both directions, and stays or is there
at one time. In flight are eight runs of 25 agents that wait, with one supervisor each; what is counted while they do is
the supervisors' own time and that of the commands that they start. The run of 10,000 calls is the engine's alone: 400
phases of 25 calls, each with the events that a call on a node has.
";

pub fn figures() -> Measured {
    let scale = scale::figures();
    let cluster = Cluster::start();
    let mut figures = vec![overhead(&cluster), ensemble(&cluster)];
    figures.extend(travel::figures(&cluster));
    figures.extend(flight::figures(&cluster));
    figures.extend(scale);
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

fn overhead(cluster: &Cluster) -> Figure {
    let ground = Ground::new();
    ground.put("project/.tipstaff/workflows/one.yaml", ONE);
    ground.fake_agent("- do: [done]\n");
    let timed = |executor| {
        cluster.executor(&ground, executor);
        call(cluster, &ground)
    };
    // The first ones fill the caches.
    timed("local");
    timed("cluster");
    let rounds = (0..ROUNDS).map(|_| {
        let [empty, local, there] = [cluster.empty_job(&ground), timed("local"), timed("cluster")];
        (there - local - empty, [empty, local, there])
    });
    let (beyond, parts): (Vec<f64>, Vec<_>) = rounds.unzip();
    let [empty, local, there] =
        [0, 1, 2].map(|part| median(parts.iter().map(|parts| parts[part]).collect()));
    Figure {
        what: "a call on a node, beyond the same call here and an empty job",
        value: median(beyond),
        unit: "ms",
        target: Some(1000.0),
        from: format!(
            "medians: {there:.0} ms there, {local:.0} ms here, {empty:.0} ms an empty job"
        ),
    }
}

/// Three proposals by the real OpenCode and its judgement, rehearsed, on the same cores.
fn ensemble(cluster: &Cluster) -> Figure {
    let ground = Ground::new();
    ground.fake_agent("- do: [done]\n");
    let timed = |executor| {
        cluster.executor(&ground, executor);
        let mut command = cluster.command(&ground, Path::new(TIPSTAFF));
        command.args(["run", "plan", "Add rate limiting", "--rehearse"]);
        let start = Instant::now();
        assert!(command.status().expect("tipstaff starts").success());
        start.elapsed().as_secs_f64()
    };
    timed("local");
    timed("cluster");
    let rounds = (0..ENSEMBLES).map(|_| (timed("local"), timed("cluster")));
    let (local, there): (Vec<f64>, Vec<f64>) = rounds.unzip();
    let [local, there] = [local, there].map(median);
    Figure {
        what: "time of an ensemble of three and a judge there to the same here",
        value: there / local,
        unit: "",
        target: Some(1.25),
        from: format!(
            "medians of {ENSEMBLES} whole runs by the real OpenCode: {there:.1} s there, {local:.1} s here"
        ),
    }
}

/// Runs the workflow `one` and tells how many milliseconds its call took.
fn call(cluster: &Cluster, ground: &Ground) -> f64 {
    let mut command = cluster.command(ground, Path::new(TIPSTAFF));
    let output = command.args(["run", "one", "Measure", "--keep"]).output();
    let output = output.expect("tipstaff starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tipstaff run one: {said}");
    calls(&ground.journal())[0].1
}
