//! What an agent said and did, a line each: when, with which tool, on what, how long.

use console::{Style, measure_text_width};

use crate::model::{Act, Activity, CallId, Timestamp, Usage};
use crate::run::{Attempt, AttemptEnd};

use super::paint::Colors;
use super::table::fitted;
use super::words::{attempt_word, clean, cost, counted, spent, token_count};

/// The column of the times.
const TIME: usize = 8;
/// Text that has no line end yet is not held any longer than this, in bytes.
const LONGEST_PIECE: usize = 8 << 10;

/// Renders one attempt's activities as they come. Holds the beginning of a line that is not ended, and nothing else.
#[derive(Debug, Clone)]
pub struct ActivityLines {
    columns: usize,
    colors: Colors,
    began: Timestamp,
    message: String,
    said: String,
    /// When what is held of it began.
    since: Option<Timestamp>,
    /// A tool at work, which is not shown unless it takes long.
    tool: Option<(Option<Timestamp>, String)>,
}

impl ActivityLines {
    /// Of an attempt that began then.
    pub fn new(columns: usize, colors: Colors, began: Timestamp) -> Self {
        Self {
            columns,
            colors,
            began,
            message: String::new(),
            said: String::new(),
            since: None,
            tool: None,
        }
    }

    /// The lines to show now.
    pub fn take(&mut self, activity: Activity) -> String {
        let at = activity.at;
        let (mark, text, style) = match activity.act {
            Act::Said { message, text } => return self.say(at, message, &text),
            Act::Began { tool, detail } => {
                let shown = self.pause();
                self.tool = Some((at, format!("{tool} {detail}")));
                return shown;
            }
            Act::Did {
                tool,
                detail,
                failed,
                took,
            } => {
                self.tool = None;
                let took = took.map_or_else(String::new, |took| format!(" ({took})"));
                let text = clean(format!("{tool} {detail}")) + &took;
                match failed {
                    false => ("→", text, Style::new().cyan()),
                    true => ("✗", text + " failed", Style::new().red()),
                }
            }
            Act::Used(usage) if usage == Usage::default() => return String::new(),
            Act::Used(usage) => {
                let used = format!(
                    "{} in, {} out{}",
                    token_count(usage.input_tokens()),
                    token_count(usage.output + usage.reasoning),
                    cost(usage.cost).map_or_else(String::new, |cost| format!(", {cost}")),
                );
                ("·", used, Style::new().dim())
            }
            Act::Compacted => ("·", "compacts its context".to_owned(), Style::new().dim()),
            Act::Retried(why) => (
                "!",
                format!("tries again: {}", clean(why)),
                Style::new().yellow(),
            ),
            Act::Failed(why) => ("✗", clean(why), Style::new().red()),
            Act::TooLong(bytes) => {
                let text = format!("a line of {} is left out", counted(bytes, "byte"));
                ("·", text, Style::new().dim())
            }
        };
        let said = self.pause();
        said + &self.line(at, mark, &text, style)
    }

    /// What is held back, where nothing more comes for now.
    pub fn pause(&mut self) -> String {
        let mut shown = String::new();
        if !self.said.trim().is_empty() {
            let text = std::mem::take(&mut self.said);
            let since = self.since.take();
            shown = self.text(since, &text);
        }
        self.said.clear();
        if let Some((at, text)) = self.tool.take() {
            shown += &self.line(at, "…", &clean(text), Style::new().dim());
        }
        shown
    }

    /// Whole lines at once; agents may tell a message letter by letter.
    fn say(&mut self, at: Option<Timestamp>, message: String, text: &str) -> String {
        let mut shown = String::new();
        if message != self.message {
            shown = self.pause();
            self.message = message;
        }
        if self.said.is_empty() {
            self.since = at;
        }
        self.said.push_str(text);
        let end = match self.said.rfind('\n') {
            Some(end) => end + 1,
            None if self.said.len() > LONGEST_PIECE => self.said.len(),
            None => 0,
        };
        let whole: String = self.said.drain(..end).collect();
        if !whole.trim().is_empty() {
            let since = self.since.take();
            shown += &self.text(since, &whole);
        }
        shown
    }

    fn text(&self, at: Option<Timestamp>, text: &str) -> String {
        let mut at = self.time(at);
        let mut shown = String::new();
        for line in fitted(text, self.columns.saturating_sub(TIME + 3)) {
            shown += format!("{at}  {line}").trim_end();
            shown.push('\n');
            at = self.time(None);
        }
        shown
    }

    fn line(&self, at: Option<Timestamp>, mark: &str, text: &str, style: Style) -> String {
        let mut lines = fitted(text, self.columns.saturating_sub(TIME + 5)).into_iter();
        let first = lines.next().unwrap_or_default();
        let first = format!(
            "{}  {}\n",
            self.time(at),
            self.colors.paint(&format!("{mark} {first}"), style.clone())
        );
        let blank = self.time(None);
        first
            + &lines
                .map(|line| format!("{blank}    {}\n", self.colors.paint(&line, style.clone())))
                .collect::<String>()
    }

    fn time(&self, at: Option<Timestamp>) -> String {
        let at = at.map_or_else(String::new, |at| at.since(self.began).to_string());
        let blanks = " ".repeat(TIME.saturating_sub(measure_text_width(&at)));
        blanks + &self.colors.paint(&at, Style::new().dim())
    }
}

/// Whose attempt it is: the line before what the agent said.
pub fn attempt_head(call: &CallId, number: u32, attempt: &Attempt, colors: Colors) -> String {
    let (model, agent) = (clean(&attempt.model), clean(&attempt.agent));
    let head = format!("{}, attempt {number}: {model} by {agent}", clean(call));
    colors.paint(&head, Style::new().bold()) + "\n"
}

/// How it ended, or that it is under way, with the last lines of its standard error: the lines after it.
pub fn attempt_tail(
    attempt: &Attempt,
    errors: Option<&str>,
    colors: Colors,
    now: Timestamp,
) -> String {
    let mut text = String::new();
    for line in errors.unwrap_or_default().lines().map(clean) {
        text += &colors.paint(&format!("  stderr  {line}"), Style::new().dim());
        text.push('\n');
    }
    let spent = spent(attempt.time(now), &attempt.usage);
    text += &match attempt.end() {
        None => format!("{}, {spent} so far\n", attempt_word(attempt)),
        Some(AttemptEnd::Failed(failure)) => {
            let why = format!("{}: {}", attempt_word(attempt), clean(&failure.message));
            let why = colors.paint(&why, Style::new().red());
            format!("failed after {spent}\n{why}\n")
        }
        Some(AttemptEnd::Succeeded | AttemptEnd::Stopped(_) | AttemptEnd::Lost) => {
            format!("{} after {spent}\n", attempt_word(attempt))
        }
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn shown(columns: usize) -> String {
        let mut lines = ActivityLines::new(columns, Colors::Off, Timestamp(1_000));
        let said = |message: &str, text: &str| Act::Said {
            message: message.to_owned(),
            text: text.to_owned(),
        };
        let did = |tool: &str, detail: &str, failed, took: Option<u64>| Act::Did {
            tool: tool.to_owned(),
            detail: detail.to_owned(),
            failed,
            took: took.map(Millis),
        };
        let acts = [
            (Some(1_000), said("a", "I lo")),
            (
                None,
                said(
                    "a",
                    "ok at \x1b[2Jthe files of 漢字 first, and then I write what is wanted.\nNow",
                ),
            ),
            (
                Some(4_100),
                did(
                    "read",
                    "src/client/limits/by_tenant_and_region/token_bucket_of_requests.rs",
                    false,
                    Some(9),
                ),
            ),
            (
                Some(64_000),
                did(
                    "bash",
                    "npm test -- --reporter=dot --bail",
                    true,
                    Some(59_000),
                ),
            ),
            (
                None,
                Act::Began {
                    tool: "bash".to_owned(),
                    detail: "sleep 100".to_owned(),
                },
            ),
            (
                Some(65_000),
                Act::Retried("429 too many\nrequests".to_owned()),
            ),
            (None, Act::TooLong(5_000_000)),
            (None, said("b", "Done.")),
        ];
        let mut text = String::new();
        for (at, act) in acts {
            let at = at.map(Timestamp);
            text += &lines.take(Activity { at, act });
        }
        text + &lines.pause()
    }

    #[test]
    fn each_line_fits_and_tells_when_what_and_how_long() {
        let shown = [60, 80, 120].map(|columns| {
            let text = shown(columns);
            for line in text.lines() {
                assert!(measure_text_width(line) <= columns, "{line}");
            }
            format!("{columns} columns\n{text}")
        });
        insta::assert_snapshot!(shown.join("\n"));
    }
}
