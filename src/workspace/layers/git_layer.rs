//! A repository for cells: the project's history to read, and nothing of the user's settings. Of the user's own repository
//! only objects are to be seen.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::git::Git;
use super::super::index::PrivateIndex;
use super::super::materialize::made;
use super::super::outer_rules;
use super::super::space::create_repository;
use super::super::store;
use super::super::{Doing, Project, ProjectKind, WorkspaceError, tree};
use super::parts::Parts;
use crate::files;
use crate::model::TreeId;

/// Where cells see the object folders of the user.
const INSIDE: &str = "/run/tipstaff/git";

/// Nothing is run, converted or cleaned up. Of a file's state only time and size are compared: in a cell, the rest differs.
const CONFIG: &str = "\tbare = false
\tfilemode = true
\tsymlinks = true
\tignorecase = false
\thooksPath = /dev/null
\tfsmonitor = false
\ttrustctime = false
\tcheckStat = minimal
\tautocrlf = false
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
";

/// A layer with a repository, and the folders that it needs beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitLayer {
    /// The folder that holds `.git`.
    pub layer: PathBuf,
    /// What has to be there for reading, in this order: where it lies, and where a cell expects it.
    pub binds: Vec<(PathBuf, PathBuf)>,
}

impl GitLayer {
    pub(super) fn of(project: &Project, layer: PathBuf) -> Result<Self, WorkspaceError> {
        let mut binds = Vec::new();
        for (number, objects) in lent(project)?.into_iter().enumerate() {
            let inside = Path::new(INSIDE).join(number.to_string());
            let borrows = "info/alternates";
            let hides = objects.join(borrows).exists();
            binds.push((objects, inside.clone()));
            // It names folders of the machine, which are not there.
            if hides {
                binds.push((layer.join(".git/none"), inside.join(borrows)));
            }
        }
        Ok(Self { layer, binds })
    }
}

/// The user's object folders, if the project is a repository from its top on.
fn lent(project: &Project) -> Result<Vec<PathBuf>, WorkspaceError> {
    match &project.kind {
        ProjectKind::Git { top } if *top == project.root => store::users_objects(project),
        ProjectKind::Git { .. } | ProjectKind::Plain => Ok(Vec::new()),
    }
}

pub(super) fn make(
    project: &Project,
    store: &Path,
    parts: &Parts,
    at: &Path,
) -> Result<(), WorkspaceError> {
    let git = made(at)?.join(".git");
    create_repository(&git)?;
    let lenders = lent(project)?;
    let Some(repository) = project.repository()?.filter(|_| !lenders.is_empty()) else {
        return Ok(());
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = git.join(name);
        files::write(&path, bytes).doing("write", &path)
    };
    let user = || Git::reading(&project.root);
    let head = Head::of(user)?;
    let refs = user()
        .args(["for-each-ref", "--format=%(objectname) %(refname)"])
        .args(["refs/heads", "refs/tags", "refs/remotes"])
        .run()?;
    made(&git.join("objects/info"))?;
    made(&git.join("info"))?;
    let format = match parts.tree.as_str().len() {
        64 => "\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n[core]\n",
        _ => "\trepositoryformatversion = 0\n",
    };
    write("config", format!("[core]\n{format}{CONFIG}").as_bytes())?;
    write("HEAD", head.text.as_bytes())?;
    write("packed-refs", &refs)?;
    write("none", b"")?;
    write("info/attributes", store::ATTRIBUTES.as_bytes())?;
    write("info/exclude", &exclude(store))?;
    let lines = (0..lenders.len()).map(|number| format!("{INSIDE}/{number}\n"));
    write(
        "objects/info/alternates",
        lines.collect::<String>().as_bytes(),
    )?;
    if let Ok(commits) = files::read(&repository.common("shallow"), files::RECORD) {
        write("shallow", &commits)?;
    }
    let joined = store::joined(project, store)?;
    if head.tree.as_ref() != Some(&parts.tree) {
        let there = head.tree.map(|tree| format!("^{tree}"));
        let wanted = [parts.tree.to_string()].into_iter().chain(there);
        store::pack_objects(joined.path(), &git.join("objects"), &["-q"], wanted)?;
    }
    write_index(joined.path(), parts, &git.join("index"))
}

/// What is checked out.
struct Head {
    /// As git's own file has it.
    text: String,
    /// None before the first commit.
    tree: Option<TreeId>,
}

impl Head {
    fn of(user: impl Fn() -> Git) -> Result<Self, WorkspaceError> {
        let said = user()
            .args(["rev-parse", "HEAD^{commit}", "HEAD^{tree}"])
            .args(["--symbolic-full-name", "HEAD"])
            .said();
        let Ok(said) = said else {
            let branch = user().args(["symbolic-ref", "-q", "HEAD"]).said()?;
            let (text, tree) = (format!("ref: {branch}\n"), None);
            return Ok(Self { text, tree });
        };
        let mut lines = said.lines();
        let mut line = || lines.next().unwrap_or_default();
        let (commit, tree) = (line(), TreeId::parse(line()));
        let text = match line() {
            "HEAD" => format!("{commit}\n"),
            branch => format!("ref: {branch}\n"),
        };
        Ok(Self { text, tree })
    }
}

/// The rules of the user that are not part of the tree, the weightiest last.
fn exclude(store: &Path) -> Vec<u8> {
    let mut rules = outer_rules::recorded(store);
    rules.retain(|rules| rules.below.is_empty());
    rules.reverse();
    let texts = rules.iter().map(|rules| rules.text.as_str());
    texts
        .chain(["/.tipstaff/\n"])
        .collect::<Vec<_>>()
        .join("\n")
        .into_bytes()
}

/// An index of the tree that knows the files of its layers, so that git need not read them. What is hidden from agents is
/// not missed.
fn write_index(store: &Path, parts: &Parts, at: &Path) -> Result<(), WorkspaceError> {
    let index = PrivateIndex::new(store)?;
    copy(&parts.base.index(), index.file())?;
    let gone = tree::entries_at(store, &parts.base.tree, parts.delta.gone())?;
    if !gone.is_empty() {
        index.remove(&parts.base.files(), gone.keys().map(PathBuf::as_path))?;
    }
    if let Some(delta) = parts.stack.tree.first().filter(|_| !parts.delta.is_empty()) {
        index.add_files(delta, parts.delta.written())?;
    }
    let hidden: Vec<&PathBuf> = parts.hidden.paths().collect();
    let hidden = tree::entries_at(store, &parts.tree, &hidden)?;
    if !hidden.is_empty() {
        index.skip(&parts.base.files(), hidden.keys().map(PathBuf::as_path))?;
    }
    copy(index.file(), at)?;
    // Files of the same second as the index are read anew each time. No layer changes, so these need not be.
    let file = files::update(at).doing("open", at)?;
    file.set_modified(SystemTime::now() + Duration::from_secs(1))
        .doing("write", at)
}

fn copy(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let _ = fs::remove_file(to);
    files::open(from)
        .and_then(|mut from| io::copy(&mut from, &mut files::create(to, 0o600)?))
        .map(drop)
        .doing("copy", from)
}
