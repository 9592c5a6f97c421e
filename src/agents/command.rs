//! Any command as an agent: what it wants and says is in its configuration ([`Wrapper`]).

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use super::environment::value;
use super::launch::{find, of_attempt};
use super::{
    Adapter, AgentError, AnswerIn, Assignment, Carried, Decoder, Environment, Launch, LaunchError,
    SeedFile, Signal,
};
use crate::model::{ExitStatus, Failure, FailureKind, MicroUsd, Usage};
use crate::plan::{AgentSpec, OutputPaths, Wrapper};

/// The longest argument that the kernel takes, with room.
const LONGEST_ARGUMENT: usize = 120 << 10;
const PROMPT: &str = "{prompt}";
const PROMPT_FILE: &str = "{prompt_file}";

pub(super) static ADAPTER: Adapter = Adapter {
    answer_in: AnswerIn::Output,
    ..Adapter::of(launch, decoder)
};

pub(super) fn decoder(agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
    Box::new(Lines(agent.wrapper.clone()))
}

/// The command as configured, in the workspace, with a home of its own unless it shares the user's.
pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let agent = assignment.agent;
    let program = find(
        &agent.command,
        assignment.environment,
        &assignment.carried.project_root,
    )?;
    let home = assignment.private.join("home");
    let temporary = assignment.private.join("tmp");
    let prompt_file = assignment.private.join("prompt.md");
    let own_home = value(assignment.environment, "HOME").filter(|_| agent.wrapper.shares_home);
    let mut files = vec![
        match own_home {
            Some(own) => SeedFile::link(home.clone(), Path::new(own).to_owned()),
            None => SeedFile::folder(home.clone()),
        },
        SeedFile::folder(temporary.clone()),
    ];
    let takes = |what: &str| agent.args.iter().any(|arg| arg.contains(what));
    if takes(PROMPT) && assignment.prompt.len() > LONGEST_ARGUMENT {
        return Err(LaunchError::PromptTooLong {
            bytes: assignment.prompt.len(),
        });
    }
    if takes(PROMPT_FILE) {
        let text = assignment.prompt.to_owned();
        files.push(SeedFile::private(prompt_file.clone(), text));
    }
    let fill = |arg: &String| match arg.as_str() {
        // What the prompt holds is not filled again.
        PROMPT => assignment.prompt.to_owned(),
        _ => {
            let arg = arg.replace(PROMPT_FILE, &prompt_file.to_string_lossy());
            let arg = arg.replace("{model}", &assignment.model.id);
            arg.replace(PROMPT, assignment.prompt)
        }
    };
    Ok(Launch {
        program,
        args: agent.args.iter().map(|arg| fill(arg).into()).collect(),
        env: environment(assignment, &home, &temporary),
        cwd: assignment.workspace.to_owned(),
        reads_prompt: !takes(PROMPT) && !takes(PROMPT_FILE),
        files,
    })
}

fn environment(assignment: &Assignment<'_>, home: &Path, temporary: &Path) -> Environment {
    let mut env = of_attempt(assignment);
    let mut set = |name: &str, value: &OsStr| env.insert(name.into(), value.into());
    if let Some(endpoint) = assignment.endpoint {
        set("OPENAI_BASE_URL", endpoint.base_url.as_ref());
        set("OPENAI_API_KEY", endpoint.key.as_ref());
    }
    set("TMPDIR", temporary.as_ref());
    set("PWD", assignment.workspace.as_ref());
    set("TIPSTAFF_MODEL_ID", assignment.model.id.as_ref());
    set("TIPSTAFF_PROFILE", assignment.profile.word().as_ref());
    if let Some(variant) = &assignment.model.variant {
        set("TIPSTAFF_MODEL_VARIANT", variant.as_ref());
    }
    env.entry("HOME".into()).or_insert_with(|| home.into());
    env
}

/// Every line is a piece of the final message, or a piece of JSON that holds one.
#[derive(Debug)]
struct Lines(Wrapper);

impl Decoder for Lines {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        let mut signs = self.0.failures.iter();
        if let Some(sign) = signs.find(|sign| sign.begins_line(line)) {
            return vec![Signal::AgentError(known(sign.kind, line))];
        }
        match &self.0.output {
            Some(paths) => of_json(paths, line),
            None => vec![text(format!("{line}\n"))],
        }
    }

    fn explain(&self, stderr_tail: &str, exit: Option<ExitStatus>) -> Option<Failure> {
        let last = || {
            stderr_tail
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
        };
        let by_words = stderr_tail.lines().rev().find_map(|line| {
            let sign = self.0.failures.iter().find(|sign| sign.is_in_line(line))?;
            Some(known(sign.kind, line.trim()))
        });
        let by_exit = || {
            let Some(ExitStatus::Exited(code)) = exit else {
                return None;
            };
            let sign = self
                .0
                .failures
                .iter()
                .find(|sign| sign.exit.contains(&code))?;
            let words = last().map_or_else(|| format!("it exited with {code}"), str::to_owned);
            Some(known(sign.kind, words.trim()))
        };
        let told = by_words.or_else(by_exit).map(|error| error.failure(None));
        let paths = self
            .0
            .output
            .as_ref()
            .filter(|_| exit == Some(ExitStatus::Exited(0)));
        told.or_else(|| {
            let message = format!(
                "no line of its output is JSON with a text at `{}`",
                paths?.text
            );
            let hint = "`output:` of the agent says where in a line the text is";
            Some(Failure::new(FailureKind::NoDeliverable, message).hint(hint))
        })
    }
}

fn known(kind: FailureKind, words: &str) -> AgentError {
    AgentError {
        known: Some(kind),
        ..AgentError::new("", words)
    }
}

fn text(text: String) -> Signal {
    Signal::Text {
        message: "stdout".to_owned(),
        text,
    }
}

/// What a line of JSON says. Any other line, a banner for example, says nothing.
fn of_json(paths: &OutputPaths, line: &str) -> Vec<Signal> {
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        return vec![Signal::Noise];
    };
    let at = |path: &Option<String>| path.as_deref().and_then(|path| look_up(&value, path));
    let mut signals = Vec::new();
    if let Some(piece) = look_up(&value, &paths.text).and_then(Value::as_str) {
        signals.push(text(piece.to_owned()));
    }
    let error = at(&paths.error).filter(|error| !error.is_null());
    if let Some(error) = error {
        let words = error
            .as_str()
            .map_or_else(|| error.to_string(), str::to_owned);
        signals.push(Signal::AgentError(AgentError::new("", words)));
    }
    let (input, output, cost) = (
        at(&paths.input_tokens),
        at(&paths.output_tokens),
        at(&paths.cost),
    );
    if input.or(output).or(cost).is_some() {
        let count = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
        signals.push(Signal::UsedInAll(Usage {
            requests: 1,
            input: count(input),
            output: count(output),
            cost: MicroUsd::from_usd(cost.and_then(Value::as_f64).unwrap_or_default()),
            ..Usage::default()
        }));
    }
    signals
}

/// What is at a path of keys and numbers of items.
fn look_up<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        value => value.get(key),
    })
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
