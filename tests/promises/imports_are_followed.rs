//! `expand: imports` brings the files that the named ones import, and those that import them, to read; all
//! others stay away, and what does not fit is named.

use serde_json::Value;

use crate::support::{Run, Sandbox, has_all};

/// A small shop in two languages; `stranger.js` and what only it knows have nothing to do with the tasks.
const FILES: [(&str, &str); 11] = [
    (".gitignore", ".tipstaff/\n"),
    ("package.json", "{\"name\": \"shop\"}\n"),
    (
        "src/server.js",
        "// import './stranger.js'\nimport { all } from './store';\nexport const text = 'require(\"./stranger\")';\n",
    ),
    (
        "src/store/index.js",
        "import disk from './disk.js';\nexport const all = disk;\n",
    ),
    ("src/store/disk.js", "export default [];\n"),
    ("src/main.js", "import './server.js';\n"),
    (
        "test/server.test.js",
        "const server = await import('../src/server.js');\n",
    ),
    ("src/stranger.js", "import './known.js';\n"),
    ("src/known.js", "\n"),
    ("tool/make.py", "from . import parts\nimport os\n"),
    ("tool/parts.py", "PARTS = []\n"),
];

const TASKS: &str = r#"{"tasks": [
  {"id": "T1", "title": "The server", "category": "default", "instructions": "Serve it.",
   "files": {"edit": ["src/server.js"]}},
  {"id": "T2", "title": "The tool", "category": "default", "instructions": "Make it.",
   "files": {"edit": ["src/new.js"], "read": ["tool/make.py", "src/server.js"]}, "depends_on": ["T1"]}]}"#;

/// The project with the workflow `build`, whose tasks see these neighbours.
fn project(scope: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    sandbox
        .write(
            ".tipstaff/workflows/build.yaml",
            &format!(
                "name: build\nphases:\n  - name: decompose\n    model: m4\n    context_strategy: fresh\n    \
                 retries: 0\n  - name: execute\n    type: routed\n    routing: {{ default: m1 }}\n    \
                 input: decompose.output\n    context_strategy: scoped\n    \
                 scope: {{ always: [package.json], {scope} }}\n    retries: 0\n"
            ),
        )
        .git_init();
    sandbox
}

/// The tasks, then these entries, then what a well-behaved agent does.
fn build(sandbox: &Sandbox, entries: &str) -> Run {
    let tasks = serde_json::to_string(TASKS).unwrap();
    let outside = sandbox.outside("").display().to_string();
    let entries = entries.replace("OUTSIDE/", &outside);
    sandbox.fake_agent(&format!(
        "- when: {{ phase: decompose }}\n  do:\n    \
         - write: {{ path: .tipstaff/out/tasks.json, text: {tasks} }}\n{entries}- do: [done]\n"
    ));
    sandbox.tipstaff(&["run", "build", "Build it"]).succeeds();
    sandbox.run()
}

fn seen(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.outside(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A file of the first attempt of a task.
fn of_task(run: &Run, call: &str, file: &str) -> String {
    run.read(format!(
        "phases/02-execute/calls/execute.task-{call}/attempt-1/{file}"
    ))
}

/// The neighbours in a task's ledger: path and reason.
fn told(run: &Run, call: &str, key: &str) -> Vec<(String, String)> {
    let ledger: Value = serde_json::from_str(&of_task(run, call, "context.json")).unwrap();
    let files = ledger["neighbours"][key].as_array().unwrap().iter();
    files
        .map(|file| {
            assert!(file["bytes"].as_u64() > Some(0) && file["tokens"].as_u64() > Some(0));
            let word = |key: &str| file[key].as_str().unwrap().to_owned();
            (word("path"), word("why"))
        })
        .collect()
}

fn pair(path: &str, why: &str) -> (String, String) {
    (path.to_owned(), why.to_owned())
}

#[test]
fn a_task_sees_what_its_files_import_and_what_imports_them_and_no_stranger() {
    let sandbox = project("expand: imports");
    let entries = "\
- when: { call: execute.task-T1 }
  do: [{ list: OUTSIDE/first }, { append: { path: src/server.js, text: \"import './known.js';\\n\" } }, done]
- when: { call: execute.task-T2 }
  do: [{ list: OUTSIDE/second }, { write: { path: src/new.js, text: new } }, done]
";
    let run = build(&sandbox, entries);
    assert_eq!(
        seen(&sandbox, "first"),
        [
            "package.json",
            "src/main.js",
            "src/server.js",
            "src/store/index.js",
            "test/server.test.js"
        ],
        "one step and no further; nothing for what stands in a comment or a text"
    );
    // What the first task imports is there for the second one.
    assert_eq!(
        seen(&sandbox, "second"),
        [
            "package.json",
            "src/known.js",
            "src/main.js",
            "src/server.js",
            "src/store/index.js",
            "test/server.test.js",
            "tool/make.py",
            "tool/parts.py"
        ]
    );
    assert_eq!(
        told(&run, "T1", "added"),
        [
            pair("src/store/index.js", "imported by src/server.js"),
            pair("src/main.js", "imports src/server.js"),
            pair("test/server.test.js", "imports src/server.js"),
        ]
    );
    let prompt = of_task(&run, "T1", "prompt.md");
    has_all(
        &prompt,
        &[
            "- To be read (imported by src/server.js): `src/store/index.js`\n",
            "- To be read (imports src/server.js): `src/main.js`, `test/server.test.js`\n",
        ],
    );
    assert!(!prompt.contains("Left out for size"), "{prompt}");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("src/store/index.js     imported by src/server.js");
}

#[test]
fn a_file_that_is_there_for_its_imports_cannot_be_changed() {
    let sandbox = project("expand: imports");
    let entries = "\
- when: { call: execute.task-T1 }
  do: [{ write: { path: src/store/index.js, text: stray } }, { append: { path: src/server.js, text: more } }, done]
";
    let run = build(&sandbox, entries);
    assert_eq!(sandbox.read("src/store/index.js"), FILES[3].1);
    assert_eq!(sandbox.read("src/server.js"), format!("{}more", FILES[2].1));
    let again = of_task(&run, "T1.2", "prompt.md");
    let refused = "the change to `src/store/index.js` was refused";
    assert!(again.contains(refused), "{again}");
}

#[test]
fn what_does_not_fit_is_left_out_and_named_and_the_nearest_stays() {
    let sandbox = project("expand: imports, expand_tokens: 22");
    let run = build(
        &sandbox,
        "- when: { call: execute.task-T1 }\n  do: [{ list: OUTSIDE/first }, done]\n",
    );
    assert_eq!(
        seen(&sandbox, "first"),
        ["package.json", "src/server.js", "src/store/index.js"]
    );
    let left_out = [
        pair("src/main.js", "imports src/server.js"),
        pair("test/server.test.js", "imports src/server.js"),
    ];
    assert_eq!(told(&run, "T1", "left_out"), left_out);
    let prompt = of_task(&run, "T1", "prompt.md");
    let line = "- Left out for size: `src/main.js`, `test/server.test.js`\n";
    assert!(prompt.contains(line), "{prompt}");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("left out for size; imports src/server.js");
}

#[test]
fn without_it_nothing_is_added() {
    let sandbox = project("expand: false");
    let run = build(
        &sandbox,
        "- when: { call: execute.task-T1 }\n  do: [{ list: OUTSIDE/first }, done]\n",
    );
    assert_eq!(seen(&sandbox, "first"), ["package.json", "src/server.js"]);
    assert!(!of_task(&run, "T1", "context.json").contains("neighbours"));
}

#[test]
fn a_phase_that_only_reads_sees_the_neighbours_of_its_files() {
    let sandbox = project("expand: imports");
    sandbox.write(
        "look.yaml",
        "phases:\n  - name: plan\n    model: m1\n    context_strategy: scoped\n    \
         scope: { files: [\"src/store/**\"], always: [src/stranger.js], expand: imports }\n",
    );
    let outside = sandbox.outside("list").display().to_string();
    sandbox.fake_agent(&format!("- do: [{{ list: {outside} }}, done]\n"));
    sandbox.tipstaff(&["run", "./look.yaml", "Look"]).succeeds();
    assert_eq!(
        seen(&sandbox, "list"),
        [
            "src/server.js",
            "src/store/disk.js",
            "src/store/index.js",
            "src/stranger.js"
        ],
        "what is always there brings nothing along"
    );
}
