//! What can be run, where it comes from and what it does is seen before it runs.

use serde_json::Value;

use crate::support::Sandbox;

fn ready() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&["gate: Shall it begin?"]);
    sandbox
}

#[test]
fn list_names_all_workflows_and_whose_they_are() {
    let sandbox = ready();
    sandbox.write(".tipstaff/workflows/wrong.yaml", "name: [\n");
    let mine = sandbox.home().join(".config/tipstaff/workflows");
    std::fs::create_dir_all(&mine).unwrap();
    let text = "name: plan\ndescription: my own way\nphases: [{ name: a, model: m1 }]\n";
    std::fs::write(mine.join("plan.yaml"), text).unwrap();
    let list = sandbox.tipstaff(&["workflows"]);
    list.succeeds()
        .stdout_has("quick          bundled  Make a small change with one fast model\n")
        .stdout_has("plan           user     my own way\n")
        .stdout_has("trio           project  1 phase: plan\n")
        .stdout_has("wrong          project  has mistakes: tipstaff check wrong\n");
    assert!(list.stdout.lines().count() <= 24, "{list}");
    let json = sandbox.tipstaff(&["workflows", "--json"]);
    let json: Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    let plan = json
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "plan");
    assert_eq!(plan.unwrap()["from"], "user");
}

#[test]
fn copy_is_the_projects_own_and_replaces_nothing() {
    let sandbox = ready();
    let shown = sandbox.tipstaff(&["workflows", "show", "quick"]);
    sandbox
        .tipstaff(&["workflows", "copy", "quick"])
        .succeeds()
        .stderr_has("wrote .tipstaff/workflows/quick.yaml");
    assert_eq!(
        sandbox.read(".tipstaff/workflows/quick.yaml"),
        shown.succeeds().stdout
    );
    sandbox
        .tipstaff(&["workflows"])
        .succeeds()
        .stdout_has("quick          project");
    sandbox
        .tipstaff(&["workflows", "copy", "quick"])
        .exits_with(2)
        .stderr_has("`.tipstaff/workflows/quick.yaml` is there already")
        .stderr_has("--as NAME");
    sandbox
        .tipstaff(&["workflows", "copy", "quick", "--as", "fast"])
        .succeeds();
    assert!(sandbox.exists(".tipstaff/workflows/fast.yaml"));
    sandbox
        .tipstaff(&["workflows", "copy", "quick", "--as", "../out"])
        .exits_with(2);
    sandbox
        .tipstaff(&["workflows", "show", "quik"])
        .exits_with(2)
        .stderr_has("did you mean `quick`?");
}

#[test]
fn check_tells_who_does_what_and_sees_what() {
    let sandbox = ready();
    sandbox
        .tipstaff(&["check", "trio"])
        .succeeds()
        .stdout_has("trio.yaml is valid: 1 phase\n")
        .stdout_has("phase  who          sees")
        .stdout_has("m1 proposes  request")
        .stdout_has("asks first: Shall it")
        .stdout_has("m4 judges");
    sandbox
        .tipstaff(&["check", "trio", "--graph"])
        .succeeds()
        .stdout_has("phase  who          sees")
        .stdout_has("in docs/plan.md")
        .has_no("is valid");
    sandbox
        .tipstaff(&["check", "trio", "--graph", "mermaid"])
        .succeeds()
        .stdout_has("flowchart TD\n")
        .stdout_has("request -- a person says yes --> p1\n");
}
