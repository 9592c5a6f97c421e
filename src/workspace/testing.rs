//! Repositories and random trees for this module's tests.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::{Just, Strategy, any, prop};

use super::index::PrivateIndex;
use super::materialize::made;
use super::{
    ControlFiles, Edited, Files, Progress, Project, ProjectCache, Snapshot, Workspace,
    WorkspaceError,
};
use crate::model::TreeId;

/// A file as far as a snapshot keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    File { bytes: Vec<u8>, executable: bool },
    Link(PathBuf),
}

pub(super) type Tree = BTreeMap<PathBuf, Leaf>;

pub(super) struct Repo {
    _temp: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) store: PathBuf,
    pub(super) base: PathBuf,
    pub(super) cache: PathBuf,
}

impl Repo {
    pub(super) fn plain() -> Self {
        Self::below(tempfile::tempdir().unwrap())
    }

    /// A repository where very many files cost little.
    pub(super) fn in_memory() -> Self {
        let temp = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let repo = Self::below(temp.unwrap());
        repo.run(&["init", "-q", "-b", "main"]);
        repo
    }

    fn below(temp: tempfile::TempDir) -> Self {
        let path = temp.path().canonicalize().unwrap();
        fs::create_dir(path.join("project")).unwrap();
        Self {
            root: path.join("project"),
            store: path.join("store.git"),
            base: path.join("base"),
            cache: path.join("cache"),
            _temp: temp,
        }
    }

    pub(super) fn git() -> Self {
        let repo = Self::plain();
        repo.run(&["init", "-q", "-b", "main"]);
        repo
    }

    pub(super) fn run(&self, args: &[&str]) {
        let identity = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "core.protectNTFS=false",
        ];
        duct::cmd("git", identity.iter().chain(args))
            .dir(&self.root)
            .stdout_null()
            .stderr_null()
            .run()
            .unwrap();
    }

    pub(super) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Takes the snapshot from `start` and materializes it.
    pub(super) fn snapshot(&self, start: &Path) -> (Snapshot, Tree) {
        let project = Project::discover(start).unwrap();
        let cache = ProjectCache::open(&self.cache, &project).unwrap();
        let snapshot =
            Snapshot::take(&project, &self.store, Some(&cache), &Progress::default()).unwrap();
        materialize(&self.store, &snapshot.tree, &self.base).unwrap();
        let tree = read_tree(&self.base);
        (snapshot, tree)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let (snapshot, tree) = self.snapshot(&self.root);
        assert_eq!(snapshot.files, tree.len());
        tree.keys().map(|path| path.display().to_string()).collect()
    }
}

/// Writes a tree's files into a folder, as git does it.
pub(super) fn materialize(store: &Path, tree: &TreeId, into: &Path) -> Result<(), WorkspaceError> {
    let into = made(into)?;
    let index = PrivateIndex::new(store)?;
    let git = index.git(&into);
    git.args(["read-tree", "--reset", "-u", tree.as_str()])
        .done()
}

impl<'a> Edited<'a> {
    pub(super) fn copy(at: &'a Path) -> Self {
        Self { at, layers: &[] }
    }
}

/// A workspace that is a copy of a tree.
pub(super) fn copy(store: &Path, tree: &TreeId, control: ControlFiles, at: &Path) -> Workspace {
    let files = Files {
        store,
        tree,
        wanted: None,
        control,
    };
    Workspace::create_copy(&files, &[], at).unwrap()
}

/// What mounted layers show.
pub(super) fn shown(layers: &[&Path]) -> Tree {
    let temp = in_overlay(layers, "cp -a . ../shown");
    read_tree(&temp.path().join("shown"))
}

/// Mounts these layers below a new upper folder, and runs a script of shell commands there. The upper folder, `upper` in
/// the one returned, is left as the script left it.
pub(super) fn in_overlay(layers: &[&Path], script: &str) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    for name in ["upper", "work", "files", "empty"] {
        fs::create_dir(at(name)).unwrap();
    }
    let lower: Vec<&str> = layers.iter().map(|layer| layer.to_str().unwrap()).collect();
    // An overlay wants two folders at least.
    let lower = format!("{}:{}", lower.join(":"), at("empty").display());
    fs::write(at("script"), script).unwrap();
    let mount = "mount -t overlay overlay -o \"userxattr,lowerdir=$1,upperdir=upper,workdir=work\" files \
        && cd files && exec timeout 30 sh -e ../script";
    let done = duct::cmd!(
        "unshare",
        "--user",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        mount,
        "sh",
        lower
    )
    .dir(temp.path())
    .stderr_to_stdout()
    .stdout_capture()
    .unchecked()
    .run()
    .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "these tests need user namespaces and overlays in them (`unshare -Urm`): {said}"
    );
    temp
}

pub(super) fn read_tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                tree.insert(path, Leaf::Link(fs::read_link(entry.path()).unwrap()));
            } else {
                let mode = entry.metadata().unwrap().permissions().mode();
                let bytes = fs::read(entry.path()).unwrap();
                let executable = mode & 0o100 != 0;
                tree.insert(path, Leaf::File { bytes, executable });
            }
        }
    }
    tree
}

pub(super) fn write_tree(root: &Path, tree: &Tree) {
    for (path, leaf) in tree {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match leaf {
            Leaf::Link(target) => symlink(target, path).unwrap(),
            Leaf::File { bytes, executable } => {
                fs::write(&path, bytes).unwrap();
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

/// Names that break careless tools; none is reserved, and `.gitignore` would change the listing.
pub(super) fn name() -> impl Strategy<Value = Vec<u8>> {
    let chosen = prop::sample::select(vec![
        "a",
        "b c",
        "-rf",
        "--",
        "ü",
        "line\nbreak",
        "tab\t",
        "\"quoted\"",
        "back\\slash",
        ":(top)x",
        "cr\r",
        "git~x",
        "*",
        "~",
        "#x",
        "!x",
        ".hidden",
        "con",
        "a:b",
        " lead",
        "trail ",
    ])
    .prop_map(|name| name.as_bytes().to_vec());
    let raw = prop::collection::vec(any::<u8>(), 1..8).prop_map(|mut bytes| {
        for byte in &mut bytes {
            if matches!(*byte, 0 | b'/' | b'.') {
                *byte = b'_';
            }
        }
        bytes
    });
    proptest::prop_oneof![3 => chosen, 1 => raw]
}

pub(super) fn leaf() -> impl Strategy<Value = Leaf> {
    let bytes = proptest::prop_oneof![
        Just(Vec::new()),
        Just(b"dos\r\nlines\r\n".to_vec()),
        Just(b"mixed\r\nlines\n$Id$\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..200),
    ];
    let file =
        (bytes, any::<bool>()).prop_map(|(bytes, executable)| Leaf::File { bytes, executable });
    // No name begins so: a link that leads in a circle would be left out of a workspace.
    let link = name()
        .prop_map(|target| Leaf::Link(OsStr::from_bytes(&[b"to ", &target[..]].concat()).into()));
    proptest::prop_oneof![5 => file, 1 => link]
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let path = prop::collection::vec(name(), 1..4)
        .prop_map(|parts| parts.iter().map(|part| OsStr::from_bytes(part)).collect());
    prop::collection::btree_map(path, leaf(), 0..12).prop_map(|tree: Tree| {
        // A path below another one's leaf cannot exist.
        let leaves: Vec<PathBuf> = tree.keys().cloned().collect();
        let is_free = |path: &Path| {
            path.ancestors()
                .skip(1)
                .all(|up| !leaves.contains(&up.into()))
        };
        tree.into_iter().filter(|(path, _)| is_free(path)).collect()
    })
}
