//! Any agent that speaks the Agent Client Protocol. Its process is tipstaff's own client, which prints the events
//! that are read here.

use std::ffi::OsString;

use super::command::launch;
use super::launch::neutral_folder;
use super::{
    Adapter, AgentError, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product,
    SignIn, Signal,
};
use crate::acp::{Event, Settings, Trouble};
use crate::plan::AgentSpec;

pub(super) struct Acp;

impl Adapter for Acp {
    fn product(&self) -> Option<&'static Product> {
        None
    }

    /// With the variables of any command; what else it needs, only its own configuration can say. It starts where
    /// nothing configures it, and is told by the protocol where to work.
    fn launch(&self, assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
        let mut launch = launch(assignment)?;
        let (cwd, files) = neutral_folder(assignment.private);
        launch.env.insert("PWD".into(), cwd.clone().into());
        launch.files.extend(files);
        Ok(Launch {
            cwd,
            reads_prompt: true,
            ..launch
        })
    }

    fn client(&self, assignment: &Assignment<'_>) -> Option<Vec<OsString>> {
        let settings = Settings {
            profile: assignment.profile,
            model: assignment.model.id.clone(),
            variant: assignment.model.variant.clone().unwrap_or_default(),
            workspace: assignment.workspace.to_string_lossy().into_owned(),
        };
        Some(settings.to_args())
    }

    fn decoder(&self, _agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
        Box::new(Events)
    }

    fn signed_in(&self, _model: &str, _carried: &Carried, _environment: &Environment) -> SignIn {
        SignIn::Free
    }
}

#[derive(Debug)]
struct Events;

impl Decoder for Events {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        let Ok(event) = serde_json::from_str(line) else {
            return vec![Signal::Noise];
        };
        vec![match event {
            Event::Prompted => Signal::StepStarted,
            Event::Heard => Signal::Noise,
            Event::Text { message, text } => Signal::Text {
                message: message.to_string(),
                text,
            },
            Event::ToolStarted { name, detail } => Signal::ToolStarted { name, detail },
            Event::ToolEnded {
                name,
                detail,
                failed,
            } => Signal::Tool {
                name,
                detail,
                failed,
            },
            Event::Ended {
                message,
                reason,
                usage,
            } => Signal::StepEnded {
                message: message.to_string(),
                reason,
                usage,
            },
            Event::Failed(trouble) => Signal::AgentError(error(trouble)),
        }]
    }
}

fn error(trouble: Trouble) -> AgentError {
    AgentError {
        status: trouble.status,
        known: trouble.kind,
        ..AgentError::new(trouble.name, trouble.message)
    }
}
