//! What one side writes and the other one reads. Each file is opened anew each time: a shared file system shows one that
//! is held open as it was for a while.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::files::{self, if_there};

use super::JobFolder;
use super::order::{Done, Report};

/// So much is read at once, in bytes.
const PORTION: u64 = 4 << 20;

/// A file that grows, and its copy.
#[derive(Debug)]
pub struct Stream {
    from: PathBuf,
    to: PathBuf,
    copied: u64,
}

impl Stream {
    /// Begins anew: what is there may be a part of it.
    pub fn new(from: PathBuf, to: PathBuf) -> Self {
        let _ = fs::remove_file(&to);
        Self {
            from,
            to,
            copied: 0,
        }
    }

    /// Copies what is new, in whole lines, as `kept` makes them.
    pub fn copy(&mut self, kept: impl FnOnce(&[u8]) -> Cow<'_, [u8]>) -> io::Result<()> {
        let (mut new, _) = read_from(&self.from, self.copied)?;
        // The end of a very long line is not waited for.
        if (new.len() as u64) < PORTION {
            let end = new.iter().rposition(|byte| *byte == b'\n');
            new.truncate(end.map_or(0, |end| end + 1));
        }
        if !new.is_empty() {
            files::append_whole(&self.to, &kept(&new))?;
            self.copied += new.len() as u64;
        }
        Ok(())
    }
}

/// What a look at a job's folder brought.
#[derive(Default)]
pub struct News {
    pub reports: Vec<Report>,
    pub done: Option<Done>,
    /// When its node gave the last sign of life, by the clock of that.
    pub alive: Option<SystemTime>,
}

/// Reads what a node writes.
pub struct Reader {
    job: JobFolder,
    /// How far the reports are read.
    read: u64,
    streams: [Stream; 2],
}

impl Reader {
    pub fn new(job: &JobFolder, copies: [(&str, PathBuf); 2]) -> Self {
        Self {
            streams: copies.map(|(name, to)| Stream::new(job.path(name), to)),
            job: job.clone(),
            read: 0,
        }
    }

    pub fn read(&mut self) -> io::Result<News> {
        // What is there by now is complete in what is read after that.
        let done = self.job.read("result.json")?;
        for stream in &mut self.streams {
            stream.copy(|new| new.into())?;
        }
        let (new, alive) = read_from(&self.job.path("reports.jsonl"), self.read)?;
        let end = new.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        self.read += whole as u64;
        let lines = new.get(..whole).unwrap_or_default();
        let lines = lines.split(|byte| *byte == b'\n');
        let reports = lines.filter_map(|line| serde_json::from_slice(line).ok());
        Ok(News {
            reports: reports.collect(),
            done,
            alive,
        })
    }
}

/// What a file holds from there on, up to a limit, and when it was changed; nothing while it is not there.
fn read_from(path: &Path, at: u64) -> io::Result<(Vec<u8>, Option<SystemTime>)> {
    let mut new = Vec::new();
    let Some(mut file) = if_there(files::open(path))? else {
        return Ok((new, None));
    };
    let changed = file.metadata()?.modified()?;
    file.seek(SeekFrom::Start(at))?;
    file.take(PORTION).read_to_end(&mut new)?;
    Ok((new, Some(changed)))
}
