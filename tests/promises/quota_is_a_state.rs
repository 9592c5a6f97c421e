//! After the first refusal nothing is sent into an account before its time, by no run of this user.

use crate::support::{Output, Running, Sandbox, until};

/// Two agents, `one` and `two`, that note each start in `NAME.starts`, wait for `NAME.go` if there is `NAME.waits`, and
/// have quota once there is `NAME.serves`.
fn sandbox(refusal: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside("");
    let agent = |name: &str| {
        let at = outside.join(name).display().to_string();
        let script = format!(
            "cat >/dev/null; echo $TIPSTAFF_CALL >>{at}.starts; \
             while [ -e {at}.waits ] && [ ! -e {at}.go ]; do sleep 0.05; done; \
             if [ -e {at}.serves ]; then echo '# A plan'; else echo '{refusal}' >&2; exit 42; fi"
        );
        format!(
            "  {name}: {{ kind: command, command: sh, args: [-c, \"{script}\"], failures: {{ quota: {{ exit: 42 }} }} }}\n"
        )
    };
    sandbox.user_config(&format!(
        "agents:\n{}{}models:\n  m1: {{ agent: one }}\n  m2: {{ agent: one }}\n  m3: {{ agent: one }}\n  \
         n1: {{ agent: two }}\n  n2: {{ agent: two }}\nroles: {{ either: [m1, n1] }}\n",
        agent("one"),
        agent("two")
    ));
    sandbox
}

fn touch(sandbox: &Sandbox, name: &str) {
    std::fs::write(sandbox.outside(name), "").unwrap();
}

/// The calls that an agent was started for.
fn starts(sandbox: &Sandbox, agent: &str) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.outside(&format!("{agent}.starts")));
    text.unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn ensemble(sandbox: &Sandbox, models: &str) {
    let phase = format!(
        "name: plan, type: ensemble, models: [{models}], judge: n1, context_strategy: fresh, retries: 0"
    );
    sandbox.write(
        "flow.yaml",
        &format!("name: flow\nphases:\n  - {{ {phase} }}\n"),
    );
}

fn single(sandbox: &Sandbox, models: &[&str]) {
    let phases = models.iter().zip(1..).map(|(model, number)| {
        format!("  - {{ name: p{number}, model: {model}, prompt: Plan it, context_strategy: fresh, distill: none, retries: 0 }}\n")
    });
    let phases: String = phases.collect();
    sandbox.write("flow.yaml", &format!("name: flow\nphases:\n{phases}"));
}

fn run(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "flow.yaml", "Plan it"], more].concat())
}

fn start(sandbox: &Sandbox, more: &[&str]) -> Running {
    sandbox.start(&[&["run", "flow.yaml", "Plan it"], more].concat())
}

/// The files of the accounts.
fn breakers(sandbox: &Sandbox) -> Vec<std::path::PathBuf> {
    let folder = sandbox.home().join(".local/state/tipstaff/accounts");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect()
}

/// As if the accounts had been parked for a second, a second ago.
fn time_is_over(sandbox: &Sandbox) {
    for path in breakers(sandbox) {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut known: serde_json::Value = serde_json::from_str(&text).unwrap();
        let since = known["parked"]["since"].as_u64().unwrap();
        known["parked"]["since"] = (since - 2000).into();
        known["parked"]["until"] = (since - 1000).into();
        std::fs::write(&path, known.to_string()).unwrap();
    }
}

#[test]
fn first_refusal_is_the_last_request() {
    let sandbox = sandbox("no quota left");
    ensemble(&sandbox, "m1, m2, m3");
    run(&sandbox, &["--limit", "concurrency=1"])
        .exits_with(5)
        .stderr_has("is parked until")
        .stderr_has("one's quota")
        .stderr_has("--wait")
        .stderr_has("--unpark");
    assert_eq!(starts(&sandbox, "one").len(), 1);
    sandbox.tipstaff(&["runs"]).stdout_has("parked until");
    sandbox.tipstaff(&["show"]).stdout_has("parked until");
    // Nobody asks again before its time, whatever run it is.
    sandbox.tipstaff(&["resume"]).exits_with(5);
    run(&sandbox, &[]).exits_with(5);
    assert_eq!(starts(&sandbox, "one").len(), 1);
}

#[test]
fn calls_that_wait_for_their_turn_are_not_sent_after_a_refusal() {
    let sandbox = sandbox("no quota left");
    ensemble(&sandbox, "m1, m2, m3");
    run(&sandbox, &["--limit", "processes=1"]).exits_with(5);
    assert_eq!(starts(&sandbox, "one").len(), 1);
    let run = sandbox.run();
    let begun = run.all("attempt_started").len();
    assert_eq!(run.all("attempt_failed").len(), begun);
}

#[test]
fn a_refusal_uses_up_no_retry_and_its_owner_knows_better() {
    let sandbox = sandbox("no quota left");
    single(&sandbox, &["m1"]);
    run(&sandbox, &[]).exits_with(5);
    touch(&sandbox, "one.serves");
    sandbox.tipstaff(&["resume"]).exits_with(5);
    sandbox.tipstaff(&["resume", "--unpark"]).succeeds();
    assert_eq!(starts(&sandbox, "one").len(), 2);
    assert_eq!(sandbox.run().all("account_parked").len(), 2);
    run(&sandbox, &[]).succeeds();
}

#[test]
fn the_time_is_the_providers_or_a_quarter_of_an_hour() {
    for (refusal, minutes) in [("no quota: try again in 2h", 120), ("no quota", 15)] {
        let sandbox = sandbox(refusal);
        single(&sandbox, &["m1"]);
        run(&sandbox, &[]).exits_with(5);
        let path = breakers(&sandbox).pop().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let known: serde_json::Value = serde_json::from_str(&text).unwrap();
        let at = |key: &str| known["parked"][key].as_u64().unwrap();
        assert_eq!(at("until") - at("since"), minutes * 60_000, "{refusal}");
    }
}

#[test]
fn another_account_goes_on() {
    let sandbox = sandbox("no quota left");
    touch(&sandbox, "two.serves");
    single(&sandbox, &["either", "m2, fallback: n2"]);
    run(&sandbox, &[]).succeeds();
    assert_eq!(starts(&sandbox, "one").len(), 1);
    assert_eq!(starts(&sandbox, "two").len(), 2);
}

#[test]
fn a_substitute_stands_in_for_one_parked_member() {
    let sandbox = sandbox("no quota left");
    touch(&sandbox, "two.serves");
    ensemble(&sandbox, "m1, m2, n1], substitute: [n2");
    let ended = run(&sandbox, &[]);
    ended.stderr_has(", in the place of m");
    let run = sandbox.run();
    let started = run.all("attempt_started").into_iter();
    let stood_in: Vec<_> = started.filter(|one| one["model"] == "n2").collect();
    assert_eq!(stood_in.len(), 1, "{ended}");
    let sealed = &run.all("proposals_sealed")[0]["labels"];
    assert_eq!(sealed.as_array().map(Vec::len), Some(2), "{sealed}");
    sandbox.tipstaff(&["show"]).stdout_has("in the place of m");
}

#[test]
fn a_run_hears_what_another_one_was_told() {
    let sandbox = sandbox("no quota left");
    touch(&sandbox, "two.serves");
    touch(&sandbox, "two.waits");
    single(&sandbox, &["n1", "m1"]);
    let other = start(&sandbox, &[]);
    until("the other run works", || starts(&sandbox, "two").len() == 1);
    let second = sandbox.run();
    single(&sandbox, &["m1"]);
    run(&sandbox, &[]).exits_with(5);
    touch(&sandbox, "two.go");
    other.wait().exits_with(5).stderr_has("one's quota");
    assert_eq!(starts(&sandbox, "one"), ["p1.work-1"]);
    assert_eq!(second.all("attempt_started").len(), 1);
}

#[test]
fn a_run_that_waits_goes_on_by_itself() {
    let sandbox = sandbox("no quota left");
    single(&sandbox, &["m1"]);
    let heard = sandbox.outside("heard");
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let before = std::fs::read_to_string(&config).unwrap();
    let notify = format!(
        "notify: {{ command: 'm=$(cat); echo \"$m\" >> {}' }}\n",
        heard.display()
    );
    std::fs::write(&config, before + &notify).unwrap();
    let told = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&heard).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let running = start(&sandbox, &["--wait"]);
    until("somebody is told", || told().len() == 1);
    assert_eq!(
        (&told()[0]["state"], starts(&sandbox, "one").len()),
        (&"parked".into(), 1)
    );
    assert!(told()[0]["parked_until"].is_string());
    let run = sandbox.run();
    run.until(1, "account_parked");
    run.until(1, "attempt_failed");
    sandbox.tipstaff(&["runs"]).stdout_has("parked until");
    touch(&sandbox, "one.serves");
    time_is_over(&sandbox);
    running.wait().succeeds();
    assert_eq!(starts(&sandbox, "one").len(), 2);
    // Whoever is told at one time hears it in any order.
    let mut states: Vec<_> = told()[1..]
        .iter()
        .map(|one| one["state"].to_string())
        .collect();
    states.sort();
    assert_eq!(states, ["\"done\"", "\"running_again\""]);
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    let sandbox = sandbox("no quota left");
    single(&sandbox, &["m1"]);
    let running = start(&sandbox, &["--wait"]);
    until("it is refused", || starts(&sandbox, "one").len() == 1);
    let run = sandbox.run();
    run.until(1, "attempt_failed");
    sandbox.tipstaff(&["stop", &run.id()]).succeeds();
    running.wait().exits_with(130);
}

#[test]
fn a_new_run_asks_once_whether_there_is_quota_again() {
    let sandbox = sandbox("no quota left");
    single(&sandbox, &["m1"]);
    run(&sandbox, &[]).exits_with(5);
    time_is_over(&sandbox);
    ensemble(&sandbox, "m1, m2, m3");
    run(&sandbox, &[]).exits_with(5);
    assert_eq!(starts(&sandbox, "one").len(), 2);
    time_is_over(&sandbox);
    for account in ["one.serves", "two.serves"] {
        touch(&sandbox, account);
    }
    run(&sandbox, &[]);
    assert_eq!(starts(&sandbox, "one").len(), 5);
}

#[test]
fn one_call_of_all_runs_tries_an_account_again() {
    let sandbox = sandbox("no quota left");
    single(&sandbox, &["m1"]);
    let both = [start(&sandbox, &["--wait"]), start(&sandbox, &["--wait"])];
    let journals = |event: &str| {
        let folders = std::fs::read_dir(sandbox.project().join(".tipstaff/runs"));
        let folders = folders.into_iter().flatten().flatten();
        let journal = |folder: std::fs::DirEntry| folder.path().join("journal.jsonl");
        let texts = folders.filter_map(|folder| std::fs::read_to_string(journal(folder)).ok());
        texts.filter(|text| text.contains(event)).count()
    };
    until("both are parked", || journals("account_parked") == 2);
    until("none works", || {
        let begun = starts(&sandbox, "one").len();
        begun > 0
            && sandbox
                .tipstaff(&["runs"])
                .stdout
                .matches("parked until")
                .count()
                == 2
    });
    let before = starts(&sandbox, "one").len();
    touch(&sandbox, "one.waits");
    time_is_over(&sandbox);
    until("one tries, one waits", || {
        let waits = journals("waits for a call that tries its account");
        (waits, starts(&sandbox, "one").len()) == (1, before + 1)
    });
    touch(&sandbox, "one.serves");
    touch(&sandbox, "one.go");
    for run in both {
        run.wait().succeeds();
    }
    assert_eq!(starts(&sandbox, "one").len(), before + 2);
}
