//! A small file that several processes read and change.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files;

/// Whoever changes it holds its lock for some milliseconds …
const PAUSE: Duration = Duration::from_millis(10);
/// … unless it was stopped meanwhile.
const TRIES: u32 = 200;
const LARGEST: u64 = 1 << 20;

/// What it holds; the default if it is not there.
///
/// # Errors
/// Whatever the system says; `InvalidData` for what cannot be read as that.
pub fn load<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    match files::if_there(files::read(path, LARGEST))? {
        Some(bytes) => Ok(serde_json::from_slice(&bytes)?),
        None => Ok(T::default()),
    }
}

/// The same; the default if it is not readable, too.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> T {
    load(path).unwrap_or_default()
}

/// Changes it while nobody else does.
///
/// # Errors
/// Whatever the system says; `WouldBlock` if somebody keeps it locked. It is as it was then.
pub fn change<T, R>(path: &Path, how: impl FnOnce(&mut T) -> R) -> io::Result<R>
where
    T: DeserializeOwned + Default + Serialize,
{
    files::make_folders(path.parent().unwrap_or(Path::new(".")))?.sync();
    let mut lock = PathBuf::from(path).into_os_string();
    lock.push(".lock");
    let lock = files::append(Path::new(&lock))?;
    let mut tries = TRIES;
    while let Err(error) = lock.try_lock() {
        match error {
            TryLockError::WouldBlock if tries > 0 => std::thread::sleep(PAUSE),
            error => return Err(error.into()),
        }
        tries -= 1;
    }
    let mut value = read(path);
    let before = serde_json::to_vec(&value)?;
    let result = how(&mut value);
    let after = serde_json::to_vec(&value)?;
    if after != before {
        files::replace(path, &after)?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn no_change_is_lost_among_several() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("folder/count.json");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        change(&path, |count: &mut u32| *count += 1).unwrap();
                    }
                });
            }
        });
        assert_eq!(read::<u32>(&path), 40);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(read::<u32>(&path), 0);
    }
}
