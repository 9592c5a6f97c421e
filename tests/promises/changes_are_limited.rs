//! An editing call may change so much and no more; what is too large or too many is refused at once, by name,
//! and the edits beside it are kept.

use crate::support::{Run, Sandbox, until};

/// The workflow `fix` of one phase that may edit, with an agent that does this and one good edit.
fn fix(steps: &str, config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&format!(
        "- do:\n    - write: {{ path: src/a.txt, text: good }}\n{steps}    - done\n"
    ));
    sandbox
        .write("src/a.txt", "a")
        .write(".tipstaff/config.yaml", config)
        .write(
            ".tipstaff/workflows/fix.yaml",
            "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n",
        )
        .git_init();
    sandbox
}

/// What was refused in the first try.
fn refused(run: &Run) -> Vec<String> {
    let result = run.all("attempt_succeeded").swap_remove(0);
    let refused = result["result"]["changes"]["refused"].as_array().unwrap();
    refused
        .iter()
        .map(|change| {
            format!(
                "{}: {}",
                change["path"].as_str().unwrap(),
                change["reason"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn sparse_file_of_two_terabytes_is_refused_and_the_edit_beside_it_kept() {
    let sandbox = fix(
        "    - sparse: { path: src/disk.img, bytes: 2147483648000 }\n",
        "",
    );
    let output = sandbox.tipstaff(&["run", "fix", "Mend it"]);
    output.succeeds();
    output.stderr_has("src/disk.img");
    let told = "src/disk.img: it has 1.95 TiB; `limits.changed_file_size` allows 64 MiB; `--limit changed_file_size=N` raises it";
    assert_eq!(refused(&sandbox.run()), [told]);
    assert_eq!(sandbox.read("src/a.txt"), "good");
    assert!(!sandbox.exists("src/disk.img"));
}

#[test]
fn file_of_the_project_that_grew_too_large_keeps_its_old_version() {
    let sandbox = fix(
        "    - sparse: { path: notes.txt, bytes: 2000 }\n",
        "limits: { changed_file_size: 1kB }\n",
    );
    sandbox.write("notes.txt", "old").git_init();
    sandbox.tipstaff(&["run", "fix", "Mend it"]).succeeds();
    let told = "notes.txt: it has 1.95 KiB; `limits.changed_file_size` allows 1000 B; `--limit changed_file_size=N` raises it";
    assert_eq!(refused(&sandbox.run()), [told]);
    assert_eq!(sandbox.read("notes.txt"), "old");
    assert_eq!(sandbox.read("src/a.txt"), "good");
}

#[test]
fn six_hundred_megabytes_are_refused_in_bounded_memory() {
    let mut steps = String::new();
    for number in 0..10 {
        steps.push_str(&format!(
            "    - sparse: {{ path: data/{number}, bytes: 62914560 }}\n"
        ));
    }
    let sandbox = fix(&steps, "");
    let (there, go_on) = (sandbox.outside("there"), sandbox.outside("go-on"));
    sandbox.write(
        ".tipstaff/workflows/fix.yaml",
        &format!(
            "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
             context_strategy: distilled\n    retries: 0\n    verify: touch {}; while ! test -e {}; do sleep 0.05; done\n",
            there.display(),
            go_on.display()
        ),
    );
    let running = sandbox.start(&["run", "fix", "Mend it"]);
    until("the changes are captured", || there.exists());
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    std::fs::write(&go_on, "").unwrap();
    running.wait().succeeds();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 100 << 10, "{kib} KiB");
    let told = "data: it has 600 MiB in 10 files; `limits.changed_size` allows 512 MiB in all; `--limit changed_size=N` raises it";
    assert_eq!(refused(&sandbox.run()), [told]);
    assert_eq!(sandbox.read("src/a.txt"), "good");
}

#[test]
fn too_many_new_files_are_refused_by_their_folder() {
    let steps: String = (0..9)
        .map(|number| format!("    - touch: modules/{number}/index\n"))
        .collect();
    let sandbox = fix(&steps, "limits: { changed_files: 5 }\n");
    sandbox.tipstaff(&["run", "fix", "Mend it"]).succeeds();
    let told = "modules: it has 0 B in 9 files; `limits.changed_files` allows 5 in all; `--limit changed_files=N` raises it";
    assert_eq!(refused(&sandbox.run()), [told]);
    assert_eq!(sandbox.read("src/a.txt"), "good");
}

#[test]
fn limit_flag_makes_room_for_a_run_and_for_what_is_left_of_one() {
    let sandbox = fix(
        "    - sparse: { path: notes.txt, bytes: 2000 }\n",
        "limits: { changed_file_size: 1kB }\n",
    );
    let raised = ["--limit", "changed_file_size=4kB"];
    let run = ["run", "fix", "Mend it", "--keep", raised[0], raised[1]];
    sandbox.tipstaff(&run).succeeds();
    assert_eq!(refused(&sandbox.run()), [""; 0]);

    let workflow = sandbox.read(".tipstaff/workflows/fix.yaml");
    let more = "  - name: more\n    model: m1\n    edits: true\n    context_strategy: distilled\n    gate: true\n";
    sandbox.write(".tipstaff/workflows/fix.yaml", &(workflow + more));
    let run = sandbox.tipstaff(&["run", "fix", "Mend it twice"]);
    run.exits_with(4).stderr_has("--limit changed_file_size=");
    let resumed = sandbox.tipstaff(&["resume", "--yes", raised[0], raised[1]]);
    resumed.succeeds();
    assert_eq!(sandbox.read("notes.txt").len(), 2000);
    let wrong = sandbox.tipstaff(&["run", "fix", "Mend it", "--limit", "changed_size=big"]);
    wrong.exits_with(2).stderr_has("a size such as 64MiB");
}

#[test]
fn folders_too_deep_for_any_path_are_refused_and_the_edit_beside_them_kept() {
    let sandbox = fix("", "");
    let script = sandbox.outside("agent.sh");
    // Nested from the inside out, since no path reaches the bottom.
    let nests = "cat > prompt; rm prompt; name=$(printf '%0200d' 0); mkdir inner\n\
                 for level in $(seq 100); do mkdir outer; mv inner outer/$name; mv outer inner; done\n\
                 mv inner deep; printf good > src/a.txt\n\
                 printf '{\"summary\": \"Done.\"}' > .tipstaff/out/handoff.json\n";
    std::fs::write(&script, nests).unwrap();
    sandbox.user_config(&format!(
        "agents: {{ a: {{ kind: command, command: sh, args: [{:?}] }} }}\nmodels: {{ m1: {{ agent: a }} }}\n",
        script.display().to_string()
    ));
    let output = sandbox.tipstaff(&["run", "fix", "Mend it"]);
    output
        .succeeds()
        .stderr_has("its path is longer than 2048 bytes");
    assert!(output.stderr.len() < 4000, "{output}");
    assert_eq!(refused(&sandbox.run()).len(), 1);
    assert_eq!(sandbox.read("src/a.txt"), "good");
    assert!(!sandbox.exists("deep"));
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}
