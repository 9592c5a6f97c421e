//! What the person who watches looks at, and what the keys mean: the same at the terminal of a run and in
//! `tipstaff watch`.

use crate::model::{CallId, PhaseName};
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
    Home,
    End,
    /// On a full screen: between the list and the text beside it.
    Switch,
    /// To the list.
    Left,
    /// To the text.
    Right,
    /// Of who watches from elsewhere: leave.
    Quit,
}

impl Key {
    /// How many lines it moves by, where a page has so many.
    pub(super) fn step(self, page: usize) -> Option<isize> {
        let page = page.max(1).cast_signed();
        Some(match self {
            Self::Up => -1,
            Self::Down => 1,
            Self::PageUp => -page,
            Self::PageDown => page,
            Self::Home => isize::MIN,
            Self::End => isize::MAX,
            _ => return None,
        })
    }
}

/// What can be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Run,
    Phase(PhaseName),
    Call(CallId),
}

/// Lines of a list that a page has.
const PAGE: usize = 10;

/// The keys that steer, each with what it does.
pub(super) const HELP: [(&str, &str); 5] = [
    ("p", "pause after what is under way; again: go on"),
    ("k", "end the selected call; it is not tried again"),
    ("g", "judge what is in, without the stragglers"),
    ("s", "stop the run; `tipstaff resume` goes on"),
    ("?", "this help"),
];

#[derive(Debug, Clone, Default)]
pub struct Focus {
    selected: Option<Item>,
    pub(super) opened: bool,
    pub(super) help: bool,
    /// A key that costs work is pressed twice.
    confirms: Option<(Key, Option<CallId>)>,
    /// What came of the last key.
    pub notice: String,
}

impl Focus {
    /// What the person wants of the run with this key, if anything. `items` can be selected.
    pub(super) fn press(&mut self, key: Key, view: &RunView, items: &[Item]) -> Option<Control> {
        self.notice.clear();
        let confirmed = self.confirms.take();
        let call = self.call(view, items).filter(|call| is_open(call));
        let twice = (key, call.map(|call| call.spec.id.clone()));
        let is_confirmed = confirmed.as_ref() == Some(&twice);
        match (key, call) {
            (Key::Help, _) => self.help = !self.help,
            (Key::Open, _) => self.opened = !self.opened,
            (Key::Pause, _) if view.state.is_paused() => return Some(Control::Continue),
            (Key::Pause, _) => return Some(Control::Pause),
            (Key::Stop, _) if is_confirmed => return Some(Control::Stop),
            (Key::EndCall, Some(_)) if is_confirmed => return twice.1.map(Control::EndCall),
            (Key::Stop, _) => {
                "s once more stops the run; it can be resumed".clone_into(&mut self.notice);
                self.confirms = Some(twice);
            }
            (Key::EndCall, Some(call)) => {
                let name = title(&short_name(call));
                self.notice = format!("k once more ends {name}; it is not tried again");
                self.confirms = Some(twice);
            }
            (Key::EndCall, None) => {
                "no call that is under way is selected".clone_into(&mut self.notice);
            }
            (Key::GoOn, _) => {
                let mut phases = view.phases();
                let phase = phases.find(|phase| phase.status() == PhaseStatus::Running);
                return phase.map(|phase| Control::GoOn(phase.name().clone()));
            }
            (key, _) => {
                let step = key.step(PAGE)?;
                let to = self.at(view, items).saturating_add_signed(step);
                let to = to.min(items.len().saturating_sub(1));
                self.selected = items.get(to).cloned();
            }
        }
        None
    }

    /// Which item is selected: what was chosen; before that, and where it is gone, the first call under way.
    pub(super) fn at(&self, view: &RunView, items: &[Item]) -> usize {
        let mut all = items.iter();
        let chosen = all.position(|item| Some(item) == self.selected.as_ref());
        let is_under_way = |item: &Item| match item {
            Item::Call(call) => view.call(call).is_some_and(is_open),
            Item::Run | Item::Phase(_) => false,
        };
        let first = || items.iter().position(is_under_way);
        chosen.or_else(first).unwrap_or_default()
    }

    /// The call that is selected.
    pub(super) fn call<'a>(&self, view: &'a RunView, items: &[Item]) -> Option<&'a CallState> {
        match items.get(self.at(view, items))? {
            Item::Call(call) => view.call(call),
            Item::Run | Item::Phase(_) => None,
        }
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
        let items: Vec<Item> = calls
            .iter()
            .map(|call| Item::Call(call.spec.id.clone()))
            .collect();
        let mut focus = Focus::default();
        let mut press = |key| (focus.press(key, &view, &items), focus.notice.clone());
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
            focus.call(&view, &items).map(|call| &call.spec.id),
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
