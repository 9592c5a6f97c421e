//! `prompt` shows what a call would be told: the same text that a run gives it, what only the run knows marked as
//! such.

use crate::support::Sandbox;

/// The text with the run's own mark taken out, which is another one in each run.
fn unmarked(prompt: &str) -> String {
    let mark = &prompt.split_once("`<part-").expect("a preamble").1[..12];
    prompt.replace(mark, "MARK")
}

#[test]
fn first_prompt_is_the_one_that_the_run_gives() {
    let sandbox = Sandbox::new();
    sandbox
        .write("AGENTS.md", "Tabs, never blanks.\n")
        .write("notes/a.md", "what was found\n")
        .fake_agent("[]")
        .trio(&["input: file:notes/*.md"]);
    let told = sandbox.tipstaff(&["prompt", "trio", "plan", "Plan it"]);
    sandbox.run_trio(&[]).succeeds();
    let given = sandbox.run().of_call("propose-1", "prompt.md");
    assert_eq!(unmarked(&told.succeeds().stdout), unmarked(&given));
    told.stdout_has("Tabs, never blanks.")
        .stdout_has("what was found")
        .stderr_has("plan.propose-1, for m1")
        .stderr_has("in all")
        .stderr_has(
            "`--call` shows another one of the phase: plan.propose-2, plan.propose-3, plan.judge-1",
        );
}

#[test]
fn what_only_the_run_knows_is_marked() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").write(
        ".tipstaff/workflows/two.yaml",
        "name: two\ninputs: { version: { required: true } }\nphases:\n  \
         - { name: plan, model: m1, context_strategy: distilled }\n  \
         - { name: audit, model: m2, input: [plan.output], prompt: 'Look at {version}.', when: 'inputs.version == 2', \
         gate: Go on?, context_strategy: full }\n",
    );
    sandbox
        .tipstaff(&["prompt", "two", "audit"])
        .succeeds()
        .stdout_has("⟨the document of plan: known when the run comes to it⟩")
        .stdout_has("⟨the request: known when the run comes to it⟩")
        .stdout_has("Look at ⟨version: known when the run comes to it⟩.");
    sandbox
        .tipstaff(&["prompt", "two", "audit", "Mend it", "--set", "version=3"])
        .succeeds()
        .stdout_has("Look at 3.")
        .stdout_has("Mend it");
    assert!(!sandbox.exists(".tipstaff/runs"));
}

#[test]
fn every_phase_of_every_bundled_workflow_has_a_prompt() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]");
    let phases = [
        ("feature-build", "audit", "⟨the tests of integrate"),
        ("feature-build", "execute", "⟨a task of "),
        ("debug", "diagnose", "⟨the request"),
        ("quick", "change", "⟨the request"),
        ("review", "review", "⟨the request"),
    ];
    for (workflow, phase, part) in phases {
        sandbox
            .tipstaff(&["prompt", workflow, phase])
            .succeeds()
            .stdout_has(part);
    }
}

#[test]
fn phase_or_call_that_is_not_there_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox
        .tipstaff(&["prompt", "trio", "audit"])
        .exits_with(2)
        .stderr_has("has no phase `audit`")
        .stderr_has("hint: its phases: plan");
    sandbox
        .tipstaff(&["prompt", "trio", "plan", "--call", "judge"])
        .succeeds()
        .stdout_has("⟨the document of plan.propose-")
        .stderr_has("for m4");
    sandbox
        .tipstaff(&["prompt", "trio", "plan", "--call", "mend"])
        .exits_with(2)
        .stderr_has("the phase makes no call `mend`");
}
