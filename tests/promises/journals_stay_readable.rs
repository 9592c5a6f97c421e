//! The journals of version 1, recorded from real rehearsals, say today what they said when they were recorded.
//! `TIPSTAFF_RECORD=1` writes down anew what `show --json` says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Sandbox;

fn recorded() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals");
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn recorded_journals_say_what_they_said() {
    let record = std::env::var_os("TIPSTAFF_RECORD").is_some();
    let all = recorded();
    assert!(all.len() >= 8, "{all:?}");
    for kept in all {
        let journal = fs::read_to_string(kept.join("journal.jsonl")).unwrap();
        let first: Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
        let run = first["event"]["run"].as_str().unwrap();
        let sandbox = Sandbox::new();
        for name in ["plan.json", "journal.jsonl"] {
            let text = fs::read_to_string(kept.join(name)).unwrap();
            sandbox.write(&format!(".tipstaff/runs/{run}/{name}"), &text);
        }
        let shown = sandbox.tipstaff(&["show", run, "--json"]);
        let shown: Value = serde_json::from_str(&shown.succeeds().stdout).unwrap();
        let said = kept.join("show.json");
        if record {
            let text = serde_json::to_string_pretty(&shown).unwrap() + "\n";
            fs::write(&said, text).unwrap();
        }
        let said: Value = serde_json::from_str(&fs::read_to_string(said).unwrap()).unwrap();
        assert_eq!(shown, said, "{}", kept.display());
        // As people read it, and in the list.
        let plain = sandbox.tipstaff(&["show", run, "--all"]);
        plain.succeeds().stdout_has(&format!("run       {run}"));
        sandbox.tipstaff(&["runs"]).succeeds().stdout_has(run);
    }
}

/// As if an older tipstaff had been killed after so many bytes of the journal: the user's state folder knows of the run.
fn killed(kept: &Path, bytes: &[u8]) -> (Sandbox, String) {
    let mut sandbox = Sandbox::new();
    // Its agents are not there, whatever the tester has.
    sandbox.env("PATH", "/usr/bin:/bin");
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
    let first: Value = serde_json::from_slice(first).unwrap();
    let run = first["event"]["run"].as_str().unwrap().to_owned();
    let plan = fs::read_to_string(kept.join("plan.json")).unwrap();
    sandbox.write(&format!(".tipstaff/runs/{run}/plan.json"), &plan);
    let folder = sandbox.project().join(".tipstaff/runs").join(&run);
    fs::write(folder.join("journal.jsonl"), bytes).unwrap();
    let state = sandbox.home().join(".local/state/tipstaff/runs");
    fs::create_dir_all(&state).unwrap();
    let folder = folder.canonicalize().unwrap();
    let entry = serde_json::json!({ "folder": folder.as_os_str().as_encoded_bytes() });
    fs::write(state.join(format!("{run}.json")), entry.to_string()).unwrap();
    let head = format!("{:020} {}\n", bytes.len(), blake3::hash(bytes).to_hex());
    fs::write(state.join(format!("{run}.head")), head.repeat(2)).unwrap();
    (sandbox, run)
}

#[test]
fn runs_of_recorded_journals_are_gone_on_with_or_refused_with_a_reason() {
    for kept in recorded() {
        let journal = fs::read(kept.join("journal.jsonl")).unwrap();
        let ends = journal
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n');
        let ends: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
        for end in ends.iter().step_by(9).chain(ends.last()) {
            let (sandbox, run) = killed(&kept, &journal[..*end]);
            sandbox.tipstaff(&["show", &run, "--all"]).succeeds();
            let resumed = sandbox.tipstaff(&["resume", &run]);
            let where_ = format!("{} up to byte {end}: {resumed:?}", kept.display());
            assert!(matches!(resumed.code, Some(0..=5)), "{where_}");
            let is_told = resumed.code == Some(0)
                || resumed.stderr.contains("error: ")
                || resumed.stderr.contains("because");
            assert!(is_told && !resumed.stderr.contains("panicked"), "{where_}");
            assert!(!resumed.stderr.contains("changed since"), "{where_}");
        }
    }
}
