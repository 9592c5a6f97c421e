//! A run that reaches a limit in the middle of a call lets the step end that is paid for, and no more.

use crate::stand::Stand;

#[test]
fn no_request_follows_the_step_that_a_limit_is_reached_in() {
    let stand = Stand::new();
    stand
        .sandbox
        .user_config("models: { m: { agent: opencode, id: test/m } }\n");
    stand.sandbox.write(
        ".tipstaff/workflows/long.yaml",
        "name: long\nphases:\n  - { name: note, model: m, context_strategy: fresh }\n",
    );
    let scenario = stand.scenario(
        "name: long\nrules:\n  - when: { model: m }\n    delay: 700ms\n    \
         then: [{ read: { path: README.md }, usage: { input: 10000, output: 0 } }]\n    after: repeat\n",
    );
    let limited = [
        "run",
        "long",
        "Say it",
        "--limit",
        "tokens=25000",
        "--rehearse",
        &scenario,
    ];
    stand.sandbox.tipstaff(&limited).exits_with(5);
    // Three reach it. While that is read, the agent may begin another one, which is let end.
    let asked = stand.received().len();
    assert!((3..=4).contains(&asked), "{asked}");
    stand.is_clean();
}
