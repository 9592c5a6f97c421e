//! Tasks as Markdown.

use std::fmt::Write as _;

use super::order;
use crate::model::{Task, TaskId, TaskList};

/// The whole decomposition (`tasks.md`), in the order in which the tasks are carried out.
pub fn render(list: &TaskList) -> String {
    let mut out =
        "# Tasks\n\n| task | category | what | after |\n| --- | --- | --- | --- |\n".to_owned();
    let ids = order(list);
    let ordered = || {
        ids.iter()
            .filter_map(|id| list.tasks.iter().find(|task| &task.id == id))
    };
    for task in ordered() {
        let after: Vec<&str> = task.depends_on.iter().map(TaskId::as_str).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            task.id,
            cell(&task.category),
            cell(&task.title),
            after.join(", ")
        );
    }
    for task in ordered() {
        let _ = write!(out, "\n## {}", render_task(task));
    }
    out
}

/// One task: title, instructions, files, acceptance, proof. Starts with `ID: title`.
pub(in crate::context) fn render_task(task: &Task) -> String {
    let mut out = format!(
        "{}: {}\n\n{}\n",
        task.id,
        task.title.trim(),
        task.instructions.trim()
    );
    let paths = |paths: &[String]| -> Vec<String> {
        paths.iter().map(|path| format!("`{path}`")).collect()
    };
    list(
        &mut out,
        "Files to edit or create",
        &paths(&task.files.edit),
    );
    list(&mut out, "Files to read", &paths(&task.files.read));
    list(&mut out, "Done when", &task.acceptance);
    if let Some(command) = &task.verify {
        let _ = writeln!(out, "\nProved by: `{}`", command.trim());
    }
    out
}

fn list(out: &mut String, title: &str, entries: &[String]) {
    if !entries.is_empty() {
        let _ = writeln!(out, "\n{title}:\n");
    }
    for entry in entries {
        // Further lines are indented, so that they stay within their entry.
        let _ = writeln!(out, "- {}", entry.trim().replace('\n', "\n  "));
    }
}

fn cell(text: &str) -> String {
    text.trim().replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::super::order::tests::task;
    use super::*;

    #[test]
    fn tasks_stand_in_the_order_of_their_doing() {
        let mut first = task("T1", &["T2"], &["src/a.rs"]);
        first.verify = Some("cargo test".to_owned());
        first.title = "Use a | b".to_owned();
        let mut second = task("T2", &[], &[]);
        second.acceptance = Vec::new();
        let list = TaskList {
            tasks: vec![first, second],
        };
        assert_eq!(
            render(&list),
            "# Tasks\n\n| task | category | what | after |\n| --- | --- | --- | --- |\n\
             | T2 | backend | Title of T2 |  |\n| T1 | backend | Use a \\| b | T2 |\n\n\
             ## T2: Title of T2\n\nDo it.\n\n\
             ## T1: Use a | b\n\nDo it.\n\nFiles to edit or create:\n\n- `src/a.rs`\n\n\
             Done when:\n\n- It is done.\n\nProved by: `cargo test`\n"
        );
    }
}
