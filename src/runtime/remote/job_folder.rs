//! Where the two sides of a job meet.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Serialize, de::DeserializeOwned};

use crate::files::{self, if_there};
use crate::model::{CallId, Millis, RunId};

use super::super::attempt::Control;
use super::SIGN_OF_LIFE;

/// How much of a job's output is looked at, in bytes.
const SHOWN: u64 = 64 << 10;

/// The folder of one attempt's job.
#[derive(Debug, Clone)]
pub struct JobFolder {
    root: PathBuf,
    /// Unique among all jobs of this user.
    pub name: String,
}

impl JobFolder {
    /// Takes room that a node gives back when it has to say that there is none.
    pub const RESERVE: &str = "reserve";

    /// That of an attempt of a project's run. Makes nothing.
    pub fn of(shared: &Path, project: &str, run: &RunId, call: &CallId, attempt: u32) -> Self {
        let short: String = project.chars().take(8).collect();
        let root = shared.join("jobs").join(project).join(run);
        Self {
            root: root.join(format!("{call}-{attempt}")),
            name: format!("tipstaff.{short}.{run}.{call}.{attempt}"),
        }
    }

    /// One whose place is known.
    pub fn at(root: PathBuf) -> Self {
        Self {
            root,
            name: String::new(),
        }
    }

    /// Which attempt it is about.
    pub fn attempt(&self) -> u32 {
        let name = self.root.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.rsplit_once('-')?.1.parse().ok());
        number.unwrap_or_default()
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The shared folder that it lies in.
    pub fn shared(&self) -> &Path {
        self.root.ancestors().nth(4).unwrap_or(&self.root)
    }

    pub fn is_there(&self) -> bool {
        self.path("order.json").exists()
    }

    pub fn is_claimed(&self) -> bool {
        self.path("claim").exists()
    }

    /// How long it waited until a job took it, by the clock of the file system.
    pub fn waited(&self) -> Millis {
        let at = |name| {
            self.path(name)
                .metadata()
                .and_then(|found| found.modified())
        };
        let waited = at("claim").ok().zip(at("order.json").ok());
        let waited = waited.and_then(|(begun, ordered)| begun.duration_since(ordered).ok());
        Millis(waited.map_or(0, |waited| {
            u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)
        }))
    }

    /// Takes it for this process; `false` if another one has.
    pub fn claim(&self) -> io::Result<bool> {
        match files::create(&self.path("claim"), 0o600) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            claimed => claimed.map(|_| true),
        }
    }

    pub fn write(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        files::replace(&self.path(name), &serde_json::to_vec(value)?)
    }

    /// `None` while it is not there.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let bytes = if_there(files::read(&self.path(name), files::RECORD))?;
        let value = bytes.map(|bytes| serde_json::from_slice(&bytes));
        Ok(value.transpose()?)
    }

    /// Appends a line, which counts once its end is there.
    pub fn append(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        files::append_whole(&self.path(name), &line)
    }

    /// Says every few seconds that its node goes on, until this process ends.
    pub fn give_signs_of_life(&self) {
        let reports = self.path("reports.jsonl");
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(SIGN_OF_LIFE);
                let file = files::open(&reports);
                let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
            }
        });
    }

    /// Has this machine look anew for what others put there: a network file system remembers for up to a minute what
    /// a folder held, unless it changes it itself.
    pub fn refresh(&self) {
        let _ = files::replace_unsynced(&self.path("looked-for"), b"");
    }

    /// What its job said last; else what is to be said of one that left nothing.
    pub fn last_words(&self) -> Result<String, String> {
        let said = files::open(&self.path("job.log")).and_then(|log| files::text(log, SHOWN));
        match said.as_deref().map(str::trim) {
            Ok("") => Err("its job ended and left nothing".to_owned()),
            Ok(said) => Ok(format!(
                "its job failed: {}",
                said.lines().last().unwrap_or_default()
            )),
            Err(_) => {
                let shared = self.root.parent().unwrap_or(&self.root);
                Err(format!(
                    "its node does not see the folder `{}`",
                    shared.display()
                ))
            }
        }
    }

    pub fn set_control(&self, control: Control) -> io::Result<()> {
        let word = match control {
            Control::Run => return Ok(()),
            Control::EndStep => "end_step",
            Control::Stop | Control::Leave => "stop",
            Control::Kill => "kill",
        };
        files::replace_unsynced(&self.path("control"), word.as_bytes())
    }

    pub fn control(&self) -> Control {
        let word = files::read(&self.path("control"), 100).unwrap_or_default();
        match word.as_slice() {
            b"end_step" => Control::EndStep,
            b"stop" => Control::Stop,
            b"kill" => Control::Kill,
            _ => Control::Run,
        }
    }
}
