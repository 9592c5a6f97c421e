//! What an agent changed arrives whole, at the end and uncommitted, or not at all; and never more than that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Output, Run, Running, Sandbox, until};

/// A project with three files, all committed, and the workflow `fix` of one phase that may edit; more keys
/// of the phase may be given, a line each.
fn project(more: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("src/a.txt", "one\ntwo\nthree\n")
        .write("src/b.txt", "b\n")
        .write("src/old.txt", "a file that gets a new name\n");
    let mut yaml = String::from(
        "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
         context_strategy: distilled\n    retries: 0\n",
    );
    for line in more {
        yaml.push_str(&format!("    {line}\n"));
    }
    sandbox
        .write(".tipstaff/workflows/fix.yaml", &yaml)
        .git_init();
    sandbox
}

/// Writes, deletes, creates and renames.
const EDITS: &str = "
- do:
    - write: { path: src/a.txt, text: \"one\\nTWO\\nthree\\n\" }
    - delete: src/b.txt
    - write: { path: src/deep/new.txt, text: \"new\\n\" }
    - delete: src/old.txt
    - write: { path: src/renamed.txt, text: \"a file that gets a new name\\n\" }
    - done
";

fn fix(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.tipstaff(&[&["run", "fix", "Mend it"], args].concat())
}

/// Starts `fix` with an agent that edits and then waits; it is waited for, and let go by the returned path.
fn pause(sandbox: &Sandbox, edits: &str, args: &[&str]) -> (Running, PathBuf) {
    let (there, go_on) = (sandbox.outside("there"), sandbox.outside("go-on"));
    sandbox.fake_agent(&format!(
        "- do:\n{edits}    - touch: {}\n    - wait_for_file: {}\n    - done\n",
        there.display(),
        go_on.display()
    ));
    let running = sandbox.start(&[&["run", "fix", "Mend it"], args].concat());
    until("the agent is at work", || there.exists());
    (running, go_on)
}

fn untouched(sandbox: &Sandbox) {
    assert_eq!(sandbox.read("src/a.txt"), "one\ntwo\nthree\n");
    assert_eq!(sandbox.read("src/b.txt"), "b\n");
    assert!(sandbox.exists("src/old.txt"));
    assert!(!sandbox.exists("src/renamed.txt") && !sandbox.exists("src/deep"));
}

/// The prompt of the first attempt of a call.
fn prompt(run: &Run, call: &str) -> String {
    run.read(format!("phases/01-mend/calls/{call}/attempt-1/prompt.md"))
}

fn refused(run: &Run) -> BTreeMap<String, String> {
    let succeeded = run.all("attempt_succeeded");
    let changes = succeeded.iter().map(|event| &event["result"]["changes"]);
    changes
        .filter_map(|changes| changes["refused"].as_array())
        .flatten()
        .map(|refused| {
            let word = |key: &str| refused[key].as_str().unwrap().to_owned();
            (word("path"), word("reason"))
        })
        .collect()
}

#[test]
fn edits_arrive_at_the_end_uncommitted_and_git_itself_is_not_touched() {
    let sandbox = project(&[]);
    sandbox.fake_agent(EDITS);
    let before = sandbox.repository();
    fix(&sandbox, &[]).succeeds();
    assert!(sandbox.repository() == before, "something in .git changed");
    assert_eq!(sandbox.read("src/a.txt"), "one\nTWO\nthree\n");
    assert_eq!(sandbox.read("src/deep/new.txt"), "new\n");
    let status = sandbox.git(&["status", "--porcelain", "--untracked-files=all"]);
    let mut lines: Vec<_> = status.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            " D src/b.txt",
            " D src/old.txt",
            " M src/a.txt",
            "?? src/deep/new.txt",
            "?? src/renamed.txt"
        ]
    );
}

#[test]
fn nothing_is_in_your_tree_before_the_end() {
    let sandbox = project(&[]);
    let edits = "    - write: { path: src/a.txt, text: theirs }\n    - delete: src/b.txt\n";
    let (running, go_on) = pause(&sandbox, edits, &[]);
    untouched(&sandbox);
    std::fs::write(go_on, "").unwrap();
    running.wait().succeeds();
    assert_eq!(sandbox.read("src/a.txt"), "theirs");
    assert!(!sandbox.exists("src/b.txt"));
}

#[test]
fn what_you_edited_meanwhile_in_another_file_stays() {
    let sandbox = project(&[]);
    let edits = "    - write: { path: src/a.txt, text: \"one\\nTWO\\nthree\\n\" }\n";
    let (running, go_on) = pause(&sandbox, edits, &[]);
    sandbox
        .write("src/b.txt", "mine\n")
        .write("mine.txt", "mine\n");
    std::fs::write(go_on, "").unwrap();
    running.wait().succeeds();
    assert_eq!(sandbox.read("src/a.txt"), "one\nTWO\nthree\n");
    assert_eq!(sandbox.read("src/b.txt"), "mine\n");
    assert_eq!(sandbox.read("mine.txt"), "mine\n");
}

#[test]
fn where_you_edited_the_same_lines_nothing_is_applied_and_the_file_is_named() {
    let sandbox = project(&[]);
    let edits = "    - write: { path: src/a.txt, text: \"one\\nTWO\\nthree\\n\" }\n    - delete: src/b.txt\n";
    let (running, go_on) = pause(&sandbox, edits, &[]);
    sandbox.write("src/a.txt", "one\nmine\nthree\n");
    std::fs::write(go_on, "").unwrap();
    let output = running.wait();
    output.exits_with(4);
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(said.contains("src/a.txt"), "{output}");
    assert_eq!(sandbox.read("src/a.txt"), "one\nmine\nthree\n");
    assert_eq!(sandbox.read("src/b.txt"), "b\n", "half of it was applied");
}

#[test]
fn a_branch_gets_the_changes_as_a_commit_and_your_tree_stays() {
    let sandbox = project(&[]);
    sandbox.fake_agent(EDITS);
    let (head, index) = (
        sandbox.git(&["rev-parse", "HEAD"]),
        sandbox.repository()[Path::new("index")].clone(),
    );
    fix(&sandbox, &["--branch", "mended"]).succeeds();
    assert!(sandbox.repository()[Path::new("index")] == index);
    untouched(&sandbox);
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(sandbox.git(&["rev-parse", "mended^"]), head);
    assert_eq!(
        sandbox.git(&["show", "mended:src/a.txt"]),
        "one\nTWO\nthree\n"
    );
    let changed = sandbox.git(&["diff", "--name-status", "--find-renames", "main", "mended"]);
    let lines: Vec<_> = changed.lines().collect();
    assert_eq!(
        lines,
        [
            "M\tsrc/a.txt",
            "D\tsrc/b.txt",
            "A\tsrc/deep/new.txt",
            "R100\tsrc/old.txt\tsrc/renamed.txt"
        ]
    );
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn kept_changes_touch_nothing() {
    let sandbox = project(&[]);
    sandbox.fake_agent(EDITS);
    let before = sandbox.repository();
    fix(&sandbox, &["--keep"]).succeeds();
    assert!(sandbox.repository() == before, "something in .git changed");
    untouched(&sandbox);
    let patch = sandbox.run().read("phases/01-mend/changes.patch");
    assert!(patch.contains("+TWO"), "{patch}");
}

#[test]
fn edits_outside_the_scope_are_refused_and_told_to_the_model_once() {
    let sandbox = project(&["scope: { files: [src/a.txt] }", "verify: [\"true\"]"]);
    let fix_yaml = sandbox.read(".tipstaff/workflows/fix.yaml");
    let scoped = fix_yaml.replace("context_strategy: distilled", "context_strategy: scoped");
    sandbox.write(".tipstaff/workflows/fix.yaml", &scoped);
    sandbox.fake_agent(
        "- do:\n    - write: { path: src/a.txt, text: theirs }\n    \
         - write: { path: src/stray.txt, text: stray }\n    - done\n",
    );
    let output = fix(&sandbox, &[]);
    output.succeeds();
    let run = sandbox.run();
    assert_eq!(sandbox.read("src/a.txt"), "theirs");
    assert!(!sandbox.exists("src/stray.txt"));
    assert_eq!(
        run.calls("attempt_started"),
        ["mend.work-1", "mend.work-1.2"]
    );
    assert!(!prompt(&run, "mend.work-1").contains("src/stray.txt"));
    let again = prompt(&run, "mend.work-1.2");
    assert!(
        again.contains("the change to `src/stray.txt` was refused"),
        "{again}"
    );
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(
        said.contains("src/stray.txt"),
        "the user is not shown it\n{output}"
    );
}

#[test]
fn control_files_gits_own_folder_and_links_that_lead_out_are_refused() {
    let sandbox = project(&[]);
    sandbox.fake_agent(
        "- do:\n    - write: { path: src/a.txt, text: theirs }\n    \
         - write: { path: .mcp.json, text: evil }\n    \
         - write: { path: sub/.claude/settings.json, text: evil }\n    \
         - write: { path: .git/hooks/post-commit, text: evil }\n    \
         - link: { path: src/passwd, to: /etc/passwd }\n    \
         - link: { path: src/up, to: ../../up }\n    - done\n",
    );
    fix(&sandbox, &[]).succeeds();
    assert_eq!(sandbox.read("src/a.txt"), "theirs");
    let root = sandbox.project();
    for path in [
        ".mcp.json",
        "sub/.claude",
        ".git/hooks/post-commit",
        "src/passwd",
        "src/up",
    ] {
        assert!(
            root.join(path).symlink_metadata().is_err(),
            "{path} is there"
        );
    }
    let refused = refused(&sandbox.run());
    for path in [".mcp.json", "sub/.claude", "src/passwd", "src/up"] {
        assert!(
            refused.contains_key(path),
            "{path} is not named: {refused:?}"
        );
    }
}

#[test]
fn control_files_of_yours_that_the_workspace_leaves_out_are_not_deleted() {
    let sandbox = project(&[]);
    sandbox
        .write(".mcp.json", "{}\n")
        .write("web/.env", "KEY=value\n")
        .write(".opencode/agent/mine.md", "mine\n");
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "--message=control files"]);
    sandbox.fake_agent(EDITS);
    fix(&sandbox, &[]).succeeds();
    assert_eq!(sandbox.read("src/a.txt"), "one\nTWO\nthree\n");
    assert_eq!(sandbox.read(".mcp.json"), "{}\n");
    assert_eq!(sandbox.read("web/.env"), "KEY=value\n");
    assert_eq!(sandbox.read(".opencode/agent/mine.md"), "mine\n");
    let patch = sandbox.run().read("phases/01-mend/changes.patch");
    assert!(
        !patch.contains(".mcp.json") && !patch.contains("web/.env"),
        "{patch}"
    );
}
