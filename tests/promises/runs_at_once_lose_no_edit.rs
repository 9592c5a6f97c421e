//! Two runs work in one project at the same time: the second to deliver finds what the first one did, and no edit is lost.

use crate::support::{Output, Sandbox, until};

/// Two runs begin on the same files, each writes one; then they deliver one after the other.
fn at_once(edits: [(&str, &str); 2]) -> (Sandbox, [Output; 2]) {
    let sandbox = Sandbox::new();
    let file = |name: &str, of: usize| sandbox.outside(&format!("{name}{of}"));
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("list", "1\n2\n3\n4\n5\n6\n7\n");
    let mut script = String::new();
    for (of, (path, text)) in edits.into_iter().enumerate() {
        sandbox.write(
            &format!(".tipstaff/workflows/run{of}.yaml"),
            &format!(
                "name: run{of}\nphases:\n  - {{ name: mend{of}, model: m1, edits: true, \
                 context_strategy: distilled, retries: 0 }}\n"
            ),
        );
        script += &format!(
            "- when: {{ phase: mend{of} }}\n  do: [{{ write: {{ path: {path}, text: {text:?} }} }}, \
             {{ touch: {} }}, {{ wait_for_file: {} }}, done]\n",
            file("up", of).display(),
            file("go", of).display()
        );
    }
    sandbox.git_init().fake_agent(&script);
    let runs = [0, 1].map(|of| {
        let run = sandbox.start(&["run", &format!("run{of}"), "Mend it"]);
        until("its agent has written", || file("up", of).exists());
        (of, run)
    });
    let ends = runs.map(|(of, run)| {
        std::fs::write(file("go", of), "").unwrap();
        run.wait()
    });
    (sandbox, ends)
}

#[test]
fn different_files_are_both_changed() {
    let (sandbox, ends) = at_once([("one", "1\n"), ("two", "2\n")]);
    for end in &ends {
        end.succeeds();
    }
    assert_eq!(
        ["one", "two"].map(|path| sandbox.read(path)),
        ["1\n", "2\n"]
    );
}

#[test]
fn different_lines_of_a_file_are_merged() {
    let edits = ["first\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\n4\n5\n6\nsecond\n"];
    let (sandbox, ends) = at_once(edits.map(|text| ("list", text)));
    for end in &ends {
        end.succeeds();
    }
    assert_eq!(sandbox.read("list"), "first\n2\n3\n4\n5\n6\nsecond\n");
}

#[test]
fn the_same_line_is_the_first_ones_until_a_person_decides() {
    let edits = ["first\n2\n3\n4\n5\n6\n7\n", "second\n2\n3\n4\n5\n6\n7\n"];
    let (sandbox, [first, second]) = at_once(edits.map(|text| ("list", text)));
    first.succeeds();
    second.exits_with(4).stderr_has("list");
    assert_eq!(sandbox.read("list"), edits[0]);
    let marked = sandbox.tipstaff(&["apply", "run1", "--3way"]);
    marked.exits_with(1);
    let both = "<<<<<<< project\nfirst\n=======\nsecond\n>>>>>>> change\n2\n3\n4\n5\n6\n7\n";
    assert_eq!(sandbox.read("list"), both);
}
