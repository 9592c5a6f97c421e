//! Looking into texts.

/// All of this is in the text.
#[track_caller]
pub fn has_all(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
}
