//! The private object store of a run: a bare git repository that converts nothing and runs nothing. It
//! reads the user's objects while the snapshot is taken, and needs nobody's afterwards.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::model::TreeId;

use super::materialize::made;
use super::{Doing, Project, WorkspaceError, folder, index};
use crate::files::{self, if_there};

/// Where git reads whose objects it may use too.
const ALTERNATES: &str = "objects/info/alternates";
/// How many repositories one behind the other may borrow objects; git follows as many.
const LENDERS: u8 = 5;

/// Highest precedence of all attribute files: whatever `.gitattributes` says, bytes stay bytes.
pub(super) const ATTRIBUTES: &str = "* -text -eol -ident -filter -working-tree-encoding\n";

/// It is for its owner alone, whatever the umask. The names that git's Windows and macOS protections refuse are ordinary names here.
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
\tsharedRepository = 0600
";

/// Makes the store's files. A store that is there already is completed, its objects stay.
pub(super) fn prepare(project: &Project, store: &Path) -> Result<(), WorkspaceError> {
    let user = project.repository()?;
    lay_out(store, user.is_some_and(|user| user.is_sha256))?;
    match user {
        Some(user) => write(store, ALTERNATES, &quoted(&user.objects)),
        None => Ok(()),
    }
}

/// Writes what a run's store is set to anew: git obeys what it finds there, and anybody who writes to the
/// project may have put something else there. The objects stay.
///
/// # Errors
/// If there is no store any more, above all.
pub fn reopen_store(store: &Path, base: &TreeId) -> Result<(), WorkspaceError> {
    let objects = store.join("objects");
    objects.metadata().doing("open", &objects)?;
    lay_out(store, is_sha256(base))
}

/// A store of our own in the folder `at`, gone when it is dropped, by which trees of a run's store are read. Nothing of the run's
/// own is obeyed, and nothing in it changes.
///
/// # Errors
/// If there is no such store, or no room for a temporary one.
pub fn borrow_store(store: &Path, base: &TreeId, at: &Path) -> Result<TempDir, WorkspaceError> {
    let lent = store.join("objects");
    let lent = lent.canonicalize().doing("open", &lent)?;
    let own = tempfile::tempdir_in(at).doing("create", at)?;
    lay_out(own.path(), is_sha256(base))?;
    write(own.path(), ALTERNATES, &quoted(&lent))?;
    Ok(own)
}

/// A store that belongs to no run, made if it is not there yet; for trees like this one.
///
/// # Errors
/// There is no room for it.
pub fn own_store(store: &Path, like: &TreeId) -> Result<(), WorkspaceError> {
    lay_out(store, is_sha256(like))
}

pub(super) fn is_sha256(tree: &TreeId) -> bool {
    tree.as_str().len() == 64
}

fn lay_out(store: &Path, sha256: bool) -> Result<(), WorkspaceError> {
    for folder in ["objects/info", "objects/pack", "refs", "info"] {
        made(&store.join(folder))?;
    }
    let config = match sha256 {
        true => format!(
            "[core]\n\trepositoryformatversion = 1\n{CORE}[extensions]\n\tobjectformat = sha256\n"
        ),
        false => format!("[core]\n\trepositoryformatversion = 0\n{CORE}"),
    };
    write(store, "config", config.as_bytes())?;
    write(store, "HEAD", b"ref: refs/heads/none\n")?;
    write(store, "info/attributes", ATTRIBUTES.as_bytes())
}

/// Makes the store hold all of a tree by itself, whatever the user's git prunes from now on.
///
/// The user's packs are linked and not copied, as `git clone` does: git never changes a pack, so neither
/// side can harm the other, and history costs no space until the user's git drops those packs. What lies
/// in no pack is copied; where packs cannot be linked, the whole tree is.
///
/// All that it holds lies in packs then. What belongs to the tree `there` is there already.
pub(super) fn detach(
    project: &Project,
    store: &Path,
    tree: &TreeId,
    there: Option<&TreeId>,
) -> Result<(), WorkspaceError> {
    let user = project.repository()?;
    let objects = store.join("objects");
    let linked = user.is_none_or(|user| {
        let all = lenders(&user.objects, LENDERS);
        all.is_ok_and(|all| {
            let mut all = all.iter();
            all.all(|lender| link_packs(lender, &objects.join("pack")).is_ok())
        })
    });
    if there != Some(tree) {
        let mut how = vec!["-q"];
        if linked {
            how.push("--incremental");
        }
        let there = there.map(|there| format!("^{there}"));
        let roots = [tree.to_string()].into_iter().chain(there);
        pack_objects(store, &objects, &how, roots)?;
        index::git(store)?.args(["prune-packed", "-q"]).done()?;
    }
    let alternates = store.join(ALTERNATES);
    if_there(fs::remove_file(&alternates))
        .map(drop)
        .doing("remove", &alternates)
}

/// Makes one pack of these trees, and removes all others from the object folder.
pub(super) fn repack(
    store: &Path,
    objects: &Path,
    trees: impl Iterator<Item = String>,
) -> Result<(), WorkspaceError> {
    let name = pack_objects(store, objects, &["-q"], trees)?;
    for entry in folder::entries(&objects.join("pack"))? {
        let path = entry?.path();
        if !path.to_string_lossy().contains(name.trim()) {
            fs::remove_file(&path).doing("remove", &path)?;
        }
    }
    Ok(())
}

/// Packs what belongs to these trees into an object folder. No search for deltas: it takes long, and what was packed
/// before is taken over as it is.
pub(super) fn pack_objects(
    store: &Path,
    objects: &Path,
    how: &[&str],
    trees: impl Iterator<Item = String>,
) -> Result<String, WorkspaceError> {
    let trees: Vec<String> = trees.map(|tree| tree + "\n").collect();
    index::git(store)?
        .args(["pack-objects", "--revs", "--window=0", "--non-empty"])
        .args(how)
        .args([made(&objects.join("pack"))?.join("pack")])
        .stdin(trees.concat().into_bytes())
        .said()
}

/// Links the packs of an object folder into a store, of which it gives the number of packs.
pub(super) fn link_all_packs(objects: &Path, store: &Path) -> io::Result<usize> {
    let packs = store.join("objects/pack");
    fs::create_dir_all(&packs)?;
    link_packs(objects, &packs)?;
    Ok(packs.read_dir()?.count() / 2)
}

/// A store for the time of one task: it reads what the run's store and the user's repository hold.
pub(super) fn joined(project: &Project, store: &Path) -> Result<TempDir, WorkspaceError> {
    let store = store.canonicalize().doing("open", store)?;
    let joined = tempfile::tempdir_in(&store).doing("create", &store)?;
    prepare(project, joined.path())?;
    let mut lines = quoted(&store.join("objects"));
    if let Some(user) = project.repository()? {
        lines.extend(quoted(&user.objects));
    }
    write(joined.path(), ALTERNATES, &lines)?;
    Ok(joined)
}

/// Links the packs of an object folder.
fn link_packs(objects: &Path, to: &Path) -> io::Result<()> {
    let folder = objects.join("pack");
    let entries = if_there(folder.read_dir())?.into_iter().flatten();
    let names = entries.map(|entry| Ok(entry?.file_name()));
    let names: Vec<OsString> = names.collect::<io::Result<_>>()?;
    // The index comes last: it is what makes git look for the pack.
    for kind in ["pack", "idx"] {
        let is_kind = |name: &&OsString| Path::new(name).extension() == Some(OsStr::new(kind));
        for name in names.iter().filter(is_kind) {
            match fs::hard_link(folder.join(name), to.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked?,
            }
        }
    }
    Ok(())
}

/// An object folder, and those from which it borrows, one behind the other.
fn lenders(objects: &Path, left: u8) -> io::Result<Vec<PathBuf>> {
    let mut all = vec![objects.to_owned()];
    let lines = files::read(&objects.join("info/alternates"), files::RECORD);
    let lines = if_there(lines)?.unwrap_or_default();
    let is_path = |line: &&[u8]| !line.is_empty() && !line.starts_with(b"#");
    for line in lines.split(|byte| *byte == b'\n').filter(is_path) {
        if left == 0 || line.starts_with(b"\"") {
            return Err(io::ErrorKind::Unsupported.into());
        }
        all.extend(lenders(&objects.join(OsStr::from_bytes(line)), left - 1)?);
    }
    Ok(all)
}

/// The user's object folder and those from which it borrows; none without a repository.
pub(super) fn users_objects(project: &Project) -> Result<Vec<PathBuf>, WorkspaceError> {
    let Some(user) = project.repository()? else {
        return Ok(Vec::new());
    };
    lenders(&user.objects, LENDERS).doing("read", &user.objects)
}

/// A line of the list of shared object folders.
fn quoted(path: &Path) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'\n' => line.extend(b"\\n"),
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            _ => line.push(*byte),
        }
    }
    line.extend(b"\"\n");
    line
}

fn write(store: &Path, name: &str, bytes: &[u8]) -> Result<(), WorkspaceError> {
    let path = store.join(name);
    files::write(&path, bytes).doing("write", &path)
}
