//! Trees on their way to another machine and back: packs in a folder that both see. A tree that is there already is not
//! packed again, and of a later one only what differs. git names objects by what they hold, so what arrives is what was
//! sent, or is refused.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::index::git;
use super::materialize::made;
use super::{Doing, Project, WorkspaceError, store};
use crate::files::{self, NewFile};
use crate::model::TreeId;

/// A tree that stands on more packs than this is packed whole.
const LONGEST: usize = 24;
/// Names the tree on which the next one is likely to stand.
const LAST: &str = "last";

/// Puts what makes up these trees into a folder, and tells which of its packs they need, in this order. Those after the
/// first are likely to differ little from it. Blocks.
///
/// # Errors
/// Neither a run's store nor the user's repository holds one of them, or the folder takes no more.
pub fn send(
    project: &Project,
    store: &Path,
    folder: &Path,
    trees: &[TreeId],
) -> Result<Vec<String>, WorkspaceError> {
    made(folder)?;
    let last = files::read(&folder.join(LAST), 100).ok();
    let mut below = last.and_then(|last| TreeId::parse(str::from_utf8(&last).ok()?));
    let mut packs: Vec<String> = Vec::new();
    for (number, tree) in trees.iter().enumerate() {
        let needed = match known(folder, tree) {
            Some(needed) => needed,
            None => add(
                store::joined(project, store)?.path(),
                folder,
                tree,
                below.as_ref(),
            )?,
        };
        let new: Vec<String> = needed
            .into_iter()
            .filter(|pack| !packs.contains(pack))
            .collect();
        packs.extend(new);
        if number == 0 {
            let last = folder.join(LAST);
            files::replace_unsynced(&last, tree.as_str().as_bytes()).doing("write", &last)?;
            below = Some(tree.clone());
        }
    }
    Ok(packs)
}

/// The packs of a tree that was sent before.
fn known(folder: &Path, tree: &TreeId) -> Option<Vec<String>> {
    let at = folder.join(tree.as_str());
    let record = files::read(&at, files::RECORD).ok()?;
    let packs = str::from_utf8(&record).ok()?.lines().map(str::to_owned);
    let packs: Vec<String> = packs.collect();
    for name in packs.iter().map(|pack| folder.join(pack)).chain([at]) {
        // What was used of late is kept.
        files::update(&name)
            .and_then(|file| file.set_modified(SystemTime::now()))
            .ok()?;
    }
    Some(packs)
}

fn add(
    store: &Path,
    folder: &Path,
    tree: &TreeId,
    below: Option<&TreeId>,
) -> Result<Vec<String>, WorkspaceError> {
    let is_here = |tree: &TreeId| {
        let found = git(store).and_then(|git| git.args(["cat-file", "-e", tree.as_str()]).done());
        found.is_ok()
    };
    let below = below.filter(|below| is_here(below));
    let below = below.and_then(|below| Some((below, known(folder, below)?)));
    let (below, mut packs) = match below.filter(|(_, packs)| packs.len() < LONGEST) {
        Some((below, packs)) => (Some(below), packs),
        None => (None, Vec::new()),
    };
    packs.extend(pack(store, folder, tree, below)?);
    let at = folder.join(tree.as_str());
    files::replace(&at, packs.join("\n").as_bytes()).doing("write", &at)?;
    Ok(packs)
}

/// Puts one pack into a folder, with what a tree holds beyond another one; `None` if that is nothing. Blocks.
///
/// # Errors
/// As [`send`].
pub fn pack(
    store: &Path,
    folder: &Path,
    tree: &TreeId,
    below: Option<&TreeId>,
) -> Result<Option<String>, WorkspaceError> {
    // git moves what it has written to where it is wanted, which it cannot do from one file system to another.
    let making = tempfile::tempdir_in(store).doing("create a folder in", store)?;
    let wanted = [tree.to_string()]
        .into_iter()
        .chain(below.map(|below| format!("^{below}")));
    let name = store::pack_objects(store, making.path(), &["-q"], wanted)?;
    if name.is_empty() {
        return Ok(None);
    }
    let name = format!("pack-{name}.pack");
    let (from, to) = (making.path().join("pack").join(&name), folder.join(&name));
    let copied = files::open(&from).and_then(|mut from| {
        let mut new = NewFile::at(&to)?;
        io::copy(&mut from, &mut new)?;
        new.put()
    });
    copied.doing("write", &to)?.sync();
    Ok(Some(name))
}

/// Takes these packs of a folder into a store, where they are not there yet. Blocks.
///
/// # Errors
/// One is not there, is not whole, or there is no room for it.
pub fn receive(folder: &Path, store: &Path, packs: &[String]) -> Result<(), WorkspaceError> {
    let into = made(&store.join("objects/pack"))?;
    for pack in packs {
        let (from, to) = (folder.join(pack), into.join(pack));
        if to.with_extension("idx").exists() {
            continue;
        }
        let making = tempfile::tempdir_in(&into).doing("create a folder in", &into)?;
        let new = making.path().join(pack);
        files::open(&from)
            .and_then(|mut from| {
                let mut new = files::create(&new, 0o600)?;
                io::copy(&mut from, &mut new)?;
                // git does so with the index, by which the pack is taken to be whole from then on.
                new.sync_all()
            })
            .doing("copy", &from)?;
        if let Err(error) = git(store)?.args(["index-pack"]).args([&new]).done() {
            // What is damaged is sent again only if it is not there.
            let _ = fs::remove_file(&from);
            return Err(error);
        }
        // The index comes last: it is what makes git look for the pack.
        for ending in ["pack", "idx"] {
            let (from, to) = (new.with_extension(ending), to.with_extension(ending));
            fs::rename(&from, &to).doing("move", &from)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::Head;
    use super::super::testing::Repo;
    use super::*;

    /// The last commit's own tree is in no pack, and not the snapshot's.
    #[test]
    fn a_tree_that_only_the_users_repository_holds_is_sent() {
        let repo = Repo::git();
        repo.write("dir/old", "old\n");
        repo.run(&["add", "."]);
        repo.run(&["commit", "-qm", "one"]);
        repo.write("dir/new", "new\n");
        let (snapshot, _) = repo.snapshot(&repo.root);
        let temp = tempfile::tempdir().unwrap();
        let (folder, there) = (temp.path().join("packs"), temp.path().join("there.git"));
        let project = Project::discover(&repo.root).unwrap();
        let head = Head::of(&project).unwrap().tree;
        let packs = send(
            &project,
            &repo.store,
            &folder,
            &[snapshot.tree, head.clone()],
        )
        .unwrap();
        store::own_store(&there, &head).unwrap();
        receive(&folder, &there, &packs).unwrap();
        let listed = git(&there).unwrap().args(["ls-tree", "-r", head.as_str()]);
        assert!(listed.said().unwrap().ends_with("dir/old"));
    }
}
