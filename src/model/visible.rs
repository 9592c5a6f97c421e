//! Text that others wrote, where it is to be one line that steers nothing.

/// Control characters but line feed and tab, what ends a line in other ways, and the marks that turn the
/// direction of text around.
pub fn is_unsafe(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2066}'..='\u{2069}' => true,
        _ => char.is_control(),
    }
}
