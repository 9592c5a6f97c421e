//! What differs between two trees of the store: as a list and as a patch.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::WorkspaceError;
use super::git::Git;
use super::index;
use crate::files::Excerpt;
use crate::model::{ChangeKind, ChangedFile, TreeId};

/// Most bytes that are kept of a patch.
const LONGEST_PATCH: usize = 16 << 20;

const RENAMES: &str = "-M";
/// First all that begin with a colon, then the numbers of lines.
const LIST: [&str; 5] = ["-z", RENAMES, "--raw", "--no-abbrev", "--numstat"];
const PATCH: [&str; 3] = ["-p", "--binary", "--full-index"];

/// The difference as a patch in git's format, binary files included.
pub fn diff(store: &Path, from: &TreeId, to: &TreeId) -> Result<Vec<u8>, WorkspaceError> {
    let paths = changed_paths(store, from, to)?.into_iter().collect();
    let how = [&PATCH[..], &[renames(&paths)]].concat();
    diff_tree(store, from, to, &how)?.run()
}

/// The changed files, and the difference as a patch in bounded memory: of a very long one only the beginning and the end,
/// with a line between them that says so.
pub fn files_and_patch(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<(Vec<ChangedFile>, Vec<u8>), WorkspaceError> {
    let how = [&LIST[..], &PATCH].concat();
    let (list, patch) = list_and_patch(store, from, to, &how)?;
    let files = changed(&list);
    let paths = files
        .iter()
        .flat_map(|file| file.from.iter().chain([&file.path]));
    let renames = renames(&paths.map(PathBuf::from).collect());
    match renames == RENAMES {
        true => Ok((files, patch)),
        false => {
            let how = [&PATCH[..], &[renames]].concat();
            Ok((files, list_and_patch(store, from, to, &how)?.1))
        }
    }
}

/// What git says before a patch, if that is asked for, and the patch.
fn list_and_patch(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
    how: &[&str],
) -> Result<(Vec<u8>, Vec<u8>), WorkspaceError> {
    let failed = |source| WorkspaceError::io("write", &std::env::temp_dir())(source);
    let file = tempfile::tempfile().map_err(failed)?;
    let git = diff_tree(store, from, to, how)?;
    git.stdout(file.try_clone().map_err(failed)?).run()?;
    let mut said = BufReader::new(file);
    said.rewind().map_err(failed)?;
    let (mut list, mut excerpt) = (Vec::new(), Excerpt::new(LONGEST_PATCH));
    if how.contains(&"-z") {
        // Each of its fields ends with a zero byte, and an empty one stands before the patch.
        while said.read_until(0, &mut list).map_err(failed)? > 1 {}
    }
    io::copy(&mut said, &mut excerpt).map_err(failed)?;
    Ok((list, excerpt.finish()))
}

/// Where a file makes room for a folder of its name, or the other way round, git refuses to apply what it shows as a
/// rename.
fn renames(paths: &BTreeSet<PathBuf>) -> &'static str {
    let becomes_a_folder = |path: &PathBuf| path.ancestors().skip(1).any(|up| paths.contains(up));
    match paths.iter().any(becomes_a_folder) {
        true => "--no-renames",
        false => RENAMES,
    }
}

/// The changed files, sorted by path, with renames as git detects them. A name that is not text is
/// shown with replacement characters.
pub fn changed_files(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<Vec<ChangedFile>, WorkspaceError> {
    Ok(changed(&diff_tree(store, from, to, &LIST)?.run()?))
}

fn changed(said: &[u8]) -> Vec<ChangedFile> {
    let lines = parse_counts(said);
    let mut files = parse_kinds(said, &lines);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The paths that differ, renames as a deletion and an addition.
pub(super) fn changed_paths(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<Vec<PathBuf>, WorkspaceError> {
    diff_tree(store, from, to, &["-z", "--no-renames", "--name-only"])?.paths()
}

fn diff_tree(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
    how: &[&str],
) -> Result<Git, WorkspaceError> {
    // Trees are compared without an index; what the name stands for is not there.
    Ok(index::git(store)?
        .args(["diff-tree", "-r", "--no-ext-diff", "--no-textconv"])
        .args(how)
        .args([from.as_str(), to.as_str()]))
}

/// Lines added and removed by path; binary files are not in it.
fn parse_counts(said: &[u8]) -> HashMap<&[u8], (u64, u64)> {
    let mut counts = HashMap::new();
    let mut fields = said.split(|byte| *byte == 0);
    while let Some(field) = fields.next() {
        if field.starts_with(b":") {
            let is_rename = field.contains(&b'R') || field.contains(&b'C');
            fields.nth(usize::from(is_rename));
            continue;
        }
        let mut parts = field.splitn(3, |byte| *byte == b'\t');
        let (Some(added), Some(removed), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        // Of a renamed file, the old and the new path follow as fields of their own.
        let path = match path.is_empty() {
            true => fields.nth(1).unwrap_or_default(),
            false => path,
        };
        let number = |text| std::str::from_utf8(text).ok()?.parse().ok();
        if let (Some(added), Some(removed)) = (number(added), number(removed)) {
            counts.insert(path, (added, removed));
        }
    }
    counts
}

fn parse_kinds(said: &[u8], lines: &HashMap<&[u8], (u64, u64)>) -> Vec<ChangedFile> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut files = Vec::new();
    let mut fields = said.split(|byte| *byte == 0);
    while let Some(head) = fields.next().filter(|head| head.starts_with(b":")) {
        let status = head.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        let first = fields.next().unwrap_or_default();
        let (path, kind, from) = match status.first() {
            Some(b'A') => (first, ChangeKind::Added, None),
            Some(b'D') => (first, ChangeKind::Deleted, None),
            Some(b'R') => (
                fields.next().unwrap_or_default(),
                ChangeKind::Renamed,
                Some(text(first)),
            ),
            _ => (first, ChangeKind::Modified, None),
        };
        files.push(ChangedFile {
            path: text(path),
            kind,
            from,
            lines: lines.get(path).copied(),
        });
    }
    files
}
