//! A known key that a model writes into a file does not reach the project unseen.

use crate::support::Sandbox;

const KEY: &str = "hard-to-guess-0123456789";

fn leaking(text: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("known.txt", &format!("{KEY}\n"))
        .write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled, retries: 0 }\n",
        )
        .git_init();
    let text = serde_json::to_string(text).unwrap();
    sandbox.fake_agent(&format!(
        "- when: {{ model: m1 }}\n  do: [{{ write: {{ path: leak.txt, text: {text} }} }}, \
         {{ write: {{ path: known.txt, text: {text} }} }}, done]\n"
    ));
    sandbox.env("SHOP_API_KEY", KEY);
    sandbox
}

#[test]
fn change_with_a_known_key_is_held_back() {
    let sandbox = leaking(&format!("one\ntwo {KEY}\n"));
    let accepting = ["run", "one", "Write leak.txt", "--accept", "**"];
    let output = sandbox.tipstaff(&accepting);
    output
        .succeeds()
        .stderr_has("leak.txt: line 2 holds the value of SHOP_API_KEY")
        .stderr_has("--accept-secrets")
        .has_no(KEY);
    assert!(!sandbox.exists("leak.txt"));
    // It was there before the run.
    assert!(sandbox.read("known.txt").starts_with("one\n"));
    let run = sandbox.run();
    let apply = ["apply", &run.id(), "--accept", "leak.txt"];
    sandbox.tipstaff(&apply).exits_with(2).has_no(KEY);
    let shown = sandbox.tipstaff(&["show", "--json"]);
    shown.succeeds().stdout_has("SHOP_API_KEY").has_no(KEY);
    sandbox
        .tipstaff(&["apply", &run.id(), "--accept-secrets"])
        .succeeds();
    assert!(sandbox.read("leak.txt").contains(KEY));
}

#[test]
fn encoded_key_of_a_kept_run_is_held_back_even_where_the_key_is_unknown_by_then() {
    let mut sandbox = leaking("aGFyZC10by1ndWVzcy0wMTIzNDU2Nzg5\n");
    sandbox
        .tipstaff(&["run", "one", "Do it", "--keep"])
        .succeeds();
    sandbox.env("SHOP_API_KEY", "");
    let apply = ["apply", &sandbox.run().id()];
    sandbox
        .tipstaff(&apply)
        .succeeds()
        .stderr_has("leak.txt: line 1 holds the value of SHOP_API_KEY");
    assert!(!sandbox.exists("leak.txt"));
}

#[test]
fn key_in_the_name_of_a_file_is_held_back() {
    let sandbox = leaking("y");
    sandbox.fake_agent(&format!(
        "- do: [{{ write: {{ path: d/{KEY}/x, text: {KEY} }} }}, {{ write: {{ path: b.txt, text: b }} }}, done]\n"
    ));
    sandbox
        .tipstaff(&["run", "one", "Do it", "--accept", "**"])
        .succeeds()
        .stderr_has("d/[redacted:SHOP_API_KEY]/x: its name holds the value of SHOP_API_KEY")
        .has_no(KEY);
    assert!(sandbox.exists("b.txt") && !sandbox.exists("d"));
    let run = sandbox.run().id();
    let again = sandbox.tipstaff(&["apply", &run]);
    again
        .exits_with(2)
        .stderr_has("--accept-secrets")
        .has_no(KEY);
    sandbox
        .tipstaff(&["apply", &run, "--accept-secrets"])
        .succeeds();
    assert!(sandbox.exists(&format!("d/{KEY}/x")));
}
