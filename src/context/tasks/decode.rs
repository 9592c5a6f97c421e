//! Reading `tasks.json`.

use serde_json::{Map, Value, json};

use super::{check, paths};
use crate::judge::{JsonObject, read_object, typed};
use crate::model::{Categories, Faults, Task, TaskList};

/// A valid decomposition, and what had to be forgiven in reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedTasks {
    pub tasks: TaskList,
    /// What had to be forgiven, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads a decomposition whose tasks may have these categories.
///
/// # Errors
///
/// Everything that is wrong, one sentence each, with the place in the JSON or the task's id: written
/// to be given to the model that has to mend it.
pub fn read(text: &str, categories: &Categories) -> Result<DecodedTasks, Faults> {
    let JsonObject {
        mut members,
        mut remarks,
    } = read_object(text)?;
    let items = match members.remove("tasks") {
        Some(Value::Array(items)) => items,
        Some(_) => return Err("tasks: a list is expected".to_owned().into()),
        None => return Err("missing field `tasks`".to_owned().into()),
    };
    let mut tasks = Vec::new();
    let mut errors = Vec::new();
    // One by one, so that every task's mistakes are found and not only the first one's.
    for (index, item) in items.into_iter().enumerate() {
        match task(item, categories) {
            Ok(task) => tasks.push(task),
            Err(error) => errors.push(error.replacen("tasks[0]", &format!("tasks[{index}]"), 1)),
        }
    }
    let tasks = TaskList { tasks };
    if errors.is_empty() {
        errors = check::check(&tasks, categories);
    }
    if errors.is_empty() {
        remarks.extend(check::collisions(&tasks).to_vec());
        Ok(DecodedTasks { tasks, remarks })
    } else {
        Err(errors.into())
    }
}

/// One task; of an error the place is in `tasks[0]`.
fn task(mut item: Value, categories: &Categories) -> Result<Task, String> {
    if let Value::Object(members) = &mut item {
        normalize(members);
    }
    let alone = Map::from_iter([("tasks".to_owned(), json!([item]))]);
    let TaskList { mut tasks } = typed(alone)?;
    let mut task = tasks.pop().expect("one went in");
    if let Some(known) = categories.find(&task.category) {
        task.category.clone_from(known);
    }
    for list in [&mut task.files.edit, &mut task.files.read] {
        for path in list {
            *path = paths::plain(path);
        }
    }
    task.verify = task.verify.filter(|command| !command.trim().is_empty());
    Ok(task)
}

/// `null` for nothing and one sentence for a list of one: there is only one way to read these.
fn normalize(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
    if let Some(Value::Object(files)) = members.get_mut("files") {
        files.retain(|_, value| !value.is_null());
        for list in ["edit", "read"] {
            listed(files, list);
        }
    }
    for list in ["depends_on", "acceptance"] {
        listed(members, list);
    }
}

fn listed(members: &mut Map<String, Value>, name: &str) {
    if let Some(value) = members.get_mut(name)
        && value.is_string()
    {
        *value = json!([value.take()]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::*;

    fn decode(text: &str, categories: &Categories) -> Result<TaskList, Faults> {
        read(text, categories).map(|decoded| decoded.tasks)
    }

    fn errors(text: &str) -> Vec<String> {
        decode(text, &Categories::default())
            .expect_err("errors")
            .to_vec()
    }

    fn only(category: &str) -> Categories {
        Categories {
            named: vec![category.to_owned()],
            ..Categories::default()
        }
    }

    #[test]
    fn the_example_of_the_contract_is_valid() {
        let tasks = decode(super::super::EXAMPLE, &only("CATEGORY")).expect("valid");
        assert_eq!(tasks.tasks[0].files.edit, ["src/a.rs"]);
    }

    #[test]
    fn what_can_be_read_one_way_only_is_read() {
        let text = r#"Here: {"tasks": [{"id": "T1", "title": "a", "category": " Backend",
            "instructions": "b", "files": {"edit": "./src//a.rs", "read": null},
            "depends_on": null, "acceptance": "holds", "verify": " "}]}"#;
        let decoded = read(text, &only("backend")).expect("valid");
        let task = &decoded.tasks.tasks[0];
        assert_eq!(task.category, "backend");
        assert_eq!(task.files.edit, ["src/a.rs"]);
        assert_eq!(task.acceptance, ["holds"]);
        assert_eq!(task.verify, None);
        assert_eq!(decoded.remarks.len(), 1);
    }

    #[test]
    fn schema_errors_of_all_tasks_carry_their_place() {
        let text = r#"{"tasks": [{"id": "T1", "title": "a", "category": "x"},
            {"id": "T2", "title": "a", "category": "x", "instructions": "b", "files": {"edit": [1]}}, 7]}"#;
        let errors = errors(text);
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(
            errors[0].starts_with("tasks[0]: missing field `instructions`"),
            "{errors:?}"
        );
        assert!(
            errors[1].starts_with("tasks[1].files.edit[0]: invalid type"),
            "{errors:?}"
        );
        assert!(errors[2].starts_with("tasks[2]: "), "{errors:?}");
    }

    #[test]
    fn what_is_no_list_of_tasks_is_an_error() {
        assert_eq!(errors("{}"), ["missing field `tasks`"]);
        assert_eq!(errors(r#"{"tasks": {}}"#), ["tasks: a list is expected"]);
        assert!(errors("[]")[0].contains("not a list"));
    }

    proptest! {
        #[test]
        fn arbitrary_tasks_never_panic(
            ids in prop::collection::vec("[A-C]{0,2}", 0..5),
            deps in prop::collection::vec("[A-C]{0,2}", 0..5),
            path in ".{0,12}",
        ) {
            let tasks: Vec<Value> = ids.iter().map(|id| json!({
                "id": id, "title": "t", "category": "c", "instructions": "i",
                "files": {"edit": [path]}, "depends_on": deps,
            })).collect();
            let _ = decode(&json!({"tasks": tasks}).to_string(), &Categories::default());
        }
    }
}
