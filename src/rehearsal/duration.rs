//! Times as a scenario writes them: `500ms`, `2s`, `1.5m`, `1h`.

use crate::model::Millis;

/// Reads a time; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Millis, String> {
    let wrong = || format!("`{text}` is not a time; write for example `500ms`, `2s`, `1.5m`");
    let text = text.trim();
    let unit_at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let per_unit = match unit.trim() {
        "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "digits and a point only, so it is not negative; `as` saturates"
    )]
    Ok(Millis((number * per_unit).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(parse("500ms"), Ok(Millis(500)));
        assert_eq!(parse(" 2 s "), Ok(Millis(2_000)));
        assert_eq!(parse("1.5m"), Ok(Millis(90_000)));
        assert_eq!(parse("1h"), Ok(Millis(3_600_000)));
    }

    #[test]
    fn nonsense() {
        for text in ["", "5", "s", "-5s", "1..5s", "5 parsecs", "5sms"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
