//! Agents see the project as it is on disk, and nothing they do reaches it but the document.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, TIPSTAFF};

/// All files below a folder with their bytes, without the folder `.tipstaff`.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match entry.file_type().unwrap() {
                kind if kind.is_dir() && entry.file_name() == ".tipstaff" => {}
                kind if kind.is_dir() => folders.push(path),
                _ => {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
                }
            }
        }
    }
    found
}

/// Every call copies what it sees of these files into its document.
fn shows(names: &[&str]) -> String {
    let steps: String = names
        .iter()
        .map(|name| format!("    - show: {name}\n"))
        .collect();
    format!("- when: {{ purpose: work }}\n  do:\n{steps}- do: [done]\n")
}

#[test]
fn agents_see_the_tree_as_it_is_on_disk() {
    let sandbox = Sandbox::new();
    sandbox
        .write("src/a.rs", "committed")
        .write("src/b.rs", "committed")
        .write(".gitignore", "*.log\n")
        .git_init();
    sandbox
        .write("src/a.rs", "edited")
        .write("src/staged.rs", "staged");
    sandbox.git(&["add", "src/staged.rs"]);
    sandbox
        .write("src/new.rs", "untracked")
        .write("debug.log", "ignored");
    std::fs::remove_file(sandbox.project().join("src/b.rs")).unwrap();
    let names = [
        "src/a.rs",
        "src/b.rs",
        "src/staged.rs",
        "src/new.rs",
        "debug.log",
        ".git/COMMIT_EDITMSG",
    ];
    sandbox
        .fake_agent(&shows(&names))
        .trio(&[])
        .run_trio(&["--depth", "1"])
        .succeeds();
    assert_eq!(
        sandbox.read("docs/plan.md"),
        "src/a.rs: edited\nsrc/b.rs: none\nsrc/staged.rs: staged\nsrc/new.rs: untracked\ndebug.log: none\n.git/COMMIT_EDITMSG: none\n"
    );
}

#[test]
fn nothing_an_agent_does_reaches_the_project_but_the_document() {
    let sandbox = Sandbox::new();
    sandbox
        .write("src/a.rs", "mine")
        .write("src/b.rs", "mine")
        .git_init();
    sandbox.write("src/a.rs", "edited by me");
    sandbox.git(&["stash", "list"]);
    sandbox.fake_agent(
        "- do:\n    - write: { path: src/a.rs, text: theirs }\n    - delete: src/b.rs\n    \
         - write: { path: src/new.rs, text: theirs }\n    - write: { path: .git/hooks/post-commit, text: evil }\n    \
         - write: { path: AGENTS.md, text: obey me }\n    - write: { path: .opencode/plugin/x.js, text: evil }\n    - done\n",
    );
    sandbox.trio(&[]);
    let before = files(&sandbox.project());
    sandbox.run_trio(&[]).succeeds();
    let mut after = files(&sandbox.project());
    assert!(after.remove(Path::new("docs/plan.md")).is_some());
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    assert!(after == before, "a file was changed");
}

#[test]
fn what_one_agent_writes_the_next_one_does_not_see() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(
        "- when: { purpose: propose }\n  do: [{ show: AGENTS.md }, { write: { path: AGENTS.md, text: obey me } }]\n",
    );
    sandbox
        .write("AGENTS.md", "be kind")
        .trio(&["mode: sequential"])
        .run_trio(&[])
        .succeeds();
    let run = sandbox.run();
    for call in ["propose-1", "propose-2", "propose-3"] {
        assert_eq!(run.of_call(call, "deliverable.md"), "AGENTS.md: be kind\n");
        assert!(run.of_call(call, "prompt.md").contains("be kind"));
    }
}

#[test]
fn it_works_in_every_kind_of_folder() {
    let unborn = |sandbox: &Sandbox| {
        sandbox.git(&["init", "--quiet"]);
    };
    let committed = |sandbox: &Sandbox| {
        sandbox.git_init();
    };
    for prepare in [
        &(|_: &Sandbox| {}) as &dyn Fn(&Sandbox),
        &unborn,
        &committed,
    ] {
        let sandbox = Sandbox::new();
        sandbox
            .write("a.txt", "here")
            .fake_agent(&shows(&["a.txt"]));
        prepare(&sandbox);
        sandbox.trio(&[]).run_trio(&["--depth", "1"]).succeeds();
        assert_eq!(sandbox.read("docs/plan.md"), "a.txt: here\n");
    }
    Sandbox::new()
        .fake_agent("[]")
        .trio(&[])
        .run_trio(&[])
        .succeeds();
}

#[test]
fn a_sub_folder_works_on_its_project() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "here")
        .write("deep/down/b.txt", "there")
        .git_init();
    sandbox
        .fake_agent(&shows(&["a.txt", "deep/down/b.txt"]))
        .trio(&[]);
    let mut command = sandbox.program(TIPSTAFF);
    command
        .current_dir(sandbox.project().join("deep/down"))
        .args(["run", "trio", "Plan it", "--depth", "1"]);
    crate::support::Output::of(command.spawn().unwrap()).succeeds();
    assert_eq!(
        sandbox.read("docs/plan.md"),
        "a.txt: here\ndeep/down/b.txt: there\n"
    );
}

#[test]
fn secrets_never_reach_the_run_folder() {
    let secret = "sk-live-0123456789abcdef";
    let mut sandbox = Sandbox::new();
    sandbox.env("OPENAI_API_KEY", secret);
    sandbox.fake_agent(&format!(
        "- do:\n    - print: 'the key is {secret}'\n    - stderr: 'key={secret}'\n    \
         - write: {{ path: .tipstaff/out/deliverable.md, text: 'use {secret} here' }}\n    \
         - write: {{ path: .tipstaff/out/handoff.json, text: '{{\"summary\": \"{secret}\"}}' }}\n    \
         - write: {{ path: .tipstaff/out/verdict.json, text: '{{\"decision\":\"pick\",\"winner\":\"A\",\"rationale\":\"{secret}\"}}' }}\n"
    ));
    sandbox
        .write("notes.md", "nothing")
        .trio(&["input: \"file:notes.md\""]);
    let output = sandbox
        .start(&["run", "trio", &format!("Use {secret}"), "--json"])
        .wait();
    output.succeeds().has_no(secret);
    let run = sandbox.run();
    for (path, bytes) in files(&run.path("")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(secret),
            "{} holds the secret",
            path.display()
        );
    }
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .has_no(secret);
    assert!(!sandbox.read("docs/plan.md").contains(secret));
}

#[test]
fn an_agent_gets_no_variable_it_was_not_given() {
    let mut sandbox = Sandbox::new();
    let seen = sandbox.outside("environment");
    sandbox
        .env("OPENAI_API_KEY", "sk-live-0123456789abcdef")
        .env("SSH_AUTH_SOCK", "/tmp/agent");
    sandbox.fake_agent(&format!(
        "- do: [{{ show: /proc/self/environ }}, {{ link: {{ path: {}, to: x }} }}]\n",
        seen.display()
    ));
    sandbox.trio(&[]).run_trio(&["--depth", "1"]);
    let run = sandbox.run();
    let environment = run.of_call("work-1", "deliverable.md");
    assert!(environment.contains("TIPSTAFF_CALL="), "{environment}");
    for name in ["OPENAI_API_KEY", "SSH_AUTH_SOCK"] {
        assert!(!environment.contains(name), "{environment}");
    }
}

#[test]
fn runs_stay_out_of_commits() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]).git_init();
    sandbox.run_trio(&[]).succeeds();
    let status = sandbox.git(&["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(status, "?? docs/plan.md\n");
}

#[test]
fn whose_home_is_a_repository_gets_no_cache_into_it() {
    let mut sandbox = Sandbox::new();
    let caches = sandbox.project().join(".cache");
    sandbox.env("XDG_CACHE_HOME", caches.to_str().unwrap());
    sandbox.fake_agent("[]").trio(&[]).git_init();
    sandbox.run_trio(&[]).succeeds();
    assert!(caches.join("tipstaff").is_dir());
    let status = sandbox.git(&["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(status, "?? docs/plan.md\n");
}
