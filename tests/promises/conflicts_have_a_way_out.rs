//! Where changes do not merge, nothing is touched, the files are named, and there are ways to go on.

use std::path::PathBuf;

use serde_json::json;

use crate::support::{Output, Sandbox, has_all};

/// A project with two files, and a workflow that changes both.
fn project() -> Sandbox {
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
}

/// The same with a run that has done that and kept it.
fn kept() -> (Sandbox, String) {
    let sandbox = project();
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
    let name = sandbox.run().name();
    let skip = format!("tipstaff apply {name} --skip-conflicts");
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
    let name = sandbox.run().name();
    let skip = format!("tipstaff undo {name} --skip-conflicts");
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

/// What `show` says about the changes, and its JSON.
fn shown(sandbox: &Sandbox, id: &str) -> (String, serde_json::Value) {
    let text = sandbox.tipstaff(&["show", id, "--all"]);
    let json = sandbox.tipstaff(&["show", id, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    (text.succeeds().stdout.clone(), json["changes"].clone())
}

#[test]
fn show_counts_what_is_still_in_the_project_after_a_partial_undo() {
    let (sandbox, id) = kept();
    sandbox.tipstaff(&["apply", &id]).succeeds();
    sandbox.write("clash", "mine\n");
    let skip = ["undo", &id, "--skip-conflicts"];
    sandbox.tipstaff(&skip).exits_with(1);
    let (text, json) = shown(&sandbox, &id);
    has_all(
        &text,
        &[
            "1 changed file in your project, not committed; the rest is not applied",
            "not merged, as it was: clash",
        ],
    );
    assert_eq!(json["state"], "partly");
    assert_eq!(json["unmerged"], json!({"left": ["clash"]}));
    // Nothing more can be taken back, and nothing more is said to be.
    sandbox.tipstaff(&skip).exits_with(1);
    assert_eq!(shown(&sandbox, &id).0, text);
    sandbox.write("clash", "agent\n");
    sandbox.tipstaff(&["undo", &id]).succeeds();
    let (text, json) = shown(&sandbox, &id);
    has_all(&text, &["your project is untouched"]);
    assert_eq!(
        (&json["state"], &json["unmerged"]),
        (&json!("kept"), &json!({}))
    );
}

const UNDONE: &str = "<<<<<<< project\nmine\n=======\n1\n>>>>>>> change\n";

#[test]
fn markers_of_an_undo_are_told_and_never_put_among_markers() {
    let (sandbox, id) = kept();
    sandbox.tipstaff(&["apply", &id]).succeeds();
    sandbox.write("clash", "mine\n");
    let marked = sandbox.tipstaff(&["undo", &id, "--3way"]);
    marked.exits_with(1);
    says(&marked, &["out of 1 file", "has conflict markers: clash"]);
    assert_eq!(read(&sandbox), [UNDONE, "1\n"]);
    let (text, json) = shown(&sandbox, &id);
    has_all(
        &text,
        &[
            "only conflict markers are in your project",
            "got conflict markers: clash",
        ],
    );
    assert!(!text.contains("untouched"), "{text}");
    assert_eq!(json["unmerged"], json!({"marked": ["clash"]}));

    let again = sandbox.tipstaff(&["undo", &id, "--3way"]);
    again.exits_with(1).stderr_has("undone already");
    let again = sandbox.tipstaff(&["apply", &id, "--3way"]);
    again.exits_with(1);
    says(
        &again,
        &["left as it is, with the conflict markers it still has: clash"],
    );
    assert_eq!(read(&sandbox), [UNDONE, "agent\n"]);
    sandbox.write("clash", "1\n");
    sandbox.tipstaff(&["apply", &id]).succeeds();
    assert_eq!(read(&sandbox), ["agent\n", "agent\n"]);
}

#[test]
fn markers_of_an_apply_are_told() {
    let (sandbox, id) = kept();
    sandbox.write("clash", "mine\n");
    sandbox.tipstaff(&["apply", &id, "--3way"]).exits_with(1);
    let (text, json) = shown(&sandbox, &id);
    has_all(
        &text,
        &[
            "in your project, not committed",
            "got conflict markers: clash",
        ],
    );
    assert_eq!(json["unmerged"], json!({"marked": ["clash"]}));
    let before = read(&sandbox);
    let again = sandbox.tipstaff(&["apply", &id, "--3way"]);
    again.exits_with(2).stderr_has("in your project already");
    assert_eq!(read(&sandbox), before);
    // Edited among the markers, it is nobody's to merge.
    let edited = before[0].replace("mine", "ours");
    sandbox.write("clash", &edited);
    let undone = sandbox.tipstaff(&["undo", &id, "--3way"]);
    undone.exits_with(1);
    let still = "left as it is, with the conflict markers it still has: clash";
    says(&undone, &[still]);
    assert_eq!(read(&sandbox), [&edited, "1\n"]);
}

#[test]
fn a_run_that_waits_for_its_delivery_is_done_once_a_person_skips_files() {
    let sandbox = project();
    // The agent changes the user's own file while it works.
    let clash = sandbox.project().join("clash");
    sandbox.fake_agent(&format!(
        "- do:\n    - write: {{ path: clash, text: \"agent\\n\" }}\n    \
         - write: {{ path: free, text: \"agent\\n\" }}\n    \
         - write: {{ path: {}, text: \"mine\\n\" }}\n    - done\n",
        clash.display()
    ));
    sandbox.tipstaff(&["run", "fix", "Mend it"]).exits_with(4);
    let id = sandbox.run().id();
    sandbox.tipstaff(&["apply", &id]).exits_with(1);
    sandbox.tipstaff(&["resume", &id]).exits_with(4);
    let skip = ["apply", &id, "--skip-conflicts"];
    sandbox.tipstaff(&skip).exits_with(1);
    sandbox
        .tipstaff(&["resume", &id])
        .succeeds()
        .stderr_has("done already");
    let (text, _) = shown(&sandbox, &id);
    has_all(
        &text,
        &["not merged, as it was: clash", "take over the rest"],
    );
    // It may come later.
    sandbox.write("clash", "1\n");
    sandbox.tipstaff(&["apply", &id]).succeeds();
    assert_eq!(read(&sandbox), ["agent\n", "agent\n"]);
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
