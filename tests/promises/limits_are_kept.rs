//! What a run may use is held for the calls under way before further ones start, so that no limit is passed by more
//! than a step, and no paid step is torn off.

use rustix::process::Signal;

use crate::support::{Output, Sandbox, fake_agent, until};

/// A project in which lens after lens asks a command that says what it used: `{json}` in the place of its answer's
/// line. More configuration may be given.
fn priced(json: &str, workflow: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let program = sandbox.outside("agent.sh");
    let count = sandbox.outside("count").display().to_string();
    let script = format!("cat >/dev/null; printf x >>{count}; printf '%s\\n' '{json}'");
    sandbox.program_at(&program, &script);
    let program = serde_json::to_string(&program.to_string_lossy()).unwrap();
    sandbox
        .user_config(&format!(
            "agents:\n  own:\n    kind: command\n    command: {program}\n    \
             output: {{ text: text, input_tokens: tokens, cost: usd }}\nmodels:\n  m1: {{ agent: own, id: m1 }}\n{more}"
        ))
        .write(".tipstaff/workflows/look.yaml", workflow);
    sandbox
}

const LENSES: &str = "name: look\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n  - name: look\n    \
     type: parallel\n    model: m1\n    context_strategy: fresh\n    retries: 0\n    \
     lenses: { a: \"Look at a\", b: \"Look at b\", c: \"Look at c\" }\n";

fn look(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "look", "Look"], args].concat())
}

/// What happened to calls, in order: `start` or `end`.
fn starts_and_ends(sandbox: &Sandbox) -> Vec<&'static str> {
    let events = sandbox.run().events().into_iter();
    let words = events.filter_map(|(name, _)| match name.as_str() {
        "attempt_started" => Some("start"),
        "attempt_succeeded" => Some("end"),
        _ => None,
    });
    words.collect()
}

#[test]
fn what_calls_are_expected_to_use_is_held_for_them() {
    let answer = r#"{"text":"It is so.","tokens":400,"usd":0.4}"#;
    let sandbox = priced(answer, LENSES, "");
    // The first call used 400, and so does each of the three that follow: 1600 in all.
    look(&sandbox, &["--limit", "tokens=1700"]).succeeds();
    let order = starts_and_ends(&sandbox);
    assert_eq!(
        order,
        [
            "start", "end", "start", "start", "start", "end", "end", "end"
        ]
    );

    let sandbox = priced(answer, LENSES, "");
    look(&sandbox, &["--limit", "cost=1.5"]).exits_with(5);
    // Two more make 1.20, and a third one at the same time would pass the limit: it is begun alone.
    let order = starts_and_ends(&sandbox);
    assert_eq!(
        order,
        [
            "start", "end", "start", "start", "end", "end", "start", "end"
        ]
    );
}

#[test]
fn calls_that_nobody_knows_yet_do_not_pass_a_small_limit_together() {
    let answer = r#"{"text":"It is so.","tokens":400}"#;
    let (_, lenses) = LENSES.split_once("  - name: look\n").unwrap();
    let workflow = format!("name: look\nphases:\n  - name: look\n{lenses}");
    let sandbox = priced(answer, &workflow, "");
    look(&sandbox, &["--limit", "tokens=300"]).exits_with(5);
    assert_eq!(starts_and_ends(&sandbox), ["start", "end"]);
}

#[test]
fn absurd_figures_reach_a_limit_and_break_no_command() {
    let answer = r#"{"text":"It is so.","tokens":18446744073709551615}"#;
    let sandbox = priced(answer, LENSES, "");
    look(&sandbox, &[]).exits_with(5);
    sandbox
        .tipstaff(&["resume", "--limit", "tokens=none"])
        .succeeds();
    for command in [
        "costs",
        "costs --csv",
        "show --all",
        "show --json",
        "runs",
        "scores",
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        sandbox.tipstaff(&args).succeeds();
    }
    let check = sandbox.tipstaff(&["check", "look"]);
    check.exits_with(2).stderr_has("and the limit is 3000000");
}

#[test]
fn what_is_said_to_go_on_with_is_more_than_was_used() {
    let answer = r#"{"text":"It is so.","tokens":400,"usd":0.4}"#;
    let sandbox = priced(answer, LENSES, "");
    look(&sandbox, &["--limit", "cost=0.1"])
        .exits_with(5)
        .stderr_has("--limit cost=0.8");
    look(
        &sandbox,
        &["--limit", "look.cost=0.1", "--limit", "concurrency=1"],
    )
    .exits_with(5)
    .stderr_has("--limit look.cost=0.8");
}

/// Two models that tell their steps: the first one passes the limit while the second one is in a step, which ends so.
fn stopped_in_a_step(end: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let script = sandbox.outside("script.yaml");
    let entries = format!(
        "- when: {{ call: plan.propose-1 }}\n  do: [{{ wait_for_file: OUTSIDE/go }}, {{ turn: 1200 }}, hang]\n\
         - when: {{ call: plan.propose-2 }}\n  do:\n    - event: {{ type: step_start, part: {{ messageID: m }} }}\n    \
         - touch: OUTSIDE/begun\n    - wait_for_file: OUTSIDE/reached\n{end}\n- do: [done]\n"
    );
    let outside = sandbox.outside("").display().to_string();
    std::fs::write(&script, entries.replace("OUTSIDE/", &outside)).unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    sandbox.user_config(&format!(
        "agents:\n  opencode:\n    command: {}\n    args: [--script, {}, --opencode-events]\nmodels:\n  \
         m1: {{ agent: opencode, id: test/m1 }}\n  m2: {{ agent: opencode, id: test/m2 }}\n",
        quoted(fake_agent()),
        quoted(&script.to_string_lossy()),
    ));
    sandbox.trio(&["models: [m1, m2]", "judge: m1"]);
    let running = sandbox.start_trio(&["--rehearse", "--limit", "tokens=1000"]);
    until("the step has begun", || sandbox.outside("begun").exists());
    sandbox.run().until(2, "attempt_spawned");
    std::fs::write(sandbox.outside("go"), "").unwrap();
    sandbox.run().until(1, "limit_reached");
    std::fs::write(sandbox.outside("reached"), "").unwrap();
    let output = running.wait();
    output.exits_with(5).stderr_has("tokens: 1000");
    sandbox
}

#[test]
fn a_paid_step_is_let_end_and_none_follows_it() {
    let sandbox = stopped_in_a_step(
        "    - event: { type: tool_use, part: { tool: bash } }\n    \
         - event: { type: step_finish, part: { messageID: m, reason: tool-calls, tokens: { input: 300 } } }\n    - hang",
    );
    let run = sandbox.run();
    let ended = run.all("attempt_failed");
    for event in &ended {
        assert_eq!(event["failure"]["kind"], "cancelled");
        assert_eq!(
            event["usage"]["requests"], 1,
            "it ends with its step: {event}"
        );
    }
    assert_eq!((ended.len(), run.all("attempt_started").len()), (2, 2));
}

#[test]
fn work_that_is_done_with_its_step_is_not_lost() {
    let sandbox = stopped_in_a_step("    - done");
    assert_eq!(sandbox.run().calls("attempt_succeeded"), ["plan.propose-2"]);
}

/// Two lenses that take their time and keep count of who works, in runs that may have this many agents together.
fn crowded(processes: u32, work: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside("").display().to_string();
    sandbox.fake_agent(&work.replace("OUTSIDE/", &outside));
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let mut yaml = std::fs::read_to_string(&config).unwrap();
    yaml.push_str(&format!("limits: {{ processes: {processes} }}\n"));
    std::fs::write(&config, yaml).unwrap();
    sandbox.write(
        ".tipstaff/workflows/look.yaml",
        "name: look\nphases:\n  - name: look\n    type: parallel\n    model: m1\n    context_strategy: fresh\n    \
         retries: 0\n    lenses: { a: \"Look at a\", b: \"Look at b\" }\n",
    );
    sandbox
}

#[test]
fn all_runs_together_have_no_more_agents_than_the_machine_may_have() {
    let sandbox = crowded(
        3,
        "- do: [{ append: { path: OUTSIDE/count, text: '+' } }, { sleep_ms: 100 }, { append: { path: OUTSIDE/count, text: '-' } }, done]\n",
    );
    let runs: Vec<_> = (0..10)
        .map(|_| sandbox.start(&["run", "look", "Look"]))
        .collect();
    for run in runs {
        run.wait().succeeds();
    }
    let count = std::fs::read_to_string(sandbox.outside("count")).unwrap();
    let mut at_once = 0_i32;
    let mut most = 0;
    for sign in count.chars() {
        at_once += if sign == '+' { 1 } else { -1 };
        most = most.max(at_once);
    }
    assert_eq!((count.len(), at_once), (40, 0), "{count}");
    assert!(most <= 3, "{most} at one time: {count}");
}

/// How many calls of all runs wait for it, or did.
fn waiting(sandbox: &Sandbox, what: &str) -> usize {
    let runs = std::fs::read_dir(sandbox.project().join(".tipstaff/runs")).unwrap();
    let journals = runs.flatten().map(|run| run.path().join("journal.jsonl"));
    let journals = journals.filter_map(|journal| std::fs::read_to_string(journal).ok());
    let waits = |journal: &String| journal.contains(&format!("waits for {what}"));
    journals.filter(waits).count()
}

#[test]
fn a_place_is_waited_for_and_comes_back_from_a_killed_run() {
    let sandbox = crowded(
        1,
        "- do: [{ append: { path: OUTSIDE/begun, text: '+' } }, { wait_for_file: OUTSIDE/go }, done]\n",
    );
    let first = sandbox.start(&["run", "look", "First"]);
    let begun = || std::fs::read_to_string(sandbox.outside("begun")).unwrap_or_default();
    until("the first one works", || begun() == "+");
    let second = sandbox.start(&["run", "look", "Second", "--json"]);
    let third = sandbox.start(&["run", "look", "Third"]);
    until("both wait", || {
        waiting(&sandbox, "a place (1 of 1 in use)") == 3
    });
    third.signal(Signal::INT);
    third.wait().exits_with(130);
    drop(first);
    std::fs::write(sandbox.outside("go"), "").unwrap();
    second.wait().succeeds().stdout_has("attempt_succeeded");
    assert!(
        begun().len() <= 4,
        "nothing of the stopped run was begun: {}",
        begun()
    );
}

#[test]
fn a_run_that_an_agent_starts_has_the_place_of_that_agent() {
    let mut sandbox = crowded(
        1,
        "- do: [{ append: { path: OUTSIDE/begun, text: '+' } }, { wait_for_file: OUTSIDE/go }, done]\n",
    );
    let outer = sandbox.start(&["run", "look", "Outer"]);
    let begun = |sandbox: &Sandbox, count: usize| {
        let text = std::fs::read_to_string(sandbox.outside("begun"));
        text.is_ok_and(|text| text.len() == count)
    };
    until("an agent works", || begun(&sandbox, 1));
    sandbox.env("TIPSTAFF_CALL_MARK", "outer/look.lens-1/1");
    let inner = sandbox.start(&["run", "look", "Inner"]);
    until("those of the inner run work, too", || begun(&sandbox, 3));
    std::fs::write(sandbox.outside("go"), "").unwrap();
    inner.wait().succeeds();
    outer.wait().succeeds();
}

#[test]
fn all_runs_of_a_day_spend_no_more_than_the_user_said() {
    let answer = r#"{"text":"It is so.","tokens":400,"usd":0.4}"#;
    let single =
        "name: look\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n";
    let sandbox = priced(answer, single, "limits: { day: 0.7 }\n");
    let started = || {
        std::fs::read_to_string(sandbox.outside("count"))
            .unwrap()
            .len()
    };
    look(&sandbox, &["--rehearse"]).succeeds();
    look(&sandbox, &["--rehearse"]).succeeds();
    assert_eq!(started(), 2, "a rehearsal spends nothing");
    look(&sandbox, &[]).succeeds();
    look(&sandbox, &[]).exits_with(5).stderr_has("day: $0.70");
    look(&sandbox, &[])
        .exits_with(5)
        .stderr_has("--limit day=1.4");
    assert_eq!(
        started(),
        4,
        "nothing begins on a day that is over its limit"
    );
    sandbox
        .tipstaff(&["resume", "--limit", "day=1.4"])
        .succeeds();
    assert_eq!(started(), 5);

    let file = sandbox.home().join(".local/state/tipstaff/day.json");
    std::fs::write(&file, "[]").unwrap();
    look(&sandbox, &[])
        .exits_with(1)
        .stderr_has(&format!("{} cannot be used", file.display()))
        .stderr_has("move it away");
    assert_eq!(started(), 5, "what was spent is not known");
    std::fs::remove_file(&file).unwrap();
    sandbox.tipstaff(&["resume"]).succeeds();
}

#[test]
fn runs_at_once_pass_the_limit_of_the_day_by_no_more_than_one_step() {
    let answer = r#"{"text":"It is so.","tokens":400,"usd":0.4}"#;
    let single =
        "name: look\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n";
    let sandbox = priced(answer, single, "limits: { day: 1.5 }\n");
    look(&sandbox, &[]).succeeds();
    let go = sandbox.outside("go");
    let agent = sandbox.outside("agent.sh");
    let script = std::fs::read_to_string(&agent).unwrap();
    let waits = format!(
        "; while [ ! -e '{}' ]; do sleep 0.05; done; printf '%s",
        go.display()
    );
    std::fs::write(&agent, script.replacen("; printf '%s", &waits, 1)).unwrap();
    let all: Vec<_> = (0..4)
        .map(|_| sandbox.start(&["run", "look", "Look"]))
        .collect();
    let count = || {
        std::fs::read_to_string(sandbox.outside("count"))
            .unwrap()
            .len()
    };
    until("two work and two wait", || {
        count() == 3 && waiting(&sandbox, "money") == 2
    });
    std::fs::write(&go, "").unwrap();
    // What is left after those two is less than a call: one goes on alone, and none after it.
    let mut ends: Vec<_> = all.into_iter().map(|run| run.wait().code).collect();
    ends.sort();
    assert_eq!(
        (ends, count()),
        (vec![Some(0), Some(0), Some(5), Some(5)], 4)
    );
    let costs = sandbox.tipstaff(&["costs", "--json"]);
    let costs: serde_json::Value = serde_json::from_str(&costs.succeeds().stdout).unwrap();
    let total = |key: &str| costs["total"][key].as_u64();
    assert_eq!(total("calls"), Some(4), "what was never sent is no call");
    assert_eq!(total("unknown_calls"), Some(0));
}

/// A wall clock that goes so many seconds ahead of the steady one as the file `AHEAD` is long, as after a sleep.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/stat.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int said = real(id, now);
    struct stat ahead;
    if (id == CLOCK_REALTIME && stat(AHEAD, &ahead) == 0) now->tv_sec += ahead.st_size;
    return said;
}
"#;

#[test]
fn sleep_of_the_machine_is_no_time_of_the_run() {
    let mut sandbox = Sandbox::new();
    let outside = |name: &str| sandbox.outside(name).display().to_string();
    let (ahead, library) = (outside("ahead"), outside("clock.so"));
    let (up, awake) = (outside("up"), outside("awake"));
    std::fs::write(sandbox.outside("clock.c"), CLOCK).unwrap();
    let mut compiler = sandbox.program("cc");
    compiler.args(["-shared", "-fPIC", &format!("-DAHEAD=\"{ahead}\""), "-o"]);
    compiler.args([&library, &outside("clock.c")]);
    Output::of(compiler.spawn().unwrap()).succeeds();
    sandbox
        .trio(&["quorum: 2", "straggler_timeout: 1h"])
        .fake_agent(&format!(
            "- when: {{ slot: 3, purpose: propose }}\n  do: [{{ touch: {up:?} }}, {{ wait_for_file: {awake:?} }}, done]\n"
        ));
    sandbox.env("LD_PRELOAD", &library);
    let running = sandbox.start_trio(&["--limit", "wall=1h"]);
    until("the straggler is up", || sandbox.outside("up").exists());
    let run = sandbox.run();
    run.until(1, "quorum_reached");
    let file = std::fs::File::create(&ahead).unwrap();
    file.set_len(3 * 3600 + 12 * 60).unwrap();
    run.until(1, "clock_jumped");
    std::fs::write(&awake, "").unwrap();
    running
        .wait()
        .succeeds()
        .stderr_has("the machine slept for 3h1");
    // The straggler had its time.
    assert!(run.all("call_failed").is_empty());
    assert_eq!(run.all("clock_jumped").len(), 1);
    let shown = sandbox.tipstaff(&["show", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.succeeds().stdout).unwrap();
    let times = [&shown["wall_ms"], &shown["phases"][0]["time_ms"]];
    assert!(
        times.iter().all(|time| time.as_u64().unwrap() < 600_000),
        "{shown}"
    );
}
