//! OpenCode as it comes: its own agent, prompts and tools, and nothing configured but a provider whose
//! models are scripted.

use std::path::{Path, PathBuf};

use serde_json::json;
use tipstaff::model::{Contract, Endpoint, Purpose, Sections};
use tipstaff::process::ExitRecord;
use tipstaff::rehearsal::{RehearsedCall, Server};

use crate::ground::Ground;
use crate::measure::measure;

/// The model's id: OpenCode chooses its prompt by it.
const MODEL: &str = "claude-sonnet-4-5";

/// An OpenCode with a home of its own, below the ground.
pub struct Plain<'a> {
    ground: &'a Ground,
    opencode: PathBuf,
    home: String,
}

impl<'a> Plain<'a> {
    /// With a new home of this name, whose only provider is the server.
    pub fn new(ground: &'a Ground, home: &str, server: &Server) -> Self {
        let endpoint = endpoint(server, home);
        let config = json!({
            "$schema": "https://opencode.ai/config.json",
            "provider": { "scripted": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Scripted",
                "options": { "baseURL": endpoint.base_url, "apiKey": endpoint.key },
                "models": { MODEL: {
                    "name": MODEL,
                    "limit": { "context": 200_000, "output": 64_000 },
                } },
            } },
        });
        let path = format!("{home}/.config/opencode/opencode.json");
        ground.put(&path, &config.to_string());
        Self {
            ground,
            opencode: opencode(),
            home: home.to_owned(),
        }
    }

    /// `opencode run` with further arguments and this prompt, to its end.
    pub fn run(&self, prompt: &str, more: &[&str]) -> ExitRecord {
        let prompt = self.ground.put("prompt.md", prompt);
        let model = format!("scripted/{MODEL}");
        let program = self.opencode.to_string_lossy();
        // Off the network, which spares it work: what remains is still to be beaten.
        let args = [
            "OPENCODE_DISABLE_MODELS_FETCH=1",
            "npm_config_offline=true",
            &program,
            "run",
            "--format",
            "json",
            "--model",
            &model,
        ];
        let args: Vec<String> = args
            .iter()
            .chain(more)
            .map(|arg| (*arg).to_owned())
            .collect();
        let env = Path::new("/usr/bin/env");
        measure(self.ground, &self.home, env, &args, &prompt)
    }
}

/// Where a scripted model answers the one call of this name.
pub fn endpoint(server: &Server, call: &str) -> Endpoint {
    server.endpoint(RehearsedCall {
        ballot: None,
        call: call.into(),
        phase: call.into(),
        purpose: Purpose::Work,
        model: "scripted".into(),
        slot: 1,
        task: None,
        attempt: 1,
        contract: Contract::Document,
        sections: Sections::default(),
        builds_on_others: false,
        request: String::new(),
    })
}

fn opencode() -> PathBuf {
    which::which("opencode").expect("opencode is on PATH; scripts/agents installs it")
}
