//! Very many new files into a store at once: git writes a file for each object, and making and removing files is
//! the dearest thing there is. A pack is one file.

use std::io::Read;
use std::path::Path;

use super::{Progress, WorkspaceError, index};
use crate::files;

/// Fewer files are not worth it.
const MANY: usize = 1000;
/// Larger files than this in bytes are left to git, which does not hold them in memory.
const LARGEST: u64 = 1 << 20;
/// So many bytes go into a pack, and are held in memory.
const PACK: usize = 64 << 20;

/// Puts the contents of files into the store, unless they are few. What cannot be read now,
/// and what changes meanwhile, is seen by whoever adds the files themselves.
pub(super) fn add_new(
    root: &Path,
    files: &[impl AsRef<Path>],
    store: &Path,
    progress: &Progress,
) -> Result<(), WorkspaceError> {
    if files.len() < MANY {
        return Ok(());
    }
    progress.begin(files.len());
    let mut blobs = Vec::new();
    for path in files {
        WorkspaceError::if_cancelled()?;
        progress.one_more();
        if let Some(content) = small_file(root, path.as_ref()) {
            blobs.extend(format!("blob\ndata {}\n", content.len()).into_bytes());
            blobs.extend(content);
            blobs.push(b'\n');
        }
        if blobs.len() > PACK {
            import(store, std::mem::take(&mut blobs))?;
        }
    }
    import(store, blobs)
}

fn small_file(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let file = files::open_below(root, path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content).ok()?;
    (size < LARGEST && content.len() as u64 == size).then_some(content)
}

fn import(store: &Path, blobs: Vec<u8>) -> Result<(), WorkspaceError> {
    index::git(store)?
        .args(["-c", "fastimport.unpackLimit=0"])
        .args(["fast-import", "--quiet", "--depth=0"])
        .stdin(blobs)
        .done()
}
