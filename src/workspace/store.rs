//! The private object store of a run: a bare git repository that shares the user's objects for
//! reading, converts nothing, and runs nothing.

use std::fs;
use std::path::Path;

use super::git::Git;
use super::{Project, ProjectKind, WorkspaceError};
use crate::files;

/// Highest precedence of all attribute files: whatever `.gitattributes` says, bytes stay bytes.
const ATTRIBUTES: &str = "* -text -eol -ident -filter -working-tree-encoding\n";

/// The names that git's Windows and macOS protections refuse are ordinary names here.
const CORE: &str = "\tbare = true
\tfilemode = true
\tsymlinks = true
\tignorecase = false
\tprecomposeunicode = false
\tautocrlf = false
\teol = lf
\tsafecrlf = false
\tprotectHFS = false
\tprotectNTFS = false
\tcompression = 1
";

/// Makes the store's files. A store that is there already is completed, its objects stay.
pub(super) fn prepare(project: &Project, store: &Path) -> Result<(), WorkspaceError> {
    let user = user_objects(project)?;
    for folder in ["objects/info", "refs", "info"] {
        let folder = store.join(folder);
        fs::create_dir_all(&folder).map_err(WorkspaceError::io("create", &folder))?;
    }
    let sha256 = user.as_ref().is_some_and(|user| user.format == "sha256");
    let config = match sha256 {
        true => format!(
            "[core]\n\trepositoryformatversion = 1\n{CORE}[extensions]\n\tobjectformat = sha256\n"
        ),
        false => format!("[core]\n\trepositoryformatversion = 0\n{CORE}"),
    };
    write(store, "config", config.as_bytes())?;
    write(store, "HEAD", b"ref: refs/heads/none\n")?;
    write(store, "info/attributes", ATTRIBUTES.as_bytes())?;
    if let Some(user) = user
        && is_plain_line(&user.objects)
    {
        let mut line = user.objects;
        line.push(b'\n');
        write(store, "objects/info/alternates", &line)?;
    }
    Ok(())
}

struct UserObjects {
    /// `sha1` or `sha256`.
    format: String,
    /// Absolute path of the user's object folder.
    objects: Vec<u8>,
}

fn user_objects(project: &Project) -> Result<Option<UserObjects>, WorkspaceError> {
    match &project.kind {
        ProjectKind::Plain => Ok(None),
        ProjectKind::Git { .. } => {
            let said = Git::reading(&project.root)
                .args(["rev-parse", "--show-object-format"])
                .args(["--path-format=absolute", "--git-path", "objects"])
                .run()?;
            let mut lines = said.splitn(2, |byte| *byte == b'\n');
            let format = lines.next().unwrap_or_default();
            let objects = lines.next().unwrap_or_default();
            Ok(Some(UserObjects {
                format: String::from_utf8_lossy(format).into_owned(),
                objects: objects.strip_suffix(b"\n").unwrap_or(objects).to_owned(),
            }))
        }
    }
}

/// The list of shared object folders has one a line; a path that cannot be written so is not shared,
/// which costs space and nothing else.
fn is_plain_line(path: &[u8]) -> bool {
    path.starts_with(b"/") && !path.contains(&b'\n')
}

fn write(store: &Path, name: &str, bytes: &[u8]) -> Result<(), WorkspaceError> {
    let path = store.join(name);
    files::write(&path, bytes).map_err(WorkspaceError::io("write", &path))
}
