//! The journals of version 1, recorded from real rehearsals, say today what they said when they were recorded.
//! `TIPSTAFF_RECORD=1` writes down anew what `show --json` says.

use std::fs;
use std::path::PathBuf;

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
