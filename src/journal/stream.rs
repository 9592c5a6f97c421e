//! Redacts files of any size in bounded memory.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use aho_corasick::AhoCorasick;

use super::redactor::Known;
use super::{Clean, JournalError, Redactor};
use crate::files::{Excerpt, NewFile};

/// Read at one time.
const CHUNK: usize = 64 * 1024;

impl Redactor {
    /// Copies a stream without its secrets and returns how many were replaced. A secret may lie
    /// anywhere, also across the pieces in which the stream is read.
    pub fn redact_stream(&self, mut from: impl Read, mut to: impl Write) -> Result<u64, io::Error> {
        let known = self.known();
        match &known.search {
            Some(search) => known.replace(search, &mut from, &mut to),
            None => io::copy(&mut from, &mut to).map(|_| 0),
        }
    }

    /// Copies what an agent printed without its secrets, in one step; of more than `most` bytes the beginning
    /// and the end. It is handed to the system and not waited for: such copies are read by people and named
    /// by no event.
    pub fn redact_copy(&self, from: impl Read, to: &Path, most: usize) -> Result<(), JournalError> {
        let mut kept = Excerpt::new(most);
        let copy = move || {
            self.redact_stream(from, &mut kept)?;
            let mut file = NewFile::at(to)?;
            kept.finish_into(&mut file)?;
            file.put_unsynced()
        };
        copy().map_err(JournalError::io("write", to))
    }

    /// The end of a file without its secrets, about `most` bytes of it. It is cut outside of a secret: a half of
    /// one is known to nobody.
    pub fn clean_end(&self, mut from: impl Read + Seek, most: usize) -> io::Result<Clean<'static>> {
        let known = self.known();
        let window = (most + known.longest) as u64;
        let length = from.seek(SeekFrom::End(0))?;
        from.seek(SeekFrom::Start(length.saturating_sub(window)))?;
        let mut bytes = Vec::new();
        from.take(window).read_to_end(&mut bytes)?;
        // A secret that begins before the window ends before the cut.
        let mut cut = bytes.len().saturating_sub(most);
        let mut hits = known
            .search
            .iter()
            .flat_map(|search| search.find_iter(&bytes));
        if let Some(hit) = hits.find(|hit| hit.end() > cut) {
            cut = cut.min(hit.start());
        }
        let kept = self.redact_bytes(&bytes[cut..]).into_owned();
        Ok(Clean::of(Cow::Owned(kept)))
    }
}

impl Known {
    /// Invariant: what begins before `settled` lies in the buffer as a whole, however long it is, so
    /// that no longer match can be missed; the rest waits for the next piece.
    fn replace(
        &self,
        search: &AhoCorasick,
        from: &mut impl Read,
        to: &mut impl Write,
    ) -> io::Result<u64> {
        let mut found = 0;
        let mut buffer = Vec::with_capacity(CHUNK + self.longest);
        loop {
            let read = from.take(CHUNK as u64).read_to_end(&mut buffer)?;
            let is_end = read == 0;
            let settled = match is_end {
                true => buffer.len(),
                false => (buffer.len() + 1).saturating_sub(self.longest),
            };
            let mut written = 0;
            for hit in search.find_iter(&buffer) {
                if hit.start() >= settled {
                    break;
                }
                to.write_all(&buffer[written..hit.start()])?;
                to.write_all(self.replacement(hit.pattern().as_usize()))?;
                written = hit.end();
                found += 1;
            }
            if written < settled {
                to.write_all(&buffer[written..settled])?;
                written = settled;
            }
            buffer.drain(..written);
            if is_end {
                to.flush()?;
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::*;

    fn redactor() -> Redactor {
        let secrets = [
            ("A", "sk-secret"),
            ("B", "sk-secret-longer"),
            ("C", "-longer-still"),
        ];
        Redactor::new(
            [],
            secrets.map(|(name, value)| (name.to_owned(), value.to_owned())),
        )
    }

    /// Gives few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn end_of_a_file_holds_no_part_of_a_secret() {
        let secret = "sk-secret-longer";
        for before in [0, 3, 100] {
            let text = ["x".repeat(before), secret.to_owned(), ".".repeat(40)].concat();
            for most in 0..=text.len() + 3 {
                let file = io::Cursor::new(text.as_bytes());
                let end = redactor().clean_end(file, most).unwrap();
                let end = String::from_utf8(end.bytes().to_vec()).unwrap();
                let end = end.replace("[redacted:B]", "");
                let rest = end.trim_start_matches('x').trim_end_matches('.');
                assert_eq!(rest, "", "{before} {most}: {end}");
            }
        }
    }

    #[test]
    fn finds_secrets_across_the_borders_of_pieces() {
        let secret = b"sk-secret-longer";
        for before in CHUNK - secret.len()..=CHUNK + 1 {
            let mut text = vec![b'.'; before];
            text.extend_from_slice(secret);
            text.extend_from_slice(b" and sk-secret");
            let mut out = Vec::new();
            let found = redactor().redact_stream(&text[..], &mut out).unwrap();
            assert_eq!(found, 2);
            assert_eq!(&out[before..], b"[redacted:B] and [redacted:A]");
        }
    }

    #[test]
    fn long_stream_is_kept_in_part_and_without_secrets() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/log");
        let text = "sk-secret\n".repeat(1000);
        redactor().redact_copy(text.as_bytes(), &path, 200).unwrap();
        let kept = fs::read_to_string(&path).unwrap();
        assert!(kept.len() < 250 && !kept.contains("sk-"), "{kept}");
        assert!(kept.contains("\"tipstaff left out "), "{kept}");
        redactor().redact_copy(&b"short"[..], &path, 200).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    proptest! {
        #[test]
        fn streams_like_it_redacts_at_once(
            parts in prop::collection::vec(prop::sample::select(vec![
                "sk-secret", "-longer", "-still", "sk-", "secret", "x", "\n",
            ]), 0..40),
            step in 1_usize..9,
            filler in any::<u16>(),
        ) {
            let text = format!("{}{}", ".".repeat(usize::from(filler)), parts.concat());
            let mut out = Vec::new();
            redactor().redact_stream(Trickle(text.as_bytes(), step), &mut out).unwrap();
            let redactor = redactor();
            let whole = redactor.redact(&text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole.as_ref());
        }
    }
}
