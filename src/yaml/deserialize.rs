//! The short way for formats that need no checks of their own: serde types, first mistake only.

use serde::de::DeserializeOwned;

use super::{Diagnostic, MAX_BYTES, Place, Source, Spot};

/// Reads a text into a serde type.
///
/// # Errors
///
/// The first mistake, with its place where the library knows it.
pub fn deserialize<T: DeserializeOwned>(source: &Source) -> Result<T, Box<Diagnostic>> {
    if source.text.len() > MAX_BYTES {
        let message = format!("the file is too large: the limit is {MAX_BYTES} bytes");
        return Err(Box::new(Diagnostic::error(
            "too-large",
            source.name.as_ref(),
            message,
        )));
    }
    serde_saphyr::from_str(&source.text).map_err(|error| {
        let error = error.without_snippet();
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let message = error.to_string();
        Box::new(
            match error.location().filter(|location| location.line() > 0) {
                Some(location) => Spot {
                    source: source.name.clone(),
                    place: Place {
                        line: whole(location.line()),
                        column: whole(location.column()),
                        len: 1,
                    },
                }
                .error("syntax", message),
                None => Diagnostic::error("syntax", source.name.as_ref(), message),
            },
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_place_of_a_wrong_type_is_known() {
        let source = Source::new("x.yaml", "a: 1\nb: [x]\n");
        let error = deserialize::<std::collections::BTreeMap<String, u32>>(&source).unwrap_err();
        assert_eq!(error.place.map(|place| place.line), Some(2));
    }
}
