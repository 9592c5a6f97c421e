//! Any agent that speaks the Agent Client Protocol. Its process is tipstaff's own client, which prints the events
//! that are read here.

use std::ffi::OsString;

use super::launch::neutral_folder;
use super::{
    Adapter, AgentError, Assignment, Decoder, Launch, LaunchError, SeedFile, Signal, command,
    gemini, opencode, qwen,
};
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
    keep_to_the_prompt(&mut launch, assignment);
    Ok(Launch {
        cwd,
        reads_prompt: true,
        ..launch
    })
}

/// Switches off what its own adapter would, if it is an agent that has one; the configuration may say otherwise.
fn keep_to_the_prompt(launch: &mut Launch, assignment: &Assignment<'_>) {
    let name = launch.program.file_name().unwrap_or_default();
    // Two of them would start themselves again as a child, which a signal to the parent does not reach.
    let (variable, settings, alone) = match name.to_str() {
        Some("opencode") => {
            for switch in opencode::SWITCHES {
                launch.set_default(switch, "1");
            }
            if !assignment.agent.wrapper.shares_home {
                let folder = assignment.private.join("home/.config/opencode");
                let version = assignment.carried.opencode_version.as_deref();
                launch.files.extend(opencode::installed(&folder, version));
            }
            return;
        }
        Some("gemini") => (
            "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
            gemini::quiet(),
            "GEMINI_CLI_NO_RELAUNCH",
        ),
        Some("qwen") => (
            "QWEN_CODE_SYSTEM_SETTINGS_PATH",
            qwen::quiet(),
            "QWEN_CODE_NO_RELAUNCH",
        ),
        Some(_) | None => return,
    };
    let file = assignment.private.join("settings.json");
    launch.set_default(variable, &file);
    launch.set_default(alone, "true");
    let settings = settings.to_string();
    launch.files.push(SeedFile::private(file, settings));
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use crate::agents::testing::{Bench, seeded_json, var};
    use crate::plan::AgentKind;

    #[test]
    fn known_agents_are_kept_to_the_prompt_unless_configured() {
        let mut bench = Bench::new(AgentKind::Acp);
        let launch = bench.launch().unwrap();
        assert_eq!(var(&launch, "OPENCODE_DISABLE_PROJECT_CONFIG"), Some("1"));
        for (program, variable, alone) in [
            (
                "gemini",
                "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
                "GEMINI_CLI_NO_RELAUNCH",
            ),
            (
                "qwen",
                "QWEN_CODE_SYSTEM_SETTINGS_PATH",
                "QWEN_CODE_NO_RELAUNCH",
            ),
        ] {
            program.clone_into(&mut bench.agent.command);
            let launch = bench.launch().unwrap();
            let file = bench.private().join("settings.json");
            assert_eq!(var(&launch, variable), file.to_str());
            assert_eq!(var(&launch, alone), Some("true"));
            let settings = seeded_json(&launch, "settings.json");
            assert!(settings["mcp"]["allowed"].is_array(), "{settings}");
            bench.agent.env.set(variable, "/mine");
            assert_eq!(var(&bench.launch().unwrap(), variable), Some("/mine"));
        }
    }
}
