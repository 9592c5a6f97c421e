//! The project's own files below `.tipstaff` that tell tipstaff what to do, each read once: what is shown and
//! agreed to is what is used, whatever happens to the file meanwhile.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{getegid, geteuid};

use crate::files::{self, if_there};

/// A project's files that may hold orders.
#[derive(Debug)]
pub struct ProjectFiles {
    root: PathBuf,
    /// The most that is read of each.
    most: u64,
    read: Mutex<BTreeMap<PathBuf, Option<Arc<str>>>>,
}

impl ProjectFiles {
    /// Of the project in this folder. What is larger than `most` bytes is cut behind them.
    pub fn new(root: &Path, most: u64) -> Self {
        Self {
            root: root.to_owned(),
            most,
            read: Mutex::default(),
        }
    }

    /// The text of a file, relative to the project; nothing if it is not there.
    ///
    /// # Errors
    /// A part of the path is a link, belongs to somebody else or can be changed by others; it is no UTF-8 text.
    pub fn text(&self, path: &Path) -> io::Result<Option<Arc<str>>> {
        // Nobody panics while he holds it.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(path) {
            return Ok(known.clone());
        }
        let text = self.read(path)?.map(Arc::from);
        read.insert(path.to_owned(), text.clone());
        Ok(text)
    }

    /// The digest of a program of the project that is named by its path, in short.
    pub(super) fn digest(&self, program: &Path) -> Option<String> {
        if program.components().count() < 2 {
            return None;
        }
        let path = self.root.join(program).canonicalize().ok()?;
        let path = path.strip_prefix(&self.root).ok()?;
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(files::open_below(&self.root, path).ok()?)
            .ok()?;
        Some(hasher.finalize().to_hex().as_str()[..16].to_owned())
    }

    fn read(&self, path: &Path) -> io::Result<Option<String>> {
        let Some(file) = if_there(files::open_below(&self.root, path))? else {
            return Ok(None);
        };
        ours(&file.metadata()?)?;
        let folders = path.ancestors().skip(1);
        for folder in folders.filter(|folder| !folder.as_os_str().is_empty()) {
            ours(&self.root.join(folder).symlink_metadata()?)?;
        }
        files::text(file, self.most).map(Some)
    }
}

/// The names in a folder without this ending, in order; none if the folder is not there.
pub fn names_in(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(ending).map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Whether nobody but the user can change it, and root. A group with the user's own number is the user's own.
fn ours(found: &Metadata) -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let own_group = found.gid() == group && group == user;
    let what = if found.uid() != user && found.uid() != 0 {
        format!("it belongs to somebody else (user id {})", found.uid())
    } else if found.mode() & 0o002 != 0 || (found.mode() & 0o020 != 0 && !own_group) {
        format!("others can change it (mode {:o})", found.mode() & 0o777)
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::PermissionDenied, what))
}
