//! Live progress on a terminal.
//!
//! What is settled (a phase's start, a finished call, a verdict) becomes a lasting line in the
//! scroll-back; below it is a frame: the phases, a line for each open call, what the run waits for, its
//! budget and a footer. Lasting lines are wrapped at words; the frame's are cut. It changes once
//! a second, or when something happens.

use console::Style;

use crate::model::Timestamp;
use crate::run::{CallState, Control, Record};

use super::error::ReportError;
use super::focus::{Focus, HELP, Item, Key};
use super::live_lines::Lines;
use super::log_line::{Interest, LogLine, Tone};
use super::log_lines::log_line;
use super::paint::{Colors, Terminal};
use super::view::{RunStatus, RunView, is_open};
use super::words::{counted, wrap};

/// Columns of the frame.
const WIDEST: usize = 140;
const SELECT: (&str, &str) = ("↑ ↓", "select a call; Enter: what it did last");

#[derive(Debug)]
pub struct Live {
    view: RunView,
    terminal: Terminal,
    colors: Colors,
    /// Lasting lines that were not painted yet.
    lasting: Vec<String>,
    focus: Focus,
    /// Nothing looks selected before a person has pressed a key.
    touched: bool,
}

impl Live {
    /// Goes on from `view`, on this terminal.
    pub fn new(view: RunView, terminal: Terminal, colors: Colors) -> Self {
        Self {
            view,
            terminal,
            colors,
            lasting: Vec::new(),
            focus: Focus::default(),
            touched: false,
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
        let columns = self.terminal.size().columns;
        let text = format!("{scope}{}", log_line.text);
        let mut lines = wrap(&text, columns.saturating_sub(4)).into_iter();
        let first = lines.next().unwrap_or_default();
        let first = match first.strip_prefix(&scope) {
            Some(text) => self.style(&scope, Style::new().bold()) + text,
            None => first,
        };
        self.lasting.push(format!("{symbol} {first}"));
        let notes = log_line.notes.iter();
        let notes = notes.flat_map(|note| wrap(note, columns.saturating_sub(4)));
        let more = lines.chain(notes).map(|line| format!("    {line}"));
        self.lasting.extend(more);
    }

    fn style(&self, text: &str, style: Style) -> String {
        self.colors.paint(text, style)
    }

    fn frame(&self, now: Timestamp) -> Vec<String> {
        let open = match self.view.status() {
            RunStatus::UnderWay => open_calls(&self.view),
            RunStatus::Planned | RunStatus::Ended(_) => return Vec::new(),
        };
        let size = self.terminal.size();
        let lines = Lines {
            view: &self.view,
            now,
            // Wider, the eye loses the line.
            width: (size.columns - 1).min(WIDEST),
            colors: self.colors,
        };
        let mut above = vec![lines.phases()];
        let below = [self.help(), lines.below(&self.focus, "? keys")].concat();
        let items = items(&open);
        let selected = self.focus.call(&self.view, &items);
        let selected = selected.filter(|_| self.touched);
        let mut calls = lines.calls(&open, selected);
        let tail = match selected.filter(|_| self.focus.opened) {
            Some(call) => lines.tail(call),
            None => Vec::new(),
        };
        let fixed = above.len() + below.len() + tail.len() + 1;
        fit(&mut calls, size.rows.saturating_sub(fixed));
        above.extend(calls.into_iter().chain(tail).chain(below));
        above
    }

    fn help(&self) -> Vec<String> {
        let all = std::iter::once(SELECT).chain(HELP);
        let shown = all.filter(|_| self.focus.help);
        shown
            .map(|(key, does)| format!("  {key:<7}{does}"))
            .collect()
    }

    /// What the person wants of the run with this key, if anything.
    pub fn press(&mut self, key: Key) -> Option<Control> {
        let first = !std::mem::replace(&mut self.touched, true);
        if first && matches!(key, Key::Up | Key::Down) {
            return None;
        }
        let items = items(&open_calls(&self.view));
        self.focus.press(key, &self.view, &items)
    }

    /// Why what a person wanted cannot be done.
    pub fn tell(&mut self, notice: String) {
        self.focus.notice = notice;
    }
}

fn open_calls(view: &RunView) -> Vec<&CallState> {
    view.state.calls().filter(|one| is_open(one)).collect()
}

fn items(calls: &[&CallState]) -> Vec<Item> {
    let item = |call: &&CallState| Item::Call(call.spec.id.clone());
    calls.iter().map(item).collect()
}

/// Leaves room for the other lines of the frame.
fn fit(lines: &mut Vec<String>, room: usize) {
    if lines.len() > room.max(1) {
        let hidden = lines.len() - room.saturating_sub(1);
        lines.truncate(room.saturating_sub(1));
        lines.push(format!("  … and {}", counted(hidden as u64, "more call")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
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
        let running = "running `node --test test/limit.test.js`, 1 s";
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
        assert_eq!(frame.len(), 4, "{text}");
        assert!(frame[1].contains("and 3 more calls"), "{text}");
        assert!(frame[3].contains("attempts"), "{text}");
    }

    #[test]
    fn frames_fit_the_columns_that_there_are() {
        let mut history = sample::ensemble();
        history.records.truncate(history.until("retry_scheduled"));
        history.wide(
            "plan.propose-1",
            "read src/漢字漢字漢字/読み込み.rs and all that is beside it",
        );
        let frames = [60, 80, 120, 200].map(|columns| {
            let size = Size { columns, rows: 24 };
            let terminal = Terminal::new(std::io::sink(), move || size);
            let mut live = Live::new(
                RunView::replay(&history.plan, &history.records),
                terminal,
                Colors::Off,
            );
            let now = live
                .view
                .state
                .last
                .unwrap_or_default()
                .after(Millis::seconds(61));
            for key in [Key::Down, Key::Open, Key::Help, Key::Stop] {
                assert_eq!(live.press(key), None);
            }
            let frame = live.frame(now);
            for line in &frame {
                let width = console::measure_text_width(line);
                assert!(width < columns, "{width} of {columns}: {line}");
            }
            format!("{columns}\n{}", frame.join("\n"))
        });
        insta::assert_snapshot!(frames.join("\n\n"));
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
