//! Lengths of time as users write them.

use crate::model::Millis;

/// Reads `90s`, `5m`, `2h`, `1h30m`, `250ms`. `None` for anything else: a bare number has no unit, and
/// guessing one would be wrong half of the time.
pub fn parse_duration(text: &str) -> Option<Millis> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| !c.is_ascii_alphabetic())
            .map_or(rest.len(), |end| digits + end);
        let unit = match &rest[digits..unit_end] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        // Each unit once, from large to small: `30m1h` is more likely a slip than a wish.
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest[unit_end..].trim_start();
    }
    Some(Millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        assert_eq!(parse_duration("90s"), Some(Millis::seconds(90)));
        assert_eq!(parse_duration("1h30m"), Some(Millis::minutes(90)));
        assert_eq!(parse_duration(" 2h 5s "), Some(Millis::seconds(7205)));
        assert_eq!(parse_duration("250ms"), Some(Millis(250)));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "5x",
            "30m1h",
            "1m1m",
            "-5m",
            "1.5h",
            "99999999999999999999h",
            "5é",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
