//! Patches, file by file, with lines that findings can be linked to.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::texts::line as readable;
use crate::report::words::clean;

/// One file of a patch.
#[derive(Debug)]
pub(super) struct FileDiff<'a> {
    pub path: &'a str,
    lines: Vec<(Kind, u64, &'a str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hunk,
    Added,
    Removed,
    Same,
    Note,
}

/// The files of a patch as git writes it. What is no patch gives none.
pub(super) fn files(patch: &str) -> Vec<FileDiff<'_>> {
    let mut files: Vec<FileDiff<'_>> = Vec::new();
    // Lines of the hunk that are still to come, in the old and in the new file, and the next new one's number.
    let (mut old, mut new, mut number) = (0_u64, 0_u64, 0_u64);
    for line in patch.lines() {
        if let (0, 0, Some(paths)) = (old, new, line.strip_prefix("diff --git ")) {
            let path = paths.rsplit_once(" b/").map_or(paths, |(_, path)| path);
            let lines = Vec::new();
            files.push(FileDiff { path, lines });
            continue;
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        if let (0, 0, Some(hunk)) = (old, new, line.strip_prefix("@@ ")) {
            (old, new, number) = numbers(hunk).unwrap_or_default();
            file.lines.push((Kind::Hunk, 0, line));
            continue;
        }
        match (old > 0 || new > 0, line.as_bytes().first()) {
            (true, Some(b'+')) => {
                file.lines.push((Kind::Added, number, line));
                (new, number) = (new.saturating_sub(1), number.saturating_add(1));
            }
            (true, Some(b'-')) => {
                file.lines.push((Kind::Removed, 0, line));
                old = old.saturating_sub(1);
            }
            (true, Some(b' ') | None) => {
                file.lines.push((Kind::Same, number, line));
                (old, new) = (old.saturating_sub(1), new.saturating_sub(1));
                number = number.saturating_add(1);
            }
            _ if ["index ", "--- ", "+++ "]
                .iter()
                .any(|head| line.starts_with(head)) => {}
            _ => file.lines.push((Kind::Note, 0, line)),
        }
    }
    files
}

/// How many old and new lines a hunk has, and the first new one's number: of `-1,2 +3,4 @@`.
fn numbers(hunk: &str) -> Option<(u64, u64, u64)> {
    let mut ranges = hunk.split(' ').map(|range| {
        let (first, count) = range.split_once(',').unwrap_or((range, "1"));
        let first = first.get(1..)?.parse::<u64>().ok()?;
        Some((first, count.parse::<u64>().ok()?))
    });
    let ((_, old), (first, new)) = (ranges.next()??, ranges.next()??);
    Some((old, new, first))
}

impl FileDiff<'_> {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn has(&self, line: u64) -> bool {
        self.lines
            .iter()
            .any(|(_, number, _)| *number == line && line > 0)
    }

    /// The file as it can be folded. `id` names it and its lines; `marked` are those that findings are about, with the
    /// finding's own id.
    pub(super) fn render(&self, id: &str, marked: &BTreeMap<u64, String>, open: bool) -> Markup {
        let count = |kind| self.lines.iter().filter(|(one, ..)| *one == kind).count();
        html! {
            details.diff id=(id) open[open || !marked.is_empty()] {
                summary {
                    code { (clean(self.path)) } " "
                    span.plus { "+" (count(Kind::Added)) } " " span.minus { "−" (count(Kind::Removed)) }
                }
                div.scroll tabindex="0" role="region" aria-label=(format!("Changes of {}", clean(self.path))) {
                    pre { @for (kind, number, text) in &self.lines { (line(*kind, *number, text, id, marked)) } }
                }
            }
        }
    }
}

fn line(kind: Kind, number: u64, text: &str, id: &str, marked: &BTreeMap<u64, String>) -> Markup {
    let class = match kind {
        Kind::Hunk => "hunk",
        Kind::Added => "add",
        Kind::Removed => "del",
        Kind::Same | Kind::Note => "same",
    };
    let found = marked.get(&number).filter(|_| number > 0);
    let anchor = found.map(|_| format!("{id}-{number}"));
    html! {
        span class=(class) id=[anchor] {
            @if number > 0 { i { (number) } } @else { i {} }
            (readable(text))
            @if let Some(finding) = found { a.found href=(format!("#{finding}")) { "finding" } }
            "\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "diff --git a/x.rs b/x.rs\nindex 1..2 100644\n--- a/x.rs\n+++ b/x.rs\n@@ -1,2 +1,3 @@ fn\n \
                         one\n-two\n+--- 2\n+3\ndiff --git a/b b/b\ndeleted file mode 100644\n--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";

    #[test]
    fn lines_have_the_numbers_of_the_new_file() {
        let files = files(PATCH);
        let paths: Vec<&str> = files.iter().map(|file| file.path).collect();
        assert_eq!(paths, ["x.rs", "b"]);
        assert_eq!(files[0].lines[3], (Kind::Added, 2, "+--- 2"));
        assert!(files[0].has(3) && !files[0].has(4) && !files[1].has(0));
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read(text in "((diff --git a b/|@@ |-|\\+| |[0-9,]|é)*\n)*") {
            for file in files(&text) {
                file.render("d1", &BTreeMap::new(), true);
            }
        }
    }
}
