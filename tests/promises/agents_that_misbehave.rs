//! Agents that never exit, never answer, never stop talking or leave things behind.

use crate::support::{Sandbox, alive, pid_in};

/// The trio with this script and these keys of its phase.
fn trio(script: &str, more: &[&str]) -> Sandbox {
    let sandbox = Sandbox::open();
    let outside = sandbox.outside("").display().to_string();
    sandbox
        .fake_agent(&script.replace("OUTSIDE", &outside))
        .trio(more);
    sandbox
}

#[test]
fn an_agent_that_has_written_everything_need_not_exit() {
    let sandbox = trio(
        "- when: { purpose: work }\n  do: [done, { spawn: { setsid: true, seconds: 600, pid_file: OUTSIDE/tool } }, hang]\n",
        &["timeout: 60s"],
    );
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let run = sandbox.run();
    assert_eq!(run.all("attempt_failed").len(), 0);
    assert!(sandbox.exists("docs/plan.md"));
    assert!(!alive(pid_in(&sandbox.outside("tool"))));
    run.has_no_process();
}

#[test]
fn an_agent_that_is_silent_is_ended_by_the_idle_limit() {
    let sandbox = trio(
        "- when: { slot: 3, purpose: propose }\n  do: [hang]\n",
        &["idle_timeout: 2s"],
    );
    let output = sandbox.run_trio(&[]);
    output.succeeds();
    let run = sandbox.run();
    let failed = run.all("call_failed").pop().unwrap();
    assert_eq!(
        (&failed["call"], &failed["failure"]["kind"]),
        (&"plan.propose-3".into(), &"hang_at_start".into())
    );
    assert_eq!(run.labels().len(), 2);
    run.has_no_process();
}

#[test]
fn an_agent_that_talks_without_end_is_ended_by_the_clock() {
    let chatter = "{ print: still here }, { sleep_ms: 100 }, ".repeat(300);
    let script = format!("- when: {{ slot: 3, purpose: propose }}\n  do: [{chatter} hang]\n");
    let sandbox = trio(&script, &["idle_timeout: 30s", "timeout: 3s"]);
    sandbox.run_trio(&[]).succeeds();
    let failed = sandbox.run().all("call_failed").pop().unwrap();
    assert_eq!(failed["failure"]["kind"], "timeout");
}

#[test]
fn two_hundred_megabytes_of_chatter_do_no_harm() {
    let sandbox = trio(
        "- when: { purpose: work }\n  do: [{ print_bytes: 209715200 }, done]\n",
        &[],
    );
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let run = sandbox.run();
    assert!(run.of_call("work-1", "deliverable.md").contains("slot 1"));
    // The proposal is small, and so is what is kept in memory of the rest: see `output_is_bounded`.
    assert!(sandbox.read("docs/plan.md").len() < 1000);
}

#[test]
fn an_agent_that_exits_well_with_nothing_has_failed() {
    let sandbox = trio(
        "- when: { slot: 3, purpose: propose }\n  do: [{ exit: 0 }]\n",
        &["retries: 1"],
    );
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    let failed = run.all("call_failed").pop().unwrap();
    assert_eq!(failed["failure"]["kind"], "no_deliverable");
    // Bad luck with an answer is worth one more try, where the limits allow it.
    let tries = run.calls("attempt_started");
    assert_eq!(
        tries
            .iter()
            .filter(|call| *call == "plan.propose-3")
            .count(),
        2
    );
}

#[test]
fn what_an_agent_leaves_behind_is_ended_and_told() {
    let sandbox = trio(
        "- when: { slot: 1, purpose: propose }\n  do: [done, { spawn: { setsid: true, double_fork: true, seconds: 600, pid_file: OUTSIDE/left } }]\n",
        &[],
    );
    sandbox.run_trio(&[]).succeeds();
    let pid = pid_in(&sandbox.outside("left"));
    assert!(!alive(pid));
    let remark = format!("plan.propose-1: ended process {pid}, which the agent left behind");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has(&remark);
}

#[test]
fn a_role_falls_back_to_its_next_model() {
    let sandbox = trio(
        "- when: { model: m3 }\n  do: [{ stderr: no such model here }, { exit: 2 }]\n",
        &[],
    );
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    sandbox.user_config(&text.replace("planner: m1", "planner: [m3, m2]"));
    sandbox
        .trio(&["models: [m1, planner]"])
        .run_trio(&[])
        .succeeds();
    let run = sandbox.run();
    let models: Vec<_> = run
        .all("attempt_started")
        .into_iter()
        .filter(|start| start["call"] == "plan.propose-2")
        .map(|start| start["model"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(models, ["m3", "m2"]);
    assert_eq!(run.labels().len(), 2);
    let failed = run.all("attempt_failed").pop().unwrap();
    assert!(
        failed["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("no such model here"),
        "{failed}"
    );
}

#[test]
fn an_agent_sees_nothing_of_its_neighbours() {
    // Each has a workspace and a home of its own.
    let sandbox = trio(
        "- when: { purpose: propose }\n  do: [{ append: { path: trail, text: x } }, { append: { path: OUTSIDE/copy, text: '' } }, done]\n",
        &[],
    );
    sandbox.write("trail", "-");
    sandbox.run_trio(&[]).succeeds();
    assert_eq!(sandbox.read("trail"), "-");
}
