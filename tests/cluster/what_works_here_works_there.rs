//! Wherever a call is carried out, it leaves the same: every file by its bytes and its mode, every document.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cluster::Cluster;
use crate::site::{ONE, RUN, Site};
use crate::support::Output;

/// Name, workflow, script, further arguments.
const WORK: &[(&str, &str, &str)] = &[
    (
        "changes of every kind",
        "  - { name: mend, model: m1, edits: true, retries: 0, verify: 'test -x tool.sh' }\n",
        "- do: [{ COUNT }, { write: { path: a.txt, text: changed } }, { write_hex: { path: bin/raw, hex: '00ff0a0d80' } }, \
         { link: { path: to-a, to: a.txt } }, { delete: gone.txt }, { delete: gone }, { write: { path: tool.sh, text: more } }, done]\n",
    ),
    (
        "an ensemble and its judge",
        "  - { name: plan, type: ensemble, models: [m1, m2, m3], judge: judge, output: docs/plan.md, retries: 0 }\n",
        "- do: [{ COUNT }, done]\n",
    ),
    (
        "candidates that edit",
        "  - { name: mend, type: ensemble, edits: true, models: [m1, m2], judge: judge, retries: 0, verify: 'true' }\n",
        "- when: { purpose: judge }\n  do: [done]\n\
         - do: [{ write: { path: a.txt, text: same } }, { write: { path: new/b.txt, text: b } }, done]\n",
    ),
    (
        "neighbours of what is scoped",
        "  - { name: decompose, model: m1, output: docs/tasks.md, retries: 0 }\n  \
         - { name: execute, type: routed, routing: { default: m2 }, input: decompose.output, context_strategy: scoped, retries: 0 }\n",
        "- when: { phase: decompose }\n  do: [{ write: { path: .tipstaff/out/tasks.json, text: '{ \"tasks\": [{ \"id\": \"T1\", \
         \"title\": \"One\", \"category\": \"docs\", \"instructions\": \"Do it.\", \"files\": { \"edit\": [\"used.py\"] } }] }' } }, done]\n\
         - do: [{ list: used.py }, done]\n",
    ),
    (
        "what rules outside the tree ignore",
        "  - { name: mend, model: m1, edits: true, retries: 0 }\n",
        "- do: [{ write: { path: new.own, text: x } }, { write: { path: own/a, text: x } }, { write: { path: b.txt, text: x } }, done]\n",
    ),
    (
        "what setup makes",
        "setup:\n  - { run: 'mkdir -p made && echo 1 > made/it', when: [a.txt] }\nphases:\n  - { name: mend, model: m1, edits: true, retries: 0, output: docs/made.md }\n",
        "- do: [{ show: made/it }, { show: a.txt }]\n",
    ),
];

/// Path, mode, and bytes or where a link leads.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

#[test]
fn each_kind_of_work_leaves_the_same() {
    std::thread::scope(|scope| {
        for (name, phases, script) in WORK {
            scope.spawn(move || {
                let [here, there] = [false, true].map(|there| left_by(phases, script, there));
                assert_eq!(here, there, "{name}");
            });
        }
    });
}

#[test]
fn a_call_is_followed_as_it_goes_on() {
    let script = "- do: [{ print: \"first\\n\" }, { touch: OUTSIDE/works }, { wait_for_file: OUTSIDE/go }, { print: \"second\\n\" }, done]\n";
    let mut site = Site::new(Cluster::shared(), ONE, script);
    site.speaks("acp", "--acp");
    let running = site.start();
    site.until_there("works");
    let mut follower = site.sandbox.command(&["logs", "--follow"]).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut until = |wanted: &str| {
        let found = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains(wanted));
        assert!(found, "{wanted:?} is not followed");
    };
    until("first");
    site.make("go");
    until("second");
    until("done on n");
    Output::of(follower).succeeds();
    running.wait().succeeds();
}

fn left_by(phases: &str, script: &str, there: bool) -> Tree {
    let begin = if phases.contains("phases:") {
        ""
    } else {
        "phases:\n"
    };
    let workflow = format!("name: work\n{begin}{phases}");
    let site = Site::new(Cluster::shared(), &workflow, script);
    if !there {
        site.local();
    }
    let sandbox = &site.sandbox;
    sandbox.write("gone.txt", "x").write("gone/too.txt", "x");
    sandbox
        .write("used.py", "x = 1\n")
        .write("user.py", "import used\n")
        .write("other.py", "y = 1\n");
    sandbox.write(".gitignore", ".tipstaff/\nmade/\n");
    sandbox.write(".git/info/exclude", "*.own\nown/\n");
    sandbox.program_at(&sandbox.project().join("tool.sh"), "true");
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "--message=more"]);
    let args = [&RUN[..], &["--seed", "7"]].concat();
    sandbox.tipstaff(&args).succeeds();
    assert!(
        site.nodes().iter().all(|node| (node != "here") == there),
        "{:?}",
        site.nodes()
    );
    if there {
        site.is_clean();
    }
    let mut tree = Tree::new();
    look(&sandbox.project(), Path::new(""), &mut tree);
    tree
}

fn look(root: &Path, below: &Path, tree: &mut Tree) {
    for entry in std::fs::read_dir(root.join(below)).unwrap().flatten() {
        let name = below.join(entry.file_name());
        let (path, meta) = (entry.path(), entry.metadata().unwrap());
        if name == Path::new(".git") || name == Path::new(".tipstaff") {
        } else if meta.is_dir() {
            look(root, &name, tree);
        } else if meta.is_symlink() {
            let to = std::fs::read_link(path)
                .unwrap()
                .into_os_string()
                .into_encoded_bytes();
            tree.insert(name, (0, to));
        } else {
            tree.insert(name, (meta.mode(), std::fs::read(path).unwrap()));
        }
    }
}
