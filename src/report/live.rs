//! Live progress on a terminal.
//!
//! What is settled (a phase's start, a finished call, a verdict) becomes a lasting line in the
//! scroll-back; below it is a frame with a line for each open call and a footer. Lasting lines
//! may be as long as they need to be; the frame's are cut.

use console::{Style, pad_str, truncate_str};

use crate::model::{Millis, Timestamp};
use crate::run::{Attempt, CallState, CallStatus, Record};

use super::error::ReportError;
use super::live_work::{checking, task_count};
use super::log_line::{Interest, LogLine, Tone};
use super::log_lines::log_line;
use super::paint::{Colors, Terminal};
use super::view::{CallProgress, RunStatus, RunView, is_open, model, progress, short_name, usage};
use super::words::{clean, cost, counted, token_count};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// A name longer than this is cut in the frame, so that one cannot push the rest out of sight.
const NAME_WIDTH: usize = 28;
/// Lines of the frame that are not about one call, and the cursor's.
const FIXED_LINES: usize = 3;

#[derive(Debug)]
pub struct Live {
    view: RunView,
    terminal: Terminal,
    colors: Colors,
    /// Lasting lines that were not painted yet.
    lasting: Vec<String>,
}

impl Live {
    /// Goes on from `view`, on this terminal.
    pub fn new(view: RunView, terminal: Terminal, colors: Colors) -> Self {
        Self {
            view,
            terminal,
            colors,
            lasting: Vec::new(),
        }
    }

    /// Takes a record in. It is seen at the next [`tick`](Self::tick).
    pub fn apply(&mut self, record: &Record) {
        self.view.apply(record);
        if let Some(log_line) = log_line(&self.view, record)
            && log_line.interest == Interest::Lasting
        {
            self.keep(&log_line);
        }
    }

    /// Paints what changed.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), ReportError> {
        let frame = self.frame(now);
        self.paint(&frame)
    }

    /// Paints what is lasting and takes the frame away.
    pub fn finish(&mut self) -> Result<(), ReportError> {
        self.paint(&[])
    }

    fn paint(&mut self, frame: &[String]) -> Result<(), ReportError> {
        let lasting = std::mem::take(&mut self.lasting);
        self.terminal
            .paint(&lasting, frame)
            .map_err(|source| ReportError::Write {
                what: "progress",
                source,
            })
    }

    fn keep(&mut self, log_line: &LogLine) {
        let symbol = match log_line.tone {
            Tone::Good => self.style("✓", Style::new().green()),
            Tone::Bad => self.style("✗", Style::new().red()),
            Tone::Odd => self.style("!", Style::new().yellow()),
            Tone::Calm => self.style("·", Style::new().dim()),
        };
        let scope: String = log_line
            .scope
            .iter()
            .map(|part| format!("{part} · "))
            .collect();
        self.lasting.push(format!(
            "{symbol} {}{}",
            self.style(&scope, Style::new().bold()),
            log_line.text
        ));
        for note in &log_line.notes {
            self.lasting.push(format!("    {note}"));
        }
    }

    fn style(&self, text: &str, style: Style) -> String {
        self.colors.paint(text, style)
    }

    fn frame(&self, now: Timestamp) -> Vec<String> {
        let open: Vec<&CallState> = match self.view.status() {
            RunStatus::UnderWay => self.view.state.calls().filter(|one| is_open(one)).collect(),
            RunStatus::Planned | RunStatus::Ended(_) => return Vec::new(),
        };
        let name_width = widest(open.iter().map(|call| clean(short_name(call))));
        let model_width = widest(
            open.iter()
                .filter_map(|call| model(call).map(|model| model.as_str().to_owned())),
        );
        let mut lines: Vec<String> = open
            .iter()
            .map(|call| self.call_line(call, name_width, model_width, now))
            .collect();
        self.fit(&mut lines);
        lines.extend(self.straggler_line(now));
        lines.extend(checking(&self.view, now));
        lines.push(self.footer(&open, now));
        lines
    }

    /// Leaves room for the straggler line (or the one of what is checked), the footer and the line
    /// of the cursor.
    fn fit(&self, lines: &mut Vec<String>) {
        let room = self.terminal.size().rows.saturating_sub(FIXED_LINES);
        if lines.len() > room {
            let hidden = lines.len() - room.saturating_sub(1);
            lines.truncate(room.saturating_sub(1));
            lines.push(format!("  … and {}", counted(hidden as u64, "more call")));
        }
    }

    fn call_line(&self, call: &CallState, names: usize, models: usize, now: Timestamp) -> String {
        let attempt = call.attempts.last().filter(|one| one.end.is_none());
        let (symbol, doing) = match (progress(call), attempt) {
            (CallProgress::Running, Some(attempt)) => (spinner(now), doing(attempt)),
            (CallProgress::Retrying(until), _) => {
                ("↻", format!("next attempt in {}", until.since(now)))
            }
            _ => ("·", "waiting".to_owned()),
        };
        let time = attempt.map_or_else(String::new, |attempt| seconds(attempt.time(now)));
        let usage = usage(call);
        let tokens = match usage.tokens() {
            0 => String::new(),
            tokens => format!("{} tok", token_count(tokens)),
        };
        let model = model(call).map_or("", |model| model.as_str());
        let mut line = format!(
            "{} {}  {}  {time:>7}  {tokens:>9}",
            self.style(symbol, Style::new().cyan()),
            column(&short_name(call), names),
            column(model, models),
        );
        if let Some(cost) = cost(usage.cost) {
            line.push_str(&format!("  {cost}"));
        }
        format!("{line}  {}", self.style(&doing, Style::new().dim()))
    }

    fn straggler_line(&self, now: Timestamp) -> Option<String> {
        let mut phases = self.view.phases();
        let until = phases.find_map(|phase| phase.state.straggler_limit())?;
        Some(format!(
            "  quorum reached; stragglers have {}",
            until.since(now)
        ))
    }

    fn footer(&self, open: &[&CallState], now: Timestamp) -> String {
        let totals = self.view.totals(now);
        let running = open
            .iter()
            .filter(|call| call.status == CallStatus::Running)
            .count();
        let mut parts = vec![
            self.view.run().to_owned(),
            seconds(totals.wall),
            format!("{running} running"),
            counted(totals.attempts, "attempt"),
            format!("{} tokens", token_count(totals.usage.tokens())),
        ];
        parts.extend(cost(totals.usage.cost));
        parts.extend(task_count(&self.view));
        self.style(&parts.join(" · "), Style::new().dim())
    }
}

fn spinner(now: Timestamp) -> &'static str {
    let step = usize::try_from(now.0 / 100 % SPINNER.len() as u64).unwrap_or(0);
    SPINNER.get(step).copied().unwrap_or("·")
}

fn doing(attempt: &Attempt) -> String {
    match (attempt.prompt_tokens, attempt.doing.is_empty()) {
        // Its workspace is being made, or it waits for a core to start on.
        (None, _) => "queued".to_owned(),
        (Some(_), false) => clean(&attempt.doing),
        (Some(_), true) => "thinking".to_owned(),
    }
}

/// A time that stands still as long as it can: whole seconds from a minute on.
fn seconds(time: Millis) -> String {
    match time.0 {
        0..1_000 => format!("0.{} s", time.0 / 100),
        _ => time.to_string(),
    }
}

fn widest(names: impl Iterator<Item = String>) -> usize {
    let width = |name: String| console::measure_text_width(&name).min(NAME_WIDTH);
    names.map(width).max().unwrap_or(0)
}

fn column(name: &str, width: usize) -> String {
    let name = clean(name);
    let cut = truncate_str(&name, width, "…");
    pad_str(&cut, width, console::Alignment::Left, None).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Size;
    use crate::report::{sample, sample_build};

    /// The frame and the lasting lines after the first `count` records, `after` ms later.
    fn screen(history: &sample::History, count: usize, size: Size, after: u64) -> String {
        let terminal = Terminal::new(std::io::sink(), move || size);
        let mut live = Live::new(RunView::replay(&history.plan, &[]), terminal, Colors::Off);
        for record in history.records.iter().take(count) {
            live.apply(record);
        }
        let now = live
            .view
            .state
            .last
            .unwrap_or_default()
            .after(Millis(after));
        let frame = live.frame(now).join("\n");
        format!("{}\n----\n{frame}", live.lasting.join("\n"))
    }

    const LARGE: Size = Size {
        columns: 100,
        rows: 40,
    };

    #[test]
    fn while_proposers_run_and_one_retries() {
        let history = sample::ensemble();
        let count = history.until("retry_scheduled");
        insta::assert_snapshot!(screen(&history, count, LARGE, 250));
    }

    #[test]
    fn while_a_straggler_has_its_time() {
        let history = sample::ensemble();
        let count = history.until("quorum_reached");
        insta::assert_snapshot!(screen(&history, count, LARGE, 1_000));
    }

    #[test]
    fn while_a_task_is_at_work() {
        let history = sample_build::build();
        let count = history.until("task_done") + 2;
        insta::assert_snapshot!(screen(&history, count, LARGE, 1_000));
    }

    #[test]
    fn while_changes_are_checked_the_frame_says_so() {
        let history = sample_build::build();
        let text = screen(&history, history.until("verify_started"), LARGE, 1_000);
        let frame = text.split("----\n").nth(1).unwrap_or_default();
        let running = "running `node --test test/limit.test.js`, 1.0 s";
        assert!(frame.contains(running), "{text}");
        let text = screen(&history, history.until("verify_started") - 1, LARGE, 1_000);
        let frame = text.split("----\n").nth(1).unwrap_or_default();
        assert!(
            frame.contains("T1 Count requests per client: checking"),
            "{text}"
        );
        assert!(frame.contains("0 of 3 tasks done"), "{text}");
    }

    #[test]
    fn when_all_is_over_nothing_but_lasting_lines_is_left() {
        let history = sample::ensemble();
        let text = screen(&history, history.records.len(), LARGE, 0);
        assert!(text.ends_with("\n----\n"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_low_terminal_keeps_the_footer() {
        let history = sample::ensemble();
        let size = Size {
            columns: 100,
            rows: 5,
        };
        let text = screen(&history, history.until("retry_scheduled"), size, 0);
        let frame: Vec<&str> = text.split("----\n").nth(1).unwrap_or("").lines().collect();
        assert_eq!(frame.len(), 3, "{text}");
        assert!(frame[1].contains("and 2 more calls"), "{text}");
        assert!(frame[2].contains("attempts"), "{text}");
    }

    #[test]
    fn colour_only_where_it_is_wanted() {
        let history = sample::ensemble();
        assert!(!screen(&history, 8, LARGE, 0).contains('\x1b'));
        let terminal = Terminal::new(std::io::sink(), || LARGE);
        let mut live = Live::new(RunView::replay(&history.plan, &[]), terminal, Colors::On);
        live.apply(&history.records[0]);
        assert!(live.lasting[0].contains('\x1b'));
    }
}
