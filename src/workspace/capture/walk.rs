//! Which files of a workspace may be the project's: one walk that follows no symlink. Of an overlay only the upper folder
//! is walked, which holds what differs from the layers below.

use std::fs::{DirEntry, FileType};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::control_files::is_control_file;
use super::super::folder::{self, open_up};
use super::super::outer_rules::MOST_RULES;
use super::super::paths::is_reserved_name;
use super::super::selection::Selection;
use super::super::{Doing, WorkspaceError, overlay};
use super::limit::Sized;
use super::origin::Origin;
use super::rules::{Found, Rules, Says};
use crate::files;
use crate::model::{RefusedChange, shortened};

/// The longest path of a new file or folder in bytes: half of what systems allow, since the folders that a tree
/// is put into have paths, too.
const LONGEST_PATH: usize = 2048;

/// What a workspace holds.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files and symlinks that are the base's, or new and to be weighed, sorted, with their sizes in bytes.
    pub files: Vec<Sized>,
    /// What cannot be taken over whatever it holds.
    pub refused: Vec<RefusedChange>,
    /// New files, and folders as a whole, that the ignore rules leave out.
    pub left_out: Vec<PathBuf>,
    /// Of an overlay: where something is in the place of what the layers below have, or nothing any more.
    pub touched: Vec<PathBuf>,
}

pub(super) fn walk(
    (workspace, is_upper): (&Path, bool),
    origin: &Origin<'_>,
    rules: &Rules<'_>,
    allowed: Option<&Selection>,
) -> Result<Walked, WorkspaceError> {
    let mut walk = Walk {
        workspace,
        is_upper,
        origin,
        rules,
        allowed,
        ahead: vec![Folder::default()],
        walked: Walked::default(),
    };
    while let Some(folder) = walk.ahead.pop() {
        walk.enter(folder)?;
    }
    walk.walked
        .files
        .sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    Ok(walk.walked)
}

#[derive(Debug, Default)]
struct Folder {
    path: PathBuf,
    /// New files in it are left out.
    is_ignored: bool,
    found_rules: Option<Rc<Found>>,
    /// Nothing of the layers below is to be seen in it.
    is_opaque: bool,
}

struct Walk<'a> {
    workspace: &'a Path,
    /// It is the upper folder of an overlay.
    is_upper: bool,
    origin: &'a Origin<'a>,
    rules: &'a Rules<'a>,
    allowed: Option<&'a Selection>,
    ahead: Vec<Folder>,
    walked: Walked,
}

impl Walk<'_> {
    fn enter(&mut self, mut at: Folder) -> Result<(), WorkspaceError> {
        let whole = self.workspace.join(&at.path);
        open_up(&whole, 0o700);
        let ignore_file = whole.join(".gitignore");
        open_up(&ignore_file, 0o400);
        let rules = at.path.join(".gitignore");
        let text = files::read_below(self.workspace, &rules, MOST_RULES).ok();
        let is_untouched = || !at.is_opaque && ignore_file.symlink_metadata().is_err();
        let text = text.or_else(|| self.origin.ignore_file(&at.path).filter(|_| is_untouched()));
        if let Some(text) = text {
            let above = at.found_rules.take();
            at.found_rules = Some(Found::add(&at.path, &text, above));
        }
        for entry in folder::entries(&whole)? {
            let entry = entry?;
            let kind = entry.file_type().doing("read", &entry.path())?;
            self.classify(&at, &entry, kind);
        }
        Ok(())
    }

    fn classify(&mut self, folder: &Folder, entry: &DirEntry, kind: FileType) {
        let name = entry.file_name();
        let path = folder.path.join(&name);
        let mut is_opaque = folder.is_opaque;
        if self.is_upper {
            let is_whiteout = overlay::is_whiteout(&entry.path());
            is_opaque |= kind.is_dir() && overlay::is_opaque(&entry.path());
            let is_merged = kind.is_dir() && !is_opaque && !self.origin.has_file(&path);
            if !is_merged && (self.origin.has_file(&path) || self.origin.has_folder(&path)) {
                self.walked.touched.push(path.clone());
            }
            if is_whiteout {
                return;
            }
        }
        if is_reserved_name(&name) {
            // The workspace's own repository and contract folder are at its top.
            let is_ours =
                folder.path.as_os_str().is_empty() && (name == ".git" || name == ".tipstaff");
            if !is_ours && !folder.is_ignored {
                self.refuse(&path, "it belongs to git or to tipstaff");
            }
            return;
        }
        let is_of_base = match kind.is_dir() {
            true => self.origin.has_folder(&path),
            false => self.origin.has_file(&path),
        };
        let is_ignored = self.is_left_out(folder, &path, kind.is_dir(), is_of_base);
        let is_named = self.is_named(&path, kind.is_dir());
        if is_ignored && !is_of_base && !is_named {
            self.walked.left_out.push(path);
            return;
        }
        if !is_of_base && path.as_os_str().len() > LONGEST_PATH {
            let shown = shortened(&path.to_string_lossy(), 200).into_owned();
            self.refuse(shown.as_ref(), "its path is longer than 2048 bytes");
        } else if kind.is_dir() {
            let inner = Folder {
                path,
                is_ignored,
                found_rules: folder.found_rules.clone(),
                is_opaque,
            };
            self.weigh_folder(inner, is_of_base);
        } else if !kind.is_file() && !kind.is_symlink() {
            self.refuse(&path, "it is no regular file");
        } else if !is_of_base && is_control_file(&path) {
            self.refuse(&path, "it configures agents");
        } else if kind.is_symlink() && name.eq_ignore_ascii_case(".gitmodules") {
            self.refuse(&path, "git allows no link of this name");
        } else {
            if kind.is_file() {
                open_up(&entry.path(), 0o400);
            }
            let size = entry.metadata().map_or(0, |found| found.len());
            self.walked.files.push((path, size));
        }
    }

    fn weigh_folder(&mut self, folder: Folder, is_of_base: bool) {
        let path = &folder.path;
        let is_repository = || {
            let inner = self.workspace.join(path).join(".git");
            inner.symlink_metadata().is_ok()
        };
        if !is_of_base && is_control_file(path) {
            self.refuse(path, "it configures agents");
        } else if !is_of_base && is_repository() {
            self.refuse(path, "it is a repository of its own");
        } else {
            self.ahead.push(folder);
        }
    }

    /// Whether the rules leave a new file or folder out; says so where only the agent's own
    /// exception would bring it in.
    fn is_left_out(&mut self, above: &Folder, path: &Path, is_folder: bool, of_base: bool) -> bool {
        if above.is_ignored {
            return true;
        }
        let found = Found::say(above.found_rules.as_ref(), path, is_folder);
        match (self.rules.of_base(path, is_folder), found) {
            (Says::Ignored, Says::Wanted) => {
                if !of_base && !self.is_named(path, is_folder) {
                    self.refuse(path, "the project's own ignore rules cover it");
                }
                true
            }
            (Says::Ignored, _) | (_, Says::Ignored) => true,
            (Says::Nothing | Says::Wanted, Says::Nothing | Says::Wanted) => false,
        }
    }

    fn is_named(&self, path: &Path, is_folder: bool) -> bool {
        self.allowed.is_some_and(|allowed| match is_folder {
            true => allowed.names_below(path),
            false => allowed.names(path),
        })
    }

    fn refuse(&mut self, path: &Path, reason: &str) {
        self.walked.refused.push(RefusedChange {
            path: path.to_string_lossy().into_owned(),
            reason: reason.to_owned(),
        });
    }
}
