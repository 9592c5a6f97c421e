//! The command line, environment and seeds of one `gemini`.

use super::account::{self, Account};
use super::settings;
use crate::agents::launch::{ambient, in_workspace};
use crate::agents::{Assignment, Launch, LaunchError, SeedFile, instructions};

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let (user, private) = (assignment.environment, assignment.private);
    let mut launch = in_workspace(assignment, ("GEMINI_CLI_HOME", "home"))?;
    let account = match assignment.endpoint {
        Some(endpoint) => {
            launch.set("GEMINI_API_KEY", &endpoint.key);
            launch.set("GOOGLE_GEMINI_BASE_URL", endpoint.root());
            Some(&account::KEY)
        }
        None => Account::of(user, assignment.carried).inspect(|account| {
            launch.copy(user, account.variables.iter().copied());
            if **account == account::VERTEX {
                let home = private.join("home");
                launch.files.extend(ambient("google-vertex", &home, user));
            }
        }),
    };
    // It would start itself again as a child, which a signal to the parent does not reach.
    launch.set("GEMINI_CLI_NO_RELAUNCH", "true");
    // Or it ends at once. The workspace lacks what a trusted folder could order.
    launch.set("GEMINI_CLI_TRUST_WORKSPACE", "true");
    // Without a model another one is asked which to take.
    launch.option("model", settings::model(assignment));
    launch.option("output-format", "stream-json");
    // What the rules do not allow is refused: nobody is asked.
    launch.option("approval-mode", "default");
    launch.args(["--policy"]);
    let policy = private.join("policy.toml");
    launch.args.push(policy.clone().into());
    let own = private.join("home/.gemini");
    let rules = settings::policy(assignment.profile, assignment.workspace);
    let told = instructions::of_profile(assignment.profile).to_owned();
    launch.files.extend([
        SeedFile::private(
            own.join("settings.json"),
            settings::of(assignment, account).to_string(),
        ),
        SeedFile::private(own.join("GEMINI.md"), told),
        SeedFile::private(policy, rules),
    ]);
    Ok(launch)
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
