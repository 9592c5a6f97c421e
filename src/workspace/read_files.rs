//! The files of the project that a workflow names as input: `file:GLOB`.

use std::io;
use std::path::{Component, Path};

use globset::{GlobBuilder, GlobMatcher};

use super::WorkspaceError;
use super::paths::{is_reserved, is_reserved_name, resolve_inside};
use crate::files;

/// At most this many files for one pattern.
pub const MAX_INPUT_FILES: usize = 1000;

/// At most this many bytes for one pattern, all files together.
pub const MAX_INPUT_BYTES: u64 = 16 * 1024 * 1024;

/// A file of the project, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its path relative to the project, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// Reads the files below `root` whose path matches the pattern, sorted by path. `*` stays within a
/// folder, `**` does not. A pattern without wildcards names its file even where git ignores it;
/// with wildcards, ignored files do not match. git's and tipstaff's own folders never match, nor
/// what a symlink fetches from outside.
///
/// # Errors
/// [`WorkspaceError::RefusedPath`] if the pattern leaves the project, [`WorkspaceError::BadPattern`],
/// [`WorkspaceError::TooMuch`] beyond [`MAX_INPUT_FILES`] or [`MAX_INPUT_BYTES`].
pub fn read_files(pattern: &str, root: &Path) -> Result<Vec<ProjectFile>, WorkspaceError> {
    let plain = pattern.strip_prefix("./").unwrap_or(pattern);
    let stays_inside = Path::new(plain)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !stays_inside {
        return Err(WorkspaceError::RefusedPath {
            path: pattern.to_owned(),
            reason: "it leaves the project",
        });
    }
    let mut paths = if plain.contains(['*', '?', '[', '{', '\\']) {
        matching(plain, root)?
    } else {
        vec![plain.to_owned()]
    };
    paths.retain(|path| is_readable_inside(root, path));
    paths.sort_unstable();
    if paths.len() > MAX_INPUT_FILES {
        return Err(too_much(pattern, format!("{MAX_INPUT_FILES} files")));
    }
    let mut left = MAX_INPUT_BYTES;
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read_at_most(&root.join(&path), left)?
            .ok_or_else(|| too_much(pattern, format!("{} MiB", MAX_INPUT_BYTES >> 20)))?;
        left -= bytes.len() as u64;
        files.push(ProjectFile { path, bytes });
    }
    Ok(files)
}

fn too_much(pattern: &str, limit: String) -> WorkspaceError {
    WorkspaceError::TooMuch {
        pattern: pattern.to_owned(),
        limit,
    }
}

fn matching(pattern: &str, root: &Path) -> Result<Vec<String>, WorkspaceError> {
    let matcher: GlobMatcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|source| WorkspaceError::BadPattern {
            pattern: pattern.to_owned(),
            source,
        })?
        .compile_matcher();
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .filter_entry(|entry| entry.depth() == 0 || !is_reserved_name(entry.file_name()))
        .build();
    let mut paths = Vec::new();
    for entry in walk {
        WorkspaceError::if_cancelled()?;
        let Ok(entry) = entry else { continue };
        let Ok(path) = entry.path().strip_prefix(root) else {
            continue;
        };
        // A prompt names its files in text, so a name that is not text cannot be an input.
        if let Some(text) = path.to_str()
            && matcher.is_match(path)
        {
            paths.push(text.to_owned());
        }
        if paths.len() > 2 * MAX_INPUT_FILES {
            return Err(too_much(pattern, format!("{MAX_INPUT_FILES} files")));
        }
    }
    Ok(paths)
}

fn is_readable_inside(root: &Path, path: &str) -> bool {
    resolve_inside(root, Path::new(path))
        .is_some_and(|real| !is_reserved(&real) && root.join(real).is_file())
}

/// The content, or `None` if it is longer than `limit` bytes.
fn read_at_most(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, WorkspaceError> {
    match files::read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
        Err(error) => Err(WorkspaceError::io("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;

    fn project() -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for folder in ["docs/deep", ".git", ".tipstaff", "target"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files = [
            "docs/b.md",
            "docs/a.md",
            "docs/deep/c.md",
            "docs/a.txt",
            ".git/x.md",
            ".tipstaff/x.md",
            "target/x.md",
        ];
        for file in files {
            fs::write(root.join(file), file).unwrap();
        }
        fs::write(root.join(".gitignore"), "target/\n").unwrap();
        symlink("/etc/hostname", root.join("docs/z.md")).unwrap();
        temp
    }

    fn names(pattern: &str, root: &Path) -> Vec<String> {
        let files = read_files(pattern, root).unwrap();
        files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn matches_sorted_within_folders_and_across() {
        let temp = project();
        let root = temp.path();
        assert_eq!(names("docs/*.md", root), ["docs/a.md", "docs/b.md"]);
        assert_eq!(
            names("**/*.md", root),
            ["docs/a.md", "docs/b.md", "docs/deep/c.md"]
        );
        assert_eq!(names("./docs/a.*", root), ["docs/a.md", "docs/a.txt"]);
        assert!(names("nothing/*", root).is_empty());
    }

    #[test]
    fn takes_an_ignored_file_only_by_its_name() {
        let temp = project();
        assert_eq!(names("target/x.md", temp.path()), ["target/x.md"]);
        assert!(names("target/*.md", temp.path()).is_empty());
        assert!(names(".git/x.md", temp.path()).is_empty());
    }

    #[test]
    fn refuses_what_leaves_the_project_and_what_is_no_pattern() {
        let temp = project();
        assert!(read_files("../*.md", temp.path()).is_err());
        assert!(read_files("/etc/*", temp.path()).is_err());
        assert!(read_files("docs/{a", temp.path()).is_err());
    }

    #[test]
    fn refuses_more_than_fits_a_prompt() {
        let temp = project();
        let big = File::create(temp.path().join("big.md")).unwrap();
        big.set_len(MAX_INPUT_BYTES + 1).unwrap();
        let error = read_files("big.md", temp.path()).unwrap_err();
        assert!(error.to_string().contains("16 MiB"), "{error}");
    }
}
