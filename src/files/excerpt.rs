//! The beginning and the end of what is too long to be kept.

use std::collections::VecDeque;
use std::io::{self, Write};

/// Takes any number of bytes and keeps the first and the last of them, cut between lines. Where something
/// was left out is one line that says how much: a JSON text, so that a file of JSON lines stays one.
#[derive(Debug)]
pub struct Excerpt {
    most: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    cut: u64,
}

impl Excerpt {
    /// Keeps at most so many bytes (and the line that tells of the others), a quarter from the beginning.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            head: Vec::new(),
            tail: VecDeque::new(),
            cut: 0,
        }
    }

    pub fn finish(self) -> Vec<u8> {
        let mut kept = Vec::new();
        // Memory takes everything.
        let _ = self.finish_into(&mut kept);
        kept
    }

    /// Hands over what is kept, without a copy of it.
    pub fn finish_into(mut self, to: &mut impl Write) -> io::Result<()> {
        let head = &self.head;
        let mut tail = &*self.tail.make_contiguous();
        if self.cut == 0 {
            to.write_all(head)?;
            return to.write_all(tail);
        }
        // Lines that lost a part go as a whole, unless there is no other.
        let last = head.iter().rposition(|byte| *byte == b'\n');
        let whole = last.map_or(head.len(), |at| at + 1);
        let first = tail.iter().position(|byte| *byte == b'\n');
        let lost = first.map(|at| at + 1).filter(|from| *from < tail.len());
        let lost = lost.unwrap_or(0);
        tail = &tail[lost..];
        self.cut += (head.len() - whole + lost) as u64;
        to.write_all(&head[..whole])?;
        if last.is_none() && whole > 0 {
            to.write_all(b"\n")?;
        }
        writeln!(to, "\"tipstaff left out {} bytes here\"", self.cut)?;
        to.write_all(tail)
    }
}

impl Write for Excerpt {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (self.most / 4).saturating_sub(self.head.len());
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        let most = self.most - self.most / 4;
        let kept = &rest[rest.len().saturating_sub(most)..];
        let over = (self.tail.len() + kept.len()).saturating_sub(most);
        self.tail.drain(..over);
        self.tail.extend(kept);
        self.cut += (over + rest.len() - kept.len()) as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn excerpt(pieces: &[Vec<u8>], most: usize) -> Vec<u8> {
        let mut excerpt = Excerpt::new(most);
        for piece in pieces {
            excerpt.write_all(piece).unwrap();
        }
        excerpt.finish()
    }

    #[test]
    fn long_text_keeps_its_first_and_last_lines() {
        let lines: Vec<Vec<u8>> = (0..1000)
            .map(|n| format!("line {n}\n").into_bytes())
            .collect();
        let kept = String::from_utf8(excerpt(&lines, 100)).unwrap();
        assert!(
            kept.starts_with("line 0\nline 1\nline 2\n\"tipstaff left out 8"),
            "{kept}"
        );
        assert!(kept.contains("\"\nline 992\n"), "{kept}");
        assert!(kept.ends_with("line 999\n"), "{kept}");
    }

    proptest! {
        #[test]
        fn is_bounded_and_whole_where_it_fits(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..30),
            most in 0_usize..600,
        ) {
            let all = pieces.concat();
            let kept = excerpt(&pieces, most);
            if all.len() <= most {
                prop_assert_eq!(kept, all);
            } else {
                prop_assert!(kept.len() <= most + 60);
                let head = &all[..most / 4];
                let lines = head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |at| at + 1);
                prop_assert!(kept.starts_with(&head[..lines]));
            }
        }
    }
}
