//! A run needs its folder, and nothing else that may be gone before it goes on: not the place where the project lay, not
//! the machine's uptime, not the cache, not the temporary folder.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::support::{Run, Running, Sandbox, TIPSTAFF, until};

/// Three phases that edit a file each; the second and the third one wait at first.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let phase = |name| {
        format!(
            "  - {{ name: {name}, model: m1, edits: true, context_strategy: distilled, retries: 0 }}\n"
        )
    };
    let waits = |name: &str| {
        let [up, go] = ["up", "go"].map(|word| sandbox.outside(&format!("{word}-{name}")));
        format!(
            "- when: {{ phase: {name} }}\n  do: [{{ touch: {} }}, {{ wait_for_file: {} }}, \
             {{ write: {{ path: {name}.txt, text: {name} }} }}, done]\n",
            up.display(),
            go.display()
        )
    };
    let script = [waits("two"), waits("three")].concat()
        + "- do: [{ write: { path: one.txt, text: one } }, { write: { path: kept/one.txt, text: one } }, done]\n";
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("one.txt", "0\n")
        .write("two.txt", "0\n")
        .write(
            ".tipstaff/workflows/three.yaml",
            &[
                "name: three\nphases:\n".to_owned(),
                phase("one"),
                phase("two"),
                phase("three"),
            ]
            .concat(),
        )
        .git_init()
        .fake_agent(&script);
    sandbox
}

/// What happens while nobody works on the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Moved,
    Rebooted,
    CacheCleaned,
    All,
}

impl Meanwhile {
    fn is(self, one: Self) -> bool {
        [one, Self::All].contains(&self)
    }

    fn happens(self, sandbox: &Sandbox, from: &Path, to: &Path) {
        if self.is(Self::Moved) {
            fs::rename(from, to).unwrap();
        }
        if self.is(Self::Rebooted) {
            // What was killed may still be ending, and write.
            let tmp = sandbox.outside("tmp");
            until("nobody writes", || fs::remove_dir_all(&tmp).is_ok());
            fs::create_dir(&tmp).unwrap();
        }
        if self.is(Self::CacheCleaned) {
            fs::remove_dir_all(sandbox.home().join(".cache/tipstaff")).unwrap();
        }
    }

    /// Goes on with the run, where it can be on a machine that tells of another start.
    fn resume(self, sandbox: &Sandbox, project: &Path, start: &str) -> Running {
        let boot_id = sandbox.outside("boot-id");
        fs::write(&boot_id, start).unwrap();
        let mount = match self.is(Self::Rebooted) {
            true => "mount --bind ../boot-id /proc/sys/kernel/random/boot_id && ",
            false => "",
        };
        let mut command = sandbox.program("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c"]);
        command.args([&format!("{mount}exec \"$0\" resume"), TIPSTAFF]);
        command.current_dir(project);
        Running::of(command)
    }
}

fn goes_on_after(meanwhile: Meanwhile) {
    let sandbox = sandbox();
    let (here, other) = (sandbox.project(), sandbox.outside("moved"));
    let there = if meanwhile.is(Meanwhile::Moved) {
        &other
    } else {
        &here
    };
    let is_up = |name: &str| {
        let up = sandbox.outside(&format!("up-{name}"));
        until("the phase is under way", || up.exists());
    };
    let let_go = |name: &str| fs::write(sandbox.outside(&format!("go-{name}")), "").unwrap();
    let running = sandbox.start(&["run", "three", "Do it"]);
    is_up("two");
    let id = sandbox.end(running, Signal::KILL).id();

    meanwhile.happens(&sandbox, &here, there);
    let_go("two");
    let running = meanwhile.resume(&sandbox, there, "11111111-1111-4111-8111-111111111111\n");
    is_up("three");
    running.signal(Signal::KILL);
    running.wait();
    let run = Run::at(there.join(".tipstaff/runs").join(&id));
    until("its agents ended with it", || run.processes().is_empty());

    meanwhile.happens(&sandbox, there, &here);
    let_go("three");
    let running = meanwhile.resume(&sandbox, &here, "22222222-2222-4222-8222-222222222222\n");
    running.wait().succeeds();
    for name in ["one", "two", "three"] {
        assert_eq!(sandbox.read(&format!("{name}.txt")), name, "{meanwhile:?}");
    }
    assert_eq!(sandbox.read("kept/one.txt"), "one");
    let calls = sandbox.run().calls("attempt_succeeded");
    assert_eq!(calls, ["one.work-1", "three.work-1", "two.work-1"]);
    sandbox.tipstaff(&["undo", &id]).succeeds();
    assert_eq!(sandbox.read("one.txt"), "0\n");
    assert!(!sandbox.exists("kept/one.txt"));
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn moved_project() {
    goes_on_after(Meanwhile::Moved);
}

#[test]
fn machine_that_was_started_anew() {
    goes_on_after(Meanwhile::Rebooted);
}

#[test]
fn cache_that_was_cleaned() {
    goes_on_after(Meanwhile::CacheCleaned);
}

#[test]
fn all_of_it_at_once() {
    goes_on_after(Meanwhile::All);
}

#[test]
fn what_is_missing_from_the_run_itself_is_named() {
    for missing in ["plan.json", "tree.git", "journal.jsonl"] {
        let sandbox = sandbox();
        let running = sandbox.start(&["run", "three", "Do it"]);
        until("the phase is under way", || {
            sandbox.outside("up-two").exists()
        });
        let run = sandbox.end(running, Signal::KILL);
        let path = run.path(missing);
        match path.is_dir() {
            true => fs::remove_dir_all(&path).unwrap(),
            false => fs::remove_file(&path).unwrap(),
        }
        let output = sandbox.tipstaff(&["resume", &run.id()]);
        assert!(matches!(output.code, Some(1 | 2)), "{missing}: {output:?}");
        output.stderr_has(missing);
    }
}
