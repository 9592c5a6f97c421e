//! How much memory tipstaff needs while its children print without end.

use std::path::Path;

use crate::figure::Figure;
use crate::ground::{Ground, TIPSTAFF};
use crate::measure::measure;

/// What each child prints.
const PRINTED: u64 = 200_000_000;

pub fn figures() -> Vec<Figure> {
    let ground = Ground::new();
    ground.fake_agent(&format!(
        "- when: {{ purpose: propose }}\n  do: [{{ print_bytes: {PRINTED} }}, done]\n- do: [done]\n"
    ));
    let exit = measure(
        &ground,
        "home",
        Path::new(TIPSTAFF),
        &Ground::ensemble(3, 3),
        Path::new("/dev/null"),
    );
    vec![Figure {
        what: "peak memory while three children print 200 MB each",
        value: exit.max_rss_kib as f64 * 1024.0 / 1e6,
        unit: "MB",
        target: Some(40.0),
        from: format!(
            "the largest process of the run, {:.1} s",
            exit.wall_ms.0 as f64 / 1000.0
        ),
    }]
}
