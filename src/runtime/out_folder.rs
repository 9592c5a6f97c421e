//! Watching what a call leaves in its output folder: complete, and then unchanged for a moment.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::context::{self, Completeness, Left, OutFiles};
use crate::files;
use crate::model::Contract;

/// Files are final when they have been complete and unchanged for this long.
const SETTLED_AFTER: Duration = Duration::from_millis(1500);

/// Larger files are not read; `context` calls them bad output.
const LARGEST: u64 = context::LIMIT as u64;

/// The output folder of a call.
#[derive(Debug)]
pub struct OutFolder {
    workspace: PathBuf,
    contract: Contract,
    seen: Vec<(String, u64, SystemTime)>,
    complete_since: Option<Instant>,
}

impl OutFolder {
    /// The output folder of a workspace.
    pub fn new(workspace: &Path, contract: Contract) -> Self {
        Self {
            workspace: workspace.to_owned(),
            contract,
            seen: Vec::new(),
            complete_since: None,
        }
    }

    /// Looks again. Tells whether something changed since the last look.
    pub fn rescan(&mut self, now: Instant) -> bool {
        let seen = self.list();
        if seen == self.seen {
            return false;
        }
        self.seen = seen;
        let left = self.read();
        let files = OutFiles {
            deliverable: left.deliverable.as_deref(),
            handoff: left.handoff.as_deref(),
            verdict: left.verdict.as_deref(),
            tasks: left.tasks.as_deref(),
        };
        let complete = context::completeness(&self.contract, &files) == Completeness::Complete;
        self.complete_since = complete.then_some(now);
        true
    }

    /// When it is final, if nothing changes any more; `None` while it is not complete.
    pub fn settled_at(&self) -> Option<Instant> {
        self.complete_since.map(|since| since + SETTLED_AFTER)
    }

    /// Whether all that was asked for is there.
    pub fn is_complete(&self) -> bool {
        self.complete_since.is_some()
    }

    pub fn read(&self) -> Left {
        Left {
            deliverable: self.file(context::DELIVERABLE),
            handoff: self.file(context::HANDOFF),
            verdict: self.file(context::VERDICT),
            tasks: self.file(context::TASKS),
            final_message: None,
        }
    }

    /// A regular file's bytes, one more than allowed at the most; links lead nowhere.
    fn file(&self, name: &str) -> Option<Vec<u8>> {
        use std::io::Read;
        let path = Path::new(context::OUT).join(name);
        let file = files::open_below(&self.workspace, &path).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn list(&self) -> Vec<(String, u64, SystemTime)> {
        let entries = std::fs::read_dir(self.workspace.join(context::OUT))
            .into_iter()
            .flatten()
            .flatten();
        let mut seen: Vec<_> = entries
            .filter_map(|entry| {
                let meta = entry.metadata().ok()?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Some((name, meta.len(), meta.modified().ok()?))
            })
            .collect();
        seen.sort();
        seen
    }
}
