//! Where a machine has no namespaces, or nothing to close a sandbox with, OpenCode edits all the same, in a copy.

use crate::stand::Stand;

const WORKFLOW: &str = "
name: note
phases:
  - name: note
    model: quick
    edits: true
    context_strategy: fresh
    verify: grep -q 'a note' NOTE.md
";
const SCENARIO: &str = "
name: notes
rules:
  - then:
      - bash: { command: 'cat README.md > /dev/null && echo more >> README.md' }
      - write: { path: NOTE.md, text: \"a note\\n\" }
      - reply: The note is written.
";

fn edits_and_proves_in(mode: &str, rung: &str) {
    let stand = Stand::new();
    let readme = stand.sandbox.read("README.md");
    stand
        .sandbox
        .write(".tipstaff/workflows/note.yaml", WORKFLOW);
    let scenario = stand.scenario(SCENARIO);
    let run = ["run", "note", "Write a note", "--sandbox", mode];
    stand
        .sandbox
        .tipstaff(&[&run[..], &["--rehearse", &scenario, "--publish"]].concat())
        .succeeds()
        .stderr_has(&format!("sandbox: {rung}"))
        .has_no("fails");
    assert_eq!(stand.sandbox.read("NOTE.md"), "a note\n");
    assert_eq!(stand.sandbox.read("README.md"), format!("{readme}more\n"));
    stand.is_clean();
}

#[test]
fn opencode_edits_with_landlock_alone() {
    edits_and_proves_in("landlock", "landlock");
}

#[test]
fn opencode_edits_without_any_sandbox() {
    edits_and_proves_in("off", "none");
}
