//! The kill test, as often as tests have no time for.

use std::path::Path;
use std::process::Command;

use crate::figure::Figure;

const KILLS: u32 = 200;

pub fn figures() -> Vec<Figure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kill-test");
    let mut command = Command::new(script);
    let output = command.arg(KILLS.to_string()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let counted = said.lines().last().unwrap_or_default().to_owned();
    vec![Figure {
        what: "runs of a killed supervisor that came to another end",
        value: if output.status.success() { 0.0 } else { 1.0 },
        unit: "",
        target: Some(0.0),
        from: counted,
    }]
}
