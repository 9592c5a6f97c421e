//! Work that was stopped at its checkpoint: what a model distills its state from, and the state by rule
//! where none does. Both are bounded, whatever the work was.

use std::fmt::Write as _;

use super::handoff::{clip, render_words, what_happened};
use super::tasks::render_task;
use crate::model::{Changes, DescribedChange, HandoffWords, Task};

/// The most of a patch that is shown, in bytes: about six thousand tokens.
const PATCH_LIMIT: usize = 24 << 10;
/// The most changed files that are named.
const MOST_FILES: usize = 100;
/// So many of the last steps are part of words taken by rule, each at most this long, in bytes.
const LAST_STEPS: usize = 12;
const STEP_LIMIT: usize = 200;
/// By which they are known again.
const STEP: &str = "one of the last steps: ";

/// What is known of the work.
#[derive(Debug, Clone, Copy)]
pub struct Unfinished<'a> {
    pub task: Option<&'a Task>,
    /// The state that the stopped process began with, if it was not the first.
    pub before: Option<&'a HandoffWords>,
    /// What it said and did, one list entry in Markdown each.
    pub log: &'a str,
    pub changes: &'a Changes,
    pub patch: &'a str,
}

impl Unfinished<'_> {
    /// All of it in Markdown, bounded.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let mut section = |title: &str, text: &str| {
            let text = text.trim_end();
            let text = if text.is_empty() { "Nothing." } else { text };
            let _ = write!(out, "# {title}\n\n{text}\n\n");
        };
        if let Some(task) = self.task {
            section("The task", &render_task(task));
        }
        if let Some(before) = self.before {
            section("The state it began with", &render_words(before));
        }
        section("What it said and did", self.log);
        section("The files it changed", &self.files());
        let shown = whole_lines(self.patch, PATCH_LIMIT);
        section("Its changes", shown);
        if shown.len() < self.patch.len() {
            out.push_str("(The rest of the changes is left out.)\n");
        }
        out
    }

    fn files(&self) -> String {
        let files = &self.changes.files;
        let mut out = String::new();
        for file in files.iter().take(MOST_FILES) {
            let _ = writeln!(out, "- `{}`: {}", file.path, what_happened(file));
        }
        let more = files.len().saturating_sub(MOST_FILES);
        if more > 0 {
            let _ = writeln!(out, "- and {more} more");
        }
        out
    }

    /// The state by rule: what was known before, which files changed since, and the last steps.
    pub fn extract(&self) -> HandoffWords {
        let mut words = self.before.cloned().unwrap_or_default();
        if words.summary.is_empty() {
            "The work was begun and is not finished.".clone_into(&mut words.summary);
        }
        let steps = self.log.lines().filter(|line| line.starts_with("- "));
        let steps: Vec<&str> = steps.collect();
        words.gotchas.retain(|known| !known.starts_with(STEP));
        let last = &steps[steps.len().saturating_sub(LAST_STEPS)..];
        words.gotchas.extend(last.iter().map(|step| {
            let step = clip(step.trim_start_matches("- "), STEP_LIMIT);
            format!("{STEP}{step}")
        }));
        for file in &self.changes.files {
            words.changes.retain(|known| known.path != file.path);
            words.changes.push(DescribedChange {
                path: file.path.clone(),
                what: what_happened(file),
                why: String::new(),
            });
        }
        words
    }
}

/// The first lines of a text, at most so many bytes.
fn whole_lines(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let head = &text[..text.floor_char_boundary(most)];
    head.rfind('\n').map_or(head, |end| &head[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChangeKind, ChangedFile, TreeId};

    fn changes(files: usize) -> Changes {
        let file = |number| ChangedFile {
            path: format!("src/{number}.rs"),
            kind: ChangeKind::Modified,
            from: None,
            lines: Some((3, 1)),
        };
        Changes {
            base: TreeId::sample("a"),
            tree: TreeId::sample("b"),
            files: (0..files).map(file).collect(),
            refused: Vec::new(),
            secrets: Vec::new(),
            patch: None,
        }
    }

    fn work<'a>(changes: &'a Changes, log: &'a str, patch: &'a str) -> Unfinished<'a> {
        Unfinished {
            task: None,
            before: None,
            log,
            changes,
            patch,
        }
    }

    #[test]
    fn a_model_sees_what_was_done_whole_lines_of_it() {
        let changes = changes(1);
        let patch = "+x\n".repeat(PATCH_LIMIT);
        let before = HandoffWords {
            summary: "Half of it was done.".to_owned(),
            ..HandoffWords::default()
        };
        let text = Unfinished {
            before: Some(&before),
            ..work(&changes, "- bash npm test\n", &patch)
        }
        .render();
        assert!(text.len() < PATCH_LIMIT + 1000, "{}", text.len());
        let (shown, _) = text
            .split_once("# Its changes")
            .expect("the patch is there");
        assert_eq!(
            shown,
            "# The state it began with\n\nHalf of it was done.\n\n# What it said and did\n\n\
             - bash npm test\n\n# The files it changed\n\n- `src/0.rs`: changed, +3 -1\n\n"
        );
        assert!(text.ends_with("+x\n\n(The rest of the changes is left out.)\n"));
        let empty = work(
            &Changes {
                files: Vec::new(),
                ..changes.clone()
            },
            "",
            "",
        )
        .render();
        assert_eq!(empty.matches("\n\nNothing.\n").count(), 3, "{empty}");
    }

    #[test]
    fn words_by_rule_keep_what_was_known_and_name_files_and_last_steps() {
        let changes = changes(2);
        let log: String = (0..30)
            .map(|step| format!("- read {step}\n  more\n"))
            .collect();
        let first = work(&changes, &log, "").extract();
        assert_eq!(first.gotchas.len(), LAST_STEPS);
        assert_eq!(
            first.gotchas[LAST_STEPS - 1],
            "one of the last steps: read 29"
        );
        let mut known = first.clone();
        known.summary = "The limiter is there.".to_owned();
        known.decisions = vec!["No dependency.".to_owned()];
        let second = Unfinished {
            before: Some(&known),
            ..work(&changes, "- bash npm test\n", "")
        }
        .extract();
        assert_eq!(second.summary, "The limiter is there.");
        assert_eq!(second.decisions, ["No dependency."]);
        assert_eq!(second.gotchas, ["one of the last steps: bash npm test"]);
        assert_eq!(
            second.changes.len(),
            2,
            "each file once: {:?}",
            second.changes
        );
    }
}
