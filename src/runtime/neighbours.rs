//! Which files a scoped workspace holds because of others: what the named ones import, and what imports
//! them.
//!
//! Who imports a file can only be known by reading all others. So every source file of the tree is read,
//! but each content once in a run: what it imports is kept by the content's id, and a task pays for the
//! files that were changed since the one before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::sync::Mutex;

use crate::context::{self, Neighbours, tokens};
use crate::imports::{self, Language, Links, MOST_BYTES, Named, Neighbour, Relation, Tree};
use crate::model::{Failure, WorkspaceSource};
use crate::process::is_cancelled;
use crate::workspace::{TreeFile, TreeFiles};

use super::blocking::blocking;
use super::failure::{cancelled, machine};
use super::workspaces::Workspaces;

/// So many files are held in memory at one time.
const AT_ONCE: usize = 512;

/// What is known of source files, by the ids of their contents and their languages.
#[derive(Debug, Default)]
pub struct Sources(HashMap<(String, Language), Source>);

#[derive(Debug)]
struct Source {
    imports: Vec<String>,
    tokens: u64,
}

/// The neighbours of the files that a call's workspace is to hold; none if it does not ask for them. Calls
/// that ask at the same time queue, because each learns from the one before. May be dropped at any time.
pub async fn neighbours(
    workspaces: Workspaces,
    workspace: WorkspaceSource,
    sources: Arc<Mutex<Sources>>,
) -> Result<Option<Neighbours>, Failure> {
    let WorkspaceSource::Scoped { imports: true, .. } = workspace else {
        return Ok(None);
    };
    let mut sources = sources.lock_owned().await;
    blocking(move || find(&workspaces, &workspace, &mut sources)).await
}

fn find(
    workspaces: &Workspaces,
    workspace: &WorkspaceSource,
    sources: &mut Sources,
) -> Result<Option<Neighbours>, Failure> {
    let WorkspaceSource::Scoped {
        tree,
        edit,
        read,
        always,
        import_tokens,
        ..
    } = workspace
    else {
        return Ok(None);
    };
    let files = TreeFiles::of(&workspaces.store, tree).map_err(machine)?;
    let paths = |wanted: &[String]| -> Result<BTreeSet<String>, Failure> {
        let named = files.named(wanted).map_err(machine)?;
        Ok(named.iter().map(|file| file.path.clone()).collect())
    };
    let named = Named {
        edit: paths(edit)?,
        read: paths(read)?,
    };
    let found = match named.edit.is_empty() && named.read.is_empty() {
        true => Vec::new(),
        false => {
            sources.learn(&files)?;
            imports::neighbours(&links(&files, sources)?, &named, &paths(always)?)
        }
    };
    let candidates = classify(&files, sources, found)?;
    Ok(Some(Neighbours::within(*import_tokens, candidates)))
}

impl Sources {
    /// Reads those source files of a tree that are not known yet.
    fn learn(&mut self, files: &TreeFiles) -> Result<(), Failure> {
        let unknown: Vec<(&TreeFile, Language)> = sources_among(files)
            .filter(|(file, language)| {
                file.bytes <= MOST_BYTES && self.of(file, *language).is_none()
            })
            .collect();
        for some in unknown.chunks(AT_ONCE) {
            if is_cancelled() {
                return Err(cancelled());
            }
            let wanted: Vec<&TreeFile> = some.iter().map(|(file, _)| *file).collect();
            let contents = files.read(&wanted).map_err(machine)?;
            let read = read_all(some, &contents);
            let keys = some
                .iter()
                .map(|(file, language)| (file.object.clone(), *language));
            self.0.extend(keys.zip(read));
        }
        Ok(())
    }

    fn of(&self, file: &TreeFile, language: Language) -> Option<&Source> {
        self.0.get(&(file.object.clone(), language))
    }
}

fn sources_among(files: &TreeFiles) -> impl Iterator<Item = (&TreeFile, Language)> {
    let all = files.all().iter();
    all.filter_map(|file| Some((file, Language::of(&file.path)?)))
}

/// Reads files on all processors.
fn read_all(files: &[(&TreeFile, Language)], contents: &[Vec<u8>]) -> Vec<Source> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = files.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let shares = files.chunks(share).zip(contents.chunks(share));
        let readers: Vec<_> = shares
            .map(|(files, contents)| {
                scope.spawn(move || {
                    let pairs = files.iter().zip(contents);
                    let read = pairs.map(|((_, language), bytes)| Source::read(*language, bytes));
                    read.collect::<Vec<Source>>()
                })
            })
            .collect();
        let joined = readers.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .flat_map(|read| read.expect("reading a file does not panic"))
            .collect()
    })
}

impl Source {
    fn read(language: Language, bytes: &[u8]) -> Self {
        Self {
            imports: imports::imports(language, bytes),
            tokens: tokens(&String::from_utf8_lossy(bytes)),
        }
    }
}

/// Which of the tree's files import which.
fn links(files: &TreeFiles, sources: &Sources) -> Result<Links, Failure> {
    let is_read = |file: &&TreeFile| file.bytes <= MOST_BYTES && imports::is_settings(&file.path);
    let settings: Vec<&TreeFile> = files.all().iter().filter(is_read).collect();
    let contents = files.read(&settings).map_err(machine)?;
    let names = settings.iter().map(|file| file.path.clone());
    let settings: BTreeMap<String, Vec<u8>> = names.zip(contents).collect();
    let tree = Tree::new(files.all().iter().map(|file| file.path.clone()), &settings);
    let mut links = Links::default();
    for (file, language) in sources_among(files) {
        if let Some(source) = sources.of(file, language) {
            links.add(&tree, language, &file.path, &source.imports);
        }
    }
    Ok(links)
}

/// The sizes of files. Those that are no texts are passed over: nobody reads an image for its imports'
/// sake.
fn classify(
    files: &TreeFiles,
    sources: &Sources,
    found: Vec<Neighbour>,
) -> Result<Vec<context::Neighbour>, Failure> {
    let by_path: HashMap<&str, &TreeFile> = files
        .all()
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut weighed = Vec::with_capacity(found.len());
    for neighbour in found {
        let Some(file) = by_path.get(neighbour.path.as_str()) else {
            continue;
        };
        let known = Language::of(&file.path).and_then(|language| sources.of(file, language));
        let tokens = match known {
            Some(source) => Some(source.tokens),
            None => tokens_of(files, file)?,
        };
        weighed.extend(tokens.map(|tokens| context::Neighbour {
            why: why(&neighbour),
            path: neighbour.path,
            bytes: file.bytes,
            tokens,
        }));
    }
    Ok(weighed)
}

/// The tokens of a file that is no source: a stylesheet, data. One that is too large to be read is
/// estimated.
fn tokens_of(files: &TreeFiles, file: &TreeFile) -> Result<Option<u64>, Failure> {
    if file.bytes > MOST_BYTES {
        return Ok(Some(file.bytes / 4));
    }
    let contents = files.read(&[file]).map_err(machine)?;
    let mut texts = contents.iter().filter(|bytes| imports::is_text(bytes));
    Ok(texts
        .next()
        .map(|bytes| tokens(&String::from_utf8_lossy(bytes))))
}

fn why(neighbour: &Neighbour) -> String {
    match neighbour.relation {
        Relation::ImportedBy => format!("imported by {}", neighbour.to),
        Relation::Imports => format!("imports {}", neighbour.to),
    }
}
