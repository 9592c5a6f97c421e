//! The order in which tasks are carried out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::model::{Task, TaskId, TaskList};

/// The tasks' ids so that each is behind those it depends on. Among those that could come next,
/// the one written first does. Tasks in a cycle, which a checked list does not have, are at the end.
pub fn order(list: &TaskList) -> Vec<TaskId> {
    let known: BTreeSet<&TaskId> = list.tasks.iter().map(|task| &task.id).collect();
    let mut done: BTreeSet<&TaskId> = BTreeSet::new();
    let mut ordered: Vec<TaskId> = Vec::new();
    let mut left: Vec<&Task> = list.tasks.iter().collect();
    while !left.is_empty() {
        let is_ready = |task: &&Task| {
            task.depends_on
                .iter()
                .all(|needed| done.contains(needed) || !known.contains(needed))
        };
        let next = left.iter().position(is_ready).unwrap_or_default();
        let task = left.remove(next);
        done.insert(&task.id);
        ordered.push(task.id.clone());
    }
    ordered
}

/// For each task the ones that must be done before it, directly or not.
pub(super) fn before(list: &TaskList) -> BTreeMap<&TaskId, BTreeSet<&TaskId>> {
    let direct: BTreeMap<&TaskId, &[TaskId]> = list
        .tasks
        .iter()
        .map(|task| (&task.id, task.depends_on.as_slice()))
        .collect();
    let reached = |task: &Task| {
        let mut reached: BTreeSet<&TaskId> = BTreeSet::new();
        let mut open: Vec<&TaskId> = direct[&task.id].iter().collect();
        while let Some(needed) = open.pop() {
            if reached.insert(needed) {
                open.extend(direct.get(needed).copied().unwrap_or_default());
            }
        }
        reached
    };
    list.tasks
        .iter()
        .map(|task| (&task.id, reached(task)))
        .collect()
}

/// The shortest way from a task back to itself, if there is one: `[T1, T2, T1]`.
pub(super) fn cycle(list: &TaskList) -> Option<Vec<&TaskId>> {
    let before = before(list);
    let on_a_cycle = |task: &&Task| before[&task.id].contains(&task.id);
    let start = &list.tasks.iter().find(on_a_cycle)?.id;
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let at = way.last().copied().unwrap_or(start);
        let task = list.tasks.iter().find(|task| &task.id == at);
        for needed in task
            .map(|task| task.depends_on.as_slice())
            .unwrap_or_default()
        {
            let longer = [way.as_slice(), &[needed]].concat();
            if needed == start {
                return Some(longer);
            }
            if seen.insert(needed) {
                ways.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::{prop, proptest};

    use super::*;
    use crate::model::TaskFiles;

    /// A task with these dependencies and files to edit.
    pub(in crate::context) fn task(id: &str, depends_on: &[&str], edit: &[&str]) -> Task {
        Task {
            id: id.into(),
            title: format!("Title of {id}"),
            category: "backend".to_owned(),
            instructions: "Do it.".to_owned(),
            files: TaskFiles {
                edit: edit.iter().map(ToString::to_string).collect(),
                read: Vec::new(),
            },
            depends_on: depends_on.iter().map(|id| TaskId::from(*id)).collect(),
            acceptance: vec!["It is done.".to_owned()],
            verify: None,
        }
    }

    fn ordered(tasks: Vec<Task>) -> Vec<String> {
        let ids = order(&TaskList { tasks });
        ids.iter().map(TaskId::to_string).collect()
    }

    #[test]
    fn dependencies_come_first_and_the_written_order_holds_otherwise() {
        let tasks = vec![
            task("T1", &["T3"], &[]),
            task("T2", &[], &[]),
            task("T3", &[], &[]),
            task("T4", &["T2"], &[]),
        ];
        assert_eq!(ordered(tasks), ["T2", "T3", "T1", "T4"]);
    }

    #[test]
    fn a_cycle_is_named_and_does_not_hang_the_order() {
        let tasks = vec![
            task("T1", &[], &[]),
            task("T2", &["T4"], &[]),
            task("T3", &["T2"], &[]),
            task("T4", &["T1", "T3"], &[]),
        ];
        let list = TaskList {
            tasks: tasks.clone(),
        };
        let way = cycle(&list).expect("a cycle");
        assert_eq!(way, ["T2", "T4", "T3", "T2"].map(TaskId::from).each_ref());
        assert_eq!(ordered(tasks).len(), 4);
    }

    proptest! {
        #[test]
        fn every_order_respects_every_dependency(edges in prop::collection::vec((0_usize..9, 0_usize..9), 0..20)) {
            let tasks: Vec<Task> = (0..9).map(|n| {
                let needed: Vec<String> = edges.iter()
                    .filter(|(from, to)| *from == n && to < from)
                    .map(|(_, to)| format!("T{to}"))
                    .collect();
                let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
                task(&format!("T{n}"), &needed, &[])
            }).rev().collect();
            let list = TaskList { tasks };
            assert_eq!(cycle(&list), None);
            let order = order(&list);
            let place = |id: &TaskId| order.iter().position(|known| known == id).expect("each is there");
            for task in &list.tasks {
                for needed in &task.depends_on {
                    assert!(place(needed) < place(&task.id));
                }
            }
        }
    }
}
