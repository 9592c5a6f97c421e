//! What commits of a run's results say: one of each task and phase that changed something.

use crate::journal::RunFolder;
use crate::model::{HandoffWords, TreeId, is_unsafe};
use crate::plan::Plan;
use crate::run::{Contribution, RunState};
use crate::workspace::NewCommit;

/// Width of a message's lines, in characters.
const WIDTH: usize = 72;
/// So much of a summary is part of a message, in characters.
const MOST_OF_SUMMARY: usize = 1000;

/// Where the words come from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub plan: &'a Plan,
    pub folder: &'a RunFolder,
    pub state: &'a RunState,
}

impl Sources<'_> {
    /// The commit of one contribution; `tree` is what is delivered of the results by then.
    pub(super) fn commit(self, one: &Contribution, tree: TreeId) -> NewCommit {
        let mut words = self.subject(one);
        for line in self.summary(one).iter().flat_map(|text| wrapped(text)) {
            words.push_str(&line);
        }
        NewCommit {
            tree,
            words,
            trailers: self.trailers(one),
            at: one.at,
        }
    }

    /// All of them in one, with the tree of the last.
    pub(super) fn squashed(self, tree: TreeId) -> NewCommit {
        let all = &self.state.contributions;
        let mut words = format!("{}\n", self.request());
        let mut trailers: Vec<String> = Vec::new();
        for one in all {
            words.push_str(&format!("\n- {}", self.subject(one)));
            for line in self.trailers(one) {
                if !trailers.contains(&line) {
                    trailers.push(line);
                }
            }
        }
        let at = all.last().map_or_else(Default::default, |last| last.at);
        NewCommit {
            tree,
            words,
            trailers,
            at,
        }
    }

    fn subject(self, one: &Contribution) -> String {
        let call = one.call.as_ref().and_then(|call| self.state.any_call(call));
        let task = call.and_then(|call| call.spec.task.as_ref());
        let title = task.map(|task| one_line(&task.title, WIDTH));
        match (&one.task, title.filter(|title| !title.is_empty())) {
            (Some(_), Some(title)) => title,
            (Some(id), None) => one_line(&format!("{}: task {id}", one.phase), WIDTH),
            (None, _) => one_line(&format!("{}: {}", one.phase, self.request()), WIDTH),
        }
    }

    fn request(self) -> String {
        let mut lines = self.plan.request.lines().map(|line| one_line(line, WIDTH));
        let line = lines.find(|line| !line.is_empty());
        line.unwrap_or_else(|| "Changes".to_owned())
    }

    fn summary(self, one: &Contribution) -> Option<String> {
        let bytes = self.folder.read_artifact(one.handoff.as_ref()?).ok()?;
        let words: HandoffWords = serde_json::from_slice(&bytes).ok()?;
        Some(one_line(&words.summary, MOST_OF_SUMMARY))
    }

    fn trailers(self, one: &Contribution) -> Vec<String> {
        let run = self.folder.id().to_string();
        let call = one.call.as_ref().and_then(|call| self.state.any_call(call));
        let model = call.and_then(|call| call.model()).map(ToString::to_string);
        let all = [
            ("Run", Some(run)),
            ("Phase", Some(one.phase.to_string())),
            ("Task", one.task.as_ref().map(ToString::to_string)),
            ("Model", model),
        ];
        let known = all
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        known
            .map(|(key, value)| format!("Tipstaff-{key}: {}", one_line(&value, 200)))
            .collect()
    }
}

/// Text that somebody else wrote as one line of bounded length. Brackets are what CI systems obey: `[skip ci]`.
fn one_line(text: &str, most: usize) -> String {
    let harmless = |char: char| match char {
        '[' => '(',
        ']' => ')',
        char if char.is_control() || is_unsafe(char) => ' ',
        char => char,
    };
    let text: String = text.chars().map(harmless).collect();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => {
            let kept: String = line.chars().take(most - 1).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// The lines of a paragraph, an empty one before them. None of them is taken for a trailer, a comment or a patch.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let last = lines.last_mut().filter(|last| !last.is_empty());
        let has_room = |line: &&mut String| line.chars().count() + 1 + word.chars().count() < WIDTH;
        match last.filter(has_room) {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    let obeyed = |line: &str| {
        let token = line.split(':').next().unwrap_or_default().trim_end();
        let is_token = |char: char| char.is_ascii_alphanumeric() || char == '-';
        (line.contains(':') && !token.is_empty() && token.chars().all(is_token))
            || ["---", "diff ", "#", "(cherry picked"]
                .iter()
                .any(|start| line.starts_with(start))
    };
    let guarded = |line: String| match obeyed(&line) {
        true => format!("\n {line}"),
        false => format!("\n{line}"),
    };
    lines.into_iter().map(guarded).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    #[test]
    fn long_and_hostile_lines_are_bounded() {
        assert_eq!(
            one_line("a\u{1b}[31mb\n[skip ci]\u{202e}", 72),
            "a (31mb (skip ci)"
        );
        assert_eq!(one_line(&"x".repeat(80), 72).chars().count(), 72);
    }

    #[test]
    fn words_that_look_like_orders_are_indented() {
        for text in [
            "Signed-off-by: me",
            "--- a",
            "diff --git a b",
            "Tipstaff-Run : x",
        ] {
            assert_eq!(wrapped(text), ["\n".to_owned(), format!("\n {text}")]);
        }
        assert_eq!(wrapped("It counts: yes"), ["\n", "\nIt counts: yes"]);
    }

    proptest! {
        #[test]
        fn no_line_of_a_summary_is_a_trailer(text in "([A-Za-z-]{1,9}[: ]{0,2}|.){0,60}") {
            for line in wrapped(&one_line(&text, MOST_OF_SUMMARY)) {
                let line = line.trim_start_matches('\n');
                let key = line.split_once(':').map(|(key, _)| key.trim_end());
                let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '-';
                let is_key = |key: &str| !key.is_empty() && key.chars().all(is_letter);
                prop_assert!(!key.is_some_and(is_key), "{line}");
                prop_assert!(!line.contains('\n'));
            }
        }
    }
}
