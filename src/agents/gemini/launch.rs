//! The command line, environment and seeds of one `gemini`.

use std::ffi::OsString;
use std::path::Path;

use super::account::Account;
use super::settings;
use crate::agents::environment::copy;
use crate::agents::launch::{ambient, find, of_attempt};
use crate::agents::{Assignment, Environment, Launch, LaunchError, SeedFile, instructions};

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let user = assignment.environment;
    let program = find(
        &assignment.agent.command,
        user,
        &assignment.carried.project_root,
    )?;
    let [home, temporary] = ["home", "tmp"].map(|name| assignment.private.join(name));
    let own = home.join(".gemini");
    let policy = assignment.private.join("policy.toml");
    let account = match assignment.endpoint {
        Some(_) => Some(Account::Key),
        None => Account::of(user, assignment.carried),
    };
    let mut files = vec![
        SeedFile::folder(temporary.clone()),
        SeedFile::private(
            own.join("settings.json"),
            settings::of(assignment, account).to_string(),
        ),
        SeedFile::private(
            own.join("GEMINI.md"),
            instructions::of_profile(assignment.profile).to_owned(),
        ),
        SeedFile::private(
            policy.clone(),
            settings::policy(assignment.profile, assignment.workspace),
        ),
    ];
    if assignment.endpoint.is_none() && account == Some(Account::Vertex) {
        files.extend(ambient("google-vertex", &home, user));
    }
    Ok(Launch {
        program,
        args: arguments(assignment, &policy),
        env: environment(assignment, account, &home, &temporary),
        cwd: assignment.workspace.to_owned(),
        reads_prompt: true,
        files,
    })
}

fn arguments(assignment: &Assignment<'_>, policy: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = assignment.agent.args.iter().map(Into::into).collect();
    // Without a model another one is asked which to take.
    args.push(format!("--model={}", settings::model(assignment)).into());
    // What the rules do not allow is refused: nobody is asked.
    args.extend(
        [
            "--output-format=stream-json",
            "--approval-mode=default",
            "--policy",
        ]
        .map(OsString::from),
    );
    args.push(policy.into());
    args
}

fn environment(
    assignment: &Assignment<'_>,
    account: Option<Account>,
    home: &Path,
    temporary: &Path,
) -> Environment {
    let mut env = of_attempt(assignment);
    match assignment.endpoint {
        Some(endpoint) => {
            env.insert("GEMINI_API_KEY".into(), (&endpoint.key).into());
            env.insert("GOOGLE_GEMINI_BASE_URL".into(), endpoint.root().into());
        }
        None => {
            let names = account.map_or(&[][..], Account::variables);
            copy(assignment.environment, &mut env, names.iter().copied());
        }
    }
    for (name, path) in [
        ("HOME", home),
        ("GEMINI_CLI_HOME", home),
        ("TMPDIR", temporary),
        ("PWD", assignment.workspace),
    ] {
        env.insert(name.into(), path.into());
    }
    // It would start itself again as a child, which a signal to the parent does not reach.
    env.insert("GEMINI_CLI_NO_RELAUNCH".into(), "true".into());
    // Or it ends at once. The workspace lacks what a trusted folder could order.
    env.insert("GEMINI_CLI_TRUST_WORKSPACE".into(), "true".into());
    env
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
