//! The scenario `rate-limit`, played without an agent: what its models write is applied to a copy of
//! fixtures/sample-service, and the service's own tests judge it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::answer::Answer;
use super::completion::Completion;
use super::server_state::ServerState;
use super::server_state::tests::{body, call_for, chat};
use super::{RehearsedCall, Scenario};
use crate::model::{
    Audit, AuditVerdict, CallId, Categories, Contract, PhaseName, Purpose, Task, TaskList,
};

/// A copy of the service in which calls are played.
struct Stage {
    server_state: ServerState,
    folder: tempfile::TempDir,
    tasks: TaskList,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sample-service");
        copy(Path::new(service), folder.path());
        let mut stage = Self {
            server_state: ServerState::new(Scenario::builtin("rate-limit").unwrap(), None),
            folder,
            tasks: TaskList { tasks: Vec::new() },
        };
        let categories = ["backend", "frontend", "test"].map(str::to_owned).to_vec();
        let contract = Contract::Tasks(Categories {
            named: categories.clone(),
            ..Categories::default()
        });
        stage.play(call("decompose", "work-1", Purpose::Work, contract, None));
        stage.tasks = serde_json::from_str(&stage.left("tasks.json")).unwrap();
        for task in &stage.tasks.tasks {
            assert!(categories.contains(&task.category), "{}", task.id);
        }
        stage
    }

    /// Plays every answer of a call and applies what its tools would do.
    fn play(&mut self, call: RehearsedCall) {
        let scope = call.task.as_ref().map(|task| task.files.edit.clone());
        self.server_state
            .register("t".to_owned(), "k".to_owned(), call);
        for answers in 0.. {
            let request = chat(&body(answers, false));
            let reply = self.server_state.answer("t", Some("k"), request).unwrap();
            let Answer::Completion(Completion { calls, .. }) = reply.answer else {
                panic!("not a completion")
            };
            if calls.is_empty() {
                return;
            }
            for used in calls {
                self.apply(&used.name, &used.arguments, scope.as_deref());
            }
        }
    }

    fn apply(&self, tool: &str, arguments: &Value, scope: Option<&[String]>) {
        let text = |name: &str| arguments[name].as_str().unwrap().to_owned();
        if tool == "bash" {
            let looks = ["npm test", "find \"$PWD\" -type f"];
            assert!(looks.contains(&text("command").as_str()), "{arguments}");
            return;
        }
        let relative = text("filePath").strip_prefix("/ws/").unwrap().to_owned();
        let path = self.folder.path().join(&relative);
        if tool == "read" {
            assert!(path.exists(), "{relative} is read but not there");
            return;
        }
        let own = relative.starts_with(".tipstaff/out/");
        if let Some(scope) = scope.filter(|_| !own) {
            assert!(scope.contains(&relative), "{relative} is not the task's");
        }
        match tool {
            "write" => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text("content")).unwrap();
            }
            "edit" => {
                let before = fs::read_to_string(&path).unwrap();
                let (old, new) = (text("oldString"), text("newString"));
                assert_eq!(before.matches(&old).count(), 1, "{relative}: {old}");
                fs::write(path, before.replace(&old, &new)).unwrap();
            }
            other => panic!("no tool {other}"),
        }
    }

    fn task(&mut self, id: &str, round: u32) {
        let found = self.tasks.tasks.iter().find(|task| task.id.as_str() == id);
        let task = found.unwrap().clone();
        let name = named(&format!("task-{id}"), round);
        self.play(call(
            "execute",
            &name,
            Purpose::Task,
            Contract::Edits,
            Some(task),
        ));
    }

    fn work(&mut self, phase: &str, contract: Contract, round: u32) {
        self.play(call(
            phase,
            &named("work-1", round),
            Purpose::Work,
            contract,
            None,
        ));
    }

    fn audit(&mut self, round: u32) -> AuditVerdict {
        self.work("audit", Contract::Audit, round);
        serde_json::from_str::<Audit>(&self.left("verdict.json"))
            .unwrap()
            .verdict
    }

    fn left(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(".tipstaff/out").join(name)).unwrap()
    }

    /// Whether the service's own tests pass.
    fn tests_pass(&self) -> bool {
        let output = duct::cmd!("node", "--test", "test/")
            .dir(self.folder.path())
            .env_remove("NODE_TEST_CONTEXT")
            .unchecked()
            .stdout_capture()
            .stderr_capture()
            .run()
            .expect("Node is needed for the agents, so it is there");
        output.status.success()
    }
}

fn named(name: &str, round: u32) -> String {
    match round {
        1 => name.to_owned(),
        again => format!("{name}@{again}"),
    }
}

fn call(
    phase: &str,
    name: &str,
    purpose: Purpose,
    contract: Contract,
    task: Option<Task>,
) -> RehearsedCall {
    RehearsedCall {
        call: CallId::new(format!("{phase}.{name}")),
        phase: PhaseName::from(phase),
        task,
        ..call_for(purpose, contract)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_first_try_fails_the_audit_and_the_second_one_passes_the_services_tests() {
    let mut stage = Stage::new();
    assert!(!stage.tests_pass(), "a test of the limit is there already");
    stage.task("T1", 1);
    assert!(!stage.tests_pass(), "nor can it pass before T2");
    stage.task("T2", 1);
    stage.task("T3", 1);
    stage.work("integrate", Contract::Edits, 1);
    assert!(stage.tests_pass(), "no test tells of the mistake yet");
    assert_eq!(stage.audit(1), AuditVerdict::Fail);

    let mistaken = fs::read(stage.folder.path().join("src/rate-limit.js")).unwrap();
    stage.work("integrate", Contract::Edits, 2);
    assert_eq!(stage.audit(2), AuditVerdict::Pass);
    assert!(stage.tests_pass(), "the finding is mended");

    // The tests as they are now fail with the first try.
    let limiter = stage.folder.path().join("src/rate-limit.js");
    fs::write(&limiter, mistaken).unwrap();
    assert!(!stage.tests_pass(), "a test would have shown the mistake");
}

#[test]
fn the_loop_may_go_back_to_the_tasks_as_well() {
    let mut stage = Stage::new();
    for round in 1..=2 {
        for id in ["T1", "T2", "T3"] {
            stage.task(id, round);
        }
        stage.work("integrate", Contract::Edits, round);
    }
    assert_eq!(stage.audit(2), AuditVerdict::Pass);
    assert!(stage.tests_pass());
}
