//! Candidates that edit are proved by commands before anybody judges them, and one of them is taken as it is.

use rustix::process::Signal;

use crate::support::{Sandbox, until};

pub const HANDOFF: &str =
    "{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"mended\"}' } }";
pub const RUN: [&str; 3] = ["run", "fix", "Mend it"];

/// The workflow `fix` with this many candidates; more keys of its phase may be given.
pub fn project(sandbox: Sandbox, candidates: usize, more: &[&str]) -> Sandbox {
    let models: Vec<String> = (1..=candidates).map(|slot| format!("m{slot}")).collect();
    let keys: String = more.iter().map(|line| format!("    {line}\n")).collect();
    let judge = match more.iter().any(|line| line.starts_with("judge:")) {
        true => "",
        false => "    judge: judge\n",
    };
    let yaml = format!(
        "name: fix\nphases:\n  - name: mend\n    type: ensemble\n    models: [{}]\n{judge}    \
         edits: true\n    context_strategy: distilled\n    retries: 0\n{keys}",
        models.join(", ")
    );
    sandbox
        .write("keep.txt", "kept\n")
        .write("code.txt", "old\n")
        .write(".tipstaff/workflows/fix.yaml", &yaml)
        .git_init();
    sandbox
}

/// What the candidate of a slot does before it hands over.
pub fn slot(slot: u32, steps: &str) -> String {
    format!("- when: {{ purpose: propose, slot: {slot} }}\n  do: [{steps}, {HANDOFF}]\n")
}

pub fn code(text: &str) -> String {
    format!("{{ write: {{ path: code.txt, text: {text} }} }}")
}

pub fn breaks(text: &str) -> String {
    format!("{}, {{ delete: keep.txt }}", code(text))
}

/// The letter of the candidate of this slot.
pub fn letter(sandbox: &Sandbox, slot: u32) -> String {
    let labels = sandbox.run().labels().into_iter();
    let mut own = labels.filter(|(_, call)| call.starts_with(&format!("mend.propose-{slot}")));
    own.next().unwrap().0
}

/// How many calls judge.
pub fn judges(sandbox: &Sandbox) -> usize {
    let created = sandbox.run().all("call_created");
    let judges = created
        .iter()
        .filter(|one| one["call"]["purpose"] == "judge");
    judges.count()
}

#[test]
fn failing_candidate_is_out_before_the_judge_sees_any() {
    let sandbox = project(Sandbox::new(), 3, &["verify: test -f keep.txt"]);
    sandbox
        .fake_agent(&(slot(1, &code("one")) + &slot(2, &breaks("two")) + &slot(3, &code("three"))));
    sandbox.tipstaff(&RUN).succeeds();
    assert!(["one", "three"].contains(&sandbox.read("code.txt").as_str()));
    assert!(sandbox.exists("keep.txt"));
    let run = sandbox.run();
    let prompt = run.read("phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md");
    assert!(
        prompt.contains("+one") && prompt.contains("+three"),
        "{prompt}"
    );
    assert!(!prompt.contains("+two"), "{prompt}");
    assert!(prompt.contains("`test -f keep.txt`: passed"), "{prompt}");
    assert!(!prompt.contains("synthesize"), "{prompt}");
    let out = letter(&sandbox, 2);
    let result = sandbox.tipstaff(&["show"]);
    result.stdout_has("test -f keep.txt   passed");
    result.has_no("test -f keep.txt   failed");
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("fails test -f keep.txt");
    sandbox
        .tipstaff(&["show", &run.id(), &out])
        .succeeds()
        .stdout_has("+two");
    // Of the command on the untouched project there is one result, whatever the candidates do.
    let verified = run.all("verified");
    assert_eq!(verified.len(), 4, "{verified:?}");
    sandbox.tipstaff(&["diff"]).succeeds().has_no("keep.txt");
    sandbox.tipstaff(&["undo", &run.id()]).succeeds();
    assert_eq!(sandbox.read("code.txt"), "old\n");
}

#[test]
fn judge_that_insists_on_a_failing_candidate_is_not_obeyed() {
    let script = slot(1, &code("one")) + &slot(2, &breaks("two")) + &slot(3, &code("three"));
    let first = project(Sandbox::new(), 3, &["verify: test -f keep.txt"]);
    first.fake_agent(&script);
    first
        .tipstaff(&[&RUN[..], &["--seed", "7"]].concat())
        .succeeds();
    let out = letter(&first, 2);
    let sandbox = project(Sandbox::new(), 3, &["verify: test -f keep.txt"]);
    let verdict =
        format!(r#"{{"decision":"pick","winner":"{out}","rationale":"It is the best."}}"#);
    sandbox.fake_agent(&format!(
        "{script}- do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: '{verdict}' }} }}]\n"
    ));
    sandbox
        .tipstaff(&[&RUN[..], &["--seed", "7"]].concat())
        .exits_with(4);
    assert_eq!(sandbox.read("code.txt"), "old\n");
    assert!(sandbox.run().all("winner_chosen").is_empty());
}

#[test]
fn person_who_has_to_pick_is_pointed_to_one_that_passes() {
    let abstains = super::proposals_are_judged_fairly::judge_says(
        r#"{"decision":"abstain","rationale":"I cannot tell."}"#,
    );
    let keys = [
        "verify: test -f keep.txt",
        "judge: { by: judge, abstain: true }",
    ];
    let seeded = [&RUN[..], &["--seed", "7"]].concat();
    let asked = |out: u32| {
        let sandbox = project(Sandbox::new(), 3, &keys);
        let does = |one| if one == out { breaks } else { code };
        let all = (1..=3).map(|one| slot(one, &does(one)(&format!("c{one}"))));
        sandbox.fake_agent(&(all.collect::<String>() + &abstains));
        sandbox.tipstaff(&seeded).exits_with(4);
        sandbox
    };
    let first = asked(1);
    let mut slots = 1..=3;
    let first = slots.find(|one| letter(&first, *one) == "A").unwrap();
    let sandbox = asked(first);
    let shown = sandbox.tipstaff(&["show"]);
    let picks = |letter: &str| {
        let mut lines = shown.stdout.lines();
        lines.any(|line| line.contains("tipstaff pick") && line.contains(&format!(" {letter}")))
    };
    assert!(picks("B") && !picks("A"), "{}", shown.stdout);
}

#[test]
fn author_who_signs_the_code_is_reported() {
    let sandbox = project(Sandbox::new(), 2, &["verify: test -f keep.txt"]);
    let signs = "{ write: { path: code.txt, text: \"# Co-authored-by: Claude\" } }";
    sandbox.fake_agent(&(slot(1, signs) + &slot(2, &code("two"))));
    sandbox
        .tipstaff(&RUN)
        .succeeds()
        .stderr_has("may tell the judge its author: line ");
}

#[test]
fn only_one_that_passes_wins_without_a_judge() {
    let sandbox = project(Sandbox::new(), 2, &["verify: test -f keep.txt"]);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &breaks("two"))));
    sandbox
        .tipstaff(&RUN)
        .succeeds()
        .stderr_has("the commands decided");
    assert_eq!(sandbox.read("code.txt"), "one");
    assert_eq!(sandbox.run().all("winner_chosen")[0]["by"], "evidence");
    assert_eq!(judges(&sandbox), 0);
}

#[test]
fn later_commands_run_on_candidates_that_passed_the_earlier() {
    let verify = "verify: [test -f keep.txt, test -f code.txt]";
    let sandbox = project(Sandbox::new(), 2, &[verify]);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &breaks("two"))));
    sandbox.tipstaff(&RUN).succeeds();
    let verified = sandbox.run().all("verified");
    let later = verified
        .iter()
        .filter(|one| one["verification"]["command"] == "test -f code.txt");
    assert_eq!(later.count(), 2, "{verified:?}");
}

#[test]
fn what_fails_without_the_changes_counts_for_nobody() {
    let sandbox = project(
        Sandbox::new(),
        2,
        &["verify: [test -f no.txt, test -f keep.txt]"],
    );
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &code("two"))));
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 1);
    for verified in sandbox.run().all("verified") {
        let fails = verified["verification"]["command"] == "test -f no.txt";
        let outcome = if fails { "already_failing" } else { "passed" };
        assert_eq!(verified["verification"]["outcome"], outcome);
    }
}

/// Two candidates of which the second mends a command, and a judge that picks this letter; the letters are the same
/// each time.
fn one_mends(judge: &str, picks: &str) -> Sandbox {
    let verify = "verify: [test -f new.txt, test -f keep.txt]";
    let sandbox = project(Sandbox::new(), 2, &[verify, judge]);
    let mends = format!(
        "{}, {{ write: {{ path: new.txt, text: new }} }}",
        code("two")
    );
    let verdict = format!(r#"{{"decision":"pick","winner":"{picks}","rationale":"I prefer it."}}"#);
    let judge = super::proposals_are_judged_fairly::judge_says(&verdict);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &mends) + &judge));
    let run = [&RUN[..], &["--seed", "7"]].concat();
    sandbox.tipstaff(&run).succeeds();
    sandbox
}

#[test]
fn mended_command_shuts_nobody_out() {
    let other = letter(&one_mends("judge: judge", "A"), 1);
    let sandbox = one_mends("judge: judge", &other);
    assert_eq!(sandbox.read("code.txt"), "one");
    let mender = letter(&sandbox, 2);
    let shown = sandbox.tipstaff(&["show", "--verdict"]);
    shown.succeeds().stdout_has(&format!(
        "against the evidence: {mender} mends more commands"
    ));
    shown.stdout_has("mends 1");
}

#[test]
fn mended_command_breaks_a_tie() {
    let sandbox = one_mends("judge: { by: judge, orders: both }", "A");
    assert_eq!(judges(&sandbox), 2);
    assert_eq!(sandbox.read("code.txt"), "two");
    assert_eq!(sandbox.run().all("winner_chosen")[0]["by"], "evidence");
    let mender = letter(&sandbox, 2);
    let why = format!("m4 changed its mind with the order; {mender} passes more commands.");
    let shown = sandbox.tipstaff(&["show", "--verdict"]);
    shown.succeeds().has_no("against the evidence");
    shown.stdout_has(&why);
    let result = sandbox.tipstaff(&["show"]);
    result
        .stdout_has(&format!("why        {why}"))
        .has_no("I prefer it.");
    sandbox
        .tipstaff(&["compare", &sandbox.run().id()])
        .stdout_has(&why);
    let text = sandbox.tipstaff(&["report", "--markdown"]);
    text.succeeds().stdout_has(&why);
}

#[test]
fn same_changes_are_one_candidate() {
    let sandbox = project(Sandbox::new(), 2, &["verify: test -f keep.txt"]);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &code("one"))));
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(judges(&sandbox), 0);
    assert_eq!(sandbox.run().all("verified").len(), 2);
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("same as A");
    // Whose work it is.
    let winner = &sandbox.run().all("winner_chosen")[0];
    let shown = sandbox.tipstaff(&["show", "--json"]).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let by = &shown["changes"]["files"][0]["by"];
    assert_eq!(by, &serde_json::json!([winner["call"]]), "{shown}");
}

#[test]
fn same_changes_without_a_command_were_decided_by_none() {
    let sandbox = project(Sandbox::new(), 2, &[]);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &code("one"))));
    let ran = sandbox.tipstaff(&RUN);
    ran.succeeds().stderr_has("wins (propose-");
    ran.stderr_has(", the others are the same")
        .has_no("the commands decided");
    let shown = sandbox.tipstaff(&["show", "--verdict"]);
    shown.succeeds().stdout_has("All left the same files.");
    shown.stdout_has("same as A").has_no("passed");
}

#[test]
fn flaky_command_is_told_and_counts_for_nobody() {
    let sandbox = Sandbox::open();
    let at = sandbox.outside("at").display().to_string();
    // It passes and fails by turns.
    let run = format!("if test -e {at}; then rm {at}; else touch {at}; exit 1; fi");
    let verify = format!("verify: [{{ run: \"{run}\", repeat: 3 }}, test -f keep.txt]");
    let sandbox = project(sandbox, 2, &[&verify]);
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &code("two"))));
    sandbox.tipstaff(&RUN).succeeds().stderr_has("is flaky");
    let run = sandbox.run();
    let verified = run.all("verified");
    let flaky = verified
        .iter()
        .filter(|one| one["verification"]["outcome"] == "flaky");
    assert_eq!((flaky.count(), verified.len()), (1, 4), "{verified:?}");
    let prompt = run.read("phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md");
    assert!(prompt.contains("it counts for nobody"), "{prompt}");
}

#[test]
fn person_is_asked_where_none_passes() {
    let sandbox = project(Sandbox::new(), 2, &["verify: test -f keep.txt"]);
    sandbox.fake_agent(&(slot(1, &breaks("one")) + &slot(2, &breaks("two"))));
    sandbox
        .tipstaff(&RUN)
        .exits_with(4)
        .stderr_has("no candidate passes what passed before: A fails `test -f keep.txt`");
    assert_eq!(judges(&sandbox), 0);
    let letter = letter(&sandbox, 2);
    let run = sandbox.run().id();
    sandbox
        .tipstaff(&["pick", &run, "mend", &letter])
        .succeeds();
    assert_eq!(sandbox.read("code.txt"), "two");
}

#[test]
fn phase_fails_where_none_passes_and_the_workflow_says_so() {
    let sandbox = project(
        Sandbox::new(),
        2,
        &["verify: test -f keep.txt", "on_none: fail"],
    );
    sandbox.fake_agent(&(slot(1, &breaks("one")) + &slot(2, &breaks("two"))));
    sandbox.tipstaff(&RUN).exits_with(1);
    assert_eq!(
        sandbox.run().all("phase_failed")[0]["failure"]["kind"],
        "none_passed"
    );
    // Resumed, they are made anew.
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &breaks("two"))));
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(sandbox.read("code.txt"), "one");
}

#[test]
fn candidates_mend_once_what_failed() {
    let sandbox = project(
        Sandbox::new(),
        2,
        &["verify: test -f keep.txt", "on_none: repair"],
    );
    let mends = "{ write: { path: keep.txt, text: again } }";
    sandbox.fake_agent(&format!(
        "- when: {{ call: mend.propose-2.2 }}\n  do: [{mends}, {HANDOFF}]\n{}{}",
        slot(1, &breaks("one")),
        slot(2, &breaks("two"))
    ));
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("code.txt"), "two");
    assert_eq!(sandbox.read("keep.txt"), "again");
    let run = sandbox.run();
    let prompt = run.read("phases/01-mend/calls/mend.propose-2.2/attempt-1/prompt.md");
    assert!(
        prompt.contains("`test -f keep.txt` fails after your changes"),
        "{prompt}"
    );
    assert_eq!(run.all("proposals_sealed").len(), 2);
    // The whole of its changes is shown, not the mend alone.
    let own = letter(&sandbox, 2);
    let shown = sandbox.tipstaff(&["show", &run.id(), &own]);
    shown.succeeds().stdout_has("+two").stdout_has("+again");
    sandbox
        .tipstaff(&["compare", &run.id(), "A", "B"])
        .succeeds()
        .stdout_has("code.txt");
}

#[test]
fn killed_run_goes_on_with_the_candidates_that_are_there() {
    let sandbox = Sandbox::open();
    let outside = sandbox.outside("").display().to_string();
    let sandbox = project(sandbox, 2, &["verify: test -f keep.txt"]);
    let starts = format!("{{ append: {{ path: {outside}/starts, text: x }} }}");
    let waits = format!("{{ touch: {outside}/up }}, {{ wait_for_file: {outside}/go }}");
    sandbox.fake_agent(
        &(slot(1, &format!("{starts}, {}", code("one")))
            + &slot(2, &format!("{waits}, {}", breaks("two")))),
    );
    let running = sandbox.start(&RUN);
    until("one is done and one at work", || {
        sandbox.outside("up").exists() && sandbox.run().calls("attempt_succeeded").len() == 1
    });
    sandbox.end(running, Signal::KILL);
    std::fs::write(sandbox.outside("go"), "").unwrap();
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(
        std::fs::read_to_string(sandbox.outside("starts")).unwrap(),
        "x"
    );
    assert_eq!(sandbox.read("code.txt"), "one");
    assert_eq!(sandbox.run().all("verified").len(), 3);
}

#[test]
fn sequential_candidates_are_refused_with_a_reason() {
    let sandbox = project(Sandbox::new(), 2, &["mode: sequential"]);
    sandbox.fake_agent("[]");
    sandbox
        .tipstaff(&["check", "fix"])
        .exits_with(2)
        .stderr_has("candidates that edit cannot be `sequential`: each starts from the same files");
}

/// A test that wants this of the code, in a file of its own.
pub fn test(name: &str, wants: &str) -> String {
    format!("{{ write: {{ path: tests/{name}, text: grep -q {wants} code.txt }} }}")
}

const CROSSED: [&str; 2] = [
    "verify: set -e; for one in tests/*; do sh $one; done",
    "cross_tests: true",
];

/// What ran with the tests of others: whose code, whose tests (`-` for the project's), and how it ended.
fn crossed(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let run = sandbox.run();
    let done = run.all("attempt_succeeded");
    let who = |tree: &serde_json::Value| {
        let mut own = done
            .iter()
            .filter(|one| &one["result"]["changes"]["tree"] == tree);
        own.next().map_or("-".to_owned(), |one| {
            one["call"].as_str().unwrap().to_owned()
        })
    };
    let all = run.all("verified").into_iter();
    let crossed = all.filter(|one| !one["tests_of"].is_null());
    let mut rows: Vec<_> = crossed
        .map(|one| {
            let outcome = one["verification"]["outcome"].as_str().unwrap().to_owned();
            (who(&one["tree"]), who(&one["tests_of"]), outcome)
        })
        .collect();
    rows.sort();
    rows
}

fn triples(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    let name = |slot: &str| match slot {
        "-" => slot.to_owned(),
        slot => format!("mend.propose-{slot}"),
    };
    let rows = rows.iter();
    rows.map(|(code, tests, how)| (name(code), name(tests), (*how).to_owned()))
        .collect()
}

#[test]
fn tests_of_one_candidate_run_with_the_code_of_the_others() {
    let sandbox = project(Sandbox::new(), 3, &CROSSED);
    sandbox
        .write("tests/old.sh", "grep -q o code.txt")
        .git(&["add", "-A"]);
    sandbox.git(&["commit", "-qm", "tests"]);
    // The first two agree on what is wanted; the third passes only its own test.
    let own = |slot_number, text: &str, wants| {
        slot(
            slot_number,
            &format!(
                "{}, {}",
                code(text),
                test(&format!("new{slot_number}.sh"), wants)
            ),
        )
    };
    sandbox.fake_agent(
        &(own(1, "good one", "good") + &own(2, "good two", "good") + &own(3, "bad three o", "bad")),
    );
    sandbox.tipstaff(&RUN).succeeds();
    let rows = [
        ("1", "2", "passed"),
        ("1", "3", "failed"),
        ("2", "1", "passed"),
        ("2", "3", "failed"),
        ("3", "1", "failed"),
        ("3", "2", "failed"),
    ];
    assert_eq!(crossed(&sandbox), triples(&rows));
    let run = sandbox.run();
    let prompt = run.read("phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md");
    let fact = "with another candidate's test files in the place of its own:";
    assert_eq!(
        prompt.matches(&format!("{fact} its code passes")).count(),
        2,
        "{prompt}"
    );
    assert_eq!(
        prompt
            .matches("the code of some other candidate passes")
            .count(),
        2,
        "{prompt}"
    );
    assert!(
        prompt.contains(
            "the code of 0 of 2 other candidates passes with them, so they prove nothing"
        ),
        "{prompt}"
    );
    let alone = format!("tests of {} (void)", letter(&sandbox, 3));
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has(&alone);
    // The results of the winner are its own.
    sandbox.tipstaff(&["show"]).succeeds().has_no("failed");
}

#[test]
fn candidate_that_changes_old_tests_meets_them_as_they_were() {
    let sandbox = project(Sandbox::new(), 2, &CROSSED);
    sandbox
        .write("tests/old.sh", "grep -q old code.txt")
        .git(&["add", "-A"]);
    sandbox.git(&["commit", "-qm", "tests"]);
    let cheats = format!("{}, {}", code("new"), test("old.sh", "new"));
    sandbox.fake_agent(&(slot(1, &code("old and new")) + &slot(2, &cheats)));
    sandbox.tipstaff(&RUN).succeeds();
    let rows = [("1", "2", "passed"), ("2", "-", "failed")];
    assert_eq!(crossed(&sandbox), triples(&rows));
    let prompt = sandbox
        .run()
        .read("phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md");
    assert!(
        prompt.contains(
            "with the project's test files, and what runs them, as they were in the place of its own: `set -e"
        ),
        "{prompt}"
    );
}

#[test]
fn tie_goes_to_who_passes_the_tests_of_others() {
    let keys = [
        "verify: set -e; for one in tests/*; do sh $one; done",
        "cross_tests: [tests/**]",
    ];
    let sandbox = project(Sandbox::new(), 3, &keys);
    sandbox.write("tests/old.sh", "test -f keep.txt");
    let yaml = sandbox.read(".tipstaff/workflows/fix.yaml");
    let both = yaml.replace("judge: judge", "judge: { by: judge, orders: both }");
    sandbox
        .write(".tipstaff/workflows/fix.yaml", &both)
        .git(&["add", "-A"]);
    sandbox.git(&["commit", "-qm", "tests"]);
    let tested = format!("{}, {}", code("good two"), test("new.sh", "good"));
    let acts = format!("{}, {{ write: {{ path: .envrc, text: x }} }}", code("bad"));
    // The judge takes whatever it sees first: `bad` under one order, another one under the other.
    let script = slot(1, &code("good one")) + &slot(2, &tested) + &slot(3, &acts);
    let verdict = r#"{"decision":"pick","winner":"A","rationale":"It is the first."}"#;
    let judge =
        format!("- do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: '{verdict}' }} }}]\n");
    sandbox.fake_agent(&(script + &judge));
    let run = sandbox.tipstaff(&[&RUN[..], &["--seed", "7"]].concat());
    let third = letter(&sandbox, 3);
    // It is one of the two that are named.
    assert_ne!(third, "B");
    run.succeeds();
    let won = &sandbox.run().all("winner_chosen")[0];
    assert_ne!(won["label"], third.as_str(), "{won}");
    let prompt = sandbox
        .run()
        .read("phases/01-mend/calls/mend.judge-1/attempt-1/prompt.md");
    let held = "the change to `.envrc` would be held back";
    assert_eq!(prompt.matches(held).count(), 1, "{prompt}");
}

#[test]
fn cross_tests_belong_to_candidates_that_edit() {
    let sandbox = project(Sandbox::new(), 2, &["cross_tests: ['a{']"]);
    sandbox.fake_agent("[]");
    let check = sandbox.tipstaff(&["check", "fix"]);
    check.exits_with(2).stderr_has("is no valid pattern");
    let yaml = sandbox.read(".tipstaff/workflows/fix.yaml");
    let yaml = yaml
        .replace("edits: true", "edits: false")
        .replace("['a{']", "true");
    sandbox.write(".tipstaff/workflows/fix.yaml", &yaml);
    let check = sandbox.tipstaff(&["check", "fix"]);
    check
        .exits_with(2)
        .stderr_has("`cross_tests` is for an ensemble with `edits: true`");
}

#[test]
fn one_that_does_nothing_wins_over_nobody_who_tried() {
    let sandbox = project(Sandbox::new(), 2, &["verify: test -f keep.txt"]);
    sandbox.fake_agent(&(slot(1, "{ print: idle }") + &slot(2, &breaks("two"))));
    let ran = sandbox.tipstaff(&RUN);
    let idle = letter(&sandbox, 1);
    ran.exits_with(4)
        .stderr_has(&format!("{idle} changes nothing"));
    assert!(sandbox.run().all("winner_chosen").is_empty());
}

#[test]
fn command_that_always_passed_has_to_pass_each_time() {
    let sandbox = Sandbox::open();
    let at = sandbox.outside("at").display().to_string();
    let sandbox = project(sandbox, 2, &["verify: [{ run: sh keep.txt, repeat: 3 }]"]);
    let wavers = format!(
        "{{ write: {{ path: keep.txt, text: 'test ! -e {at} || exit 1; touch {at}' }} }}, {}",
        code("two")
    );
    sandbox.write("keep.txt", "true\n");
    sandbox.fake_agent(&(slot(1, &code("one")) + &slot(2, &wavers)));
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("code.txt"), "one");
    assert_eq!(judges(&sandbox), 0);
}

/// A project that sets up what `install.sh` writes, with two candidates.
fn set_up(verify: &str) -> Sandbox {
    let sandbox = project(Sandbox::new(), 2, &[verify]);
    let setup = "setup: [{ run: sh install.sh, when: deps.txt, keep: installed }]\n";
    sandbox
        .write(".tipstaff/config.yaml", setup)
        .write(".gitignore", "installed\n")
        .write("deps.txt", "one\n")
        .write(
            "install.sh",
            "mkdir -p installed; echo plain > installed/it\n",
        );
    sandbox
}

const NEEDS_MORE: &str = "{ write: { path: deps.txt, text: more } }";

#[test]
fn what_the_code_of_one_installs_is_not_there_for_another() {
    let sandbox = set_up("verify: grep -q plain installed/it");
    let makes = |text: &str, own: &str| {
        let install = format!("mkdir -p installed; echo {text} > installed/it");
        format!(
            "{NEEDS_MORE}, {}, {{ write: {{ path: install.sh, text: '{install}' }} }}",
            code(own)
        )
    };
    // Both need the same, and only the code of the one makes it.
    sandbox.fake_agent(&(slot(1, &makes("wrong", "one")) + &slot(2, &makes("plain", "two"))));
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("code.txt"), "two");
    assert_eq!(judges(&sandbox), 0);
}

#[test]
fn candidate_that_cannot_be_set_up_is_out_and_the_others_go_on() {
    cannot_be_set_up("verify: grep -q plain installed/it");
    // Nor is that what failed before.
    cannot_be_set_up("verify: grep -q new installed/it");
}

fn cannot_be_set_up(verify: &str) {
    let sandbox = set_up(verify);
    let fails = "{ write: { path: install.sh, text: 'echo no such package; exit 7' } }";
    sandbox.fake_agent(
        &(slot(1, &format!("{NEEDS_MORE}, {fails}"))
            + &slot(2, &format!("{NEEDS_MORE}, {}", code("two")))),
    );
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("code.txt"), "two");
    let verified = sandbox.run().all("verified");
    let failed = verified
        .iter()
        .find(|one| one["verification"]["outcome"] == "failed");
    let output = failed.unwrap()["verification"]["output"]["path"].as_str();
    assert!(
        sandbox
            .run()
            .read(output.unwrap())
            .contains("no such package")
    );
}
