//! A rehearsal puts nothing into your project, says so, and is known as one.

use crate::support::Sandbox;

/// A document where one is already, and an edit, by scripted agents.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write("docs/plan.md", "mine\n")
        .write(
            ".tipstaff/workflows/two.yaml",
            "name: two\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, \
             output: docs/plan.md, retries: 0 }\n  - { name: mend, model: m2, edits: true, \
             context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    sandbox.fake_agent(
        "- when: { model: m1 }\n  do: [{ write: { path: .tipstaff/out/deliverable.md, text: \"scripted\\n\" } }]\n\
         - when: { model: m2 }\n  do: [{ write: { path: a.txt, text: \"scripted\\n\" } }, done]\n",
    );
    sandbox
}

#[test]
fn nothing_is_published_applied_or_committed() {
    for more in [&[][..], &["--branch", "done"], &["--keep"]] {
        let sandbox = project();
        let before = sandbox.repository();
        let args = [&["run", "two", "Do it"], more, &["--rehearse"]].concat();
        let output = sandbox.tipstaff(&args);
        let said = "rehearsal: the models are scripted, nothing is put into your project";
        output.succeeds();
        assert_eq!(output.stderr.matches(said).count(), 2, "{output}");
        assert!(sandbox.repository() == before, "something in .git changed");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
        let run = sandbox.run();
        assert_eq!(run.read("phases/01-plan/output.md"), "scripted\n");
        let patch = run.read("phases/02-mend/changes.patch");
        assert!(patch.contains("+scripted"), "{patch}");
        for to in [&[][..], &["--branch", "again"], &["--commit"]] {
            let again = ["rerun", &run.id(), "--from", "mend"];
            sandbox.tipstaff(&[&again[..], to].concat()).succeeds();
            assert!(sandbox.repository() == before, "{to:?}");
            assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
        }
    }
}

#[test]
fn one_that_writes_documents_alone_speaks_of_no_changes() {
    for more in [
        &["--rehearse"][..],
        &["--keep"],
        &["--branch", "b", "--rehearse"],
    ] {
        let sandbox = project();
        sandbox.write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, \
             output: docs/plan.md, retries: 0 }\n",
        );
        let output = sandbox.tipstaff(&[&["run", "one", "Do it"], more].concat());
        output
            .succeeds()
            .stderr_has("the documents were not applied");
        for wrong in ["warning", "changes", "tipstaff diff"] {
            output.has_no(wrong);
        }
    }
}

#[test]
fn its_results_are_not_applied_by_hand() {
    let sandbox = project();
    sandbox
        .tipstaff(&["run", "two", "Do it", "--rehearse"])
        .succeeds();
    let id = sandbox.run().id();
    for more in [&[][..], &["--branch", "done"]] {
        let apply = sandbox.tipstaff(&[&["apply", id.as_str()], more].concat());
        apply.exits_with(2).stderr_has("this run is a rehearsal");
    }
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .has_no("tipstaff apply");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn it_is_known_as_one() {
    let sandbox = project();
    let stream = sandbox.tipstaff(&["run", "two", "Do it", "--json", "--rehearse"]);
    stream.succeeds().stdout_has(r#""rehearsal":"default""#);
    sandbox
        .tipstaff(&["runs"])
        .succeeds()
        .stdout_has("done, rehearsed");
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("rehearsed with the scenario default");
    for command in ["runs", "show"] {
        let json = sandbox.tipstaff(&[command, "--json"]);
        json.succeeds().stdout_has(r#""rehearsal": "default""#);
    }
}

#[test]
fn publish_does_what_it_says() {
    let sandbox = project();
    sandbox
        .tipstaff(&["run", "two", "Do it", "--publish", "--rehearse"])
        .succeeds()
        .stderr_has("rehearsal with --publish");
    assert_eq!(sandbox.read("docs/plan.md"), "scripted\n");
    assert_eq!(sandbox.read("a.txt"), "scripted\n");
    sandbox.tipstaff(&["undo", &sandbox.run().id()]).succeeds();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let alone = sandbox.tipstaff(&["run", "two", "Do it", "--publish"]);
    alone.exits_with(2).stderr_has("--rehearse");
}
