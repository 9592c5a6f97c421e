//! A run goes on whatever the user's git forgets meanwhile.

use rustix::process::Signal;

use crate::support::{Sandbox, until};

#[test]
fn a_killed_run_resumes_after_the_history_was_rewritten_and_pruned() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("first", "first\n")
        .git_init();
    sandbox.write("committed", "committed\n").write(
        ".tipstaff/workflows/fix.yaml",
        "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n",
    );
    sandbox.git(&["add", "committed"]);
    sandbox.git(&["commit", "--quiet", "--message=two"]);
    sandbox.write("staged", "staged\n");
    sandbox.git(&["add", "staged"]);
    let (there, go_on) = (sandbox.outside("there"), sandbox.outside("go-on"));
    sandbox.fake_agent(&format!(
        "- do:\n    - write: {{ path: staged, text: \"mended\\n\" }}\n    \
         - touch: {}\n    - wait_for_file: {}\n    - done\n",
        there.display(),
        go_on.display()
    ));
    let running = sandbox.start(&["run", "fix", "Mend it"]);
    until("the agent is at work", || there.exists());
    let run = sandbox.end(running, Signal::KILL);
    let files = ["committed", "staged"].map(|path| (path, sandbox.read(path)));
    sandbox.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    sandbox.git(&["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(&["gc", "--quiet", "--prune=now"]);
    for (path, text) in files {
        sandbox.write(path, &text);
    }
    std::fs::write(go_on, "").unwrap();
    sandbox.tipstaff(&["resume", &run.id()]).succeeds();
    assert_eq!(sandbox.read("staged"), "mended\n");
    assert_eq!(sandbox.read("committed"), "committed\n");
}
