//! What goes through the shared folder for calls of a large repository.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::cluster::Cluster;
use super::{ONE, call};
use crate::figure::Figure;
use crate::ground::Ground;
use crate::repository;

pub fn figures(cluster: &Cluster) -> Vec<Figure> {
    let ground = repository::large([("one", ONE)]);
    ground.fake_agent("- do: [done]\n");
    cluster.executor(&ground, "local");
    call(cluster, &ground);
    repository::git(&ground, &["gc", "--quiet"]);
    let packed = size(&ground.path("project/.git/objects/pack"));
    cluster.executor(&ground, "cluster");
    let first = travel(cluster, &ground);
    let later = travel(cluster, &ground);
    ground.put("project/src/d001/f01.txt", "Changed.\n");
    let changed = travel(cluster, &ground);
    let program = size(&ground.path("shared/bin"));
    let kilobytes = |travel: &Travel| format!("{:.1} KB", travel.bytes / 1e3);
    let share = |what, travel: &Travel| Figure {
        what,
        value: travel.bytes / packed,
        unit: "",
        target: Some(0.02),
        from: format!("{} in {:.0} ms", kilobytes(travel), travel.millis),
    };
    vec![
        Figure {
            what: "bytes of a project's first call on a node to git's pack of 100,000 files",
            value: (first.bytes - program) / packed,
            unit: "",
            target: Some(1.5),
            from: format!(
                "{} and {:.1} KB, in {:.0} ms; once for all projects {:.1} MB of program",
                kilobytes(&first),
                packed / 1e3,
                first.millis,
                program / 1e6
            ),
        },
        share("bytes of a later call there to that pack", &later),
        share("the same after a change of one file", &changed),
    ]
}

/// Of one call.
struct Travel {
    bytes: f64,
    millis: f64,
}

/// Runs a call and looks at the shared folder meanwhile: a job's own files go when it has ended.
fn travel(cluster: &Cluster, ground: &Ground) -> Travel {
    let (shared, jobs) = (ground.path("shared"), ground.path("shared/jobs"));
    let before = size(&shared);
    let ended = AtomicBool::new(false);
    let (millis, most) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0f64;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(size(&jobs));
                std::thread::sleep(Duration::from_millis(5));
            }
            most
        });
        let millis = call(cluster, ground);
        ended.store(true, Ordering::Relaxed);
        (millis, watch.join().expect("the folder can be looked at"))
    });
    Travel {
        bytes: size(&shared) - size(&jobs) - before + most,
        millis,
    }
}

/// The bytes of a file, or of all files of a folder; nothing of what was removed just now.
pub fn size(path: &Path) -> f64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => entries.map(|entry| size(&entry.path())).sum(),
        Ok(found) => found.len() as f64,
        Err(_) => 0.0,
    }
}
