//! A chain of models may be one of agents: where one program fails, the next one does the work.

use crate::support::{Sandbox, fake_agent};

#[test]
fn role_and_fallback_go_from_one_agent_to_the_next() {
    let sandbox = Sandbox::new();
    sandbox.user_config(&format!(
        "agents:\n  gone: {{ kind: command, command: no-such-agent }}\n  \
         broken: {{ kind: command, command: 'false' }}\n  works: {{ kind: command, command: \"{}\" }}\n\
         models:\n  first: {{ agent: gone }}\n  second: {{ agent: broken }}\n  third: {{ agent: works }}\n\
         roles: {{ mixed: [first, second] }}\n",
        fake_agent()
    ));
    sandbox.write(
        "chain.yaml",
        "name: chain\nphases:\n  - { name: plan, model: mixed, fallback: third, retries: 0, \
         context_strategy: distilled, output: docs/plan.md }\n",
    );
    let output = sandbox.tipstaff(&["run", "chain.yaml", "Plan it"]);
    output
        .succeeds()
        .stderr_has("warning: first cannot be used: `no-such-agent` is not on PATH");
    assert!(sandbox.exists("docs/plan.md"));
    let started = sandbox.run().all("attempt_started");
    let models: Vec<_> = started.iter().map(|event| &event["model"]).collect();
    assert_eq!(models.last().unwrap(), &"third");
    assert!(models.contains(&&"second".into()), "{models:?}");
}
