//! Whether nothing moves any more in an attempt whose files are complete. Complete files alone end
//! nothing: an agent may write its handoff first and go on editing.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{CallSpec, Failure};
use crate::process::{Child, Load};
use crate::workspace::Footprint;

use super::blocking::blocking;

/// Of a call that edits, quiet must last so long: a model may think for a while between two edits, and work
/// that is cut off is lost.
const OF_EDITS: Duration = Duration::from_secs(30);
/// Of other calls, whose files are all that is taken.
const OF_FILES: Duration = Duration::from_secs(5);
/// The files are first looked at when nothing else has moved for this long.
const FIRST_LOOK: Duration = Duration::from_millis(500);

type Looking = Pin<Box<dyn Future<Output = Result<Footprint, Failure>>>>;

/// The watch for quiet. What costs little is looked at often: streams, output folder, processes. The
/// workspace, which may hold a hundred thousand files, only at the beginning of the quiet and at its end.
pub struct Quiet {
    workspace: PathBuf,
    /// How long it must last, and how long if the agent waits for its model.
    lengths: [Duration; 2],
    length: Duration,
    since: Instant,
    load: Option<Load>,
    files: Option<Footprint>,
    look_at: Instant,
    looking: Option<Looking>,
    is_over: bool,
}

impl Quiet {
    pub fn new(call: &CallSpec, workspace: PathBuf, now: Instant) -> Self {
        let usual = call.edits.as_ref().map_or(OF_FILES, |_| OF_EDITS);
        // Sooner than its silence counts as a failure.
        let most = Duration::from(call.limits.idle_timeout) / 2;
        Self {
            workspace,
            lengths: [usual.min(most), most],
            length: most,
            since: now,
            load: None,
            files: None,
            look_at: now + FIRST_LOOK,
            looking: None,
            is_over: false,
        }
    }

    /// Something moved: it begins anew.
    pub fn restart(&mut self, now: Instant) {
        self.since = now;
        self.load = None;
        self.files = None;
        self.look_at = now + FIRST_LOOK;
        self.looking = None;
        self.is_over = false;
    }

    /// Looks at the processes, and at the files if it is time. Tells how long nothing moved, if that was
    /// long enough.
    pub fn poll(&mut self, now: Instant, child: &Child, awaits_step: bool) -> Option<Duration> {
        if now < self.since + FIRST_LOOK {
            return None;
        }
        self.length = self.lengths[usize::from(awaits_step)];
        let load = child.load();
        match &self.load {
            Some(before) if !load.rested_since(before, now - self.since) => self.restart(now),
            Some(_) => {}
            None => self.load = Some(load),
        }
        if self.looking.is_none() && !self.is_over && now >= self.look_at {
            let workspace = self.workspace.clone();
            self.looking = Some(Box::pin(blocking(move || Ok(Footprint::of(&workspace)))));
        }
        self.is_over.then_some(self.length)
    }

    /// Waits for the poll at the files that is under way; for ever if none is. Safe to cancel.
    pub async fn looked(&mut self) {
        let Some(looking) = &mut self.looking else {
            return std::future::pending().await;
        };
        let seen = looking.await.ok();
        self.looking = None;
        self.is_over = seen.is_some() && seen == self.files;
        self.files = seen;
        self.look_at = Instant::now() + self.length;
    }
}
