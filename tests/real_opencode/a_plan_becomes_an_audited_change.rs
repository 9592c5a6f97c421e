//! The whole of it: from a request, and a test of the user's that fails, to a change that an audit sent
//! back once and then let in. One run, looked at from all sides, because each of its calls is a real
//! OpenCode that edits with its own tools.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::stand::Stand;
use crate::support::Output;

const REQUEST: &str = "Add rate limiting to the HTTP API";
/// The user's own, from before the run.
const WANTED: &str = "a client that asks without end is told to wait";
const PHASES: [&str; 6] = [
    "01-workshop",
    "02-plan",
    "03-decompose",
    "04-execute",
    "05-integrate",
    "06-audit",
];
/// The calls that carry out tasks, each with all that its workspace holds of the project: the task's files,
/// what they import and what imports them. The second one was told what `npm test` says of the first
/// one's work, and had nothing to mend.
const TASKS: [(&str, &[&str]); 4] = [
    ("execute.task-T1", TEST_AND_SERVER),
    ("execute.task-T1.2", TEST_AND_SERVER),
    ("execute.task-T2", TEST_AND_SERVER),
    ("execute.task-T3", &["public/app.js", "public/index.html"]),
];
const TEST_AND_SERVER: &[&str] = &[
    "src/api.js",
    "src/main.js",
    "src/server.js",
    "src/store.js",
    "test/api.test.js",
    "test/rate-limit.test.js",
];
/// In every task's workspace, because the workflow's `scope` says so.
const ALWAYS: [&str; 2] = ["README.md", "package.json"];

#[test]
fn a_plan_becomes_an_audited_change_and_the_tests_that_failed_pass() {
    let stand = Stand::new();
    leave_traces_of_work(&stand);
    npm_test(&stand)
        .exits_with(1)
        .stdout_has(&format!("not ok 4 - {WANTED}"));
    let repository = stand.sandbox.repository();

    let run = ["run", "feature-build", REQUEST, "--depth", "1"];
    let rehearsed = [&run[..], &["--rehearse", "rate-limit", "--publish"]].concat();
    stand
        .sandbox
        .tipstaff(&rehearsed)
        .succeeds()
        .stderr_has("`npm test` fails (exit 1), as it did before the changes")
        .stderr_has("5 changed files in your project, not committed");

    stand.is_clean();
    assert!(
        stand.sandbox.repository() == repository,
        "index, refs, stash, hooks or configuration changed"
    );
    changes_are_in_the_tree_uncommitted(&stand);
    npm_test(&stand)
        .succeeds()
        .stdout_has(&format!("ok 4 - {WANTED}"));
    the_audit_sent_it_back_once(&stand);
    the_machine_told_of_the_tests(&stand);
    each_call_was_a_process_of_its_own(&stand);
    tasks_saw_their_files_only(&stand);
    handoffs_are_kept(&stand);
    consecutive_requests_begin_the_same(&stand);
}

/// A stash, and hooks that would leave a trace.
fn leave_traces_of_work(stand: &Stand) {
    let sandbox = &stand.sandbox;
    let readme = sandbox.read("README.md");
    sandbox.write("README.md", &format!("{readme}\nNot finished.\n"));
    sandbox.git(&["stash"]);
    for hook in ["pre-commit", "post-commit", "post-checkout"] {
        let path = sandbox.project().join(".git/hooks").join(hook);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "#!/bin/sh\ntouch .git/hook-ran\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The service's own tests, as they stand in the user's tree.
fn npm_test(stand: &Stand) -> Output {
    let mut npm = stand.sandbox.program("npm");
    Output::of(npm.arg("test").spawn().unwrap())
}

fn changes_are_in_the_tree_uncommitted(stand: &Stand) {
    let status = ["status", "--porcelain", "--untracked-files=all"];
    let status = stand.sandbox.git(&status);
    let mut changed: Vec<&str> = status.lines().collect();
    changed.sort_unstable();
    let published = "?? docs/ai/add-rate-limiting-to-the-http-api";
    assert_eq!(
        changed,
        [
            " M README.md",
            " M public/app.js",
            " M src/server.js",
            " M test/rate-limit.test.js",
            &format!("{published}/audits/verdict.md"),
            &format!("{published}/plan.md"),
            &format!("{published}/tasks.md"),
            &format!("{published}/workshop/direction.md"),
            "?? src/rate-limit.js",
        ]
    );
}

fn the_audit_sent_it_back_once(stand: &Stand) {
    let back = stand.events_named("looped_back");
    assert_eq!(back.len(), 1, "{back:#?}");
    assert_eq!(
        (&back[0]["from"], &back[0]["to"]),
        (&"audit".into(), &"integrate".into())
    );
    let verdict = |call: &str| {
        let folder = format!("phases/06-audit/calls/{call}/attempt-1");
        let verdict = json(&stand.in_run(&format!("{folder}/verdict.json")));
        verdict["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("audit.work-1"), "fail");
    assert_eq!(verdict("audit.work-1@2"), "pass");
    // It was right: the first try does not pass the tests that the second one left.
    let mended = stand.sandbox.read("src/rate-limit.js");
    let wrong = mended.replace("used <= limit", "used < limit");
    let first = stand.in_run("phases/04-execute/changes.patch");
    assert!(first.contains("+      if (window.used < limit)"), "{first}");
    stand.sandbox.write("src/rate-limit.js", &wrong);
    npm_test(stand).exits_with(1);
    stand.sandbox.write("src/rate-limit.js", &mended);
}

/// By `verify` of the tasks: it failed on the untouched tree as well, and passed once the limit was there.
/// And again on the whole, in each round before the audit.
fn the_machine_told_of_the_tests(stand: &Stand) {
    let verified = stand.events_named("verified");
    let told: Vec<(&str, &str)> = verified
        .iter()
        .map(|event| {
            let of = event["task"].as_str().or(event["phase"].as_str());
            let outcome = event["verification"]["outcome"].as_str();
            (of.unwrap(), outcome.unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("T1", "already_failing"),
            ("T2", "passed"),
            ("integrate", "passed"),
            ("integrate", "passed"),
        ]
    );
}

fn each_call_was_a_process_of_its_own(stand: &Stand) {
    let spawned = stand.events_named("attempt_spawned");
    let calls: Vec<&str> = spawned
        .iter()
        .map(|event| event["call"].as_str().unwrap())
        .collect();
    let editing = ["integrate.work-1", "integrate.work-1@2"];
    for call in TASKS.map(|(call, _)| call).iter().chain(&editing) {
        assert!(calls.contains(call), "{call}: {calls:?}");
    }
    let processes: BTreeSet<u64> = spawned
        .iter()
        .map(|event| event["pid"].as_u64().unwrap())
        .collect();
    assert_eq!(processes.len(), calls.len(), "{spawned:#?}");
    // An agent's own name for its conversation.
    let conversation = |call: &&str| said(stand, call)[0]["sessionID"].to_string();
    let conversations: BTreeSet<String> = calls.iter().map(conversation).collect();
    assert_eq!(conversations.len(), calls.len());
}

/// What the models were shown when they looked around, and what the prompt said of it.
fn tasks_saw_their_files_only(stand: &Stand) {
    for (call, files) in TASKS {
        let expected: BTreeSet<&str> = files.iter().chain(&ALWAYS).copied().collect();
        let prompt = prompt(stand, call);
        for path in &expected {
            assert!(prompt.contains(&format!("`{path}`")), "{call}: {path}");
        }
        let said = said(stand, call);
        let Some(found) = said.iter().find_map(looked_around) else {
            assert_eq!(call, "execute.task-T1.2", "it had seen nothing to mend");
            continue;
        };
        let root = said.iter().find_map(workspace).unwrap();
        let seen: BTreeSet<&str> = found
            .lines()
            .filter_map(|path| path.strip_prefix(&root))
            .filter(|path| !path.starts_with(".git/") && !path.starts_with(".tipstaff/"))
            .collect();
        assert_eq!(seen, expected, "{call}");
    }
}

fn handoffs_are_kept(stand: &Stand) {
    for phase in PHASES {
        let handoff = json(&stand.in_run(&format!("phases/{phase}/handoff.json")));
        let summary = handoff["summary"].as_str().unwrap();
        assert!(!summary.is_empty(), "{phase}");
        assert!(
            !stand
                .in_run(&format!("phases/{phase}/handoff.md"))
                .is_empty()
        );
    }
    for (call, _) in TASKS {
        let handoff = json(&stand.in_run(&format!("{}/handoff.json", folder(call))));
        assert!(handoff["summary"].is_string(), "{call}: {handoff}");
    }
    // What the limiter's author said of it reached the audit through two handoffs, and no conversation did.
    let words = "a client is allowed while used < limit";
    let audit = prompt(stand, "audit.work-1");
    assert!(audit.contains(words), "{audit}");
    assert!(!audit.contains("First the limiter, and its import."));
}

/// Of first requests to one model with the same tools, what a provider would read from its cache: tools, system
/// prompt and the beginning of the prompt.
fn consecutive_requests_begin_the_same(stand: &Stand) {
    let received = stand.received();
    let mut last: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    let (mut shared, mut whole) = (0, 0);
    for request in received.iter().filter(|request| request["turn"] == 1) {
        let call = request["call"].as_str().unwrap();
        let ledger = json(&stand.in_run(&format!("{}/context.json", folder(call))));
        let size = |key: &str| request[key].as_u64().unwrap();
        let own = size("system_bytes") + size("tools_bytes");
        let sender = format!("{} {}", ledger["model"], request["tools"]);
        let Some((other, other_own)) = last.insert(sender, (call, own)) else {
            continue;
        };
        assert_eq!(own, other_own, "{other} and {call}");
        let (same, all) = (size("shared_bytes"), own + prompt(stand, call).len() as u64);
        let of_phase = other.split('.').next() == call.split('.').next();
        let least = if of_phase { 75 } else { 55 };
        let share = same * 100 / all;
        assert!(share >= least, "{other} and {call}: {share} %");
        (shared, whole) = (shared + same, whole + all);
    }
    let share = shared * 100 / whole;
    assert!(share >= 70, "{share} % of {whole} bytes");
}

/// The folder below `phases` in which a call's first attempt lies.
fn folder(call: &str) -> String {
    let name = call.split('.').next().unwrap();
    let phase = PHASES.iter().find(|phase| phase.ends_with(name)).unwrap();
    format!("phases/{phase}/calls/{call}/attempt-1")
}

fn prompt(stand: &Stand, call: &str) -> String {
    stand.in_run(&format!("{}/prompt.md", folder(call)))
}

/// What the agent of a call printed, event by event.
fn said(stand: &Stand, call: &str) -> Vec<Value> {
    let printed = stand.in_run(&format!("{}/events.jsonl", folder(call)));
    printed.lines().map(json).collect()
}

/// The workspace as it is called inside, by a file that a tool was used on.
fn workspace(event: &Value) -> Option<String> {
    let path = event["part"]["state"]["input"]["filePath"].as_str()?;
    let (above, _) = path.split_once("/workspace/")?;
    Some(format!("{above}/workspace/"))
}

/// What `find` printed.
fn looked_around(event: &Value) -> Option<&str> {
    let state = &event["part"]["state"];
    let command = state["input"]["command"].as_str()?;
    command.starts_with("find ").then_some(())?;
    state["output"].as_str()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
