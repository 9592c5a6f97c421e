//! The short way for formats that need no checks of their own: serde types, first mistake only.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_saphyr::Location;

use super::{Diagnostic, MAX_BYTES, Place, Source, Spot};

/// A value with its place: a field of this type in a type that [`deserialize`] reads. A place of a
/// value that came in by an alias is where the alias is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<T> {
    pub value: T,
    /// Where it is; none where the library does not know.
    pub place: Option<Place>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::deserialize(deserializer)?;
        Ok(Self {
            value: spanned.value,
            place: place(spanned.referenced),
        })
    }
}

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
        let mut message = error.to_string();
        // The library ends its messages with the place, which is in front of ours already.
        if let Some(at) = message.rfind(" at line ") {
            message.truncate(at);
        }
        Box::new(match error.location().and_then(place) {
            Some(place) => Spot {
                source: source.name.clone(),
                place,
                indent: None,
            }
            .error("syntax", message),
            None => Diagnostic::error("syntax", source.name.as_ref(), message),
        })
    })
}

/// A place of one character. The library counts from 1 and gives 0 where it does not know.
fn place(location: Location) -> Option<Place> {
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    (location.line() > 0).then(|| Place {
        line: whole(location.line()),
        column: whole(location.column()),
        len: 1,
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
        assert!(!error.message.contains("line"), "{}", error.message);
    }

    #[test]
    fn a_placed_value_knows_where_it_stands() {
        let source = Source::new("x.yaml", "a: 1\nb: 2\n");
        let read: std::collections::BTreeMap<String, Placed<u32>> = deserialize(&source).unwrap();
        let place = read["b"].place.map(|place| (place.line, place.column));
        assert_eq!((read["b"].value, place), (2, Some((2, 4))));
    }
}
