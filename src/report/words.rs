//! Small words: counts, states, failures, wrapped and cleaned text.

use console::{measure_text_width, strip_ansi_codes, truncate_str};
use serde::Serialize;

use crate::model::{Decision, FailureKind, MicroUsd, Millis, RunEnd, Timestamp, Undecided, Usage};
use crate::plan::{EnsembleMode, Judging, Method, Orders, OutputKind, PhaseKind};

use super::screen::bounded;
use crate::model::is_unsafe;
use crate::run::{Attempt, AttemptEnd, CallState};

use super::view::{CallProgress, PhaseStatus, RunStatus, RunView, Supervisor, progress};

/// What a table shows where nothing is known.
pub(super) const NOTHING: &str = "–";
/// A title longer than this is cut: models write them.
const TITLE_WIDTH: usize = 48;

/// Columns at which what people and models wrote is wrapped.
const WIDTH: usize = 92;

/// What there is, else a sign that nothing is known.
pub fn or_nothing(text: Option<String>) -> String {
    text.unwrap_or_else(|| NOTHING.to_owned())
}

/// A count of tokens in few characters: `850`, `4.2k`, `240k`, `1.3M`.
pub fn token_count(tokens: u64) -> String {
    let tenths = |unit: u64| tokens.saturating_add(unit / 20) / (unit / 10);
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..99_950 => format!("{}.{}k", tenths(1_000) / 10, tenths(1_000) % 10),
        99_950..999_500 => format!("{}k", (tokens + 500) / 1_000),
        _ => format!("{}.{}M", tenths(1_000_000) / 10, tenths(1_000_000) % 10),
    }
}

/// A sum of money, if any is known: agents that do not tell a price report none.
pub(super) fn cost(cost: MicroUsd) -> Option<String> {
    (cost > MicroUsd::default()).then(|| cost.to_string())
}

/// `3.1 s, 4.2k tokens, $0.03`, as far as known.
pub(super) fn spent(time: Millis, usage: &Usage) -> String {
    let mut text = time.to_string();
    if usage.tokens() > 0 {
        text.push_str(&format!(", {} tokens", token_count(usage.tokens())));
    }
    if let Some(cost) = cost(usage.cost) {
        text.push_str(&format!(", {cost}"));
    }
    text
}

/// `1 attempt`, `2 attempts`.
pub fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Of what runs tell together: `; not counted: 1 rehearsal`.
pub(super) fn not_counted(rehearsals: u64, foreign: u64) -> String {
    let all = [(rehearsals, "rehearsal"), (foreign, "foreign run")];
    let all = all.into_iter().filter(|(count, _)| *count > 0);
    let all: Vec<String> = all.map(|(count, noun)| counted(count, noun)).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!("; not counted: {}", all.join(", ")),
    }
}

/// Text on one line of bounded length and without control characters: agents and providers wrote it, and a
/// terminal must not obey it.
pub fn clean(text: impl AsRef<str>) -> String {
    let plain = strip_ansi_codes(text.as_ref());
    let visible: String = plain
        .chars()
        .map(|char| {
            if char.is_control() || is_unsafe(char) {
                ' '
            } else {
                char
            }
        })
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    bounded(&line).into_owned()
}

/// A time that stands still for a second at least.
pub(super) fn whole(time: Millis) -> String {
    match time.0 / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        seconds => format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    }
}

/// Text wrapped at words to a display width; a longer word stands alone. Its own lines are kept.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.trim().lines() {
        let mut line = String::new();
        for word in clean(paragraph).split(' ') {
            let needed = measure_text_width(&line) + 1 + measure_text_width(word);
            if !line.is_empty() && needed > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Lines that are wider are broken between words, and what follows is further to the right. What is between
/// backquotes stays whole where a line has room for it; a longer word is left to the terminal.
pub fn folded(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if measure_text_width(line.trim_end()) <= width {
            out.push_str(line);
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let margin = (indent + 2).min(width / 2);
        let (mut at, mut is_first) = (0, true);
        for word in words_of(line, width - margin) {
            let needed = measure_text_width(word.trim_end());
            if !is_first && at + needed > width {
                out.truncate(out.trim_end_matches(' ').len());
                out.push_str(&format!("\n{:margin$}", ""));
                at = margin;
            }
            out.push_str(word);
            at += measure_text_width(word);
            is_first &= needed == 0;
        }
    }
    out
}

/// Each with the blank behind it.
fn words_of(line: &str, room: usize) -> Vec<&str> {
    let mut is_quoted = false;
    let words = line.split_inclusive(move |char| {
        is_quoted ^= char == '`';
        char == ' ' && !is_quoted
    });
    let fits = |word: &str| measure_text_width(word.trim_end()) <= room;
    words
        .flat_map(|word| match fits(word) {
            true => vec![word],
            false => word.split_inclusive(' ').collect(),
        })
        .collect()
}

/// The same as lines of text behind a margin, within so many columns.
pub(super) fn wrapped(margin: &str, text: &str, width: usize) -> String {
    let width = width.saturating_sub(margin.len()).clamp(20, WIDTH);
    let lines = wrap(text, width).into_iter();
    let lines = lines.map(|line| format!("{margin}{line}").trim_end().to_owned() + "\n");
    lines.collect()
}

/// What files and events call it, as people say it: `audit failed`.
pub fn word(of: impl Serialize) -> String {
    let name = serde_json::to_value(of).unwrap_or_default();
    name.as_str().unwrap_or_default().replace('_', " ")
}

/// A failure's kind as people say it.
pub(super) fn failure_word(kind: FailureKind) -> &'static str {
    kind.rule().word
}

/// A time of the user's day, with the day if that is far from the other time.
pub(super) fn clock(at: Timestamp, from: Timestamp) -> String {
    let zoned = at.instant().to_zoned(jiff::tz::TimeZone::system());
    let is_near = at.since(from) < Millis::minutes(20 * 60);
    let form = if is_near { "%H:%M" } else { "%b %-d %H:%M" };
    zoned.strftime(form).to_string()
}

/// Until when a run is parked, and why: `parked until 14:30: claude's quota`.
pub(super) fn parked(view: &RunView) -> Option<String> {
    let (until, last) = (view.parked_until()?, view.state.last?);
    let parked = view.state.parked_accounts(last).into_iter();
    let accounts: Vec<String> = parked.map(|(name, _)| clean(name)).collect();
    let (until, accounts) = (clock(until, last), accounts.join(" and "));
    Some(format!("parked until {until}: {accounts}'s quota"))
}

/// A run's state in one word.
pub(super) fn run_word(view: &RunView, supervisor: Supervisor) -> String {
    let under_way = match (view.status(), supervisor) {
        (RunStatus::Planned, _) => "planned",
        (RunStatus::UnderWay, Supervisor::Alive) if view.state.is_paused() => "paused",
        (RunStatus::UnderWay, Supervisor::Alive) | (RunStatus::Ended(RunEnd::Limited), _)
            if view.parked_until().is_some() =>
        {
            "parked"
        }
        (RunStatus::UnderWay, Supervisor::Alive) => "running",
        (RunStatus::UnderWay, Supervisor::Gone) => "interrupted",
        (RunStatus::Ended(end), _) => return word(end),
    };
    under_way.to_owned()
}

/// A phase's state in one word.
pub(super) fn phase_word(status: PhaseStatus<'_>, supervisor: Supervisor) -> &'static str {
    match status {
        PhaseStatus::Waiting => "waiting",
        PhaseStatus::Running if supervisor == Supervisor::Gone => "interrupted",
        PhaseStatus::Running => "running",
        PhaseStatus::Asking(_) => "asking",
        PhaseStatus::Closed(_) => "closed",
        PhaseStatus::Failed(_) => "failed",
        PhaseStatus::Skipped(_) => "skipped",
    }
}

/// A name that may hold a model's words: cleaned, and cut to a bearable width.
pub(super) fn title(text: &str) -> String {
    truncate_str(&clean(text), TITLE_WIDTH, "…").into_owned()
}

pub(super) fn call_word(call: &CallState) -> &'static str {
    match progress(call) {
        CallProgress::Waiting => "waiting",
        CallProgress::Running => "running",
        CallProgress::Retrying(_) => "retrying",
        CallProgress::Stopped => "stopped",
        CallProgress::Done => "done",
        CallProgress::Reused(_) => "reused",
        CallProgress::Failed(_) => "failed",
        CallProgress::Cancelled(_) => "cancelled",
    }
}

/// An attempt's state in one or two words; a failure's kind is the state.
pub(super) fn attempt_word(attempt: &Attempt) -> String {
    let word = match (attempt.end(), attempt.prompt_tokens) {
        (None, None) => "starting",
        (None, Some(_)) => "running",
        (Some(AttemptEnd::Succeeded), _) => "done",
        (Some(AttemptEnd::Stopped(_)), _) => "stopped",
        (Some(AttemptEnd::Failed(failure)), _) => return failure_word(failure.kind).to_owned(),
        (Some(AttemptEnd::Lost), _) => "interrupted",
    };
    match &attempt.placed {
        Some(placed) => format!("{word} on {}", clean(&placed.node)),
        None => word.to_owned(),
    }
}

/// A judge's decision as people say it.
pub(super) fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Pick => "picked a proposal",
        Decision::Synthesize => "synthesized a new one",
        Decision::None => "found none good enough",
        Decision::Abstain => "abstained",
    }
}

/// Who judges, by their first choices: `claude-opus judges`, `claude-opus and gpt judge in both orders`.
pub(super) fn judging_words(judging: &Judging) -> String {
    let judges = judging
        .panel
        .iter()
        .map(|chain| or_nothing(chain.first().map(clean)));
    let judges: Vec<String> = judges.collect();
    let verb = if judges.len() == 1 { "judges" } else { "judge" };
    format!("{} {verb}{}", judges.join(" and "), how_judged(judging))
}

/// What each judge compares at once, and in which orders; nothing where it is all in one.
pub(super) fn how_judged(judging: &Judging) -> String {
    let method = match judging.method {
        Method::List => "",
        Method::Pairwise => " pair by pair",
        Method::Tournament => " by a tournament",
    };
    let orders = match judging.orders {
        Orders::One => "",
        Orders::Both => " in both orders",
        Orders::Auto => ", a close one in both orders",
    };
    format!("{method}{orders}")
}

/// Why nobody won, after a sentence that asks for a pick: ` (a tie)`.
pub(super) fn undecided_words(kind: Option<Undecided>) -> String {
    kind.map_or_else(String::new, |kind| format!(" ({})", kind.words()))
}

/// What a phase does, by its type: `3 propose, claude-opus judges`.
pub(super) fn kind_words(kind: &PhaseKind) -> String {
    match kind {
        PhaseKind::Single { chain, yields } => {
            let does = match yields {
                OutputKind::Document => "",
                OutputKind::Tasks(_) => " writes tasks",
                OutputKind::Audit => " audits",
                OutputKind::Edits => " edits",
            };
            let model = chain.first().map_or(NOTHING, |model| model.as_str());
            format!("single, {model}{does}")
        }
        PhaseKind::Routed { routing, named, .. } => {
            // A plan of an older version does not tell whom the workflow names.
            let all = routing.keys().filter(|_| named.is_empty());
            let categories: Vec<String> = named.iter().chain(all).map(clean).collect();
            format!("routed to {}", categories.join(", "))
        }
        PhaseKind::Parallel { lenses, judge } => {
            let lenses = counted(lenses.len() as u64, "question");
            let judge = judge.as_ref().and_then(|chain| chain.first());
            let joined = judge.map_or_else(
                || "joined as they are".to_owned(),
                |model| format!("{model} joins"),
            );
            format!("parallel, {lenses}, {joined}")
        }
        PhaseKind::Ensemble {
            proposers,
            judge,
            mode,
            ..
        } => {
            let turns = match mode {
                EnsembleMode::Parallel => "",
                EnsembleMode::Sequential => " in turn",
            };
            let verb = if proposers.len() == 1 {
                "proposes"
            } else {
                "propose"
            };
            format!(
                "ensemble, {} {verb}{turns}, {}",
                proposers.len(),
                judging_words(judge)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_counts_never_jump_back() {
        let shown = [0, 999, 1_000, 4_249, 99_949, 99_950, 999_499, 999_500].map(token_count);
        assert_eq!(
            shown,
            ["0", "999", "1.0k", "4.2k", "99.9k", "100k", "999k", "1.0M"]
        );
    }

    #[test]
    fn what_agents_say_cannot_drive_the_terminal() {
        assert_eq!(
            clean("\x1b[2Jread\r\nsrc/\u{202e}a.rs\x07"),
            "read src/ a.rs"
        );
    }

    #[test]
    fn folding_keeps_commands_whole_and_touches_no_line_that_fits() {
        let fits = "  a   b\n\n    c\n";
        assert_eq!(folded(fits, 20), fits);
        assert_eq!(
            folded(
                "error: none; run `opencode auth login`, or not\n  漢字漢字 漢字漢字\nend",
                24
            ),
            "error: none; run\n  `opencode auth login`,\n  or not\n  漢字漢字 漢字漢字\nend"
        );
        assert_eq!(
            folded("  漢字漢字 漢字漢字", 18),
            "  漢字漢字\n    漢字漢字"
        );
        assert_eq!(
            folded("`a command of more columns`", 12),
            "`a command\n  of more\n  columns`"
        );
        assert_eq!(
            folded("/a/path/that/is/longer here", 12),
            "/a/path/that/is/longer\n  here"
        );
    }

    #[test]
    fn wrapping_counts_columns_and_keeps_lines() {
        assert_eq!(
            wrap("aa bb cc\n漢字 漢字", 6),
            ["aa bb", "cc", "漢字", "漢字"]
        );
    }
}
