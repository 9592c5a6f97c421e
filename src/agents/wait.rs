//! How long a provider asks to wait, in words.

use std::time::Duration;

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::{SignedDuration, ToSpan, Zoned};

use crate::model::Millis;

/// `… try again in 1m2.5s`, `… resets 3pm (Europe/Vienna)`.
pub(super) fn wait_in(words: &str) -> Option<Millis> {
    let words = words.to_lowercase();
    span_in(&words).or_else(|| until_in(&words, &Zoned::now()))
}

fn span_in(words: &str) -> Option<Millis> {
    let before = ["again in ", "retry in ", "reset after ", "resets in "];
    let mut rest = after(words, &before)?;
    let mut wait = None;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit() && c != '.') {
        let Ok(number) = rest[..end].parse::<f64>() else {
            break;
        };
        let unit = rest[end..].trim_start();
        let letters = unit
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(unit.len());
        let seconds = match &unit[..letters] {
            "ms" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            "day" | "days" => 86400.0,
            _ => break,
        };
        wait = Some(wait.unwrap_or_default() + number * seconds);
        rest = unit[letters..].trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    let wait = Duration::try_from_secs_f64(wait?).ok()?;
    u64::try_from(wait.as_millis()).ok().map(Millis)
}

/// Until a time of day, or of the day that is named: in the zone behind it, else in this machine's.
fn until_in(words: &str, now: &Zoned) -> Option<Millis> {
    let said = after(words, &["again at ", "reset at ", "resets at ", "resets "])?;
    let zone = said
        .split_once('(')
        .and_then(|(_, zone)| zone.split_once(')'));
    let now = match zone {
        Some((zone, _)) => now.in_tz(zone).ok()?,
        None => now.clone(),
    };
    // `Jul 5th` is `Jul 5`.
    let said = ["st", "nd", "rd", "th"]
        .iter()
        .fold(said.to_owned(), |said, end| {
            said.replace(&format!("{end}, "), " ")
                .replace(&format!("{end} "), " ")
        });
    let said = said.replace([',', '.'], " ");
    let known = TIMES.iter().find_map(|form| {
        let (known, _) = BrokenDownTime::parse_prefix(form, &said).ok()?;
        let time = known.to_time().ok()?;
        Some((known, time))
    });
    let (known, time) = known?;
    let day = match (known.month(), known.day()) {
        (Some(month), Some(day)) => {
            Date::new(known.year().unwrap_or(now.year()), month, day).ok()?
        }
        _ => now.date(),
    };
    let at = day
        .to_datetime(time)
        .to_zoned(now.time_zone().clone())
        .ok()?;
    let passed = now.timestamp().duration_since(at.timestamp());
    let at = match () {
        () if passed <= SignedDuration::ZERO => at,
        // It is this very minute by another clock, and not a day or a year from now.
        () if passed < SignedDuration::from_mins(10) => return None,
        () if known.year().is_some() => return None,
        () if known.month().is_some() => at.checked_add(1.year()).ok()?,
        () => at.checked_add(1.day()).ok()?,
    };
    let wait = at.timestamp().duration_since(now.timestamp());
    u64::try_from(wait.as_millis()).ok().map(Millis)
}

/// How providers write when they serve again; what is more comes first.
const TIMES: [&str; 7] = [
    "%b %d %Y %I:%M %p",
    "%b %d %I:%M %p",
    "%b %d %I %p",
    "%I:%M %p",
    "%I %p",
    "%b %d %H:%M",
    "%H:%M",
];

fn after<'a>(words: &'a str, before: &[&str]) -> Option<&'a str> {
    before
        .iter()
        .find_map(|before| Some(words.split_once(before)?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_from_words() {
        let cases = [
            ("Please try again in 20s.", Some(20_000)),
            ("try again in 1m2.5s", Some(62_500)),
            ("Please retry in 250ms", Some(250)),
            ("Your quota will reset after 3h2s.", Some(10_802_000)),
            ("Try again in 3 days 4 hours.", Some(273_600_000)),
            ("try again in 5 hours 12 minutes.", Some(18_720_000)),
            ("try again in 5 hours and 12 minutes", Some(18_720_000)),
            ("Usage limit, resets in 2h 5m", Some(7_500_000)),
            ("try again in a while", None),
            ("try again in 9e999s", None),
        ];
        for (words, millis) in cases {
            assert_eq!(wait_in(words), millis.map(Millis), "{words}");
        }
    }

    #[test]
    fn a_time_of_day_is_read_from_words() {
        let now: Zoned = "2026-11-29T13:30[Europe/Vienna]".parse().expect("a time");
        let minutes = |hours: u64, minutes: u64| Some(hours * 60 + minutes);
        let cases = [
            (
                "You've hit your limit · resets 3pm (Europe/Vienna)",
                minutes(1, 30),
            ),
            ("Limits will reset at 3 PM", minutes(1, 30)),
            (
                "You've hit your 5-hour limit · resets 3:37pm (UTC)",
                minutes(3, 7),
            ),
            (
                "purchase more credits or try again at 3:43 PM.",
                minutes(2, 13),
            ),
            ("or try again at 15:43.", minutes(2, 13)),
            (
                "Weekly limit reached · resets 10am (Asia/Seoul) · /upgrade",
                minutes(12, 30),
            ),
            ("limit reached ∙ resets 1am", minutes(11, 30)),
            ("try again at Dec 2nd, 2026 8:19 PM.", minutes(78, 49)),
            ("resets Dec 1, 10am (Europe/Vienna)", minutes(44, 30)),
            ("resets Jan 1 at noon", None),
            ("resets 3pm (Middle/Earth)", None),
            ("try again at Nov 2nd, 2026 8:19 PM.", None),
            ("try again at 1:25 PM", None),
            ("The window resets every week", None),
            ("try again at a later time", None),
        ];
        for (words, expected) in cases {
            let wait = until_in(&words.to_lowercase(), &now);
            assert_eq!(wait.map(|wait| wait.0 / 60_000), expected, "{words}");
        }
    }
}
