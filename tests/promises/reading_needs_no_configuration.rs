//! A mistake in the configuration never keeps anybody from reading a run.

use crate::support::Sandbox;

#[test]
fn broken_configuration_blocks_no_reading_command() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.run_trio(&["--keep"]).succeeds();
    sandbox.user_config("agents: [what]\nmodels: {{\n");
    sandbox.write(".tipstaff/config.yaml", "roles: 7\n");
    for (command, shown) in [
        (&["runs"][..], "done"),
        (&["runs", "--json"], "\"workflow\""),
        (&["show"], "trio"),
        (&["show", "--json"], "\"workflow\""),
        (&["diff"], ""),
    ] {
        sandbox.tipstaff(command).succeeds().stdout_has(shown);
    }
    for command in [&["check", "trio"][..], &["run", "trio", "Plan it"]] {
        let output = sandbox.tipstaff(command);
        output.exits_with(2).stderr_has("config.yaml");
    }
}
