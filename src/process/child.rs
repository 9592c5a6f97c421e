//! A child that runs, as the supervisor holds it.

use std::io;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::task::JoinHandle;

use super::error::ProcessError;
use super::freeze::Frozen;
use super::proctree::{Load, as_pid, cpu_time};
use super::record::{ExitRecord, Report, Swept};
use super::spec::ChildSpec;
use super::sweep::end_orphans;

/// A running child with its warden. Dropping it before its end is known ends it, without waiting.
#[derive(Debug)]
pub struct Child {
    warden: tokio::process::Child,
    /// The warden's id, kept because the handle forgets it at the end.
    warden_pid: u32,
    reports: ChildStdout,
    heard: Vec<u8>,
    pid: u32,
    spec: ChildSpec,
    sweeping: Option<JoinHandle<Swept>>,
    exit: Option<ExitRecord>,
}

impl Child {
    /// Around a warden just spawned, its standard output piped.
    pub(super) fn new(mut warden: tokio::process::Child, spec: ChildSpec) -> Self {
        let reports = warden
            .stdout
            .take()
            .expect("the warden's standard output is piped");
        let warden_pid = warden
            .id()
            .expect("a process that was not waited for has an id");
        Self {
            warden,
            warden_pid,
            reports,
            heard: Vec::new(),
            pid: 0,
            spec,
            sweeping: None,
            exit: None,
        }
    }

    /// The warden's first report; `None` if it ended without one.
    pub(super) async fn greeting(&mut self) -> io::Result<Option<Report>> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Ok(serde_json::from_slice(&line).ok());
            }
            if self.reports.read_buf(&mut self.heard).await? == 0 {
                return Ok(None);
            }
        }
    }

    pub(super) fn started(&mut self, pid: u32) {
        self.pid = pid;
    }

    /// The child's own process id, which is its process group's id too.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The process id of its warden.
    pub fn warden_pid(&self) -> u32 {
        self.warden_pid
    }

    /// The processor time that its own process has used so far; `None` once it has ended.
    pub fn cpu_time(&self) -> Option<Duration> {
        cpu_time(self.pid.cast_signed())
    }

    /// What its processes do at this moment. Reads all of `/proc`.
    pub fn load(&self) -> Load {
        Load::below(self.warden_pid.cast_signed())
    }

    /// Waits until no process of the child is left, and tells how it ended. May be dropped and called
    /// again at any time; later calls return the same.
    ///
    /// Fails only if the system refuses to wait.
    pub async fn wait(&mut self) -> Result<ExitRecord, ProcessError> {
        if let Some(exit) = &self.exit {
            return Ok(exit.clone());
        }
        self.await_warden()
            .await
            .map_err(|source| ProcessError::Wait {
                pid: self.pid,
                source,
            })?;
        let reported = self
            .last_report()
            .or_else(|| ExitRecord::read(&self.spec.record));
        let exit = match reported {
            Some(exit) => exit,
            None => {
                let mut swept = self.sweep().await;
                // The child itself dies with its warden; seen while it does, it is no leak.
                swept.leaked.retain(|leaked| leaked.pid != self.pid);
                let exit = ExitRecord::lost(swept);
                // So that the record tells the same to whoever reads it later.
                exit.write(&self.spec.record).ok();
                exit
            }
        };
        self.exit = Some(exit.clone());
        Ok(exit)
    }

    /// The pipe ends with the warden: nobody else holds it.
    async fn await_warden(&mut self) -> io::Result<()> {
        while self.reports.read_buf(&mut self.heard).await? > 0 {}
        self.warden.wait().await?;
        Ok(())
    }

    fn last_report(&self) -> Option<ExitRecord> {
        match serde_json::from_slice(&self.heard).ok()? {
            Report::Ended(exit) => Some(exit),
            Report::Started { .. } | Report::Refused(_) => None,
        }
    }

    /// Ends what a killed warden left behind. The task is kept, so that a dropped `wait` loses nothing.
    async fn sweep(&mut self) -> Swept {
        let task = self
            .sweeping
            .get_or_insert_with(|| tokio::task::spawn_blocking(end_orphans));
        // A task that was cancelled with the runtime has nobody left to report to.
        task.await.unwrap_or_default()
    }

    /// Holds the child's own process still, so that it does nothing while it is looked at. `None` if it has
    /// ended, or cannot be held.
    pub async fn freeze(&self) -> Option<Frozen> {
        Frozen::hold(self.pid.cast_signed(), self.warden_pid.cast_signed()).await
    }

    /// Asks politely: SIGINT to the child's process group, SIGKILL to everything after the grace time.
    /// The second call kills at once. Does nothing once the child has ended.
    pub fn stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills the child and all its descendants at once. Does nothing once the child has ended.
    pub fn kill(&self) {
        self.signal(Signal::QUIT);
    }

    /// To the warden, as long as its id is its own.
    fn signal(&self, signal: Signal) {
        let living = self.warden.id();
        if let Some(warden) = living.and_then(|pid| as_pid(pid.cast_signed())) {
            kill_process(warden, signal).ok();
            // It may have been stopped, by its own child even.
            kill_process(warden, Signal::CONT).ok();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.exit.is_none() {
            self.kill();
        }
    }
}
