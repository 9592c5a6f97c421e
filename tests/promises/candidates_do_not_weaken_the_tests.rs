//! A candidate that changed the project's tests, or what runs them, meets them as they were, and does not win unseen by
//! what it made of them.

use super::candidates_are_proved::{HANDOFF, RUN, breaks, code, judges, letter, project, slot};
use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

/// Runs the script `test` of `package.json`, as npm does.
const SCRIPT: &str = r#"eval "$(sed -n 's/.*"test": "\(.*\)".*/\1/p' package.json)""#;
const PACKAGE: &str = "{\n  \"scripts\": {\n    \"test\": \"for one in test/*; do sh $one || exit 1; done\"\n  }\n}\n";

/// Two candidates of which the second breaks what passed, in a project whose test wants this of the code.
fn survivor(wants: &str, first: &str, judge: &str) -> Sandbox {
    let first = format!("{}, {first}", code("new"));
    tested(
        wants,
        &[],
        &(slot(1, &first) + &slot(2, &breaks("two")) + judge),
    )
}

fn tested(wants: &str, keys: &[&str], script: &str) -> Sandbox {
    let verify = "verify: [test -f keep.txt, sh run.sh]";
    let sandbox = project(Sandbox::new(), 2, &[&[verify], keys].concat());
    sandbox
        .write("run.sh", SCRIPT)
        .write("scripts/word", "old")
        .write("package.json", PACKAGE)
        .write("test/code.sh", &format!("grep -q {wants} code.txt"))
        .git(&["add", "-A"]);
    sandbox.git(&["commit", "-qm", "tests"]);
    sandbox.fake_agent(script);
    sandbox
}

fn prompt(sandbox: &Sandbox) -> String {
    let path = "phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md";
    sandbox.run().read(path)
}

const DELETES: &str = "{ delete: test/code.sh }, { write: { path: test/other.sh, text: 'true' } }";
const RENAMES: &str = r#"{ write: { path: package.json, text: '{"scripts": {"test": "true"}}' } }"#;

#[test]
fn survivor_that_deleted_a_test_is_judged_with_that_fact_first() {
    // The test fails before, too: it is what is to be mended.
    for (wants, as_before) in [("old", ""), ("mended", ", as before the changes")] {
        let sandbox = survivor(wants, DELETES, "");
        sandbox.tipstaff(&RUN).succeeds();
        assert_eq!(judges(&sandbox), 1);
        let prompt = prompt(&sandbox);
        let with = "- with the project's test files, and what runs them, as they were in the place of its own: `sh run.sh`: FAILED";
        let facts = prompt
            .split(with)
            .nth(1)
            .unwrap_or_else(|| panic!("{prompt}"));
        let line = facts.lines().next().unwrap();
        let end = format!("{as_before}; it passes only with what this author made of them");
        assert!(line.ends_with(&end), "{line}");
        assert!(facts.contains("`test -f keep.txt`: passed"), "{prompt}");
        let shown = sandbox.tipstaff(&["show", "--verdict"]);
        shown
            .succeeds()
            .stdout_has("fails sh run.sh")
            .has_no("mends 1");
        // Whoever is shown that the command passed is told this, too: a person, and those who go on.
        let remark = "`sh run.sh` fails with the project's tests, and what runs them, as they were";
        let handoff = sandbox.run().read("phases/01-mend/handoff.md");
        assert!(handoff.contains(remark), "{handoff}");
        let shown = sandbox.tipstaff(&["show"]);
        shown.stdout_has("`sh run.sh` fails with the project's tests");
    }
}

#[test]
fn survivor_that_redefined_the_test_script_is_left_to_a_person() {
    let none = r#"{"decision":"none","rationale":"It tests nothing."}"#;
    let sandbox = survivor("old", RENAMES, &judge_says(none));
    let ran = sandbox.tipstaff(&RUN);
    let own = letter(&sandbox, 1);
    ran.exits_with(4).stderr_has(&format!(
        "{own} fails `sh run.sh` with the project's tests as they were; the judge found no proposal good enough"
    ));
    assert_eq!(sandbox.read("code.txt"), "old\n");
}

#[test]
fn survivor_that_changed_what_the_command_runs_is_judged() {
    let sandbox = survivor("old", "{ write: { path: run.sh, text: 'true' } }", "");
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 1);
}

#[test]
fn survivor_that_changed_a_script_of_the_project_is_judged() {
    let wants = "$(cat scripts/word) code.txt #";
    let changes = "{ write: { path: scripts/word, text: new } }";
    let sandbox = survivor(wants, changes, "");
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 1);
}

#[test]
fn what_is_made_of_a_winner_and_weakens_the_tests_is_judged_by_nobody() {
    let judge = r#"{"decision":"pick","winner":"A","rationale":"It is right.","grafts":[{"from":"B","what":"all"}]}"#;
    let made: String = (1..=2)
        .map(|slot| {
            let when = format!("{{ call: mend.propose-{slot}.refined }}");
            let broken = code("broken");
            format!("- when: {when}\n  do: [{broken}, {DELETES}, {HANDOFF}]\n")
        })
        .collect();
    let own = slot(1, &code("new1")) + &slot(2, &code("new2"));
    let judge = judge_says(judge);
    let synthesize = ["judge: { by: judge, synthesize: true }"];
    let sandbox = tested(
        "'old\\|new' code.txt #",
        &synthesize,
        &(made + &own + &judge),
    );
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 1);
    assert!(sandbox.read("code.txt").starts_with("new"));
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("C, made of A: fails sh run.sh; A is taken as it was");
}

#[test]
fn survivor_that_passes_the_old_tests_wins_without_a_judge() {
    // More tests, and a dependency in `package.json`, weaken nothing.
    let more = PACKAGE.replace("{\n  \"scripts\"", "{\n  \"dependencies\": {}, \"scripts\"");
    let more = format!("{{ write: {{ path: package.json, text: {more:?} }} }}");
    let stricter = "{ write: { path: test/code.sh, text: 'grep -qx new code.txt' } }";
    let sandbox = survivor("new", &format!("{more}, {stricter}"), "");
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 0);
    assert_eq!(sandbox.read("code.txt"), "new");
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("tests before");
}
