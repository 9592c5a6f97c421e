//! Text that somebody else wrote, bounded.

use std::borrow::Cow;

/// The text, or of one with more than `most` bytes its beginning, its end and how much is missing between
/// them: at most `most` bytes again.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let mark = |bytes| format!(" … {bytes} bytes … ");
    let room = most.saturating_sub(mark(text.len()).len());
    let head = text.floor_char_boundary(room - room / 3);
    let tail = text.ceil_char_boundary(text.len() - room / 3);
    Cow::Owned([&text[..head], &mark(tail - head), &text[tail..]].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn long_text_keeps_its_ends() {
        let path = format!("/tmp/{}bottom", "a/".repeat(9000));
        let cut = shortened(&path, 60);
        assert_eq!(
            cut,
            "/tmp/a/a/a/a/a/a/a/a/a/a/a … 17972 bytes … /a/a/a/bottom"
        );
    }

    proptest! {
        #[test]
        fn result_is_bounded(text in ".{0,300}", most in 30_usize..200) {
            let cut = shortened(&text, most);
            assert!(cut.len() <= most);
            assert!(text.len() > most || cut == text);
        }
    }
}
