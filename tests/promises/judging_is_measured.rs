//! The bench of judgement drives the engine in process. What comes of a run of the program is the same.

#[path = "../../benches/figures/judgement/trial.rs"]
mod trial;

use tipstaff::model::{CallSpec, ModelName};
use tipstaff::plan::Plan;

use self::trial::{Cast, Decided, decide};
use crate::support::Sandbox;

/// Three authors, and a judge that takes what it is shown first, as the fake agent does by itself.
struct TakesTheFirst;

const FIRST: &str = r#"{"decision":"pick","winner":"A","rationale":"The first one will do."}"#;

impl Cast for TakesTheFirst {
    fn proposal(&self, slot: u32) -> String {
        format!("Plan of slot {slot}.\n")
    }

    fn verdict(&self, _: &CallSpec, _: &ModelName, prompt: &str) -> String {
        assert_eq!(
            prompt.matches("\nPlan of slot ").count(),
            prompt.matches(" name=\"proposal ").count()
        );
        FIRST.to_owned()
    }

    fn passes(&self, _: u32) -> bool {
        true
    }
}

/// What a run of the program came to.
fn ran(sandbox: &Sandbox) -> Decided {
    let run = sandbox.run();
    let slot = |call: &str| call.rsplit('-').next().unwrap().parse().unwrap();
    let winner = run.all("winner_chosen").pop();
    let asked = run.all("person_asked").pop();
    let kind = asked.map(|asked| asked["question"]["pick_winner"]["kind"].clone());
    Decided {
        winner: winner.map(|won| slot(won["call"].as_str().unwrap())),
        why: kind.map(|kind| serde_json::from_value(kind).unwrap()),
        calls: run.calls("attempt_started").len(),
        order: run.labels().values().map(|call| slot(call)).collect(),
    }
}

#[test]
fn bench_and_program_come_to_the_same() {
    let settings = [
        "judge: judge",
        "judge: { by: judge, orders: both }",
        "judge: { by: [judge, m3], method: pairwise }",
        "judge: { by: judge, method: tournament, orders: auto }",
    ];
    let mut winners = Vec::new();
    for (setting, seed) in settings.into_iter().zip(3_u64..) {
        let sandbox = Sandbox::new();
        sandbox.fake_agent("[]").trio(&[setting, "distill: none"]);
        sandbox.run_trio(&["--seed", &seed.to_string()]);
        let by_program = ran(&sandbox);
        let plan: Plan = serde_json::from_str(&sandbox.run().read("plan.json")).unwrap();
        assert_eq!(decide(&plan, &TakesTheFirst), by_program, "{setting}");
        winners.push(by_program.winner);
    }
    assert!(winners[0].is_some(), "one judge in one order decides");
    assert_eq!(winners[1], None, "two orders make it a tie");
}
