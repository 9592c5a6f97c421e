#![expect(clippy::unwrap_used, reason = "tests")]

use crate::model::{AgentName, MicroUsd, Millis, ModelName};
use crate::plan::AgentKind;
use crate::yaml::{Colour, Reader, Source, parse, render, testing};

use super::load;

fn project(text: &str) -> Source {
    Source::new(".tipstaff/config.yaml", text)
}

fn mistakes(text: &str) -> String {
    let source = project(text);
    let diagnostics = load(std::slice::from_ref(&source)).unwrap_err();
    render(&diagnostics, &[source], Colour::Off)
}

#[test]
fn the_built_in_configuration_stands_alone() {
    let config = load(&[]).unwrap();
    let roles: Vec<&str> = config.roles.keys().map(String::as_str).collect();
    assert_eq!(
        roles,
        [
            "backend",
            "debugger",
            "frontend",
            "judge",
            "orchestrator",
            "planner",
            "quick",
            "reviewer"
        ]
    );
    assert_eq!(config.limits.calls, Some(40));
    assert_eq!(config.limits.cost, Some(MicroUsd(10_000_000)));
    assert_eq!(config.limits.wall, Some(Millis::minutes(120)));
    assert_eq!(config.limits.concurrency, 3);
    assert_eq!(config.defaults.timeout, Millis::minutes(30));
    assert!(
        config
            .models
            .values()
            .all(|spec| spec.price.is_some() && spec.context.is_some())
    );
}

#[test]
fn the_built_in_layer_names_every_default() {
    let layer = load(&[]).unwrap().layer;
    let defaults = layer.defaults;
    assert!(defaults.timeout.is_some() && defaults.idle_timeout.is_some());
    assert!(defaults.retries.is_some() && defaults.straggler_timeout.is_some());
    assert!(defaults.project_instructions.is_some() && layer.limits.concurrency.is_some());
}

#[test]
fn stronger_layers_win_key_by_key() {
    let user = Source::new(
        "user.yaml",
        "models:\n  claude-opus: { variant: high }\n  gpt-4o: { id: azure/gpt-4o }\nlimits: { calls: 7, cost: none }\n",
    );
    let project = project("limits: { calls: 9 }\nroles: { planner: [gpt-4o, claude-opus] }\n");
    let config = load(&[user, project]).unwrap();
    let opus = &config.models[&ModelName::new("claude-opus")];
    assert_eq!(opus.variant.as_deref(), Some("high"));
    assert_eq!(opus.id, "anthropic/claude-opus-5-5");
    // Another id is another model: the old price would be a lie.
    let gpt = &config.models[&ModelName::new("gpt-4o")];
    assert_eq!((gpt.id.as_str(), gpt.price), ("azure/gpt-4o", None));
    assert_eq!((config.limits.calls, config.limits.cost), (Some(9), None));
    assert_eq!(config.roles["planner"], ["gpt-4o", "claude-opus"]);
}

#[test]
fn a_command_agent_needs_no_id() {
    let config = load(&[project(
        "agents:\n  mine: { kind: command, command: ./agent.sh, args: [--fast], env: { CI: true }, pass_env: MY_KEY }\nmodels:\n  local: { agent: mine }\n",
    )])
    .unwrap();
    let agent = &config.agents[&AgentName::new("mine")];
    assert_eq!(agent.kind, AgentKind::Command);
    assert!(
        agent
            .env
            .iter()
            .any(|(name, value)| name == "CI" && value.expose() == "true")
    );
    assert_eq!(agent.pass_env, ["MY_KEY"]);
    assert_eq!(config.models[&ModelName::new("local")].id, "");
}

#[test]
fn names_roles_and_literals_resolve() {
    let config = load(&[]).unwrap();
    let names = |name: &str| -> Vec<String> {
        let chain = config.chain(name).unwrap();
        chain.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names("planner"), ["claude-opus"]);
    assert_eq!(names("gpt-4o"), ["gpt-4o"]);
    assert_eq!(names("opencode:x/y@low"), ["opencode:x/y@low"]);
    let spec = config.model(&ModelName::new("opencode:x/y@low")).unwrap();
    assert_eq!(
        (spec.id.as_str(), spec.variant.as_deref()),
        ("x/y", Some("low"))
    );
    let known = config
        .model(&ModelName::new("opencode:openai/gpt-4o"))
        .unwrap();
    assert!(known.price.is_some());
    let hint = |name: &str| config.chain(name).unwrap_err().hint.unwrap();
    assert_eq!(hint("claude-ops"), "did you mean `claude-opus`?");
    assert_eq!(hint("opncode:x/y"), "did you mean `opencode`?");
    assert!(hint("x/y").contains("`opencode:x/y`"));
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = "\
agents:
  copilot: { command: copilot }
  mine: { kind: comand, command: x }
  silent: { kind: command }
models:
  a: { agent: opencod, id: x/y }
  b: { agent: opencode }
  c: { id: nothing, pric: 3 }
roles:
  planner: claud-opus
  second: [planner]
  gpt-4o: claude-opus
limits: { calls: many, wall: 5, concurrency: 0 }
defaults: { retries: -1 }
rolls: {}
";
    insta::assert_snapshot!(mistakes(text));
}

#[test]
fn no_map_is_no_configuration() {
    assert!(mistakes("just words").contains("the configuration must be a map"));
    assert!(load(&[project("# nothing yet\n")]).is_ok());
}

#[test]
fn what_the_table_of_keys_says_is_what_is_read() {
    let samples = testing::of_map(super::LAYER_KEYS);
    assert!(samples.good.len() > 60 && samples.bad.len() > 100);
    for text in samples.good {
        // Names that nobody defined are looked at later.
        let source = Source::new("x.yaml", &text);
        let root = parse(&source).root.unwrap();
        let mut reader = Reader::new(source.name, Vec::new());
        let fields = reader.known_fields(&root, "it", super::LAYER_KEYS);
        super::read_layer(&mut reader, fields.unwrap());
        assert_eq!(reader.finish(), [], "{text}");
    }
    for text in samples.bad {
        assert!(load(&[project(&text)]).is_err(), "{text}");
    }
}
