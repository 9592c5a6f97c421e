//! Where changes do not merge, nothing is touched, the files are named, and there are ways to go on.

use std::path::PathBuf;

use crate::support::{Output, Sandbox};

/// A project with two files, and a run that has changed both and kept that.
fn kept() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("clash", "1\n")
        .write("free", "1\n")
        .write(
            ".tipstaff/workflows/fix.yaml",
            "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n",
        )
        .git_init();
    sandbox.fake_agent(
        "- do:\n    - write: { path: clash, text: \"agent\\n\" }\n    \
         - write: { path: free, text: \"agent\\n\" }\n    - done\n",
    );
    sandbox
        .tipstaff(&["run", "fix", "Mend it", "--keep"])
        .succeeds();
    let id = sandbox.run().id();
    (sandbox, id)
}

fn read(sandbox: &Sandbox) -> [String; 2] {
    ["clash", "free"].map(|path| sandbox.read(path))
}

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.stderr.contains(word), "no {word:?} in\n{output}");
    }
}

#[test]
fn apply_names_the_files_and_offers_to_skip_or_mark_them() {
    let (sandbox, id) = kept();
    sandbox.write("clash", "mine\n");
    let refused = sandbox.tipstaff(&["apply", &id]);
    refused.exits_with(1);
    let skip = format!("tipstaff apply {id} --skip-conflicts");
    says(&refused, &["clash", "nothing was touched", &skip, "--3way"]);
    assert!(!refused.stderr.contains("meanwhile"), "{refused}");
    assert_eq!(read(&sandbox), ["mine\n", "1\n"]);

    let skipped = sandbox.tipstaff(&["apply", &id, "--skip-conflicts"]);
    skipped.exits_with(1);
    says(&skipped, &["left as it is: clash"]);
    assert_eq!(read(&sandbox), ["mine\n", "agent\n"]);

    // The rest is still to be delivered.
    let marked = sandbox.tipstaff(&["apply", &id, "--3way"]);
    marked.exits_with(1);
    says(&marked, &["has conflict markers: clash"]);
    let both = "<<<<<<< project\nmine\n=======\nagent\n>>>>>>> change\n";
    assert_eq!(read(&sandbox), [both, "agent\n"]);
    sandbox.tipstaff(&["undo", &id]).succeeds();
    assert_eq!(read(&sandbox), ["mine\n", "1\n"]);
}

#[test]
fn undo_takes_back_what_can_be_and_the_rest_later() {
    let (sandbox, id) = kept();
    sandbox.tipstaff(&["apply", &id]).succeeds();
    sandbox.write("clash", "mine\n");
    let refused = sandbox.tipstaff(&["undo", &id]);
    refused.exits_with(1);
    let skip = format!("tipstaff undo {id} --skip-conflicts");
    says(&refused, &["clash", "nothing was touched", &skip, "--3way"]);
    assert_eq!(read(&sandbox), ["mine\n", "agent\n"]);
    sandbox
        .tipstaff(&["undo", &id, "--skip-conflicts"])
        .exits_with(1);
    assert_eq!(read(&sandbox), ["mine\n", "1\n"]);
    sandbox.write("clash", "agent\n");
    sandbox.tipstaff(&["undo", &id]).succeeds();
    assert_eq!(read(&sandbox), ["1\n", "1\n"]);
}

/// git ignores the document's place, so the snapshot does not hold what was there.
#[test]
fn a_document_meets_an_ignored_file() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\nnotes/\n")
        .write("notes/plan.md", "mine\n")
        .write(
            ".tipstaff/workflows/plan.yaml",
            "name: plan\nphases:\n  - name: plan\n    model: m1\n    output: notes/plan.md\n    \
             context_strategy: distilled\n    retries: 0\n",
        )
        .git_init();
    sandbox.fake_agent(
        "- do: [{ write: { path: .tipstaff/out/deliverable.md, text: \"The plan.\\n\" } }]\n",
    );
    sandbox
        .tipstaff(&["run", "plan", "Plan it", "--keep"])
        .succeeds();
    let id = sandbox.run().id();
    let refused = sandbox.tipstaff(&["apply", &id]);
    refused.exits_with(1);
    says(
        &refused,
        &["notes/plan.md", "nothing was touched", "--3way"],
    );
    assert!(!refused.stderr.contains("meanwhile"), "{refused}");
    sandbox.tipstaff(&["apply", &id, "--3way"]).exits_with(1);
    let both = "<<<<<<< project\nmine\n=======\nThe plan.\n>>>>>>> change\n";
    assert_eq!(sandbox.read("notes/plan.md"), both);
    sandbox.tipstaff(&["undo", &id]).succeeds();
    assert_eq!(sandbox.read("notes/plan.md"), "mine\n");
}

#[test]
fn work_that_was_not_committed_is_told_as_what_it_is() {
    let (sandbox, _) = kept();
    sandbox.write("clash", "not committed\n");
    let refused = sandbox.tipstaff(&["run", "fix", "Mend it", "--branch", "mended"]);
    refused.exits_with(4);
    says(&refused, &["do not merge with the last commit: clash"]);
    assert!(!refused.stderr.contains("meanwhile"), "{refused}");
}

#[test]
fn a_branch_that_cannot_be_made_is_refused_before_the_first_call() {
    let (sandbox, id) = kept();
    sandbox.git(&["branch", "there"]);
    let folders = || {
        let runs = std::fs::read_dir(sandbox.project().join(".tipstaff/runs")).unwrap();
        runs.flatten().count()
    };
    let before = folders();
    for (name, why) in [
        ("there", "exists already"),
        ("a..b", "no name for a branch"),
    ] {
        let refused = sandbox.tipstaff(&["run", "fix", "Mend it", "--branch", name]);
        refused.exits_with(2);
        says(&refused, &[name, why]);
        let refused = sandbox.tipstaff(&["apply", &id, "--branch", name]);
        refused.exits_with(1);
        says(&refused, &[why, "choose another name"]);
    }
    assert_eq!(folders(), before, "a run was begun");
    std::fs::remove_dir_all(sandbox.project().join(".git")).unwrap();
    let refused = sandbox.tipstaff(&["run", "fix", "Mend it", "--branch", "free"]);
    refused.exits_with(2);
    says(&refused, &["no git repository"]);
}

#[test]
fn a_bare_repository_is_refused_and_not_written_into() {
    let (sandbox, _) = kept();
    let bare = sandbox.outside("bare.git");
    let place = bare.to_str().unwrap();
    sandbox.git(&["clone", "--quiet", "--bare", ".", place]);
    for folder in [PathBuf::from(place), sandbox.project().join(".git/refs")] {
        let folder = folder.to_str().unwrap();
        let refused = sandbox.tipstaff(&["-C", folder, "run", "fix", "Mend it"]);
        refused.exits_with(2);
        says(&refused, &["without a work tree", folder]);
    }
    assert!(!bare.join(".tipstaff").exists());
}
