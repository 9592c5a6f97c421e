//! The work of the default behaviour: a decomposition, edits, an audit.
//!
//! It must fit every project and harm none: each task writes one new file of its own in a folder of
//! its own, and never touches what the user has written.

use serde_json::Value;

use super::RehearsedCall;
use super::documents::{as_json, emphasis, handoff_json, headline, title};
use crate::model::{
    Audit, AuditVerdict, Categories, DescribedChange, HandoffWords, Purpose, Task, TaskFiles,
    TaskId, TaskList,
};

/// Where rehearsed edits go.
const FOLDER: &str = "docs/ai/rehearsal";

const MOST_TASKS: usize = 3;

/// A small task for each category, three at the most; each writes a file of its own.
pub(super) fn tasks(call: &RehearsedCall, categories: &Categories) -> Value {
    let general = ["general".to_owned()];
    let categories = match categories.named.as_slice() {
        [] => &general,
        named => named,
    };
    let headline = headline(&call.request);
    let mut tasks: Vec<Task> = Vec::new();
    for (number, category) in (1..).zip(categories.iter().take(MOST_TASKS)) {
        let id = TaskId::new(format!("T{number}"));
        let path = format!("{FOLDER}/{id}.md");
        tasks.push(Task {
            title: format!("Note what {category} contributes"),
            category: category.clone(),
            instructions: format!(
                "Write a note into `{path}` that says what {category} contributes to “{headline}”. \
                 Change nothing else: this is a rehearsal."
            ),
            files: TaskFiles {
                edit: vec![path.clone()],
                read: Vec::new(),
            },
            depends_on: tasks
                .last()
                .map(|task| task.id.clone())
                .into_iter()
                .collect(),
            acceptance: vec![format!("`{path}` is there and names the request.")],
            verify: None,
            id,
        });
    }
    as_json(&TaskList { tasks })
}

/// The file that an editing call writes; none if its task lets it write no such file.
pub(super) fn file(call: &RehearsedCall) -> Option<String> {
    let Some(task) = &call.task else {
        return Some(format!("{FOLDER}/{}.md", call.phase));
    };
    let own = |path: &&String| path.starts_with(&format!("{FOLDER}/"));
    task.files.edit.iter().find(own).cloned()
}

/// What is in that file.
pub(super) fn note(call: &RehearsedCall) -> String {
    let about = match &call.task {
        Some(task) => format!("Task {}: {}", task.id, task.title),
        // Candidates are different, so that a judge has a choice.
        None if call.purpose == Purpose::Propose => {
            format!("Phase {}, with {}", call.phase, emphasis(call).title)
        }
        None => format!("Phase {}", call.phase),
    };
    format!(
        "# {}: {}\n\n{about}, round {}.\n\n\
         *Rehearsal: tipstaff scripted this text; no model wrote it.*\n",
        title(&call.phase),
        headline(&call.request),
        call.call.round()
    )
}

pub(super) fn handoff(call: &RehearsedCall) -> Value {
    let changes = file(call).map(|path| DescribedChange {
        path,
        what: "a note about this rehearsal".to_owned(),
        why: "shows where the real change would be".to_owned(),
    });
    let summary = match (&changes, &call.task) {
        (None, Some(task)) => format!(
            "Nothing was changed for {}: the scenario has no rule for this task, and its files are \
             not a rehearsal's to change.",
            task.id
        ),
        (Some(_), Some(task)) => format!("{} is done: {}.", task.id, task.title),
        (_, None) => format!("{} is done.", title(&call.phase)),
    };
    let words = HandoffWords {
        summary,
        changes: changes.into_iter().collect(),
        gotchas: vec!["This is a rehearsal: no model wrote it.".to_owned()],
        ..HandoffWords::default()
    };
    handoff_json(call, words)
}

pub(super) fn audit(call: &RehearsedCall) -> Value {
    let audit = Audit {
        verdict: AuditVerdict::Pass,
        summary: format!(
            "Nothing speaks against the work on “{}”. (Rehearsal: the verdict is scripted, not \
             judged.)",
            headline(&call.request)
        ),
        findings: Vec::new(),
    };
    as_json(&audit)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::server_state::tests::{call_for, propose_call};
    use super::*;
    use crate::model::{Contract, Purpose};

    fn listed(categories: &[&str]) -> TaskList {
        let categories = Categories {
            named: categories.iter().map(ToString::to_string).collect(),
            ..Categories::default()
        };
        serde_json::from_value(tasks(&propose_call(1), &categories)).unwrap()
    }

    #[test]
    fn there_is_a_task_for_each_category_and_three_at_the_most() {
        let four = listed(&["a", "b", "c", "d"]);
        let seen: Vec<&str> = four
            .tasks
            .iter()
            .map(|task| task.category.as_str())
            .collect();
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(listed(&[]).tasks[0].category, "general");
        let files: Vec<&String> = four
            .tasks
            .iter()
            .flat_map(|task| &task.files.edit)
            .collect();
        assert_eq!(files[0], "docs/ai/rehearsal/T1.md");
        assert!(files[0] != files[1] && files[1] != files[2]);
    }

    #[test]
    fn a_task_writes_its_own_note_and_nothing_of_the_users() {
        let mut call = call_for(Purpose::Task, Contract::Edits);
        let mut task = listed(&["backend"]).tasks.remove(0);
        call.task = Some(task.clone());
        assert_eq!(file(&call).unwrap(), "docs/ai/rehearsal/T1.md");
        assert!(note(&call).contains("Task T1"));
        task.files.edit = vec!["src/main.rs".to_owned()];
        call.task = Some(task);
        assert_eq!(file(&call), None);
        let words: HandoffWords = serde_json::from_value(handoff(&call)).unwrap();
        assert!(words.changes.is_empty() && words.summary.contains("no rule"));
        call.task = None;
        assert_eq!(file(&call).unwrap(), "docs/ai/rehearsal/plan.md");
    }
}
