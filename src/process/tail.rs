//! Following a growing file line by line, in bounded memory however large the file or a line is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use crate::files;

/// Most bytes read in one call, so that the caller stays responsive.
const BYTES_PER_CALL: u64 = 1 << 20;
/// Most lines returned by one call: a megabyte of empty lines is a million of them.
const LINES_PER_CALL: usize = 4096;
/// How much of a line that is too long is read at a time.
const SKIP_BYTES: u64 = 64 << 10;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailLine {
    /// Its text; what is not UTF-8 is replaced.
    Text(String),
    /// It was longer than allowed and skipped.
    TooLong {
        /// Its length in bytes, without the line end.
        bytes: u64,
    },
}

/// A reader that stays at the end of a growing file.
#[derive(Debug)]
pub struct LineTail {
    max_line_bytes: usize,
    reader: BufReader<File>,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    /// Length so far of a line that is being skipped; zero if none is.
    skipped: u64,
    read: u64,
    more: bool,
}

impl LineTail {
    /// From the beginning of the file, which is made if it is not there; lines longer than `max_line_bytes`
    /// are skipped. Call it before somebody else can put something in the place of the file: it is opened
    /// once, and whatever is there later changes nothing.
    ///
    /// Fails if there is something else than a regular file.
    pub fn new(path: &Path, max_line_bytes: usize) -> io::Result<Self> {
        Ok(Self::of(files::append(path)?, max_line_bytes))
    }

    /// The same of a file that is open.
    pub fn of(file: File, max_line_bytes: usize) -> Self {
        Self {
            max_line_bytes,
            reader: BufReader::with_capacity(64 << 10, file),
            partial: Vec::new(),
            skipped: 0,
            read: 0,
            more: false,
        }
    }

    /// All of the file, from its beginning.
    ///
    /// Fails if it cannot be read.
    pub fn into_file(self) -> io::Result<File> {
        let mut file = self.reader.into_inner();
        file.rewind()?;
        Ok(file)
    }

    /// The lines that were completed since the last call, at most some of them: ask [`LineTail::has_more`].
    ///
    /// Fails if the file cannot be read.
    pub fn read_new(&mut self) -> io::Result<Vec<TailLine>> {
        let mut lines = Vec::new();
        self.more = false;
        self.read_from(&mut lines).map(|()| lines)
    }

    /// Whether the last call stopped before the end of the file.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The last line if it has no end: to be asked when nothing will be added any more, after
    /// [`LineTail::read_new`] came to the end of the file.
    pub fn finish(&mut self) -> Option<TailLine> {
        if self.skipped > 0 {
            return Some(TailLine::TooLong {
                bytes: std::mem::take(&mut self.skipped),
            });
        }
        (!self.partial.is_empty()).then(|| self.take_text())
    }

    fn read_from(&mut self, lines: &mut Vec<TailLine>) -> io::Result<()> {
        let end = self.read + BYTES_PER_CALL;
        loop {
            if self.read >= end || lines.len() >= LINES_PER_CALL {
                self.more = true;
                return Ok(());
            }
            let line = if self.skipped > 0 {
                self.skip()?
            } else {
                self.extend(end - self.read)?
            };
            match line {
                Chunk::Line(line) => lines.push(line),
                Chunk::Further => {}
                Chunk::EndOfFile => return Ok(()),
            }
        }
    }

    /// Adds to the line under way.
    fn extend(&mut self, budget: u64) -> io::Result<Chunk> {
        // One byte more than allowed, for the line end.
        let room = (self.max_line_bytes - self.partial.len()) as u64 + 1;
        let count = (&mut self.reader)
            .take(room.min(budget))
            .read_until(b'\n', &mut self.partial)?;
        self.read += count as u64;
        if count == 0 {
            return Ok(Chunk::EndOfFile);
        }
        if self.partial.last() == Some(&b'\n') {
            self.partial.pop();
            return Ok(Chunk::Line(self.take_text()));
        }
        if self.partial.len() > self.max_line_bytes {
            self.skipped = self.partial.len() as u64;
            self.partial = Vec::new();
        }
        Ok(Chunk::Further)
    }

    /// Goes on in a line that is too long.
    fn skip(&mut self) -> io::Result<Chunk> {
        let mut scrap = Vec::new();
        let count = (&mut self.reader)
            .take(SKIP_BYTES)
            .read_until(b'\n', &mut scrap)? as u64;
        self.read += count;
        self.skipped += count;
        if count == 0 {
            return Ok(Chunk::EndOfFile);
        }
        if scrap.last() == Some(&b'\n') {
            let bytes = std::mem::take(&mut self.skipped) - 1;
            return Ok(Chunk::Line(TailLine::TooLong { bytes }));
        }
        Ok(Chunk::Further)
    }

    fn take_text(&mut self) -> TailLine {
        let bytes = std::mem::take(&mut self.partial);
        TailLine::Text(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }
}

/// What one read brought.
enum Chunk {
    Line(TailLine),
    /// Something, but no line end yet.
    Further,
    /// Nothing: the file ends here, for now.
    EndOfFile,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs::OpenOptions;
    use std::io::Write;
    use std::path::PathBuf;

    use super::*;

    struct Growing(tempfile::TempDir);

    impl Growing {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("out")
        }

        fn add(&self, bytes: &[u8]) {
            let mut options = OpenOptions::new();
            options
                .append(true)
                .create(true)
                .open(self.path())
                .unwrap()
                .write_all(bytes)
                .unwrap();
        }
    }

    fn text(text: &str) -> TailLine {
        TailLine::Text(String::from(text))
    }

    #[test]
    fn a_line_counts_when_its_end_has_come() {
        let file = Growing::new();
        let mut tail = LineTail::new(&file.path(), 100).unwrap();
        assert_eq!(tail.read_new().unwrap(), []);
        file.add(b"one\ntw");
        assert_eq!(tail.read_new().unwrap(), [text("one")]);
        file.add(b"o\n\nthr\xffee");
        assert_eq!(tail.read_new().unwrap(), [text("two"), text("")]);
        assert_eq!(tail.finish(), Some(text("thr\u{fffd}ee")));
        assert_eq!(tail.finish(), None);
        assert_eq!(tail.bytes_read(), 15);
    }

    #[test]
    fn another_file_in_its_place_changes_nothing() {
        let file = Growing::new();
        let mut tail = LineTail::new(&file.path(), 100).unwrap();
        file.add(b"one\n");
        std::fs::remove_file(file.path()).unwrap();
        file.add(b"another\n");
        assert_eq!(tail.read_new().unwrap(), [text("one")]);
        let mut all = String::new();
        tail.into_file().unwrap().read_to_string(&mut all).unwrap();
        assert_eq!(all, "one\n");
        std::os::unix::fs::symlink("out", file.0.path().join("link")).unwrap();
        assert!(LineTail::new(&file.0.path().join("link"), 100).is_err());
    }

    #[test]
    fn the_limit_is_exact_and_the_next_line_is_whole() {
        let file = Growing::new();
        let mut tail = LineTail::new(&file.path(), 5).unwrap();
        file.add(b"12345\n123456\nab\n1234567");
        let expected = [text("12345"), TailLine::TooLong { bytes: 6 }, text("ab")];
        assert_eq!(tail.read_new().unwrap(), expected);
        file.add(b"89");
        assert_eq!(tail.read_new().unwrap(), []);
        assert_eq!(tail.finish(), Some(TailLine::TooLong { bytes: 9 }));
    }

    #[test]
    fn one_call_reads_a_bounded_amount_and_says_that_there_is_more() {
        let file = Growing::new();
        file.add(&vec![b'\n'; LINES_PER_CALL + 1]);
        let mut tail = LineTail::new(&file.path(), 100).unwrap();
        assert_eq!(tail.read_new().unwrap().len(), LINES_PER_CALL);
        assert!(tail.has_more());
        assert_eq!(tail.read_new().unwrap().len(), 1);
        assert!(!tail.has_more());
    }

    #[test]
    fn a_huge_line_is_skipped_in_constant_memory() {
        const MEGABYTE: usize = 1 << 20;
        let file = Growing::new();
        for _ in 0..20 {
            file.add(&vec![b'x'; MEGABYTE]);
        }
        file.add(b"\nafter\n");
        let mut tail = LineTail::new(&file.path(), MEGABYTE).unwrap();
        let mut lines = Vec::new();
        let mut calls = 0;
        loop {
            lines.extend(tail.read_new().unwrap());
            calls += 1;
            assert!(tail.partial.capacity() <= 4 * MEGABYTE);
            if !tail.has_more() {
                break;
            }
        }
        let bytes = 20 * MEGABYTE as u64;
        assert_eq!(lines, [TailLine::TooLong { bytes }, text("after")]);
        assert!(calls >= 20, "{calls} calls are too few for a bounded read");
    }
}
