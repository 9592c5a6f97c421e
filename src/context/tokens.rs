//! Counting tokens, without the tables of any tokenizer.

/// Estimates how many tokens a model makes of `text`.
///
/// The text is cut into words, numbers, runs of signs and of white space, as byte pair tokenizers
/// do, and each piece is priced by its kind and length.
pub fn tokens(text: &str) -> u64 {
    let mut hundredths = 0;
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let class = Class::of(first);
        let mut length = 1;
        while let Some(next) = chars.next_if(|next| class.goes_on(first, *next)) {
            length += 1;
            if class == Class::Space && next == '\n' {
                // White space up to the last line end is one piece, the indentation another.
                break;
            }
        }
        hundredths += class.price(length, first);
    }
    u64::div_ceil(hundredths, 100)
}

/// Kinds of pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// ASCII letters; a capital begins a new piece.
    Word,
    /// ASCII digits.
    Number,
    /// White space; a single blank belongs to the word after it.
    Space,
    /// Other ASCII.
    Sign,
    /// Letters of alphabets beyond ASCII.
    Letter,
    /// Ideographs, syllables, pictures: about a token each.
    Symbol,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Word,
            '0'..='9' => Self::Number,
            c if c.is_whitespace() => Self::Space,
            c if c.is_ascii() => Self::Sign,
            '\u{80}'..='\u{10ff}' => Self::Letter,
            _ => Self::Symbol,
        }
    }

    /// Whether `next` belongs to the piece that `first` began.
    fn goes_on(self, first: char, next: char) -> bool {
        match self {
            Self::Word => {
                next.is_ascii_lowercase()
                    || (first.is_ascii_uppercase() && next.is_ascii_uppercase())
            }
            Self::Sign => next == first,
            Self::Number | Self::Space | Self::Letter => Self::of(next) == self,
            Self::Symbol => false,
        }
    }

    /// Hundredths of a token for a piece of `length` characters.
    fn price(self, length: u64, first: char) -> u64 {
        match self {
            Self::Word => 100 + 22 * length.saturating_sub(6),
            Self::Number => 100 * length.div_ceil(3),
            Self::Space => {
                if length == 1 && first == ' ' {
                    0
                } else {
                    80
                }
            }
            Self::Sign => 75 + 5 * length,
            Self::Letter => 60 + 30 * length,
            Self::Symbol => 110,
        }
    }
}
