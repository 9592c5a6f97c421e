//! What tipstaff adds to a call whose agent does nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tipstaff::run::{CallEvent, Event};

use crate::figure::{Figure, median};
use crate::ground::{Ground, times};
use crate::page::Measured;

/// Writes the two files of the contract and ends. Nothing but the shell itself is started.
const AGENT: &str = "#!/bin/sh
cat >/dev/null
echo '# Nothing' >.tipstaff/out/deliverable.md
case $TIPSTAFF_PURPOSE in
  judge) echo '{\"decision\":\"pick\",\"winner\":\"A\",\"rationale\":\"The first.\"}' >.tipstaff/out/verdict.json ;;
  *) echo '{\"summary\":\"Nothing.\"}' >.tipstaff/out/handoff.json ;;
esac
";
const CALLS: u32 = 20;
const ROUNDS: usize = 5;

/// What a reader of the figure has to know besides.
const NOTE: &str = "\
The calls only read, as most do: a workspace that its call left as it was goes to the next one, and no file
is made. A call that edits leaves one that has to be made anew; what that costs depends on the file system
below the temporary folder. On ext4, making a file passes over inodes that were freed lately, on tmpfs
(`TMPDIR`) it does not.
";

pub fn figures() -> Measured {
    let ground = Ground::new();
    let agent = ground.put("agent", AGENT);
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755))
        .expect("a file can be made executable");
    ground.agent(&agent, &[]);
    let mut bare = Vec::new();
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        bare.push(shell_loop(&ground, &agent));
        ground.tipstaff(&Ground::ensemble(CALLS, 1));
        // From one call's beginning to the next one's: nothing of tipstaff's own work is left out.
        let begun = times(&ground.journal(), |event| {
            matches!(
                event,
                Event::Call {
                    event: CallEvent::AttemptStarted { .. },
                    ..
                }
            )
        });
        calls.extend(begun.windows(2).map(|pair| pair[1] - pair[0]));
    }
    let (bare, call) = (median(bare), median(calls));
    let figures = vec![Figure {
        what: "own cost of a call in a workspace of 200 files",
        value: call - bare,
        unit: "ms",
        target: Some(15.0),
        from: format!(
            "{call:.1} ms a call, {bare:.1} ms the same command from a shell loop; medians"
        ),
    }];
    Measured {
        notes: NOTE.to_owned(),
        ..figures.into()
    }
}

/// Milliseconds that the command takes when a shell starts it again and again.
fn shell_loop(ground: &Ground, agent: &Path) -> f64 {
    let prompt = ground.put("shell/prompt.md", "Measure\n");
    ground.put("shell/.tipstaff/out/keep", "");
    let script = format!(
        "i=0; while [ $i -lt {CALLS} ]; do '{}' <'{}' >out 2>err; i=$((i+1)); done",
        agent.display(),
        prompt.display()
    );
    let mut shell = Command::new("/bin/sh");
    shell
        .current_dir(ground.path("shell"))
        .args(["-c", &script]);
    let start = Instant::now();
    let status = shell.status().expect("a shell starts");
    assert!(status.success());
    start.elapsed().as_secs_f64() * 1000.0 / f64::from(CALLS)
}
