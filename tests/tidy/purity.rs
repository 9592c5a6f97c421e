//! What is absent where: the invariants that can be seen in the text.

use crate::code::{File, files, line_of};
use crate::text::{read, spans, table};

/// What clippy cannot tell of a pure module (see `clippy.toml` for the rest): libraries with effects.
const EFFECTS: [&str; 5] = ["tokio", "tempfile", "duct", "rustix", "nix"];

/// With this, clippy refuses files, clocks, processes and the environment.
const PURE: &str =
    "#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]";

/// Words of the shipped code of the files that are wanted, with their places.
fn find(words: &[&str], wanted: impl Fn(&File) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| wanted(file)) {
        let code = file.shipped_code();
        for word in words {
            for (at, _) in code.match_indices(word) {
                let joins = |c: char| c.is_alphanumeric() || c == '_';
                let part =
                    code[..at].ends_with(joins) || code[at + word.len()..].starts_with(joins);
                if !part {
                    found.push(format!("{}:{}: {word}", file.path, line_of(code, at)));
                }
            }
        }
    }
    found
}

#[test]
fn pure_modules_touch_no_disk_no_clock_no_process() {
    let page = read("ARCHITECTURE.md");
    let rows = table(&page, "module");
    let pure = rows.iter().filter(|row| row[1].starts_with("pure"));
    let pure: Vec<String> = pure.map(|row| spans(&row[0]).swap_remove(0)).collect();
    for module in ["model", "plan", "workflow", "context", "judge", "engine"] {
        assert!(pure.contains(&module.to_owned()), "{module} is pure");
    }
    for module in &pure {
        assert!(
            read(&format!("src/{module}/mod.rs")).contains(PURE),
            "{module}"
        );
    }
    let found = find(&EFFECTS, |file| {
        file.module()
            .is_some_and(|module| pure.iter().any(|pure| pure == module))
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn one_module_knows_the_yaml_library() {
    let found = find(&["serde_saphyr"], |file| file.module() != Some("yaml"));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn one_file_is_unsafe() {
    let found = find(&["unsafe"], |file| file.path != "src/process/sys.rs");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn one_module_starts_agents_and_few_files_run_short_commands() {
    // They describe a command; `process` runs it.
    let short = [
        "src/workspace/git.rs",
        "src/cli/probes/program.rs",
        "src/workspace/carry_over.rs",
        "src/cli/pager.rs",
        // What shows a page outlives the command.
        "src/cli/report.rs",
        "src/cli/notify.rs",
        "src/executors/slurm.rs",
    ];
    let found = find(&["process::Command", "tokio::process", "duct"], |file| {
        file.module() != Some("process") && !short.contains(&file.path.as_str())
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Whatever an agent can touch may be a named pipe, a link, or terabytes.
#[test]
fn one_module_opens_files() {
    let elsewhere = [
        // The system's own files below `/proc`.
        "src/process/proctree.rs",
        "src/process/freeze.rs",
        // The user may name a pipe on the command line.
        "src/cli/prepare.rs",
        "src/cli/report.rs",
    ];
    let words = [
        "File::open",
        "File::options",
        "File::create",
        "OpenOptions",
        "fs::read",
        "fs::read_to_string",
        "fs::copy",
        "fs::write",
        "fs_err",
    ];
    let found = find(&words, |file| {
        file.module() != Some("files") && !elsewhere.contains(&file.path.as_str())
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Whoever goes over the files of a tree is asked at each of them whether that is still wanted.
#[test]
fn one_file_goes_over_the_files_of_a_tree() {
    let elsewhere = [
        "src/workspace/folder.rs",
        // Folders of tipstaff's own with few entries, which are gone over to the end.
        "src/workspace/apply/deliveries.rs",
        "src/workspace/scratch.rs",
        "src/workspace/store.rs",
    ];
    let found = find(&["read_dir"], |file| {
        file.module() == Some("workspace") && !elsewhere.contains(&file.path.as_str())
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The order of syncing and renaming is written down once.
#[test]
fn one_module_puts_temporary_files_in_place() {
    let words = ["NamedTempFile", "tempfile_in", ".persist"];
    let found = find(&words, |file| file.module() != Some("files"));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn one_file_writes_to_the_standard_streams() {
    let streams = ["io::stdout", "io::stderr", "Term::stdout"];
    // A warden's standard output is its pipe to the supervisor.
    let writers = ["src/report/screen.rs", "src/process/warden.rs"];
    let found = find(&streams, |file| !writers.contains(&file.path.as_str()));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn tasks_and_blocking_work_are_started_where_their_end_is_reported() {
    let places = ["src/runtime/tasks.rs", "src/runtime/blocking.rs"];
    let words = ["spawn_local", "spawn_blocking", "tokio::spawn", "JoinSet"];
    let found = find(&words, |file| {
        file.module() == Some("runtime") && !places.contains(&file.path.as_str())
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
