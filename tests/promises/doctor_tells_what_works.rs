//! `tipstaff doctor` tells on one screen what works on this machine and what mends the rest.

use serde_json::Value;

use crate::support::{Lacks, Output, Sandbox, fake_agent};

/// A user whose names all stand for a program that is there.
fn ready() -> Sandbox {
    let sandbox = Sandbox::new();
    let names = [
        "claude-fable",
        "claude-opus",
        "claude-sonnet",
        "claude-haiku",
        "gemini-pro",
        "gemini-flash",
        "gemini-2.5-pro",
        "gpt",
        "gpt-luna",
        "gpt-4o",
    ];
    let models = names
        .map(|name| format!("  {name}: {{ agent: mine }}\n"))
        .concat();
    let agent = fake_agent();
    sandbox.user_config(&format!(
        "agents: {{ mine: {{ kind: command, command: \"{agent}\" }} }}\nmodels:\n{models}"
    ));
    sandbox
}

/// A user with this `opencode` alone.
fn with_opencode(script: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let folder = sandbox.outside("bin");
    sandbox.program_at(&folder.join("opencode"), script);
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    sandbox
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn where_everything_is_there_nothing_is_to_mend_but_the_machine() {
    let sandbox = ready();
    let output = sandbox.tipstaff(&["doctor"]);
    let text = &output.succeeds().stdout;
    for line in ["sandbox ", "git ", "workspaces ", "mine       found, "] {
        assert!(text.contains(line), "{line} {text}");
    }
    assert!(text.contains("can run        best-of, debug, feature-build, plan, quick, review"));
    assert!(!text.contains("cannot run"), "{text}");
}

#[test]
fn where_nothing_is_installed_it_names_the_first_agent() {
    let mut sandbox = Sandbox::new();
    sandbox.env("PATH", "/nonexistent");
    let output = sandbox.tipstaff(&["doctor"]);
    let text = &output.exits_with(2).stdout;
    assert!(text.contains("no agent is installed\n  the first one: `npm install -g opencode-ai`"));
    assert!(text.contains("`git` is not on PATH"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn problems_come_with_what_mends_them_and_without_keys() {
    let mut sandbox = with_opencode("echo 1.18.33");
    sandbox.env("OPENAI_API_KEY", "sk-secret-of-mine");
    let output = sandbox.tipstaff(&["doctor"]);
    let text = &output.exits_with(2).stdout;
    assert!(text.contains("1.18.33, tested"), "{text}");
    assert!(
        text.contains("OPENAI_API_KEY") && !text.contains("secret"),
        "{text}"
    );
    assert!(text.contains("run `opencode auth login`"), "{text}");
    assert!(text.contains("next: `tipstaff init`"), "{text}");
    assert!(
        text.contains("opencode:openai/gpt-6-sol               $2/10       ready"),
        "{text}"
    );
    let json = json(sandbox.tipstaff(&["doctor", "--json"]).exits_with(2));
    let problems = json["problems"].as_array().unwrap();
    let of = |word: &str| {
        problems
            .iter()
            .find(|one| one["problem"].as_str().unwrap().contains(word))
            .unwrap()
    };
    assert!(
        of("`google`")["models"]
            .as_array()
            .unwrap()
            .contains(&"gemini-pro".into())
    );
    let agents = json["agents"].as_array().unwrap();
    let opencode = agents.iter().find(|agent| agent["name"] == "opencode");
    assert_eq!(opencode.unwrap()["sign_ins"]["openai"], "OPENAI_API_KEY");
    assert_eq!(
        json["machine"]["git"]["version"]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );
}

#[test]
fn broken_configuration_of_an_agent_is_one_problem_among_others() {
    let mut sandbox = with_opencode("echo 1.18.33");
    sandbox.env("ANTHROPIC_API_KEY", "k");
    let file = sandbox.home().join(".config/opencode/opencode.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "{ broken").unwrap();
    let json = json(sandbox.tipstaff(&["doctor", "--json"]).exits_with(2));
    let problems = json["problems"].as_array().unwrap();
    let of_file = |one: &&Value| one["problem"].as_str().unwrap().contains("opencode.json:");
    assert_eq!(problems.iter().filter(of_file).count(), 1);
    assert_eq!(json["models"][0]["can_be_used"], false);
    assert_eq!(json["workflows"][0]["can_run"], false);
}

#[test]
fn program_that_tells_no_version_is_a_problem_with_its_own_words() {
    for (script, said) in [
        ("exit 0", "prints nothing"),
        (
            "echo 'env: node: No such file' >&2; exit 127",
            "exit status: 127: env: node: No such file",
        ),
    ] {
        let sandbox = with_opencode(script);
        let json = json(sandbox.tipstaff(&["doctor", "--json"]).exits_with(2));
        let problems = json["problems"].as_array().unwrap();
        let problem = |one: &&Value| one["problem"].as_str().unwrap().ends_with(said);
        assert_eq!(problems.iter().filter(problem).count(), 1, "{problems:?}");
    }
    let sandbox = with_opencode("echo 1.18.33");
    let program = sandbox.outside("bin/opencode");
    let plain = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(program, plain).unwrap();
    let output = sandbox.tipstaff(&["doctor"]);
    let text = &output.exits_with(2).stdout;
    assert!(text.contains("opencode   not executable, /"), "{text}");
    assert!(text.contains("is not executable"), "{text}");
    assert!(text.contains("`chmod +x /"), "{text}");
}

#[test]
fn links_to_one_shim_are_asked_each_for_itself() {
    let sandbox = with_opencode("echo 1.18.33");
    let shim = sandbox.outside("shim");
    let script = "case $0 in *claude) echo 2.1.332 ;; *codex) echo 0.171.0 ;; esac";
    sandbox.program_at(&shim, script);
    for name in ["claude", "codex"] {
        std::os::unix::fs::symlink(&shim, sandbox.outside("bin").join(name)).unwrap();
    }
    let json = json(&sandbox.tipstaff(&["doctor", "--json"]));
    let agents = json["agents"].as_array().unwrap();
    let of = |name: &str| agents.iter().find(|agent| agent["name"] == name).unwrap();
    assert_eq!(of("claude")["version"], "2.1.332");
    assert_eq!(of("codex")["version"], "0.171.0");
}

#[test]
fn program_of_a_project_is_not_started_before_it_is_agreed_to() {
    let mut sandbox = Sandbox::cloned();
    let started = sandbox.outside("started");
    let program = sandbox.project().join("evil");
    sandbox.program_at(
        &program,
        &format!("touch {}; echo 1.18.33", started.display()),
    );
    sandbox.write(
        ".tipstaff/config.yaml",
        "agents: { opencode: { command: ./evil } }\n",
    );
    sandbox.env("ANTHROPIC_API_KEY", "k");
    let output = sandbox.tipstaff(&["doctor"]);
    assert!(
        output.exits_with(2).stdout.contains("`tipstaff trust`"),
        "{}",
        output.stdout
    );
    assert!(!started.exists());
}

#[test]
fn machine_without_namespaces_is_told_with_its_reason() {
    let sandbox = ready();
    let command = sandbox.command(&["doctor"]);
    let output = Output::of(Lacks::Namespaces.around(command).spawn().unwrap());
    let text = &output.succeeds().stdout;
    assert!(text.contains("sandbox     landlock"), "{text}");
    assert!(
        text.contains("the sandbox is not the strictest: no namespaces: "),
        "{text}"
    );
}

#[test]
fn each_model_is_asked_once_and_nothing_is_left_of_it() {
    let sandbox = ready();
    let refuses = sandbox.outside("bin/refuses");
    sandbox.program_at(&refuses, "echo out of money >&2; exit 3");
    let agent = format!(
        "agents: {{ mine: {{ kind: command, command: \"{}\" }}, other: {{ kind: command, command: \"{}\" }} }}\n\
         models: {{ a: {{ agent: mine }}, b: {{ agent: mine }}, c: {{ agent: other }} }}\n",
        fake_agent(),
        refuses.display()
    );
    sandbox.user_config(&agent);
    let output = sandbox.tipstaff(&["doctor", "--live", "--json"]);
    let replies = json(output.exits_with(2))["replies"].clone();
    let of = |at: usize| &replies[at];
    assert_eq!(
        (&of(0)["models"], &of(0)["answered"]),
        (&vec!["a", "b"].into(), &true.into())
    );
    assert_eq!(
        (&of(1)["models"], &of(1)["answered"]),
        (&vec!["c"].into(), &false.into())
    );
    assert!(
        of(1)["failure"].as_str().unwrap().contains("out of money"),
        "{replies}"
    );
    let left = std::fs::read_dir(sandbox.home().join(".local/state/tipstaff/runs")).unwrap();
    assert_eq!(left.count(), 0);
    assert!(sandbox.left_in_tmp().is_empty() && !sandbox.exists(".tipstaff/runs"));
}
