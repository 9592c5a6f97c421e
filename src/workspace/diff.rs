//! What differs between two trees of the store: as a list and as a patch.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use super::WorkspaceError;
use super::git::Git;
use super::index;
use crate::files::Excerpt;
use crate::model::{ChangeKind, ChangedFile, TreeId};

/// Most bytes that are kept of a patch.
const LONGEST_PATCH: usize = 16 << 20;

/// The difference as a patch in git's format, binary files included.
pub fn diff(store: &Path, from: &TreeId, to: &TreeId) -> Result<Vec<u8>, WorkspaceError> {
    diff_tree(store, from, to, &patch_options(store, from, to)?)?.run()
}

/// The same in bounded memory: of a very long one only the beginning and the end, with a line between
/// them that says so.
pub fn diff_excerpt(store: &Path, from: &TreeId, to: &TreeId) -> Result<Vec<u8>, WorkspaceError> {
    excerpt(store, from, to, &patch_options(store, from, to)?)
}

/// The changed files, and the difference as an excerpt.
pub(super) fn files_and_excerpt(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<(Vec<ChangedFile>, Vec<u8>), WorkspaceError> {
    let files = changed_files(store, from, to)?;
    let paths = files
        .iter()
        .flat_map(|file| file.from.iter().chain([&file.path]));
    let options = options_for(&paths.map(PathBuf::from).collect());
    let excerpt = excerpt(store, from, to, &options)?;
    Ok((files, excerpt))
}

fn excerpt(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
    options: &[&str],
) -> Result<Vec<u8>, WorkspaceError> {
    let failed = |source| WorkspaceError::io("write", &std::env::temp_dir())(source);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let git = diff_tree(store, from, to, options)?;
    git.stdout(file.try_clone().map_err(failed)?).run()?;
    let mut excerpt = Excerpt::new(LONGEST_PATCH);
    file.rewind().map_err(failed)?;
    io::copy(&mut file, &mut excerpt).map_err(failed)?;
    Ok(excerpt.finish())
}

fn patch_options(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<[&'static str; 4], WorkspaceError> {
    let paths = changed_paths(store, from, to)?;
    Ok(options_for(&paths.into_iter().collect()))
}

fn options_for(paths: &BTreeSet<PathBuf>) -> [&'static str; 4] {
    let becomes_a_folder = |path: &PathBuf| path.ancestors().skip(1).any(|up| paths.contains(up));
    // Where a file makes room for a folder of its name, or the other way round, git refuses to apply what it
    // shows as a rename.
    let renames = if paths.iter().any(becomes_a_folder) {
        "--no-renames"
    } else {
        "-M"
    };
    ["-p", "--binary", "--full-index", renames]
}

/// The changed files, sorted by path, with renames as git detects them. A name that is not text is
/// shown with replacement characters.
pub fn changed_files(
    store: &Path,
    from: &TreeId,
    to: &TreeId,
) -> Result<Vec<ChangedFile>, WorkspaceError> {
    // First all that begin with a colon, then the numbers of lines.
    let how = ["-z", "-M", "--raw", "--no-abbrev", "--numstat"];
    let said = diff_tree(store, from, to, &how)?.run()?;
    let lines = parse_counts(&said);
    let mut files = parse_kinds(&said, &lines);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
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
