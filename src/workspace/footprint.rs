//! Whether anything in a folder changed between two looks, without reading a file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::folder;

/// What a folder looks like from outside: how many entries it has at any depth, and when the last one was
/// changed in any way. The system keeps that time; no program can set it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    entries: u64,
    newest: (i64, i64),
}

impl Footprint {
    /// Of everything below `root`; links are not followed. What cannot be read is left out. Blocks.
    pub fn of(root: &Path) -> Self {
        let mut print = Self {
            entries: 0,
            newest: (0, 0),
        };
        let mut folders = vec![root.to_owned()];
        while let Some(at) = folders.pop() {
            let changed = fs::symlink_metadata(&at).ok();
            print.newest = print
                .newest
                .max(changed.map_or((0, 0), |at| (at.ctime(), at.ctime_nsec())));
            for entry in folder::entries(&at).into_iter().flatten().flatten() {
                print.entries += 1;
                let Ok(found) = entry.metadata() else {
                    continue;
                };
                print.newest = print.newest.max((found.ctime(), found.ctime_nsec()));
                if found.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        print
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn differs_after_any_write_and_after_no_reading() {
        let temp = tempfile::tempdir().unwrap();
        let (root, file) = (temp.path(), temp.path().join("a/b"));
        fs::create_dir(root.join("a")).unwrap();
        fs::write(&file, "1").unwrap();
        let mut before = Footprint::of(root);
        fs::read(&file).unwrap();
        assert_eq!(Footprint::of(root), before);
        type Step = fn(&Path);
        let steps: [Step; 3] = [
            |file| fs::write(file, "2").unwrap(),
            |file| fs::rename(file, file.with_extension("new")).unwrap(),
            |file| fs::remove_file(file.with_extension("new")).unwrap(),
        ];
        for step in steps {
            // Longer than the clock of the file system takes for a step.
            std::thread::sleep(std::time::Duration::from_millis(20));
            step(&file);
            let after = Footprint::of(root);
            assert_ne!(after, before);
            before = after;
        }
    }
}
