//! Whether a decomposition of the right form can be carried out: everything that is wrong, at once.

use std::collections::BTreeSet;

use super::order::{before, cycle, order};
use super::paths;
use crate::model::{Categories, Faults, Task, TaskId, TaskList};

/// More tasks than this are no plan.
const MOST_TASKS: usize = 2_000;

/// Everything that is wrong, one sentence each; nothing if all is well.
pub(super) fn check(list: &TaskList, categories: &Categories) -> Vec<String> {
    if list.tasks.is_empty() {
        return vec!["tasks: is empty; at least one task is expected".to_owned()];
    }
    if list.tasks.len() > MOST_TASKS {
        let count = list.tasks.len();
        return vec![format!(
            "tasks: {count} are too many; {MOST_TASKS} are allowed"
        )];
    }
    let mut errors = Vec::new();
    let mut seen: BTreeSet<&TaskId> = BTreeSet::new();
    for (index, task) in list.tasks.iter().enumerate() {
        if !is_usable(task.id.as_str()) {
            errors.push(format!(
                "tasks[{index}].id: `{}` is not usable; take letters, digits, `-` and `_`, such as \
                 `T{}`",
                task.id,
                index + 1
            ));
        }
        if !seen.insert(&task.id) {
            errors.push(format!("task {}: another task has the same id", task.id));
        }
        errors.extend(each(task, list, categories));
    }
    if let Some(way) = cycle(list) {
        let way: Vec<&str> = way.into_iter().map(TaskId::as_str).collect();
        errors.push(format!(
            "tasks depend on each other in a circle: {}",
            way.join(" → ")
        ));
    }
    errors
}

/// Ids are part of folders' names.
fn is_usable(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=32).contains(&id.len()) && id.chars().all(plain)
}

/// What is wrong with a task by itself.
fn each(task: &Task, list: &TaskList, categories: &Categories) -> Vec<String> {
    let id = &task.id;
    let mut errors = Vec::new();
    for (name, text) in [
        ("title", &task.title),
        ("instructions", &task.instructions),
        ("category", &task.category),
    ] {
        if text.trim().is_empty() {
            errors.push(format!("task {id}: `{name}` is empty"));
        }
    }
    if !categories.allow(&task.category) && !task.category.trim().is_empty() {
        errors.push(format!(
            "task {id}: unknown category `{}`; the known ones are {}",
            task.category,
            categories.named.join(", ")
        ));
    }
    for needed in &task.depends_on {
        if needed != id && !list.tasks.iter().any(|other| &other.id == needed) {
            errors.push(format!(
                "task {id}: depends on `{needed}`, which does not exist"
            ));
        }
    }
    for (list, path) in listed(task) {
        if let Some(objection) = paths::objection(path) {
            errors.push(format!("task {id}: files.{list}: `{path}` {objection}"));
        }
    }
    errors
}

fn listed(task: &Task) -> impl Iterator<Item = (&'static str, &str)> {
    let edit = task.files.edit.iter().map(|path| ("edit", path.as_str()));
    let read = task.files.read.iter().map(|path| ("read", path.as_str()));
    edit.chain(read)
}

/// Tasks of a sound list that edit the same file although neither depends on the other: told, not
/// refused, since tasks run one after another.
pub(super) fn collisions(list: &TaskList) -> Faults {
    let (before, order) = (before(list), order(list));
    let ordered = |one: &Task, other: &Task| {
        before[&one.id].contains(&other.id) || before[&other.id].contains(&one.id)
    };
    let find = |id: &TaskId| list.tasks.iter().find(|task| &task.id == id);
    let tasks: Vec<&Task> = order.iter().filter_map(find).collect();
    let pairs = (1..).zip(&tasks).flat_map(|(next, one)| {
        let later = tasks[next..].iter();
        later.map(move |other| (*one, *other))
    });
    pairs
        .filter(|(one, other)| !ordered(one, other))
        .filter_map(|(one, other)| {
            let path = one.files.edit.iter().find(|path| {
                let mut edits = other.files.edit.iter();
                edits.any(|edited| paths::overlap(path, edited))
            })?;
            Some(format!(
                "tasks {} and {} both edit `{path}` and neither depends on the other: {} is done first",
                one.id, other.id, one.id
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::order::tests::task;
    use super::*;

    fn checked(tasks: Vec<Task>) -> Vec<String> {
        let categories = Categories {
            named: vec!["backend".to_owned(), "test".to_owned()],
            ..Categories::default()
        };
        check(&TaskList { tasks }, &categories)
    }

    #[test]
    fn a_sound_decomposition_has_no_errors() {
        let tasks = vec![
            task("T1", &[], &["src/a.rs"]),
            task("T2", &["T1"], &["src/b.rs"]),
            // Transitively behind T1, so that both may edit one file.
            task("T3", &["T2"], &["src/a.rs"]),
        ];
        assert_eq!(checked(tasks), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once_and_exactly() {
        let mut first = task("T1", &["T2", "T9"], &["/etc/passwd", "src/a.rs"]);
        first.title = " ".to_owned();
        let mut second = task("T2", &["T1"], &["src/a.rs"]);
        second.category = "design".to_owned();
        let mut third = task("T3", &[], &["src"]);
        third.files.read = vec!["../secret".to_owned()];
        let mut fourth = task("T3", &[], &[]);
        fourth.instructions = String::new();
        let errors = checked(vec![first, second, third, fourth, task("../x", &[], &[])]);
        assert_eq!(
            errors,
            [
                "task T1: `title` is empty",
                "task T1: depends on `T9`, which does not exist",
                "task T1: files.edit: `/etc/passwd` is not relative to the project",
                "task T2: unknown category `design`; the known ones are backend, test",
                "task T3: files.read: `../secret` leads out of the project",
                "task T3: another task has the same id",
                "task T3: `instructions` is empty",
                "tasks[4].id: `../x` is not usable; take letters, digits, `-` and `_`, such as `T5`",
                "tasks depend on each other in a circle: T1 → T2 → T1",
            ]
        );
    }

    #[test]
    fn tasks_that_edit_one_file_are_named_in_the_order_of_their_doing() {
        let tasks = vec![
            task("T1", &["T3"], &["src/a.rs"]),
            task("T2", &[], &["src"]),
            task("T3", &[], &["src/b.rs"]),
        ];
        assert_eq!(checked(tasks.clone()), Vec::<String>::new());
        assert_eq!(
            *collisions(&TaskList { tasks }),
            [
                "tasks T2 and T3 both edit `src` and neither depends on the other: T2 is done first",
                "tasks T2 and T1 both edit `src` and neither depends on the other: T2 is done first",
            ]
        );
    }

    #[test]
    fn a_task_that_depends_on_itself_is_a_circle() {
        assert_eq!(
            checked(vec![task("T1", &["T1"], &[])]),
            ["tasks depend on each other in a circle: T1 → T1"]
        );
    }

    #[test]
    fn any_category_goes_where_none_is_prescribed() {
        let mut odd = task("T1", &[], &[]);
        odd.category = "gardening".to_owned();
        let list = TaskList { tasks: vec![odd] };
        assert_eq!(check(&list, &Categories::default()), Vec::<String>::new());
        assert_eq!(
            check(&TaskList { tasks: Vec::new() }, &Categories::default()),
            ["tasks: is empty; at least one task is expected"]
        );
    }
}
