//! From a workspace into the one that takes its place: what only the workspace has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::control_files::{is_control_file, is_control_name};
use super::folder::open_up;
use super::remove_tree::remove_tree;
use super::{Doing, WorkspaceError, folder, overlay};
use crate::process::run_helper;

/// Moves a file or a folder (what a capture left out) from the folder `from` to the same
/// place in `to`, on the same file system. What is gone, or is in `to` already, is passed over. Control
/// files of agents stay behind, at any depth: what a model wrote there reaches no other call.
///
/// Of overlays, `from` and `to` are the upper folders, and `layers` what is below `to`: that is not covered either.
pub(super) fn carry_over(
    from: &Path,
    (to, layers): (&Path, &[PathBuf]),
    path: &Path,
) -> Result<(), WorkspaceError> {
    let (source, target) = (from.join(path), to.join(path));
    let is_there = |at: &Path| at.symlink_metadata().is_ok();
    let covers = |above: &Path| {
        let found = overlay::find(layers, above);
        found.is_some_and(|(_, found)| above == path || !found.is_dir())
    };
    if path.ancestors().any(covers) {
        return Ok(());
    }
    if is_control_file(path) || !is_there(&source) || is_there(&target) || !make_way(to, path)? {
        return Ok(());
    }
    if let Some(folder) = source.parent() {
        open_up(folder, 0o700);
    }
    strip(&source)?;
    fs::rename(&source, &target).doing("move", &source)
}

/// Copies all that a folder holds into another one. Where the file system can share contents, it does.
pub fn copy_folder(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    copy("-a", from, to)
}

/// The same for files that nothing ever changes: each stays one file with two names.
pub fn link_folder(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    copy("-al", from, to)
}

fn copy(how: &str, from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let copy = duct::cmd!("cp", how, "--", from.join("."), to).stderr_capture();
    let copied = run_helper(&copy, None);
    let copied = copied.and_then(|said| match said.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&said.stderr).into_owned(),
        )),
    });
    copied.doing("copy to", to)
}

/// Makes the folders above a path; `false` if something that is no folder is in the way.
fn make_way(to: &Path, path: &Path) -> Result<bool, WorkspaceError> {
    let mut folder = to.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(false),
            Err(_) => fs::create_dir(&folder).doing("create", &folder)?,
        }
    }
    Ok(true)
}

/// Takes the control files out of a folder. A folder cannot be moved without the right to write into it.
fn strip(root: &Path) -> Result<(), WorkspaceError> {
    let mut folders = vec![root.to_owned()];
    while let Some(at) = folders.pop() {
        if !at.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            continue;
        }
        open_up(&at, 0o700);
        for entry in folder::entries(&at)? {
            let entry = entry?;
            if is_control_name(&entry.file_name()) {
                remove_tree(&entry.path())?;
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root).unwrap();
                    names.push(name.to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn what_only_the_workspace_has_is_moved_and_what_configures_agents_stays_behind() {
        let temp = tempfile::tempdir().unwrap();
        let (from, to) = (temp.path().join("from"), temp.path().join("to"));
        for path in [
            "node_modules/a/index.js",
            "node_modules/a/.claude/settings.json",
            "node_modules/opencode.json",
            "web/dist/app.js",
            ".env",
            "kept.log",
            "taken.log",
            "not-listed",
        ] {
            put(&from, path, "old");
        }
        symlink("/usr/bin/env", from.join("node_modules/link")).unwrap();
        fs::set_permissions(from.join("node_modules/a"), Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(from.join("web/dist"), Permissions::from_mode(0o500)).unwrap();
        put(&to, "taken.log", "new");
        put(&to, "file", "");
        let list = [
            "node_modules",
            "web/dist",
            ".env",
            "kept.log",
            "taken.log",
            "gone",
            "file/below",
        ];
        for path in list {
            carry_over(&from, (&to, &[]), Path::new(path)).unwrap();
        }
        assert_eq!(
            names(&to),
            [
                "file",
                "kept.log",
                "node_modules/a/index.js",
                "node_modules/link",
                "taken.log",
                "web/dist/app.js",
            ]
        );
        assert_eq!(fs::read_to_string(to.join("taken.log")).unwrap(), "new");
        assert_eq!(
            fs::read_link(to.join("node_modules/link")).unwrap(),
            Path::new("/usr/bin/env")
        );
    }

    #[test]
    fn nothing_covers_what_the_layers_below_have() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for path in ["file/x.log", "folder/x.log", "folder/y.log", "new/x.log"] {
            put(&at("from"), path, "old");
        }
        put(&at("base"), "file", "");
        put(&at("base"), "folder/x.log", "");
        put(&at("base"), "folder/y.log", "");
        fs::create_dir(at("to")).unwrap();
        let layers = [at("delta"), at("base")];
        fs::create_dir_all(at("delta/folder")).unwrap();
        let kind = rustix::fs::FileType::CharacterDevice;
        let gone = at("delta/folder/y.log");
        rustix::fs::mknodat(rustix::fs::CWD, gone, kind, rustix::fs::Mode::empty(), 0).unwrap();
        for path in ["file/x.log", "folder/x.log", "folder/y.log", "new"] {
            carry_over(&at("from"), (&at("to"), &layers), Path::new(path)).unwrap();
        }
        assert_eq!(names(&at("to")), ["folder/y.log", "new/x.log"]);
    }

    #[test]
    fn nothing_is_moved_through_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let (from, to) = (temp.path().join("from"), temp.path().join("to"));
        put(&from, "out/x.log", "x");
        put(&temp.path().join("elsewhere"), "own", "");
        fs::create_dir(&to).unwrap();
        symlink("../elsewhere", to.join("out")).unwrap();
        carry_over(&from, (&to, &[]), Path::new("out/x.log")).unwrap();
        assert_eq!(names(&temp.path().join("elsewhere")), ["own"]);
    }
}
