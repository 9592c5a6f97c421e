//! `clean` removes what nobody needs any more: never a run under way or one that can go on, and never the last copy
//! of changes.

use crate::support::{Output, Run, Sandbox, Terminal, until};

/// A workflow whose one phase edits `a.txt`, after these steps.
fn editing(steps: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    let outside = sandbox.outside("").display().to_string();
    sandbox.fake_agent(&format!(
        "- do: [{}{{ write: {{ path: a.txt, text: \"b\\n\" }} }}, done]\n",
        steps.replace("OUTSIDE/", &outside)
    ));
    sandbox
}

fn run(sandbox: &Sandbox, flags: &[&str]) -> Run {
    let before = ids(sandbox);
    sandbox
        .tipstaff(&[&["run", "one", "Do it"], flags].concat())
        .succeeds();
    let new = ids(sandbox).into_iter().find(|id| !before.contains(id));
    Run::at(sandbox.project().join(".tipstaff/runs").join(new.unwrap()))
}

fn ids(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.project().join(".tipstaff/runs"));
    let names = entries.into_iter().flatten().flatten();
    let names = names.filter(|entry| entry.path().is_dir());
    names
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn clean(sandbox: &Sandbox, flags: &[&str]) -> Output {
    sandbox.tipstaff(&[&["clean"], flags].concat())
}

#[test]
fn delivered_run_goes_and_kept_changes_stay() {
    let sandbox = editing("");
    let kept = run(&sandbox, &["--keep"]);
    let delivered = run(&sandbox, &[]);
    let shown = clean(&sandbox, &[]);
    shown
        .succeeds()
        .stdout_has(&format!("run     {}", delivered.id()))
        .stdout_has("its changes are only there: tipstaff apply")
        .stderr_has("can be freed; `tipstaff clean --yes` does it");
    assert_eq!(ids(&sandbox).len(), 2);
    clean(&sandbox, &["--yes"]).succeeds().stdout_has("freed ");
    assert_eq!(ids(&sandbox), [kept.id()]);
    clean(&sandbox, &["--yes"])
        .succeeds()
        .stderr_has("nothing to remove");
    sandbox.git(&["checkout", "--quiet", "a.txt"]);
    sandbox.tipstaff(&["apply", &kept.id()]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "b\n");
    clean(&sandbox, &["--yes"]).succeeds();
    assert_eq!(ids(&sandbox), Vec::<String>::new());
}

#[test]
fn undone_changes_are_kept() {
    let sandbox = editing("");
    let undone = run(&sandbox, &[]);
    sandbox.tipstaff(&["undo", &undone.id()]).succeeds();
    clean(&sandbox, &["--yes"])
        .succeeds()
        .stdout_has("its changes are only there");
    assert_eq!(ids(&sandbox), [undone.id()]);
}

#[test]
fn run_under_way_and_one_that_can_go_on_are_kept() {
    let sandbox = editing("{ touch: OUTSIDE/begun }, { wait_for_file: OUTSIDE/go }, ");
    let running = sandbox.start(&["run", "one", "Do it"]);
    until("the agent works", || sandbox.outside("begun").exists());
    clean(&sandbox, &["--yes"])
        .succeeds()
        .stdout_has("is under way");
    let interrupted = sandbox.end(running, rustix::process::Signal::INT);
    clean(&sandbox, &["--yes"]).succeeds().stdout_has(&format!(
        "can go on: tipstaff resume {}",
        interrupted.name()
    ));
    std::fs::write(sandbox.outside("go"), "").unwrap();
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "b\n");
    clean(&sandbox, &["--yes"]).succeeds();
    assert_eq!(ids(&sandbox), Vec::<String>::new());
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn branch_of_a_run_goes_when_it_is_merged() {
    let sandbox = editing("");
    run(&sandbox, &["--branch", "mended"]);
    let second = run(&sandbox, &["--branch", "lost"]);
    sandbox.git(&["branch", "--quiet", "-D", "lost"]);
    sandbox.git(&["merge", "--quiet", "--ff-only", "mended"]);
    clean(&sandbox, &[])
        .succeeds()
        .stdout_has("branch  mended, which is merged")
        .stdout_has("no branch has its commits any more");
    clean(&sandbox, &["--yes"]).succeeds();
    assert_eq!(sandbox.git(&["branch", "--list", "mended"]), "");
    assert_eq!(ids(&sandbox), [second.id()]);
}

#[test]
fn commits_that_were_taken_away_are_kept() {
    let sandbox = editing("");
    let run = run(&sandbox, &["--branch", "mended"]);
    let made = sandbox.git(&["rev-parse", "mended"]);
    sandbox.git(&["branch", "--quiet", "--force", "mended", "main"]);
    clean(&sandbox, &["--yes"])
        .succeeds()
        .stdout_has("no branch has its commits any more");
    assert_eq!(ids(&sandbox), [run.id()]);
    // Merged elsewhere, as pull requests are.
    sandbox.git(&["branch", "--quiet", "-D", "mended"]);
    sandbox.git(&["merge", "--quiet", "--squash", made.trim()]);
    sandbox.git(&["commit", "--quiet", "--no-edit"]);
    clean(&sandbox, &["--yes"]).succeeds();
    assert_eq!(ids(&sandbox), Vec::<String>::new());
}

#[test]
fn branch_that_is_not_merged_stays() {
    let sandbox = editing("");
    run(&sandbox, &["--branch", "mended"]);
    clean(&sandbox, &["--yes"]).succeeds().has_no("mended");
    assert_eq!(ids(&sandbox), Vec::<String>::new());
    assert_eq!(sandbox.git(&["show", "mended:a.txt"]), "b\n");
}

#[test]
fn young_runs_and_foreign_ones_are_kept() {
    let sandbox = editing("");
    let own = run(&sandbox, &[]);
    clean(&sandbox, &["--yes", "--older-than", "1h"])
        .succeeds()
        .stderr_has("1 run younger than that")
        .stderr_has("nothing to remove");
    clean(&sandbox, &["--older-than", "30"])
        .exits_with(2)
        .stderr_has("a time like 30d");
    std::fs::remove_dir_all(sandbox.home().join(".local/state/tipstaff/runs")).unwrap();
    clean(&sandbox, &["--yes"])
        .succeeds()
        .stdout_has("you did not begin it on this machine");
    assert_eq!(ids(&sandbox), [own.id()]);
}

#[test]
fn person_at_the_terminal_is_asked() {
    let sandbox = editing("");
    let own = run(&sandbox, &[]);
    for (answer, left) in [("n", vec![own.id()]), ("y", Vec::new())] {
        let mut terminal = Terminal::start(&sandbox, &["clean"]);
        terminal.until_shows(1, "remove all this, ");
        terminal.types(answer).types("\n");
        assert_eq!(terminal.wait().code, Some(0));
        assert_eq!(ids(&sandbox), left);
    }
}

#[test]
fn cache_of_the_project_goes_when_it_is_asked_for() {
    let sandbox = editing("");
    run(&sandbox, &[]);
    clean(&sandbox, &["--cache", "--yes"])
        .succeeds()
        .stdout_has(".cache/tipstaff/");
    let caches = std::fs::read_dir(sandbox.home().join(".cache/tipstaff")).unwrap();
    assert_eq!(
        caches.flatten().filter(|one| one.path().is_dir()).count(),
        0
    );
    run(&sandbox, &["--keep"]);
}

#[test]
fn failed_run_is_offered_with_what_could_still_be_done() {
    let sandbox = editing("{ exit: 3 }, ");
    sandbox.tipstaff(&["run", "one", "Do it"]).exits_with(1);
    let could = format!(
        "failed; it could go on: tipstaff resume {}",
        sandbox.run().name()
    );
    clean(&sandbox, &["--dry-run"])
        .succeeds()
        .stdout_has(&could);
}
