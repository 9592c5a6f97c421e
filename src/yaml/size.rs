//! Amounts of data as users write them.

use crate::model::Bytes;

/// Reads `512MiB`, `1.5 GB` or `100`, a number of bytes. `None` for anything else.
pub fn parse_size(text: &str) -> Option<Bytes> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = match unit.trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1_u64 << 40,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut bytes = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    if number.contains('.') {
        // Nobody means more than a thousandth of a unit.
        let digits = part
            .get(..part.len().min(3))
            .filter(|part| !part.is_empty())?;
        let scale = 10_u64.pow(u32::try_from(digits.len()).ok()?);
        bytes = bytes.checked_add(unit * digits.parse::<u64>().ok()? / scale)?;
    }
    Some(Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_two_kinds() {
        for (text, bytes) in [
            ("100", 100),
            ("0", 0),
            ("64MiB", 64 << 20),
            (" 1.5 GB ", 1_500_000_000),
            ("2 kB", 2000),
            ("0.25KiB", 256),
        ] {
            assert_eq!(parse_size(text), Some(Bytes(bytes)), "{text}");
        }
        for text in [
            "",
            "MiB",
            "5 m",
            "-1",
            "1.",
            ".5MB",
            "1.2.3",
            "99999999TiB",
            "1e3",
        ] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_as_they_are_read() {
        for text in ["0 B", "1023 B", "64 MiB", "1.5 GiB", "2 TiB"] {
            assert_eq!(
                parse_size(text).map(|bytes| bytes.to_string()).as_deref(),
                Some(text)
            );
        }
    }
}
