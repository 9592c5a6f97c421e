//! Points in time as records have them: RFC 3339, UTC, milliseconds.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::Timestamp;

impl Timestamp {
    /// As RFC 3339 text, for example `2026-11-22T15:45:01.007Z`.
    pub fn rfc3339(self) -> String {
        format!("{:.3}", self.instant())
    }

    /// For calendar purposes; the greatest one when it is out of range.
    pub fn instant(self) -> jiff::Timestamp {
        i64::try_from(self.0)
            .ok()
            .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
            .unwrap_or(jiff::Timestamp::MAX)
    }
}

pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{:.3}", at.instant()))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    let instant: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
    // No record is older than the epoch.
    Ok(Timestamp(
        u64::try_from(instant.as_millisecond()).unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        let at = Timestamp(1_795_362_301_007);
        assert_eq!(at.rfc3339(), "2026-11-22T15:45:01.007Z");
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert!(Timestamp(u64::MAX).rfc3339().starts_with("9999-12-30"));
    }
}
