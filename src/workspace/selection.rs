//! Which files somebody named, by path or by pattern.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::WorkspaceError;
use super::tree::{Entries, has_below};

/// Files named by paths, folders and patterns. `*` stays within a folder, `**` does not.
#[derive(Debug)]
pub(super) struct Selection {
    names: BTreeSet<PathBuf>,
    patterns: GlobSet,
}

impl Selection {
    /// Reads the names. One that is a file or a folder of `tree` means just that, whatever signs it
    /// holds (`app/[id]/page.tsx`); what is no valid pattern is a name too.
    pub(super) fn new(wanted: &[String], tree: &Entries) -> Result<Self, WorkspaceError> {
        Self::by(wanted, |name| {
            tree.contains_key(name) || has_below(tree, name)
        })
    }

    /// The same for a tree of which `is_known` tells whether it has a file or a folder.
    pub(super) fn by(
        wanted: &[String],
        is_known: impl Fn(&Path) -> bool,
    ) -> Result<Self, WorkspaceError> {
        let mut names = BTreeSet::new();
        let mut patterns = GlobSetBuilder::new();
        for wanted in wanted {
            let plain = wanted.strip_prefix("./").unwrap_or(wanted);
            let name = PathBuf::from(plain.trim_end_matches('/'));
            if name.as_os_str().is_empty() {
                continue;
            }
            if !is_known(&name)
                && plain.contains(['*', '?', '[', '{', '\\'])
                && let Ok(glob) = GlobBuilder::new(plain).literal_separator(true).build()
            {
                patterns.add(glob);
            }
            names.insert(name);
        }
        let patterns = patterns
            .build()
            .map_err(|source| WorkspaceError::BadPattern {
                pattern: wanted.join(" "),
                source,
            })?;
        Ok(Self { names, patterns })
    }

    /// Whether the file is one of them.
    pub(super) fn has(&self, path: &Path) -> bool {
        path.ancestors().any(|up| self.names.contains(up)) || self.patterns.is_match(path)
    }

    pub(super) fn names(&self, path: &Path) -> bool {
        self.names.contains(path)
    }

    pub(super) fn names_below(&self, folder: &Path) -> bool {
        self.names
            .range::<Path, _>((Bound::Excluded(folder), Bound::Unbounded))
            .next()
            .is_some_and(|name| name.starts_with(folder))
    }
}
