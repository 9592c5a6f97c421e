//! What the person who watches looks at, and what the keys mean: the same at the terminal of a run and in
//! `tipstaff watch`.

use crate::model::CallId;
use crate::run::{CallState, Control};

use super::view::{PhaseStatus, RunView, is_open, short_name};
use super::words::{clean, title};

/// What a person can press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Help,
    Up,
    Down,
    Open,
    Pause,
    Stop,
    EndCall,
    GoOn,
    PageUp,
    PageDown,
    /// Of who watches from elsewhere: leave.
    Quit,
}

/// All keys in a line each.
pub(super) const HELP: [&str; 6] = [
    "↑ ↓    select a call; Enter: what it did last",
    "p      pause after what is under way; again: go on",
    "k      end the selected call; it is not tried again",
    "g      judge what is in, without the stragglers",
    "s      stop the run; `tipstaff resume` goes on",
    "?      this help",
];

#[derive(Debug, Clone, Default)]
pub struct Focus {
    selected: Option<CallId>,
    pub(super) opened: bool,
    pub(super) help: bool,
    /// A key that costs work is pressed twice.
    confirms: Option<(Key, CallId)>,
    /// What came of the last key.
    pub notice: String,
}

impl Focus {
    /// What the person wants of the run with this key, if anything. `calls` can be selected.
    pub(super) fn press(
        &mut self,
        key: Key,
        view: &RunView,
        calls: &[&CallState],
    ) -> Option<Control> {
        self.notice.clear();
        let confirmed = self.confirms.take();
        let selected = self.selected(calls).map(|call| call.spec.id.clone());
        let twice = (key, selected.clone().unwrap_or_else(|| CallId::new("")));
        match key {
            Key::Help => self.help = !self.help,
            Key::Up => self.select(calls, |at| at.saturating_sub(1)),
            Key::Down => self.select(calls, |at| at + 1),
            Key::PageUp | Key::PageDown | Key::Quit => {}
            Key::Open => self.opened = !self.opened,
            Key::Pause if view.state.is_paused() => return Some(Control::Continue),
            Key::Pause => return Some(Control::Pause),
            Key::Stop | Key::EndCall if confirmed.as_ref() == Some(&twice) => {
                return match key {
                    Key::Stop => Some(Control::Stop),
                    _ => selected.map(Control::EndCall),
                };
            }
            Key::Stop => {
                "s once more stops the run; it can be resumed".clone_into(&mut self.notice);
                self.confirms = Some(twice);
            }
            Key::EndCall => match self.selected(calls).filter(|call| is_open(call)) {
                Some(call) => {
                    let name = title(&short_name(call));
                    self.notice = format!("k once more ends {name}; it is not tried again");
                    self.confirms = Some(twice);
                }
                None => "no call that is under way is selected".clone_into(&mut self.notice),
            },
            Key::GoOn => {
                let mut phases = view.phases();
                let phase = phases.find(|phase| phase.status() == PhaseStatus::Running);
                return phase.map(|phase| Control::GoOn(phase.name().clone()));
            }
        }
        None
    }

    /// The selected call; the first one before any was chosen, and where it is gone.
    pub(super) fn selected<'a>(&self, calls: &[&'a CallState]) -> Option<&'a CallState> {
        let chosen = calls
            .iter()
            .find(|call| Some(&call.spec.id) == self.selected.as_ref());
        chosen.or(calls.first()).copied()
    }

    fn select(&mut self, calls: &[&CallState], to: impl FnOnce(usize) -> usize) {
        let at = self.selected(calls).and_then(|selected| {
            calls
                .iter()
                .position(|call| call.spec.id == selected.spec.id)
        });
        let to = to(at.unwrap_or_default()).min(calls.len().saturating_sub(1));
        self.selected = calls.get(to).map(|call| call.spec.id.clone());
    }
}

/// What an agent does, as a sentence about it: `reads src/a.rs` of `read src/a.rs`.
pub(super) fn doing_words(doing: &str) -> String {
    let doing = clean(doing);
    let (tool, detail) = doing.split_once(' ').unwrap_or((&doing, ""));
    let tool = tool.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| tool.contains(word));
    let verb = match tool.as_str() {
        "" | "starting" => return "starts".to_owned(),
        "thinking" => return "waits for the model".to_owned(),
        _ if is(&["read", "view"]) => "reads",
        _ if is(&["write", "edit", "replace", "patch", "change"]) => "edits",
        _ if is(&["bash", "shell", "exec", "command"]) => "runs",
        _ if is(&["grep", "glob", "search", "list", "find"]) => "searches",
        _ if is(&["fetch"]) => "fetches",
        _ => return doing,
    };
    format!("{verb} {detail}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_key_that_costs_work_is_pressed_twice() {
        let history = sample::ensemble();
        let count = history.until("retry_scheduled");
        let view = RunView::replay(&history.plan, &history.records[..count]);
        let calls: Vec<&CallState> = view.state.calls().filter(|call| is_open(call)).collect();
        let mut focus = Focus::default();
        let mut press = |key| (focus.press(key, &view, &calls), focus.notice.clone());
        assert_eq!(press(Key::Pause).0, Some(Control::Pause));
        let (none, notice) = press(Key::Stop);
        assert!(none.is_none() && notice.contains("once more"), "{notice}");
        assert_eq!(press(Key::Stop).0, Some(Control::Stop));
        assert_eq!(press(Key::EndCall).0, None);
        // Another call than the one that was named.
        press(Key::Down);
        assert_eq!(press(Key::EndCall).0, None);
        let second = calls[1].spec.id.clone();
        assert_eq!(press(Key::EndCall).0, Some(Control::EndCall(second)));
        let phase = history.plan.phases[0].name.clone();
        assert_eq!(press(Key::GoOn).0, Some(Control::GoOn(phase)));
        for _ in 0..9 {
            press(Key::Down);
        }
        assert_eq!(
            focus.selected(&calls).map(|call| &call.spec.id),
            calls.last().map(|call| &call.spec.id)
        );
    }

    #[test]
    fn tools_of_all_agents_are_named_alike() {
        for (doing, words) in [
            ("read src/a.rs", "reads src/a.rs"),
            ("Read src/a.rs", "reads src/a.rs"),
            ("bash npm test", "runs npm test"),
            ("run_shell_command npm test", "runs npm test"),
            ("apply_patch", "edits"),
            ("thinking", "waits for the model"),
            ("retrying: too many requests", "retrying: too many requests"),
            ("oracle\u{1b}[2J x", "oracle x"),
        ] {
            assert_eq!(doing_words(doing), words);
        }
    }
}
