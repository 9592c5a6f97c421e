//! Plain lines, for when standard error is no terminal: one a meaningful event, readable without
//! colour, never rewritten.

use std::io::Write;

use crate::model::{Millis, Timestamp};
use crate::run::{Event, Record, RunEvent};

use super::error::ReportError;
use super::log_lines::log_line;
use super::view::{RunStatus, RunView};
use super::words::{counted, parked, token_count};

#[derive(Debug)]
pub struct Plain<W> {
    view: RunView,
    /// What earlier supervisors had worked on the run.
    before: Millis,
    /// When the last line was written.
    last: Timestamp,
    out: W,
}

/// Who sees no line for so long might think that it hangs.
const HEARTBEAT: Millis = Millis::seconds(30);

impl<W: Write> Plain<W> {
    /// Goes on from `view`; the lines go to `out`.
    pub fn new(view: RunView, out: W) -> Self {
        let before = Millis::default();
        Self {
            view,
            before,
            last: Timestamp::default(),
            out,
        }
    }

    /// What the lines went to.
    pub fn into_out(self) -> W {
        self.out
    }

    /// Takes a record in and writes its line, if it has one.
    pub fn apply(&mut self, record: &Record) -> Result<(), ReportError> {
        self.view.apply(record);
        let Some(log_line) = log_line(&self.view, record) else {
            return Ok(());
        };
        let worked = self.view.state.worked(record.at);
        if let Event::Run(RunEvent::Started { .. } | RunEvent::Resumed { .. }) = record.event {
            self.before = worked;
        }
        let since = Millis(worked.0.saturating_sub(self.before.0));
        self.last = record.at;
        let mut text = format!("{} ", stamp(since));
        for part in &log_line.scope {
            text.push_str(part);
            text.push_str(" · ");
        }
        text.push_str(&log_line.text);
        text.push('\n');
        for note in &log_line.notes {
            text.push_str(&format!("           {note}\n"));
        }
        self.write(&text)
    }

    /// Says from time to time that the run is still at work.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), ReportError> {
        let state = &self.view.state;
        let is_under_way = self.view.status() == RunStatus::UnderWay;
        if !is_under_way || now.since(self.last) < HEARTBEAT {
            return Ok(());
        }
        self.last = now;
        let worked = Millis(state.worked(now).0.saturating_sub(self.before.0));
        let doing = match (state.is_paused(), parked(&self.view)) {
            (true, _) => "paused".to_owned(),
            (false, Some(parked)) => parked,
            (false, None) => "still at work".to_owned(),
        };
        let running = counted(state.running().count() as u64, "call");
        let tokens = token_count(state.spent().usage.tokens());
        let line = format!(
            "{} {doing}: {running} under way, {tokens} tokens\n",
            stamp(worked)
        );
        self.write(&line)
    }

    /// One write a line, so that lines of several writers do not mix.
    fn write(&mut self, text: &str) -> Result<(), ReportError> {
        self.out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
            .map_err(|source| ReportError::Write {
                what: "progress",
                source,
            })
    }
}

/// Seconds since the session's start: `[   3.2s]`.
fn stamp(time: Millis) -> String {
    format!("[{:>5}.{}s]", time.0 / 1000, time.0 % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, sample_build};

    fn lines(history: &sample::History) -> String {
        let mut plain = Plain::new(RunView::replay(&history.plan, &[]), Vec::new());
        for record in &history.records {
            plain.apply(record).expect("a vector takes everything");
        }
        String::from_utf8(plain.out).expect("lines are UTF-8")
    }

    #[test]
    fn a_heartbeat_comes_after_half_a_minute_of_silence() {
        let history = sample::ensemble();
        let mut plain = Plain::new(RunView::replay(&history.plan, &[]), Vec::new());
        let count = history.until("retry_scheduled");
        for record in &history.records[..count] {
            plain.apply(record).expect("a vector takes everything");
        }
        let last = history.records[count - 1].at;
        let before = plain.out.len();
        for seconds in 0..=70 {
            let now = last.after(Millis::seconds(seconds));
            plain.tick(now).expect("a vector takes everything");
        }
        let beats = String::from_utf8_lossy(&plain.out[before..]);
        assert_eq!(beats.lines().count(), 2, "{beats}");
        assert!(
            beats.contains("s] still at work: 2 calls under way"),
            "{beats}"
        );
    }

    #[test]
    fn an_ensemble_in_plain_lines() {
        insta::assert_snapshot!(lines(&sample::ensemble()));
    }

    #[test]
    fn a_failed_run_in_plain_lines() {
        insta::assert_snapshot!(lines(&sample::failed()));
    }

    #[test]
    fn a_waiting_run_that_was_resumed_in_plain_lines() {
        insta::assert_snapshot!(lines(&sample::waiting()));
    }

    #[test]
    fn a_feature_build_with_a_loop_in_plain_lines() {
        insta::assert_snapshot!(lines(&sample_build::build()));
    }

    #[test]
    fn a_lost_task_in_plain_lines() {
        insta::assert_snapshot!(lines(&sample_build::build_that_lost_a_task()));
    }

    #[test]
    fn a_stopped_call_and_the_one_that_goes_on_in_plain_lines() {
        let text = lines(&sample_build::build_in_parts());
        let from = text.find("[   17.1s]").expect("it was stopped then");
        insta::assert_snapshot!(&text[from..], @r"
        [   17.1s] execute · T1 Count requests per client · claude-sonnet · stopped at its checkpoint after 8.9 s, 244k tokens, $0.50, with a context of 93.2k tokens: 1 file, +40 -0
        [   17.1s] execute · distill-T1.part-1 · claude-haiku · started
        [   19.1s] execute · distill-T1.part-1 · claude-haiku · done in 1.9 s, 4.9k tokens, $0.02
        [   19.1s] execute · T1.part-2 Count requests per client · claude-sonnet · started
        ");
    }

    #[test]
    fn no_control_character_gets_through() {
        for history in [sample::hostile(), sample_build::hostile_build()] {
            let text = lines(&history);
            assert!(text.contains("evil"), "{text}");
            let obeyed = |char: char| char.is_control() && char != '\n';
            assert!(!text.chars().any(obeyed), "{text:?}");
        }
    }
}
