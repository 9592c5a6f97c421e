//! The one way to put a file in its place: whole or not at all, also when the machine crashes. It is for its
//! owner alone, and so are folders made on the way: what others may read is put there by other means.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::sync_folder;

/// A file to be: written beside its place under a temporary name, which is removed unless it is put.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    target: PathBuf,
    folders: UnsyncedFolders,
}

/// Folders whose new names may be lost if the machine crashes now.
#[derive(Debug, Default)]
#[must_use = "a name lasts only once its folder is synced"]
pub struct UnsyncedFolders(BTreeSet<PathBuf>);

impl NewFile {
    /// Begins a file; folders on the way to it are made.
    pub fn at(target: &Path) -> io::Result<Self> {
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut folders = make_folders(folder)?;
        folders.0.insert(folder.to_owned());
        let file = tempfile::Builder::new()
            .prefix(".tipstaff-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)?;
        Ok(Self {
            file,
            target: target.to_owned(),
            folders,
        })
    }

    /// For whom it is, if not for its owner alone.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.file
            .as_file()
            .set_permissions(Permissions::from_mode(mode))
    }

    /// Syncs the file and puts it in its place. Sync the folders before anything names it.
    ///
    /// # Errors
    /// Whatever the system says; what was in its place is there still.
    pub fn put(self) -> io::Result<UnsyncedFolders> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        Ok(self.folders)
    }

    /// Puts it in its place without waiting for the disk: for what nothing names and nobody misses.
    pub fn put_unsynced(self) -> io::Result<()> {
        self.file.persist(&self.target)?;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl UnsyncedFolders {
    /// Waits until the names in them are on disk.
    pub fn sync(self) {
        for folder in self.0 {
            // Some file systems cannot sync folders; the files are complete either way.
            let _ = sync_folder(&folder);
        }
    }

    /// Takes others in, to sync each only once.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Makes a folder and those above it that are missing, for their owner alone.
pub fn make_folders(folder: &Path) -> io::Result<UnsyncedFolders> {
    let missing = folder.ancestors().take_while(|above| !above.exists());
    let named_in = missing.filter_map(|above| above.parent().map(Path::to_owned));
    let folders = UnsyncedFolders(named_in.collect());
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    Ok(folders)
}

/// Puts these bytes in their place; they and their name are on disk when this returns.
pub fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::at(target)?;
    file.write_all(bytes)?;
    file.put()?.sync();
    Ok(())
}

/// The same without waiting for the disk, as [`NewFile::put_unsynced`].
pub fn replace_unsynced(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::at(target)?;
    file.write_all(bytes)?;
    file.put_unsynced()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_not_put_leaves_what_stood_there_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a");
        replace(&path, b"old").unwrap();
        let mut file = NewFile::at(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_folder_with_a_new_name_is_synced() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("there")).unwrap();
        let folders = |path: &str| {
            let UnsyncedFolders(found) = NewFile::at(&temp.path().join(path)).unwrap().folders;
            let relative = |path: PathBuf| path.strip_prefix(temp.path()).unwrap().to_owned();
            found.into_iter().map(relative).collect::<Vec<_>>()
        };
        assert_eq!(folders("there/a"), [Path::new("there")]);
        let made = ["there", "there/b", "there/b/c"].map(Path::new);
        assert_eq!(folders("there/b/c/d"), made);
    }
}
