//! Any agent that speaks the Agent Client Protocol. Its process is tipstaff's own client, which prints the events
//! that are read here.

use std::ffi::OsString;

use super::launch::neutral_folder;
use super::{Adapter, AgentError, Assignment, Decoder, Launch, LaunchError, Signal, command};
use crate::acp::{Event, Settings, Trouble};

pub(super) static ADAPTER: Adapter = Adapter {
    client: Some(client),
    ..Adapter::of(launch, |_, _| Box::new(Events))
};

/// With the variables of any command; what else it needs, only its own configuration can say. It starts where
/// nothing configures it, and is told by the protocol where to work.
fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let mut launch = command::launch(assignment)?;
    let (cwd, files) = neutral_folder(assignment.private);
    launch.set("PWD", &cwd);
    launch.files.extend(files);
    Ok(Launch {
        cwd,
        reads_prompt: true,
        ..launch
    })
}

fn client(assignment: &Assignment<'_>) -> Vec<OsString> {
    let settings = Settings {
        profile: assignment.profile,
        model: assignment.model.id.clone(),
        variant: assignment.model.variant.clone().unwrap_or_default(),
        workspace: assignment.workspace.to_string_lossy().into_owned(),
    };
    settings.to_args()
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
