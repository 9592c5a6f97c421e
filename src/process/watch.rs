//! Waiting for changes on disk: notifications as a hint, a rescan from time to time as the truth.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Least time between two hints, unless another one is wanted: a child that prints without pause must not
/// keep its reader spinning.
const LEAST_GAP: Duration = Duration::from_millis(10);

/// Why a [`Watch`] woke up. Either way the caller looks for itself: neither says what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    Hint,
    /// Nothing was said for the rescan interval.
    Rescan,
}

/// Watches folders (with all that is below them) and files.
///
/// It never fails: where the system has no watch left to give, or a path does not exist yet, only the
/// rescan remains, which is slower.
#[derive(Debug)]
pub struct Watch {
    /// Kept for its life: it ends with it.
    _watcher: Option<RecommendedWatcher>,
    changed: Arc<Notify>,
    rescan: Duration,
    gap: Duration,
    last: Option<Instant>,
}

impl Watch {
    /// Watches these paths; wakes at least every `rescan`.
    pub fn new(paths: &[&Path], rescan: Duration) -> Self {
        let changed = Arc::new(Notify::new());
        let paths = paths.iter().map(|path| path.to_path_buf());
        let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
        let mut watcher = watcher(&changed, files.clone(), folders.clone()).ok();
        if let Some(watcher) = &mut watcher {
            for folder in &folders {
                let _ = watcher.watch(folder, RecursiveMode::Recursive);
            }
            for file in &files {
                // Its folder, since a file may be replaced, or not exist yet.
                let folder = file.parent().unwrap_or(Path::new("."));
                let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
            }
        }
        Self {
            _watcher: watcher,
            changed,
            rescan,
            gap: LEAST_GAP,
            last: None,
        }
    }

    /// Another least time between two hints.
    pub fn set_gap(&mut self, gap: Duration) {
        self.gap = gap;
    }

    /// Waits for a change, or for the rescan interval. Changes since the last call count. May be dropped
    /// at any time; what it would have told is told by the next call.
    pub async fn changed(&mut self) -> Nudge {
        let now = Instant::now();
        let rescan = now + self.rescan;
        if let Some(last) = self.last {
            tokio::time::sleep_until((last + self.gap).min(rescan)).await;
        }
        let nudge = tokio::select! {
            () = self.changed.notified() => Nudge::Hint,
            () = tokio::time::sleep_until(rescan) => Nudge::Rescan,
        };
        self.last = Some(Instant::now());
        nudge
    }
}

/// A watcher that watches nothing yet; events elsewhere than at the files or below the folders are
/// none, nor is mere reading.
fn watcher(
    changed: &Arc<Notify>,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
) -> notify::Result<RecommendedWatcher> {
    let changed = Arc::clone(changed);
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let matters = match event {
            Ok(event) => {
                let here = |path: &PathBuf| {
                    files.contains(path) || folders.iter().any(|folder| path.starts_with(folder))
                };
                event.need_rescan() || (is_change(event.kind) && event.paths.iter().any(here))
            }
            Err(_) => true,
        };
        if matters {
            changed.notify_one();
        }
    })
}

/// A writer that closes the file counts: what it wrote is complete now.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_file_that_appears_below_a_folder_is_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::new(&[folder.path()], LONG);
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(folder.path().join("out/deliverable.md"), "x").unwrap();
        assert_eq!(watch.changed().await, Nudge::Hint);
    }

    #[tokio::test]
    async fn a_file_is_watched_before_it_exists_and_its_neighbours_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let mut watch = Watch::new(&[&file], Duration::from_millis(50));
        std::fs::write(folder.path().join("other"), "x").unwrap();
        assert_eq!(watch.changed().await, Nudge::Rescan);
        std::fs::write(&file, "x").unwrap();
        watch.rescan = LONG;
        assert_eq!(watch.changed().await, Nudge::Hint);
    }

    #[tokio::test]
    async fn what_cannot_be_watched_is_rescanned() {
        let rescan = Duration::from_millis(20);
        let mut watch = Watch::new(&[Path::new("/nonexistent/folder/file")], rescan);
        let start = Instant::now();
        assert_eq!(watch.changed().await, Nudge::Rescan);
        assert!(start.elapsed() >= rescan);
    }
}
