//! How long `tipstaff check` takes.

use std::path::Path;
use std::time::Instant;

use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF};

const ROUNDS: usize = 21;

pub fn figures() -> Vec<Figure> {
    let ground = Ground::new();
    ground.put(
        "project/.tipstaff/workflows/feature-build.yaml",
        include_str!("../../fixtures/workflows/feature-build.yaml"),
    );
    let walls = (0..ROUNDS).map(|_| {
        let mut command = ground.command(Path::new(TIPSTAFF), "home");
        let start = Instant::now();
        let status = command.args(["check", "feature-build"]).status();
        let wall = start.elapsed().as_secs_f64() * 1000.0;
        assert!(status.expect("tipstaff starts").success());
        wall
    });
    vec![Figure {
        what: "tipstaff check feature-build",
        value: median(walls.collect()),
        unit: "ms",
        target: Some(20.0),
        from: format!("median of {ROUNDS}, start of the process included"),
    }]
}
