//! Several propose, one judges, and the judge knows nothing but the proposals.

use serde_json::Value;

use crate::support::{Sandbox, alive, pid_in};

/// Each proposer's document tells its slot, with odd bytes that publishing must not touch.
fn by_slot(slot: u32) -> String {
    format!(
        "- when: {{ purpose: propose, slot: {slot} }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/deliverable.md, text: \"\\uFEFFPlan of slot {slot}  \\r\\n\\n\\n\" }}\n"
    )
}

fn document(slot: u32) -> String {
    format!("\u{feff}Plan of slot {slot}  \r\n\n\n")
}

fn three() -> String {
    (1..=3).map(by_slot).collect()
}

/// A judge that leaves this verdict.
pub fn judge_says(verdict: &str) -> String {
    format!(
        "- when: {{ purpose: judge }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: '{verdict}' }} }}]\n"
    )
}

fn slot_of(call: &str) -> u32 {
    call.rsplit('-').next().unwrap().parse().unwrap()
}

#[test]
fn the_picked_proposal_is_published_byte_for_byte() {
    let sandbox = Sandbox::new();
    let verdict = r#"{"decision":"pick","winner":"B","rationale":"B is the clearest."}"#;
    sandbox.fake_agent(&(three() + &judge_says(verdict)));
    let output = sandbox.trio(&[]).run_trio(&[]);
    output.succeeds().stderr_has("B is the clearest.");

    let run = sandbox.run();
    let winner = slot_of(&run.labels()["B"]);
    assert_eq!(sandbox.read("docs/plan.md"), document(winner));
    assert_eq!(run.read("phases/01-plan/output.md"), document(winner));
    let verdict: Value = serde_json::from_str(&run.read("phases/01-plan/verdict.json")).unwrap();
    assert_eq!(verdict["winner"], "B");
    assert_eq!(verdict["judge"], "m4");
    assert_eq!(verdict["proposals"]["B"]["model"], format!("m{winner}"));
    run.has_no_process();
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn the_judge_sees_all_proposals_and_no_author() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&three()).trio(&["# trio-comment"]);
    sandbox.run_trio(&[]).succeeds();
    let prompt = sandbox.run().of_call("judge-1", "prompt.md");
    for slot in 1..=3 {
        assert!(prompt.contains(&format!("Plan of slot {slot}")), "{prompt}");
        assert!(!prompt.contains(&format!("m{slot}")), "{prompt}");
        assert!(!prompt.contains(&format!("propose-{slot}")), "{prompt}");
    }
}

#[test]
fn the_order_of_the_proposals_follows_from_the_seed() {
    let order = |seed: &str| {
        let sandbox = Sandbox::new();
        sandbox.fake_agent("[]").trio(&[]);
        sandbox.run_trio(&["--seed", seed]).succeeds();
        sandbox.run().labels()
    };
    let first = order("7");
    assert_eq!(order("7"), first);
    // Six orders are possible: a shuffle that ignores its seed gives one of them only.
    assert!((1..=4).any(|seed| order(&seed.to_string()) != first));
}

#[test]
fn proposers_work_side_by_side() {
    let sandbox = Sandbox::new();
    let here = sandbox.outside("here");
    let here = here.display();
    // Each waits for the other two: one after another they would never end.
    let script: String = (1..=3)
        .map(|slot| {
            let mut steps = format!("    - touch: {here}-{slot}\n");
            for other in (1..=3).filter(|other| *other != slot) {
                steps.push_str(&format!("    - wait_for_file: {here}-{other}\n"));
            }
            format!("- when: {{ purpose: propose, slot: {slot} }}\n  do:\n{steps}    - done\n")
        })
        .collect();
    sandbox.fake_agent(&script).trio(&["timeout: 15s"]);
    sandbox.run_trio(&[]).succeeds();
}

#[test]
fn in_sequence_each_sees_the_proposals_before_it() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&three()).trio(&["mode: sequential"]);
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    for slot in 1..=3 {
        let prompt = run.of_call(&format!("propose-{slot}"), "prompt.md");
        for other in 1..=3 {
            let seen = prompt.contains(&format!("Plan of slot {other}"));
            assert_eq!(seen, other < slot, "slot {slot}, other {other}\n{prompt}");
        }
    }
}

#[test]
fn later_proposers_say_what_they_took_over_and_added() {
    let sandbox = Sandbox::new();
    let handoff = r#"{"summary":"s","took_over":["the bucket"],"added":"a\u001b[2J flag"}"#;
    let says = format!(
        "- when: {{ purpose: propose, slot: 2 }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/deliverable.md, text: \"Plan of two\" }}\n    \
         - write: {{ path: .tipstaff/out/handoff.json, text: '{handoff}' }}\n"
    );
    sandbox.fake_agent(&says).trio(&["mode: sequential"]);
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    let built_on = |slot: u32| {
        let call = format!("plan.propose-{slot}");
        let mut ended = run.all("attempt_succeeded").into_iter();
        ended.find(|one| one["call"] == call.as_str()).unwrap()["result"]["built_on"].clone()
    };
    assert!(built_on(1).is_null());
    assert_eq!(built_on(2)["took_over"][0], "the bucket");
    assert!(built_on(3)["added"].as_array().unwrap().is_empty());
    let prompt = |slot: u32| run.of_call(&format!("propose-{slot}"), "prompt.md");
    assert!(!prompt(1).contains("`took_over`") && prompt(2).contains("`took_over`"));
    let compared = sandbox.tipstaff(&["compare", &run.id()]);
    compared.succeeds().stdout_has("took over: the bucket");
    compared
        .stdout_has("took over: nothing said")
        .has_no("\u{1b}");
    let labels = run.labels();
    let (label, _) = labels.iter().find(|(_, call)| slot_of(call) == 2).unwrap();
    let shown = sandbox.tipstaff(&["show", &run.id(), label]);
    shown
        .succeeds()
        .stderr_has("took over: the bucket")
        .has_no("\u{1b}");
    assert_eq!(shown.stdout, "Plan of two");
}

#[test]
fn depth_says_how_many_propose() {
    for (depth, models) in [
        (2, vec!["m1", "m2"]),
        (5, vec!["m1", "m2", "m3", "m1", "m2"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.fake_agent("[]").trio(&[]);
        sandbox
            .run_trio(&["--depth", &depth.to_string()])
            .succeeds();
        let run = sandbox.run();
        let mut started = run.all("attempt_started");
        started.retain(|start| start["call"].as_str().unwrap().contains("propose"));
        started.sort_by_key(|start| start["call"].as_str().unwrap().to_owned());
        let used: Vec<_> = started
            .iter()
            .map(|start| start["model"].as_str().unwrap())
            .collect();
        assert_eq!(used, models);
        assert_eq!(run.labels().len(), depth);
        assert!(sandbox.exists("docs/plan.md"));
    }
}

#[test]
fn a_straggler_is_ended_once_the_quorum_is_in() {
    let sandbox = Sandbox::open();
    let pid = sandbox.outside("straggler");
    // The others wait for the straggler to be there.
    sandbox.fake_agent(&format!(
        "- when: {{ slot: 3, purpose: propose }}\n  do:\n    \
         - spawn: {{ setsid: true, seconds: 600, pid_file: {pid} }}\n    - hang\n\
         - when: {{ purpose: propose }}\n  do: [{{ wait_for_file: {pid} }}, done]\n",
        pid = pid.display()
    ));
    sandbox.trio(&["quorum: 2", "straggler_timeout: 300ms"]);
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    run.has_no_process();
    let labels = run.labels();
    assert_eq!(labels.len(), 2);
    assert!(!labels.values().any(|call| call == "plan.propose-3"));
    let failed = run.all("attempt_failed");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["call"], "plan.propose-3");
    assert_eq!(failed[0]["failure"]["kind"], "cancelled");
    assert!(!alive(pid_in(&pid)));
}

#[test]
fn a_synthesis_is_published() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(
        "- when: { purpose: judge }\n  do:\n    \
         - write: { path: .tipstaff/out/deliverable.md, text: \"The best of all.\\n\" }\n    \
         - write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"All in one.\"}' }\n    \
         - write: { path: .tipstaff/out/verdict.json, text: '{\"decision\": \"synthesize\", \"winner\": null, \"rationale\": \"Each had a part.\"}' }\n",
    );
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    assert_eq!(sandbox.read("docs/plan.md"), "The best of all.\n");
    let run = sandbox.run();
    assert!(
        run.read("phases/01-plan/handoff.md")
            .contains("All in one.")
    );
}

#[test]
fn what_stood_in_the_documents_place_is_kept() {
    let sandbox = Sandbox::new();
    sandbox
        .fake_agent("[]")
        .trio(&[])
        .write("docs/plan.md", "my own notes\n");
    sandbox.run_trio(&[]).succeeds();
    assert_ne!(sandbox.read("docs/plan.md"), "my own notes\n");
    let run = sandbox.run();
    let closing = run.all("phase_closed").pop().unwrap()["closing"].clone();
    let kept = closing["previous"].as_str().unwrap();
    assert_eq!(run.read(kept), "my own notes\n");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has(kept);
}

#[test]
fn one_failed_proposer_does_not_end_the_ensemble() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- when: { slot: 2, purpose: propose }\n  do: [{ exit: 3 }]\n");
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    let run = sandbox.run();
    assert_eq!(run.calls("call_failed"), ["plan.propose-2"]);
    assert_eq!(run.labels().len(), 2);
    sandbox
        .tipstaff(&["show", "--all"])
        .stdout_has("plan.propose-2");
}

#[test]
fn a_named_quorum_that_is_not_reached_fails_the_run() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- when: { slot: 2, purpose: propose }\n  do: [{ exit: 3 }]\n");
    let output = sandbox.trio(&["quorum: 3"]).run_trio(&[]);
    output
        .exits_with(1)
        .stderr_has("2 of 3 proposals came in, 3 are needed");
    assert!(!sandbox.exists("docs/plan.md"));
}

#[test]
fn signatures_of_the_author_are_reported_and_left_standing() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(
        "- when: { slot: 2, purpose: propose }\n  do:\n    \
         - write: { path: .tipstaff/out/deliverable.md, text: \"# Plan\\n\\nAs GPT-4o, I would begin.\\n\" }\n",
    );
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    let show = sandbox.tipstaff(&["show", "--all"]);
    show.succeeds()
        .stdout_has("plan.propose-2: may tell the judge its author: line 3");
    let prompt = sandbox.run().of_call("judge-1", "prompt.md");
    assert!(prompt.contains("As GPT-4o, I would begin."), "{prompt}");
}

#[test]
fn one_proposal_is_one_call_and_no_judge() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let run = sandbox.run();
    assert_eq!(run.calls("attempt_started"), ["plan.work-1"]);
    assert_eq!(
        sandbox.read("docs/plan.md"),
        run.of_call("work-1", "deliverable.md")
    );
    assert!(
        run.read("phases/01-plan/handoff.json")
            .contains("done by the fake agent")
    );
}
