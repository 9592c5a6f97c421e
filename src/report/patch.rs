//! Changes of files as a person reads them: a coloured patch, a line a file, JSON for programs.

use console::{Style, measure_text_width, truncate_str};
use serde_json::{Value, json};

use crate::model::{ChangeKind, ChangedFile, TaskId};

use super::paint::Colors;
use super::screen::{Sgr, visible};
use super::words::{clean, counted};

/// A file's bar of added and removed lines is no wider.
const WIDEST_BAR: usize = 30;

/// A patch with colours that are ours: it holds none of its own, whatever is in the files.
pub fn paint_patch(patch: &[u8], colors: Colors) -> String {
    let text = String::from_utf8_lossy(patch);
    let text = visible(&text, Sgr::Escape);
    // Each line of a hunk begins with a mark, so this is the head of the next file.
    let (mut in_head, mut in_binary) = (true, false);
    let paint = |line: &str| {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (line, ""),
        };
        let begins = body.starts_with("diff --git ");
        in_head = (in_head && !body.starts_with("@@")) || begins;
        if in_binary && !begins {
            return String::new();
        }
        in_binary = in_head && body == "GIT binary patch";
        let body = if in_binary {
            "binary, not shown here"
        } else {
            body
        };
        let short = abbreviated(body).filter(|_| in_head);
        let body = short.as_deref().unwrap_or(body);
        let style = match body.bytes().next() {
            _ if in_head => Style::new().bold(),
            Some(b'@') => Style::new().cyan(),
            Some(b'+') => Style::new().green(),
            Some(b'-') => Style::new().red(),
            _ => Style::new(),
        };
        colors.paint(body, style) + end
    };
    text.split_inclusive('\n').map(paint).collect()
}

/// A line that names two whole objects, as a patch needs it that is to be applied, with the beginnings of their names.
fn abbreviated(line: &str) -> Option<String> {
    let (from, rest) = line.strip_prefix("index ")?.split_once("..")?;
    let (to, mode) = rest.split_once(' ').unwrap_or((rest, ""));
    let line = format!("index {}..{} {mode}", from.get(..10)?, to.get(..10)?);
    Some(line.trim_end().to_owned())
}

/// A line a file with a bar, and the sum, like `git diff --stat`, in so many columns.
pub fn render_stat(files: &[ChangedFile], columns: usize, colors: Colors) -> String {
    let names: Vec<String> = files.iter().map(name).collect();
    let lines = |file: &ChangedFile| file.lines.map(|(added, removed)| added + removed);
    let most = files.iter().filter_map(lines).max().unwrap_or(0);
    let digits = most.to_string().len().max(3);
    let room = columns.saturating_sub(digits + " |  ".len() + 1);
    let bar = WIDEST_BAR.min(room / 3).max(1);
    let widest = names.iter().map(|name| measure_text_width(name)).max();
    let width = widest.unwrap_or(0).min(room.saturating_sub(bar));
    let mut out = String::new();
    for (file, name) in files.iter().zip(names) {
        let name = from_the_left(&name, width);
        let blanks = " ".repeat(width - measure_text_width(&name));
        let Some((added, removed)) = file.lines else {
            out.push_str(&format!(" {name}{blanks} | {:>digits$}\n", "bin"));
            continue;
        };
        let part = |count: u64| match most > bar as u64 {
            // What is there is seen.
            true => (count * bar as u64 / most).max(u64::from(count > 0)),
            false => count,
        };
        let marks = |mark: &str, count| mark.repeat(usize::try_from(part(count)).unwrap_or(bar));
        let pluses = colors.paint(&marks("+", added), Style::new().green());
        let minuses = colors.paint(&marks("-", removed), Style::new().red());
        let line = format!(
            " {name}{blanks} | {:>digits$} {pluses}{minuses}",
            added + removed
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out + &sum(files)
}

fn sum(files: &[ChangedFile]) -> String {
    let (added, removed) = lines_of(files);
    format!(
        " {}, {} added, {removed} removed\n",
        counted(files.len() as u64, "file"),
        counted(added, "line"),
    )
}

fn lines_of(files: &[ChangedFile]) -> (u64, u64) {
    let lines = files.iter().filter_map(|file| file.lines);
    lines.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

fn name(file: &ChangedFile) -> String {
    let path = clean(&file.path);
    match (&file.from, file.kind) {
        (Some(from), _) => format!("{} → {path}", clean(from)),
        (None, ChangeKind::Added) => format!("{path} (new)"),
        (None, ChangeKind::Deleted) => format!("{path} (gone)"),
        (None, ChangeKind::Modified | ChangeKind::Renamed) => path,
    }
}

/// The end of a path says more than its beginning.
fn from_the_left(text: &str, width: usize) -> String {
    let over = measure_text_width(text).saturating_sub(width);
    if over == 0 {
        return text.to_owned();
    }
    let turned: String = text.chars().rev().collect();
    let end = truncate_str(&turned, width, "…").into_owned();
    end.chars().rev().collect()
}

/// The same for programs; `tasks` tells which tasks changed a path.
pub fn changes_json(
    run: &str,
    files: &[ChangedFile],
    tasks: impl Fn(&ChangedFile) -> Vec<TaskId>,
) -> Value {
    let listed = files.iter().map(|file| {
        json!({
            "path": file.path,
            "status": file.kind,
            "from": file.from,
            "insertions": file.lines.map(|lines| lines.0),
            "deletions": file.lines.map(|lines| lines.1),
            "tasks": tasks(file),
        })
    });
    let (insertions, deletions) = lines_of(files);
    json!({
        "run": run,
        "files": listed.collect::<Value>(),
        "insertions": insertions,
        "deletions": deletions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, kind: ChangeKind, lines: Option<(u64, u64)>) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            kind,
            from: (kind == ChangeKind::Renamed).then(|| "src/old.rs".to_owned()),
            lines,
        }
    }

    fn files() -> [ChangedFile; 5] {
        [
            file(
                "src/client/limits/token_bucket.rs",
                ChangeKind::Modified,
                Some((210, 35)),
            ),
            file("src/漢字/表.rs", ChangeKind::Added, Some((4, 0))),
            file("assets/logo.png", ChangeKind::Added, None),
            file("src/new.rs", ChangeKind::Renamed, Some((0, 1))),
            file("evil\x1b[2J\u{202e}.rs", ChangeKind::Deleted, Some((0, 9))),
        ]
    }

    #[test]
    fn stat_fits_the_columns_that_there_are() {
        let shown = [60, 80, 120].map(|columns| {
            let text = render_stat(&files(), columns, Colors::Off);
            for line in text.lines() {
                assert!(measure_text_width(line) < columns, "{line}");
            }
            format!("{columns} columns\n{text}")
        });
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn colours_are_ours_alone_and_marks_of_a_hunk_are_no_heads() {
        let patch = "diff --git a/x b/x\nindex 0123456789abcdef..fedcba9876543210 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- old\x1b[2J\n+++ new\n same\n";
        let shown = paint_patch(patch.as_bytes(), Colors::On);
        assert_eq!(
            shown,
            "\x1b[1mdiff --git a/x b/x\x1b[0m\n\x1b[1mindex 0123456789..fedcba9876 100644\x1b[0m\n\x1b[1m--- a/x\x1b[0m\n\x1b[1m+++ b/x\x1b[0m\n\
             \x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n\x1b[31m--- old\\u001b[2J\x1b[0m\n\
             \x1b[32m+++ new\x1b[0m\n same\n"
        );
        assert!(!paint_patch(patch.as_bytes(), Colors::Off).contains('\x1b'));
        let binary =
            "diff --git a/x b/x\nGIT binary patch\nliteral 2\nJc${NkO\n\ndiff --git a/y b/y\n";
        assert_eq!(
            paint_patch(binary.as_bytes(), Colors::Off),
            "diff --git a/x b/x\nbinary, not shown here\ndiff --git a/y b/y\n"
        );
    }
}
