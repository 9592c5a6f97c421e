//! What the user's git knows of the files saves reading them: its index says which blob a file was when git looked last.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::git::{Git, path_of};
use super::index::PrivateIndex;
use super::paths::is_reserved;
use super::{Doing, Project, ProjectKind, WorkspaceError};
use crate::files;

/// Makes `index` a copy of the user's, without what says nothing of the bytes on disk: files that git was told to overlook,
/// files that it converts on their way, other repositories, conflicts. Where that cannot be known for sure, there is no
/// index afterwards.
pub(super) fn copy(project: &Project, index: &PrivateIndex) -> Result<(), WorkspaceError> {
    let copied = match &project.kind {
        ProjectKind::Git { top } if *top == project.root => try_copy(&project.root, index),
        // The paths are others, if there are any.
        ProjectKind::Git { .. } | ProjectKind::Plain => Ok(false),
    };
    match copied {
        Ok(true) => Ok(()),
        Err(WorkspaceError::Cancelled) => Err(WorkspaceError::Cancelled),
        // No index yet, one in several files, one of a newer git.
        Ok(false) | Err(_) => match fs::remove_file(index.file()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).doing("remove", index.file())
            }
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// `false` if nothing can be known.
fn try_copy(root: &Path, index: &PrivateIndex) -> Result<bool, WorkspaceError> {
    if has_filters(root) {
        return Ok(false);
    }
    let of_user = Git::reading(root)
        .args(["rev-parse", "--path-format=absolute"])
        .args(["--git-path", "index"])
        .run()?;
    let of_user = path_of(of_user.strip_suffix(b"\n").unwrap_or(&of_user));
    copy_file(&of_user, index.file()).doing("copy", &of_user)?;
    // The tag says whether git looks at the file, `H`, and the stage whether there is a conflict.
    let said = index
        .git_alone()
        .args(["ls-files", "-s", "-v", "-z"])
        .run()?;
    let entries = said
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty());
    let converted = converted(root)?;
    let (mut trusted, mut others, mut asked) = (Vec::new(), HashSet::new(), Vec::new());
    for line in entries {
        let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(0);
        let path = path_of(line.get(tab + 1..).unwrap_or_default());
        let words: Vec<&[u8]> = line
            .get(..tab)
            .unwrap_or_default()
            .split(|byte| *byte == b' ')
            .collect();
        match words[..] {
            [b"H", b"100644" | b"100755" | b"120000", object, b"0"]
                if !converted.contains(&path) && !is_reserved(&path) =>
            {
                asked.extend_from_slice(object);
                asked.push(b'\n');
                trusted.push(path);
            }
            _ => drop(others.insert(path)),
        }
    }
    let sizes = index
        .git_alone()
        .args(["cat-file", "--batch-check=%(objectsize)", "--buffer"])
        .stdin(asked)
        .run()?;
    // Line ends that are converted make a difference in size.
    let mut sizes = sizes.split(|byte| *byte == b'\n');
    for path in trusted {
        WorkspaceError::if_cancelled()?;
        let size = sizes
            .next()
            .and_then(|size| str::from_utf8(size).ok()?.parse().ok());
        let found = root.join(&path).symlink_metadata();
        if size.is_none() || found.as_ref().map(Metadata::len).ok() != size {
            others.insert(path);
        }
    }
    index.remove(root, others.iter().map(PathBuf::as_path))?;
    Ok(true)
}

/// What a filter did to a file does not show any more once its attribute is gone. That of large files is known to leave
/// another size.
fn has_filters(root: &Path) -> bool {
    let set = Git::reading(root)
        .args(["config", "--name-only", "--get-regexp"])
        .args([r"^filter\..*\.(clean|process)$"])
        .said();
    set.is_ok_and(|names| names.lines().any(|name| !name.starts_with("filter.lfs.")))
}

/// The files whose bytes git changes on their way into the repository.
fn converted(root: &Path) -> Result<HashSet<PathBuf>, WorkspaceError> {
    let paths = Git::reading(root)
        .args(["ls-files", "-z", "--cached"])
        .run()?;
    let said = Git::reading(root)
        .args(["check-attr", "-z", "--stdin"])
        .args(["filter", "ident", "working-tree-encoding"])
        .stdin(paths)
        .run()?;
    let mut fields = said.split(|byte| *byte == 0);
    let mut converted = HashSet::new();
    while let (Some(path), Some(_), Some(value)) = (fields.next(), fields.next(), fields.next()) {
        if value != b"unspecified" && value != b"unset" {
            converted.insert(path_of(path));
        }
    }
    Ok(converted)
}

/// The time tells git which files may have changed while the index was written.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let (mut from, mut to) = (files::open(from)?, files::create(to, 0o600)?);
    let time = from.metadata()?.modified()?;
    io::copy(&mut from, &mut to)?;
    to.set_modified(time)
}
