//! How much an editing call may change: pure, over the sizes of what was found.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::path::PathBuf;

use super::decide::{TOLD_ONE_BY_ONE, new_folder};
use super::origin::Origin;
use crate::model::{Bytes, ChangeLimits, RefusedChange};

/// A file that was found, with its size in bytes.
pub(super) type Sized = (PathBuf, u64);

/// Whether the files may be too much if all of them are changes: only then their old sizes matter.
pub(super) fn may_exceed(limits: &ChangeLimits, found: &[Sized]) -> bool {
    let all: u64 = found.iter().map(|(_, size)| *size).sum();
    is_over(limits.files, found.len() as u64)
        || is_over(limits.size.map(|size| size.0), all)
        || found
            .iter()
            .any(|(_, size)| is_over(limits.file_size.map(|size| size.0), *size))
}

/// Takes files that are too much out of `found` and tells of them. What has the size that it has in the base
/// counts as unchanged. Of all that is left together, the largest new folders and files go first: a build's
/// output or a package manager's folder is told in one line, and the edits beside it are kept.
pub(super) fn keep_within(
    limits: &ChangeLimits,
    origin: &Origin<'_>,
    sizes: &HashMap<PathBuf, u64>,
    found: &mut Vec<Sized>,
) -> Vec<RefusedChange> {
    let mut refused = BTreeMap::new();
    let mut groups: BTreeMap<PathBuf, Group> = BTreeMap::new();
    let is_changed = |(path, size): &&Sized| sizes.get(path) != Some(size);
    for (path, size) in found.iter().filter(is_changed) {
        if let Some(limit) = limits.file_size.filter(|limit| *size > limit.0) {
            let size = Bytes(*size);
            let reason = format!("it has {size}; {}", allows("changed_file_size", limit));
            refused.insert(path.clone(), reason);
        } else {
            let place = new_folder(path, origin).unwrap_or(path);
            groups.entry(place.to_owned()).or_default().add(*size);
        }
    }
    let mut groups: Vec<(PathBuf, Group)> = groups.into_iter().collect();
    if let Some(limit) = limits.size {
        let why = allows("changed_size", format!("{limit} in all"));
        drop_largest(&mut groups, |group| group.size, limit.0, &why, &mut refused);
    }
    if let Some(limit) = limits.files {
        let why = allows("changed_files", format!("{limit} in all"));
        drop_largest(&mut groups, |group| group.files, limit, &why, &mut refused);
    }
    found.retain(|(path, _)| !path.ancestors().any(|above| refused.contains_key(above)));
    report(refused)
}

fn allows(key: &str, limit: impl Display) -> String {
    format!("`limits.{key}` allows {limit}; `--limit {key}=N` raises it")
}

/// Drops the largest until what is left has at most `limit` together.
fn drop_largest(
    groups: &mut Vec<(PathBuf, Group)>,
    amount: impl Fn(&Group) -> u64,
    limit: u64,
    why: &str,
    refused: &mut BTreeMap<PathBuf, String>,
) {
    groups.sort_by_key(|(_, group)| amount(group));
    let mut all: u64 = groups.iter().map(|(_, group)| amount(group)).sum();
    while all > limit
        && let Some((path, group)) = groups.pop()
    {
        all -= amount(&group);
        let Group { files, size } = group;
        let s = if files == 1 { "" } else { "s" };
        let reason = format!("it has {} in {files} file{s}; {why}", Bytes(size));
        refused.insert(path, reason);
    }
}

/// In the order of their paths; of very many, some and a count.
fn report(refused: BTreeMap<PathBuf, String>) -> Vec<RefusedChange> {
    let more = refused.len().saturating_sub(TOLD_ONE_BY_ONE);
    let mut report: Vec<RefusedChange> = refused
        .into_iter()
        .take(TOLD_ONE_BY_ONE)
        .map(|(path, reason)| RefusedChange {
            path: path.to_string_lossy().into_owned(),
            reason,
        })
        .collect();
    if more > 0 {
        report.push(RefusedChange {
            path: ".".to_owned(),
            reason: format!("{more} more are too large or too many for the same limits"),
        });
    }
    report
}

fn is_over(limit: Option<u64>, amount: u64) -> bool {
    limit.is_some_and(|limit| amount > limit)
}

/// A new folder with all that is in it, or one file.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    files: u64,
    size: u64,
}

impl Group {
    fn add(&mut self, size: u64) {
        self.files += 1;
        self.size = self.size.saturating_add(size);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::tree::{Entries, Entry, EntryKind};
    use super::*;

    fn base(paths: &[&str]) -> Entries {
        let entry = |path: &&str| {
            let entry = Entry {
                kind: EntryKind::File,
                object: String::new(),
            };
            (PathBuf::from(path), entry)
        };
        paths.iter().map(entry).collect()
    }

    /// What is left and what is refused.
    fn kept(
        limits: ChangeLimits,
        was: &[(&str, u64)],
        now: &[(&str, u64)],
    ) -> (Vec<String>, Vec<String>) {
        let paths: Vec<&str> = was.iter().map(|(path, _)| *path).collect();
        let sized = |(path, size): &(&str, u64)| (PathBuf::from(path), *size);
        let mut found: Vec<Sized> = now.iter().map(sized).collect();
        let sizes = was.iter().map(sized).collect();
        let refused = keep_within(&limits, &Origin::new(base(&paths), &[]), &sizes, &mut found);
        let names = found
            .iter()
            .map(|(path, _)| path.to_str().unwrap().to_owned());
        let refused = refused
            .into_iter()
            .map(|told| format!("{}: {}", told.path, told.reason));
        (names.collect(), refused.collect())
    }

    const NONE: ChangeLimits = ChangeLimits {
        files: None,
        size: None,
        file_size: None,
    };

    #[test]
    fn one_huge_file_is_refused_and_the_edits_beside_it_are_kept() {
        let limits = ChangeLimits {
            file_size: Some(Bytes(64 << 20)),
            ..NONE
        };
        let was = [("asset.bin", 1 << 30), ("src/a.rs", 10)];
        let now = [
            ("asset.bin", 1 << 30),
            ("disk.img", 2000 << 30),
            ("src/a.rs", 12),
        ];
        let (left, refused) = kept(limits, &was, &now);
        assert_eq!(left, ["asset.bin", "src/a.rs"]);
        let told = "disk.img: it has 1.95 TiB; `limits.changed_file_size` allows 64 MiB; `--limit changed_file_size=N` raises it";
        assert_eq!(refused, [told]);
    }

    #[test]
    fn largest_new_folder_goes_first() {
        let limits = ChangeLimits {
            size: Some(Bytes(100)),
            files: Some(3),
            ..NONE
        };
        let was = [("src/a.rs", 1)];
        let now = [
            ("cache/x/1", 60),
            ("cache/y/2", 50),
            ("logs/1", 1),
            ("logs/2", 1),
            ("src/a.rs", 2),
            ("src/b.rs", 90),
        ];
        let (left, refused) = kept(limits, &was, &now);
        assert_eq!(left, ["src/a.rs", "src/b.rs"]);
        assert_eq!(
            refused,
            [
                "cache: it has 110 B in 2 files; `limits.changed_size` allows 100 B in all; `--limit changed_size=N` raises it",
                "logs: it has 2 B in 2 files; `limits.changed_files` allows 3 in all; `--limit changed_files=N` raises it",
            ]
        );
    }

    #[test]
    fn very_many_are_told_by_a_count_and_in_no_time() {
        let limits = ChangeLimits {
            files: Some(1000),
            ..NONE
        };
        let names: Vec<String> = (0..50_000).map(|n| format!("src/{n:05}")).collect();
        let now: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let (left, refused) = kept(limits, &[("src/a", 1)], &now);
        assert_eq!((left.len(), refused.len()), (1000, TOLD_ONE_BY_ONE + 1));
        assert_eq!(
            refused.last().unwrap(),
            ".: 48900 more are too large or too many for the same limits"
        );
    }
}
