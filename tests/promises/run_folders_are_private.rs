//! What a run keeps is for its owner alone, and lies in the project that it is of.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Output, Sandbox};

/// A user who owns nothing here.
const NOBODY: u32 = 65534;

/// A phase that writes a document, and one that edits a file and makes another.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "secret\n").write(
        ".tipstaff/workflows/two.yaml",
        "name: two\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, \
         output: docs/plan.md, retries: 0 }\n  - { name: mend, model: m2, edits: true, \
         context_strategy: distilled, retries: 0, verify: \"grep new new/b.txt\" }\n",
    );
    sandbox.fake_agent(
        "- when: { model: m1 }\n  do: [{ write: { path: .tipstaff/out/deliverable.md, text: \"new\\n\" } }]\n\
         - when: { model: m2 }\n  do: [{ show: a.txt }, { write: { path: a.txt, text: \"A\\n\" } }, \
         { write: { path: new/b.txt, text: \"new\\n\" } }]\n",
    );
    sandbox
}

fn run_with_umask(sandbox: &Sandbox, umask: &str) -> Output {
    sandbox.agree(&["run", "two"]);
    let script = format!("umask {umask}; exec \"$0\" run two 'Do it'");
    let mut shell = sandbox.program("sh");
    shell.args(["-c", &script, crate::support::TIPSTAFF]);
    Output::of(shell.spawn().unwrap())
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o777
}

/// Everything below a folder, and the folder.
fn all_below(folder: PathBuf) -> Vec<PathBuf> {
    let mut all = vec![folder];
    let mut next = 0;
    while let Some(path) = all.get(next).cloned() {
        if path.symlink_metadata().unwrap().is_dir() {
            all.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        next += 1;
    }
    all
}

#[test]
fn nobody_else_reads_what_a_run_keeps() {
    let sandbox = project();
    // As a run of an earlier version left it.
    let runs = sandbox.project().join(".tipstaff/runs");
    fs::create_dir(&runs).unwrap();
    fs::set_permissions(&runs, Permissions::from_mode(0o755)).unwrap();
    run_with_umask(&sandbox, "000").succeeds();
    let kept = all_below(runs);
    for name in [
        "plan.json",
        "journal.jsonl",
        "lock",
        "state",
        "output.md",
        "objects",
    ] {
        assert!(kept.iter().any(|path| path.ends_with(name)), "{name}");
    }
    let open: Vec<_> = kept
        .iter()
        .filter(|path| mode(path) & 0o077 != 0 && !path.is_symlink())
        .map(|path| format!("{:o} {}", mode(path), path.display()))
        .collect();
    assert_eq!(open, Vec::<String>::new());
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let root = sandbox.project().parent().unwrap().to_owned();
    fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
    let reads = |path: &Path| {
        let mut command = sandbox.program("setpriv");
        let nobody = NOBODY.to_string();
        command
            .args([
                "--reuid",
                &nobody,
                "--regid",
                &nobody,
                "--clear-groups",
                "cat",
            ])
            .arg(path);
        command.status().unwrap().success()
    };
    assert!(
        reads(&sandbox.project().join("a.txt")),
        "the project is open"
    );
    for path in kept.iter().filter(|path| path.is_file()) {
        assert!(!reads(path), "{}", path.display());
    }
}

#[test]
fn what_is_delivered_follows_the_umask_of_the_user() {
    for (umask, file, folder) in [("000", 0o666, 0o777), ("027", 0o640, 0o750)] {
        let sandbox = project();
        let at = |path: &str| sandbox.project().join(path);
        fs::set_permissions(at("a.txt"), Permissions::from_mode(0o604)).unwrap();
        run_with_umask(&sandbox, umask).succeeds();
        assert_eq!(mode(&at("docs/plan.md")), file);
        assert_eq!(mode(&at("new/b.txt")), file);
        assert_eq!(mode(&at("new")), folder);
        assert_eq!(mode(&at("a.txt")), 0o604, "it was there before");
        assert_eq!(mode(&at(".tipstaff/.gitignore")), file);
    }
}

/// With a link in the place of what tipstaff writes to: nothing arrives at the other end.
fn is_refused(place: &str, is_folder: bool) {
    let sandbox = project();
    let elsewhere = sandbox.outside("elsewhere");
    match is_folder {
        true => {
            let there = sandbox.project().join(place);
            match there.exists() {
                true => fs::rename(&there, &elsewhere).unwrap(),
                false => fs::create_dir(&elsewhere).unwrap(),
            }
        }
        false => fs::write(&elsewhere, "mine\n").unwrap(),
    }
    symlink(&elsewhere, sandbox.project().join(place)).unwrap();
    let before = all_below(elsewhere.clone());
    let said = format!("{place}` is not used: it is a link");
    let run = run_with_umask(&sandbox, "022");
    if place == ".tipstaff" {
        // What would be configured there is refused before anything is written there.
        run.exits_with(2).stderr_has(".tipstaff/");
    } else {
        run.exits_with(1).stderr_has(&said);
    }
    if is_folder {
        for command in [&["runs"][..], &["show"], &["resume"], &["undo", "x"]] {
            let output = sandbox.tipstaff(command);
            assert!(
                output.stderr.contains(&said),
                "{command:?}: {}",
                output.stderr
            );
        }
    } else {
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine\n");
    }
    assert_eq!(all_below(elsewhere), before);
}

#[test]
fn linked_tipstaff_folder_is_refused() {
    is_refused(".tipstaff", true);
}

#[test]
fn linked_folder_of_runs_is_refused() {
    is_refused(".tipstaff/runs", true);
}

#[test]
fn linked_ignore_file_is_refused() {
    is_refused(".tipstaff/.gitignore", false);
}

#[test]
fn folder_of_another_user_is_refused() {
    let sandbox = project();
    let folder = sandbox.project().join(".tipstaff/runs");
    fs::create_dir(&folder).unwrap();
    if rustix::process::geteuid().is_root() {
        chown(&folder, Some(NOBODY), None).unwrap();
        run_with_umask(&sandbox, "022")
            .exits_with(1)
            .stderr_has("runs` is not used: it belongs to another user");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    } else {
        assert_eq!(
            fs::metadata(&folder).unwrap().uid(),
            rustix::process::geteuid().as_raw()
        );
        run_with_umask(&sandbox, "022").succeeds();
    }
}
