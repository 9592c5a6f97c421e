//! Where a path inside a folder really leads, symlinks followed step by step.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::risk::is_name;

/// As many symlinks as the kernel follows.
const MAX_LINKS: usize = 40;

/// Follows `path` (relative to `root`) through all symlinks and returns where it leads, relative to
/// `root`; `None` if it leaves `root` at any step, or goes round in circles. Parts that do not
/// exist are taken as they are written.
pub(super) fn resolve_inside(root: &Path, path: &Path) -> Option<PathBuf> {
    resolve_with(path, |at| fs::read_link(root.join(at)).ok())
}

/// Like [`resolve_inside`], for a tree whose symlinks `read_link` knows: it answers with the target,
/// or with nothing where no symlink is.
pub(super) fn resolve_with(
    path: &Path,
    read_link: impl Fn(&Path) -> Option<PathBuf>,
) -> Option<PathBuf> {
    let mut reached = PathBuf::new();
    let mut ahead: Vec<OsString> = parts_reversed(path)?;
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == OsStr::new("..") {
            if !reached.pop() {
                return None;
            }
            continue;
        }
        let next = reached.join(&part);
        match read_link(&next) {
            Some(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                ahead.extend(parts_reversed(&target)?);
            }
            // No link, or nothing there.
            None => reached = next,
        }
    }
    Some(reached)
}

/// The parts of a relative path, last first; `None` for an absolute one.
fn parts_reversed(path: &Path) -> Option<Vec<OsString>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::ParentDir => parts.push("..".into()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    parts.reverse();
    Some(parts)
}

/// Whether the path has a part that belongs to git or to tipstaff themselves.
pub(super) fn is_reserved(path: &Path) -> bool {
    path.components()
        .any(|part| is_reserved_name(part.as_os_str()))
}

/// Whether a name belongs to git or to tipstaff themselves, on any file system.
pub(super) fn is_reserved_name(name: &OsStr) -> bool {
    is_name(&name.to_string_lossy(), &[".git", ".tipstaff"])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn follows_links_and_notices_where_they_leave() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        fs::create_dir_all(root.join("p/q")).unwrap();
        symlink("../..", root.join("p/q/up")).unwrap();
        symlink("up/../out", root.join("p/q/sly")).unwrap();
        symlink("/etc", root.join("abs")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("p/q", root.join("in")).unwrap();
        let leads = |path: &str| resolve_inside(root, Path::new(path));
        assert_eq!(leads("in/new.md"), Some("p/q/new.md".into()));
        assert_eq!(leads("p/q/up/x"), Some("x".into()));
        assert_eq!(leads("p/q/up/.."), None);
        assert_eq!(leads("p/q/sly"), None, "leaves only when followed for real");
        assert_eq!(leads("abs/passwd"), None);
        assert_eq!(leads("loop/x"), None);
        assert_eq!(leads("a/../../b"), None);
        assert_eq!(leads("a/../b"), Some("b".into()));
    }

    #[test]
    fn knows_reserved_names_at_any_depth() {
        assert!(is_reserved(Path::new("a/.GIT/config")));
        assert!(is_reserved(Path::new(".tipstaff/x")));
        assert!(is_reserved(Path::new("git~1/hooks/x")));
        assert!(is_reserved(Path::new("a/.git::$INDEX_ALLOCATION")));
        assert!(is_reserved(Path::new(".g\u{200c}it/config")));
        assert!(!is_reserved(Path::new(".gitignore")));
    }
}
