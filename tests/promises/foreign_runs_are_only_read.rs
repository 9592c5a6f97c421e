//! A run is gone on with only by the user who began it, and only as tipstaff left it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Output, Run, Sandbox};

/// A run that failed and could go on.
fn failed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [{ exit: 3 }]\n").trio(&[]);
    sandbox.run_trio(&[]).exits_with(1);
    sandbox.fake_agent("[]");
    sandbox
}

/// A run that changed `a.txt` and kept that.
fn kept(args: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "a\n").write(
        ".tipstaff/workflows/mend.yaml",
        "name: mend\nphases:\n  - { name: mend, model: m2, edits: true, context_strategy: distilled, retries: 0 }\n",
    );
    sandbox.fake_agent("- do: [{ show: a.txt }, { write: { path: a.txt, text: \"A\\n\" } }]\n");
    sandbox
        .tipstaff(&[&["run", "mend", "Do it"], args].concat())
        .succeeds();
    sandbox
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Another user's project that brings the run along.
fn cloned(theirs: &Sandbox) -> Sandbox {
    let mine = Sandbox::cloned();
    copy(&theirs.project(), &mine.project());
    mine.fake_agent("[]");
    mine
}

fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(everything(&entry.path())),
            false => drop(found.insert(entry.path(), fs::read(entry.path()).unwrap())),
        }
    }
    found
}

fn change(run: &Run, name: &str, change: impl FnOnce(String) -> String) {
    fs::write(run.path(name), change(run.read(name))).unwrap();
}

fn nothing_is_done(sandbox: &Sandbox, said: &str) {
    let id = sandbox.run().id();
    let before = everything(&sandbox.project());
    for command in [
        &["resume", &id][..],
        &["undo", &id],
        &["apply", &id],
        &["apply", &id, "--branch", "b"],
    ] {
        sandbox.tipstaff(command).exits_with(2).stderr_has(said);
    }
    sandbox
        .tipstaff(&["resume"])
        .exits_with(2)
        .stderr_has("no run is left to go on with");
    assert_eq!(everything(&sandbox.project()), before);
}

#[test]
fn plan_that_a_clone_brings_along_starts_nothing() {
    let theirs = failed();
    let mine = cloned(&theirs);
    let evil = mine.outside("evil");
    change(&mine.run(), "plan.json", |plan| {
        let mut plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        plan["agents"]["fake"]["command"] = "touch".into();
        plan["agents"]["fake"]["args"] = serde_json::json!([evil]);
        plan.to_string()
    });
    nothing_is_done(&mine, "is foreign: you did not begin it on this machine");
    assert!(!evil.exists());
}

#[test]
fn foreign_run_can_be_read() {
    let theirs = kept(&["--keep"]);
    let mine = cloned(&theirs);
    let run = mine.run();
    // git would obey this, or fail.
    fs::write(run.path("tree.git/config"), "[core\n").unwrap();
    let before = everything(&mine.project());
    mine.tipstaff(&["show", &run.id(), "--all"])
        .succeeds()
        .stdout_has("done")
        .stderr_has("is foreign");
    mine.tipstaff(&["diff", &run.id()])
        .succeeds()
        .stdout_has("+A")
        .stderr_has("is foreign");
    assert_eq!(everything(&mine.project()), before);
    nothing_is_done(&mine, "is foreign");
}

#[test]
fn copy_of_a_run_is_foreign() {
    let sandbox = failed();
    let id = sandbox.run().id();
    let other = sandbox.outside("copy");
    copy(&sandbox.project(), &other);
    let there = other.to_string_lossy().into_owned();
    sandbox
        .tipstaff(&["-C", &there, "resume", &id])
        .exits_with(2)
        .stderr_has(&format!("run {id} is a copy; yours lies in `"));
    sandbox.tipstaff(&["resume"]).succeeds().has_no("lay in");
}

#[test]
fn moved_project_goes_on() {
    let sandbox = failed();
    let id = sandbox.run().id();
    let other = sandbox.outside("moved");
    fs::rename(sandbox.project(), &other).unwrap();
    fs::create_dir(sandbox.project()).unwrap();
    let there = other.to_string_lossy().into_owned();
    sandbox
        .tipstaff(&["-C", &there, "resume"])
        .succeeds()
        .stderr_has(&format!("run {id} lay in `"));
    let again = sandbox.tipstaff(&["-C", &there, "resume", &id]);
    again.succeeds().has_no("lay in");
}

fn is_refused(sandbox: &Sandbox, said: &str) -> Output {
    let run = sandbox.run();
    let journal = run.read("journal.jsonl");
    let output = sandbox.tipstaff(&["resume", &run.id()]);
    output
        .exits_with(1)
        .stderr_has("journal.jsonl` was changed since tipstaff wrote it")
        .stderr_has(said);
    assert_eq!(run.read("journal.jsonl"), journal);
    output
}

#[test]
fn edited_journal_is_refused() {
    let sandbox = failed();
    change(&sandbox.run(), "journal.jsonl", |text| {
        text.replacen("trio", "tria", 1)
    });
    is_refused(&sandbox, "its records are not the ones that were written");
}

#[test]
fn cut_journal_is_refused() {
    let sandbox = failed();
    change(&sandbox.run(), "journal.jsonl", |text| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines[..lines.len() - 3].concat()
    });
    is_refused(&sandbox, "instead of");
}

#[test]
fn record_that_somebody_adds_is_set_aside() {
    let sandbox = failed();
    let run = sandbox.run();
    let journal = run.read("journal.jsonl");
    let last = journal.lines().last().unwrap();
    let mut record: serde_json::Value = serde_json::from_str(last).unwrap();
    record["seq"] = (journal.lines().count() + 1).into();
    record["event"]["end"] = "done".into();
    let added = format!("{record}\n");
    fs::write(run.path("journal.jsonl"), journal + &added).unwrap();
    sandbox
        .tipstaff(&["resume", &run.id()])
        .succeeds()
        .stderr_has("tipstaff did not finish it, or did not write it");
    assert_eq!(run.read("journal.torn"), added + "\n");
    assert!(run.all("run_resumed").len() == 1, "it went on");
}

#[test]
fn undo_state_that_leads_elsewhere_writes_nothing() {
    for path in [
        "../evil",
        ".git/hooks/pre-commit",
        ".tipstaff/config.yaml",
        "/evil",
    ] {
        let sandbox = kept(&[]);
        assert_eq!(sandbox.read("a.txt"), "A\n");
        let run = sandbox.run();
        let undo = fs::read_dir(run.path("undo")).unwrap().next().unwrap();
        let name = undo.unwrap().path().join("apply.json");
        let state = fs::read_to_string(&name).unwrap();
        let forged = state.replace("\"a.txt\"", &format!("{path:?}"));
        assert_ne!(state, forged);
        fs::write(&name, forged).unwrap();
        let before = everything(sandbox.project().parent().unwrap());
        let output = sandbox.tipstaff(&["undo", &run.id()]);
        output
            .exits_with(1)
            .stderr_has("it names what no run may change");
        assert_eq!(sandbox.read("a.txt"), "A\n");
        let after = everything(sandbox.project().parent().unwrap());
        let new: Vec<_> = after
            .keys()
            .filter(|path| !before.contains_key(*path))
            .collect();
        assert_eq!(new, Vec::<&PathBuf>::new());
    }
}

/// Two runs that wait: one for an approval, one for a winner.
fn waiting() -> [(Sandbox, Vec<&'static str>); 2] {
    let gated = Sandbox::new();
    gated.write(
        ".tipstaff/workflows/gated.yaml",
        "name: gated\nphases:\n  - { name: note, model: m1, context_strategy: fresh, gate: Go?, retries: 0 }\n",
    );
    gated.fake_agent("[]");
    gated.tipstaff(&["run", "gated", "Do it"]).exits_with(4);
    let undecided = Sandbox::new();
    undecided.fake_agent(
        "- when: { purpose: judge }\n  do: [{ write: { path: .tipstaff/out/verdict.json, text: \
         '{\"decision\": \"none\", \"rationale\": \"all are poor\"}' } }]\n- do: [done]\n",
    );
    undecided.trio(&[]).run_trio(&[]).exits_with(4);
    [
        (gated, vec!["approve", "reject"]),
        (undecided, vec!["pick"]),
    ]
}

#[test]
fn foreign_run_takes_no_answer() {
    for (theirs, commands) in waiting() {
        let mine = cloned(&theirs);
        let run = mine.run();
        let id = run.id();
        // As if a supervisor held it, which looks for answers in the run folder.
        let lock = fs::File::open(run.path("lock")).unwrap();
        for held in [false, true] {
            if held {
                lock.lock().unwrap();
            }
            let before = everything(&mine.project());
            for command in &commands {
                let args = match *command {
                    "pick" => vec!["pick", &id, "plan", "A"],
                    command => vec![command, &id],
                };
                mine.tipstaff(&args)
                    .exits_with(2)
                    .stderr_has("is foreign: you did not begin it on this machine");
            }
            assert_eq!(everything(&mine.project()), before);
        }
    }
}

#[test]
fn answer_to_an_edited_run_is_refused() {
    for (sandbox, commands) in waiting() {
        let run = sandbox.run();
        let id = run.id();
        change(&run, "journal.jsonl", |text| {
            text.replacen("\"seq\":2", "\"seq\": 2", 1)
        });
        let edited = run.read("journal.jsonl");
        for command in commands {
            let args = match command {
                "pick" => vec!["pick", &id, "plan", "A"],
                command => vec![command, &id],
            };
            sandbox
                .tipstaff(&args)
                .exits_with(1)
                .stderr_has("was changed since tipstaff wrote it");
        }
        assert_eq!(run.read("journal.jsonl"), edited);
    }
}

#[test]
fn deleted_run_is_forgotten_and_a_moved_one_is_not() {
    let sandbox = failed();
    let known = || {
        let state = sandbox.home().join(".local/state/tipstaff/runs");
        let entries = fs::read_dir(state).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let first = sandbox.run().id();
    let entries = |id: &str| ["json", "head"].map(|kind| format!("{id}.{kind}"));
    assert!(known().is_superset(&entries(&first).into()));
    let moved = sandbox.outside("moved");
    fs::rename(sandbox.project(), &moved).unwrap();
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    let second = sandbox.run().id();
    assert!(known().is_superset(&entries(&first).into()), "it was moved");
    fs::remove_dir_all(sandbox.project().join(".tipstaff/runs")).unwrap();
    sandbox.run_trio(&[]).succeeds();
    assert!(known().is_disjoint(&entries(&second).into()));
    let there = moved.to_string_lossy().into_owned();
    sandbox.tipstaff(&["-C", &there, "resume"]).succeeds();
}

#[test]
fn nothing_is_offered_that_would_be_refused() {
    for theirs in [failed(), kept(&["--keep"]), kept(&[])] {
        let mine = cloned(&theirs);
        for more in [&[][..], &["--all"], &["--json"]] {
            let shown = mine.tipstaff(&[&["show"], more].concat());
            for refused in ["resume", "apply", "undo"] {
                shown.succeeds().has_no(&format!("tipstaff {refused}"));
            }
        }
    }
}
