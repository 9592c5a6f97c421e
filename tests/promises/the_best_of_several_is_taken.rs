//! `--best-of N`: the one phase that edits makes its change several times, and one of them is taken.

use crate::support::Sandbox;

const HANDOFF: &str =
    "{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"mended\"}' } }";
const RUN: [&str; 5] = ["run", "quick", "Mend it", "--best-of", "3"];

/// A project whose configuration has a command that verifies all changes.
fn project(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let config = format!("verify: test -f keep.txt\n{config}");
    sandbox
        .write("keep.txt", "kept\n")
        .write("code.txt", "old\n")
        .write(".tipstaff/config.yaml", &config)
        .git_init();
    sandbox
}

/// Three authors, of whom the second one breaks what worked.
fn authors() -> String {
    let author = |slot: u32, more: &str| {
        format!(
            "- when: {{ purpose: propose, slot: {slot} }}\n  do: [{{ write: {{ path: code.txt, text: '{slot}' }} }}, \
             {more}{HANDOFF}]\n"
        )
    };
    let audit = "- when: { phase: audit }\n  do: [{ write: { path: .tipstaff/out/verdict.json, text: \
                 '{\"verdict\": \"pass\", \"summary\": \"Well done.\", \"findings\": []}' } }]\n";
    author(1, "") + &author(2, "{ delete: keep.txt }, ") + &author(3, "") + audit
}

#[test]
fn quick_makes_three_candidates_and_takes_one_that_passes() {
    let sandbox = project("");
    sandbox.fake_agent(&authors());
    sandbox
        .tipstaff(&RUN)
        .succeeds()
        .stderr_has("3 candidates of the phase `change`: 4 calls instead of 1")
        .has_no("hint: no command proves them");
    assert!(["1", "3"].contains(&sandbox.read("code.txt").as_str()));
    assert!(sandbox.exists("keep.txt"));
    assert_eq!(sandbox.run().calls("attempt_started").len(), 4);
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("fails test -f keep.txt");
}

#[test]
fn check_says_who_makes_them_and_how_many_calls_that_is() {
    let sandbox = project("");
    sandbox.fake_agent("[]");
    // One model makes all of them; of several that stand by for each other, each makes one.
    let check = ["check", "quick", "--offline", "--best-of", "3"];
    let said = sandbox.tipstaff(&check);
    said.succeeds().stdout_has("4 calls");
    said.stdout_has("m1 proposes");
    said.stdout_has("m4 judges");
    sandbox.write(
        ".tipstaff/workflows/mine.yaml",
        "name: mine\nphases:\n  - { name: mend, model: m1, fallback: [m2], edits: true, \
         context_strategy: fresh, verify: ls }\n",
    );
    let check = ["check", "mine", "--offline", "--candidates", "2"];
    let said = sandbox.tipstaff(&check);
    said.succeeds().stdout_has("m1 proposes");
    said.stdout_has("m2 proposes");
}

#[test]
fn debug_diagnoses_once_and_mends_several_times() {
    let sandbox = project("");
    sandbox.fake_agent(&authors().replace("purpose: propose,", "purpose: propose, phase: fix,"));
    let run = ["run", "debug", "It breaks", "--candidates", "3"];
    let models = ["claude-sonnet=m1", "gemini-pro=m1", "claude-opus=m1"];
    let models = models.map(|model| ["--model", model]).concat();
    sandbox
        .tipstaff(&[&run[..], &models].concat())
        .succeeds()
        .stderr_has("3 candidates of the phase `fix`: 4 calls instead of 1");
    assert!(sandbox.exists("keep.txt"));
    assert!(["1", "3"].contains(&sandbox.read("code.txt").as_str()));
}

#[test]
fn workflow_without_one_editing_phase_is_refused_with_a_reason() {
    let sandbox = project("");
    sandbox.fake_agent("[]");
    let refused = |workflow: &str, why: &str| {
        let run = ["run", workflow, "x", "--best-of", "2"];
        sandbox.tipstaff(&run).exits_with(2).stderr_has(why);
    };
    refused("plan", "no phase of `plan` edits files");
    let several = "several phases of `feature-build` edit files: `execute`, `integrate`";
    refused("feature-build", several);
    let both = ["run", "quick", "x", "--best-of", "2", "--depth", "2"];
    sandbox.tipstaff(&both).exits_with(2);
    assert!(!sandbox.exists(".tipstaff/runs"));
}

#[test]
fn without_a_command_it_says_that_only_a_judge_compares_them() {
    let sandbox = project("");
    sandbox
        .write(".tipstaff/config.yaml", "")
        .fake_agent(&authors());
    sandbox
        .tipstaff(&RUN)
        .succeeds()
        .stderr_has("hint: no command proves them, only a judge compares them");
}

#[test]
fn bundled_workflow_audits_the_winner_of_as_many_as_were_asked_for() {
    let sandbox = project("");
    sandbox.fake_agent(&authors());
    let run = ["run", "best-of", "Mend it", "--best-of", "2"];
    // The second one is out, so nobody has to judge.
    sandbox
        .tipstaff(&[&run[..], &["--model", "gpt-4o=m2"]].concat())
        .succeeds();
    assert_eq!(sandbox.read("code.txt"), "1");
    assert_eq!(
        sandbox.run().calls("attempt_started"),
        ["audit.work-1", "change.propose-1", "change.propose-2"]
    );
}
