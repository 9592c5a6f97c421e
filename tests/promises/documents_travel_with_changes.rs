//! Documents go where the changes go: into your files as their phases end, onto the branch, or nowhere yet.

use crate::support::{Output, Sandbox};

/// A phase that writes the document `docs/plan.md`, where one is already, and one that edits.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write("docs/plan.md", "old\n")
        .write(
            ".tipstaff/workflows/two.yaml",
            "name: two\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, \
             output: docs/plan.md, retries: 0 }\n  - { name: notes, model: m1, context_strategy: distilled, \
             output: docs/new/notes.md, retries: 0 }\n  - { name: mend, model: m2, edits: true, \
             context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    sandbox.fake_agent(
        "- when: { model: m1 }\n  do: [{ write: { path: .tipstaff/out/deliverable.md, text: \"new\\n\" } }]\n\
         - when: { model: m2 }\n  do: [{ show: docs/plan.md }, { write: { path: a.txt, text: \"A\\n\" } }]\n",
    );
    sandbox
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "two", "Do it"], args].concat())
}

fn untouched(sandbox: &Sandbox) {
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.read("docs/plan.md"), "old\n");
    assert!(!sandbox.exists("docs/new"));
}

#[test]
fn branch_has_the_documents_and_the_working_tree_has_none() {
    let sandbox = project();
    run(&sandbox, &["--branch", "done"]).succeeds();
    untouched(&sandbox);
    for (path, text) in [
        ("a.txt", "A\n"),
        ("docs/plan.md", "new\n"),
        ("docs/new/notes.md", "new\n"),
    ] {
        assert_eq!(sandbox.git(&["show", &format!("done:{path}")]), text);
    }
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("on the branch done");
}

#[test]
fn kept_documents_stay_in_the_run_until_apply() {
    let sandbox = project();
    run(&sandbox, &["--keep"]).succeeds().has_no("published");
    untouched(&sandbox);
    let id = sandbox.run().id();
    let output = sandbox.run().read("phases/01-plan/output.md");
    assert_eq!(output, "new\n");
    sandbox
        .tipstaff(&["diff", &id])
        .succeeds()
        .stdout_has("docs/new/notes.md");
    sandbox
        .tipstaff(&["apply", &id])
        .succeeds()
        .stderr_has("3 changed files");
    assert_eq!(sandbox.read("docs/plan.md"), "new\n");
    assert_eq!(sandbox.read("docs/new/notes.md"), "new\n");
    assert_eq!(sandbox.read("a.txt"), "A\n");
    sandbox.tipstaff(&["undo", &id]).succeeds();
    untouched(&sandbox);
}

#[test]
fn published_documents_are_undone_too() {
    let sandbox = project();
    run(&sandbox, &[])
        .succeeds()
        .stderr_has("1 changed file in your project");
    assert_eq!(sandbox.read("docs/plan.md"), "new\n");
    let run = sandbox.run();
    assert_eq!(run.read("phases/01-plan/previous/plan.md"), "old\n");
    sandbox.tipstaff(&["undo", &run.id()]).succeeds();
    untouched(&sandbox);
    assert_eq!(sandbox.read("a.txt"), "a\n");
    let shown = sandbox.tipstaff(&["show", "--all"]);
    shown.succeeds().stdout_has("phases/01-plan/output.md");
}

#[test]
fn document_you_edited_since_is_not_undone() {
    let sandbox = project();
    run(&sandbox, &[]).succeeds();
    sandbox.write("docs/plan.md", "new\nand mine\n");
    let undo = sandbox.tipstaff(&["undo", &sandbox.run().id()]);
    undo.exits_with(1).stderr_has("docs/plan.md");
    assert_eq!(sandbox.read("docs/plan.md"), "new\nand mine\n");
    assert_eq!(sandbox.read("a.txt"), "A\n");
}

#[test]
fn document_you_edited_meanwhile_stays_as_the_changes_arrive() {
    let sandbox = project();
    let workflow = sandbox.read(".tipstaff/workflows/two.yaml");
    let gated = workflow.replace("edits: true,", "edits: true, gate: Is it good?,");
    sandbox.write(".tipstaff/workflows/two.yaml", &gated);
    run(&sandbox, &[]).exits_with(4);
    sandbox.write("docs/plan.md", "new\nand mine\n");
    sandbox
        .tipstaff(&["approve", &sandbox.run().id()])
        .succeeds();
    assert_eq!(sandbox.read("docs/plan.md"), "new\nand mine\n");
    assert_eq!(sandbox.read("a.txt"), "A\n");
}

#[test]
fn later_phases_do_not_find_documents_in_their_workspace() {
    let sandbox = project();
    run(&sandbox, &[]).succeeds();
    let run = sandbox.run();
    let attempt = "phases/03-mend/calls/mend.work-1/attempt-1/deliverable.md";
    assert_eq!(run.read(attempt).trim(), "docs/plan.md: old");
}
