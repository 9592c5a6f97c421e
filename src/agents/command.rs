//! Any command as an agent: the prompt on standard input, the answer as a file or on standard output.

use crate::model::Profile;
use crate::plan::AgentSpec;

use super::environment::{allowed, configure, copy};
use super::launch::find;
use super::{
    Adapter, AnswerIn, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product,
    SeedFile, SignIn, Signal,
};

pub(super) struct Command;

impl Adapter for Command {
    fn product(&self) -> Option<&'static Product> {
        None
    }

    fn launch(&self, assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
        launch(assignment)
    }

    fn decoder(&self, _agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
        Box::new(Lines)
    }

    fn answer_in(&self, _agent: &AgentSpec) -> AnswerIn {
        AnswerIn::Output
    }

    fn signed_in(&self, _model: &str, _carried: &Carried, _environment: &Environment) -> SignIn {
        SignIn::Free
    }
}

/// Every line is a piece of the final message.
struct Lines;

impl Decoder for Lines {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        vec![Signal::Text {
            message: "stdout".to_owned(),
            text: format!("{line}\n"),
        }]
    }
}

/// The command as configured, in the workspace, with a home of its own.
fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let agent = assignment.agent;
    let program = find(
        &agent.command,
        assignment.environment,
        &assignment.carried.project_root,
    )?;
    let mut env = allowed(assignment.environment, assignment.endpoint.is_some());
    configure(&mut env, &agent.env, assignment.endpoint.is_some());
    match assignment.endpoint {
        Some(endpoint) => {
            env.insert("OPENAI_BASE_URL".into(), (&endpoint.base_url).into());
            env.insert("OPENAI_API_KEY".into(), (&endpoint.key).into());
        }
        None => copy(
            assignment.environment,
            &mut env,
            agent.pass_env.iter().map(String::as_str),
        ),
    }
    let home = assignment.private.join("home");
    let temporary = assignment.private.join("tmp");
    env.entry("HOME".into())
        .or_insert_with(|| home.clone().into());
    env.insert("TMPDIR".into(), temporary.clone().into());
    env.insert("PWD".into(), assignment.workspace.into());
    env.insert("TIPSTAFF_MODEL_ID".into(), (&assignment.model.id).into());
    env.insert(
        "TIPSTAFF_PROFILE".into(),
        profile_name(assignment.profile).into(),
    );
    if let Some(variant) = &assignment.model.variant {
        env.insert("TIPSTAFF_MODEL_VARIANT".into(), variant.into());
    }
    for (name, value) in assignment.vars {
        env.insert(name.into(), value.into());
    }
    Ok(Launch {
        program,
        args: agent.args.iter().map(Into::into).collect(),
        env,
        cwd: assignment.workspace.to_owned(),
        files: vec![SeedFile::folder(home), SeedFile::folder(temporary)],
    })
}

fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => "reader",
        Profile::Worker => "worker",
        Profile::Writer => "writer",
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
