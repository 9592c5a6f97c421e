//! Opening and reading regular files, at once or not at all.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Component, Path};

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, fstat, major, minor, mkdirat, openat};
use rustix::process::geteuid;

/// Opens a file for reading; links are followed. For paths that the user named, and for tipstaff's own.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for what is no regular file, [`ErrorKind::IsADirectory`] for a folder. The
/// null device counts as an empty file.
pub fn open(path: &Path) -> io::Result<File> {
    regular(openat(CWD, path, READING, Mode::empty())?)
}

/// Opens a file below a folder whose content an agent may have changed: no part of `path` may be a link.
///
/// # Errors
/// As [`open`]; also [`ErrorKind::InvalidInput`] for a link, and for a path that leads out of `root`.
pub fn open_below(root: &Path, path: &Path) -> io::Result<File> {
    let mut parts = path.components().peekable();
    let mut folder = openat(CWD, root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            break;
        };
        let (flags, is_last) = match parts.peek() {
            Some(_) => (OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, false),
            None => (READING, true),
        };
        folder = openat(&folder, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(link)?;
        if is_last {
            return regular(folder);
        }
    }
    Err(refused("it leads out of its folder"))
}

/// Opens a file for reading and for adding to its end; it is made, for its owner alone, if it is not there.
/// It must be no link.
pub fn append(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | AT_ONCE;
    let file = regular(openat(CWD, path, flags, Mode::from(0o600)).map_err(link)?)?;
    // A child that inherits the descriptor knows nothing of it.
    fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

/// Adds all of this to a file's end or, where there is no room for all of it, nothing. Nobody else may add to it.
pub fn append_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = append(path)?;
    let before = file.metadata()?.len();
    file.write_all(bytes).inspect_err(|_| {
        let _ = file.set_len(before);
    })
}

/// Opens a file of the caller's own that is there, to be overwritten piece by piece. It must be no link.
pub fn update(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | AT_ONCE;
    regular(openat(CWD, path, flags, Mode::empty()).map_err(link)?)
}

/// Makes a file that is not there yet, for writing.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`], also for a link that leads nowhere.
pub fn create(path: &Path, mode: u32) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Mode::from(mode))?.into())
}

/// Puts a file for its owner alone in the place of whatever is there, which is not written through and holds
/// up nothing.
///
/// # Errors
/// Whatever the system says, for example if there is a folder.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    if_there(std::fs::remove_file(path))?;
    create(path, 0o600)?.write_all(bytes.as_ref())
}

/// Opens a folder, to ask something of its file system.
///
/// # Errors
/// What the system says; for what is no folder, [`ErrorKind::NotADirectory`].
pub fn open_folder(path: &Path) -> io::Result<File> {
    Ok(openat(CWD, path, READING | OFlags::DIRECTORY, Mode::empty())?.into())
}

/// Opens a folder below the user's project that nobody else may have put there: no part of `path` is a link or
/// belongs to somebody else than this user and the project's owner. With a mode, the last part is made if it
/// is missing.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a link and for another owner; as [`open_folder`].
pub fn own_folder(root: &Path, path: &Path, mode: Option<u32>) -> io::Result<File> {
    let mut folder = openat(CWD, root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let owners = [geteuid().as_raw(), fstat(&folder)?.st_uid];
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(refused("it leads out of its folder"));
        };
        if let Some(mode) = mode.filter(|_| parts.peek().is_none()) {
            match mkdirat(&folder, name, Mode::from(mode)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = openat(&folder, name, flags, Mode::empty())?;
        let found = fstat(&folder)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink => return Err(refused("it is a link")),
            FileType::Directory if owners.contains(&found.st_uid) => {}
            FileType::Directory => return Err(refused("it belongs to another user")),
            _ => return Err(ErrorKind::NotADirectory.into()),
        }
    }
    Ok(openat(&folder, ".", READING | OFlags::DIRECTORY, Mode::empty())?.into())
}

/// Waits until the names in a folder are on disk.
///
/// # Errors
/// Some file systems cannot sync folders.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    open_folder(path)?.sync_all()
}

/// Reads a file as a whole.
///
/// # Errors
/// As [`open`]; [`ErrorKind::FileTooLarge`] if it has more than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open(path)?, most)
}

/// Reads a file as a whole that [`open_below`] opens.
///
/// # Errors
/// As [`open_below`]; [`ErrorKind::FileTooLarge`] if it has more than `most` bytes.
pub fn read_below(root: &Path, path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open_below(root, path)?, most)
}

/// The text of an open file, or of what else can be read. One that is larger than `most` bytes is cut behind them:
/// whoever parses it says that it is too large.
///
/// # Errors
/// [`ErrorKind::InvalidData`] for what is no UTF-8.
pub fn text(from: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// What was found; `None` where nothing is. All other errors stay.
pub fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Neither waits for the other end of a pipe nor makes a terminal ours.
const AT_ONCE: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
const READING: OFlags = OFlags::RDONLY.union(AT_ONCE);

fn regular(opened: OwnedFd) -> io::Result<File> {
    let found = fstat(&opened)?;
    let what = match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => return Ok(opened.into()),
        FileType::CharacterDevice if is_null(&found) => return Ok(opened.into()),
        FileType::Directory => return Err(rustix::io::Errno::ISDIR.into()),
        FileType::Fifo => "it is a named pipe, not a file",
        FileType::Symlink => "it is a link",
        FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => "it is no regular file",
    };
    Err(refused(what))
}

fn is_null(found: &rustix::fs::Stat) -> bool {
    (major(found.st_rdev), minor(found.st_rdev)) == (1, 3)
}

/// The system's own words for a link that must not be followed are about "too many levels".
fn link(error: rustix::io::Errno) -> io::Error {
    match error {
        rustix::io::Errno::LOOP => refused("it is a link"),
        error => error.into(),
    }
}

fn refused(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}

fn bounded(file: File, most: u64) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    if size <= most {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        // It may grow meanwhile.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= most {
            return Ok(bytes);
        }
    }
    let what = format!("it is larger than {most} bytes");
    Err(io::Error::new(ErrorKind::FileTooLarge, what))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::mknodat;

    use super::*;

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::from(0o600), 0).unwrap();
    }

    #[test]
    fn named_pipe_is_refused_at_once() {
        let temp = tempfile::tempdir().unwrap();
        let at = temp.path().join("pipe");
        pipe(&at);
        let errors = [
            open(&at).unwrap_err(),
            append(&at).unwrap_err(),
            open_below(temp.path(), Path::new("pipe")).unwrap_err(),
            read(&at, 1).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.to_string(), "it is a named pipe, not a file");
        }
        assert_eq!(
            open(temp.path()).unwrap_err().kind(),
            ErrorKind::IsADirectory
        );
        assert_eq!(read(Path::new("/dev/null"), 0).unwrap(), b"");
        assert!(open(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn no_part_of_a_path_below_may_be_a_link_or_lead_out() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("root");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/file"), "inside").unwrap();
        fs::write(temp.path().join("file"), "outside").unwrap();
        symlink("a", root.join("folder")).unwrap();
        symlink("file", root.join("a/link")).unwrap();
        let below = |path: &str| read_below(&root, Path::new(path), 100);
        assert_eq!(below("a/file").unwrap(), b"inside");
        for path in [
            "folder/file",
            "a/link",
            "../file",
            "/etc/passwd",
            "",
            "a/../../file",
        ] {
            assert!(below(path).is_err(), "{path}");
        }
        assert_eq!(below("a/none").unwrap_err().kind(), ErrorKind::NotFound);
        // The root itself is the caller's: it may be reached by a link.
        symlink(&root, temp.path().join("other")).unwrap();
        let other = temp.path().join("other");
        assert!(read_below(&other, Path::new("a/file"), 6).is_ok());
        let error = read_below(&other, Path::new("a/file"), 5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn own_folder_is_made_and_is_no_link() {
        let temp = tempfile::tempdir().unwrap();
        let own = |path: &str, mode| own_folder(temp.path(), Path::new(path), mode);
        assert_eq!(own("a", None).unwrap_err().kind(), ErrorKind::NotFound);
        for _ in 0..2 {
            own("a", Some(0o700)).unwrap();
            own("a/b", Some(0o700)).unwrap();
        }
        assert!(own("a/b", None).unwrap().metadata().unwrap().is_dir());
        symlink("a", temp.path().join("link")).unwrap();
        fs::write(temp.path().join("file"), "").unwrap();
        for refused in ["link", "link/b", "file", "../a", "a/.."] {
            assert!(own(refused, Some(0o700)).is_err(), "{refused}");
        }
    }

    #[test]
    fn appends_to_no_link_and_creates_only_what_is_new() {
        let temp = tempfile::tempdir().unwrap();
        let (file, link) = (temp.path().join("file"), temp.path().join("link"));
        append(&file).unwrap().write_all(b"1").unwrap();
        append(&file).unwrap().write_all(b"2").unwrap();
        assert_eq!(read(&file, 2).unwrap(), b"12");
        symlink("nowhere", &link).unwrap();
        assert_eq!(append(&link).unwrap_err().to_string(), "it is a link");
        write(&link, b"3").unwrap();
        write(&link, b"4").unwrap();
        assert_eq!(read(&link, 1).unwrap(), b"4");
        assert_eq!(read(&file, 2).unwrap(), b"12");
        pipe(&temp.path().join("pipe"));
        write(&temp.path().join("pipe"), b"5").unwrap();
        assert_eq!(
            create(&link, 0o600).unwrap_err().kind(),
            ErrorKind::AlreadyExists
        );
    }
}
