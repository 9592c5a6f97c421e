//! What is kept of a project between runs, in the user's own cache: the index of the last snapshot, by which the
//! next one reads only what changed since, and the objects that it names. Every run can do without; whatever is
//! wrong with it, files are read anew.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::index::PrivateIndex;
use super::materialize::made;
use super::scratch::check_ours;
use super::{Doing, Project, WorkspaceError, folder, remove_tree, store};
use crate::files;
use crate::model::TreeId;

/// With more packs than this, one is made of what is still used.
const MOST_PACKS: usize = if cfg!(test) { 4 } else { 40 };

/// The cache of one project. Nobody but its user can look into it.
#[derive(Debug, Clone)]
pub struct ProjectCache {
    root: PathBuf,
}

impl ProjectCache {
    /// The cache of a project, in the folder `caches` of all of them; made if it is not there.
    ///
    /// # Errors
    /// [`WorkspaceError::FolderTaken`] if somebody else could look into or owns what is there.
    pub fn open(caches: &Path, project: &Project) -> Result<Self, WorkspaceError> {
        let name = blake3::hash(project.root.as_os_str().as_bytes()).to_hex();
        let root = caches.join(name.get(..32).unwrap_or(&name));
        let made = made(&root)?;
        check_ours(caches)?;
        check_ours(&root)?;
        // Whose home is a repository takes no snapshots of snapshots.
        let ignored = caches.join(".gitignore");
        if !ignored.exists() {
            files::write(&ignored, "*\n").doing("write", &ignored)?;
        }
        Ok(Self { root: made })
    }

    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Gives a store the index of the last snapshot, at `index`, and all that it names; the tree that it stands for.
    pub(super) fn lend(&self, store: &Path, index: &PrivateIndex) -> Option<TreeId> {
        let _shared = self.locked(File::lock_shared).ok()?;
        let tree = self.last_tree()?;
        store::link_all_packs(&self.objects(), store).ok()?;
        // The index is never written to, but replaced; its time says which files may have changed since.
        fs::hard_link(self.index(), index.file()).ok()?;
        Some(tree)
    }

    /// Takes over the index of a snapshot, and the packs of its store, which hold all that the index names.
    pub(super) fn keep(
        &self,
        store: &Path,
        index: &PrivateIndex,
        tree: &TreeId,
    ) -> Result<(), WorkspaceError> {
        let _alone = self.locked(File::lock).doing("lock", &self.root)?;
        let packs = store::link_all_packs(&store.join("objects"), &self.store())
            .doing("link packs to", &self.root)?;
        files::open(index.file())
            .and_then(|index| index.sync_data())
            .doing("sync", index.file())?;
        let new = self.index().with_extension("new");
        let _ = fs::remove_file(&new);
        fs::hard_link(index.file(), &new).doing("link", &new)?;
        fs::rename(&new, self.index()).doing("replace", &self.index())?;
        files::replace_unsynced(&self.tree(), tree.as_str().as_bytes())
            .doing("write", &self.tree())?;
        match packs > MOST_PACKS {
            true => {
                // What leads from a base to another tree can only be said as long as the base's tree is here.
                let at = self.bases();
                let bases = folder::entries(&at).into_iter().flatten().flatten();
                let names = bases.filter_map(|base| base.file_name().into_string().ok());
                let trees = names.filter(|name| TreeId::parse(name).is_some());
                store::repack(store, &self.objects(), trees.chain([tree.to_string()]))
            }
            false => Ok(()),
        }
    }

    /// The tree of the last snapshot.
    pub(super) fn last_tree(&self) -> Option<TreeId> {
        let tree = files::read(&self.tree(), 100).ok()?;
        TreeId::parse(str::from_utf8(&tree).ok()?)
    }

    /// What is made from this tree serves other runs, too, as that of the last snapshot does.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn stands_for(&self, tree: &TreeId) -> Result<(), WorkspaceError> {
        files::replace_unsynced(&self.tree(), tree.as_str().as_bytes()).doing("write", &self.tree())
    }

    /// Forgets the last snapshot.
    pub(super) fn forget(&self) {
        let _alone = self.locked(File::lock);
        let _ = fs::remove_file(self.tree());
        let _ = remove_tree(&self.store());
    }

    fn locked(&self, lock: impl Fn(&File) -> std::io::Result<()>) -> std::io::Result<File> {
        let folder = files::open_folder(&self.root)?;
        lock(&folder)?;
        Ok(folder)
    }

    /// Trees that were checked out, each in a folder of its name.
    pub(super) fn bases(&self) -> PathBuf {
        self.root.join("bases")
    }

    /// What commands of `setup` made, each in a folder of its digest.
    pub(super) fn setups(&self) -> PathBuf {
        self.root.join("setup")
    }

    fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    fn store(&self) -> PathBuf {
        self.root.join("store.git")
    }

    fn objects(&self) -> PathBuf {
        self.store().join("objects")
    }
}
