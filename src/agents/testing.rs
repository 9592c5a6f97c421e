//! An assignment to build launches from, for the tests of this module.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Assignment, Carried, Environment, Launch, Seed};
use crate::model::{AgentEnv, Endpoint, Profile};
use crate::plan::{AgentKind, AgentSpec, ModelSpec};

/// Everything an assignment borrows.
pub(super) struct Bench {
    pub folder: tempfile::TempDir,
    pub agent: AgentSpec,
    pub model: ModelSpec,
    pub profile: Profile,
    pub is_closed: bool,
    pub vars: BTreeMap<String, String>,
    pub endpoint: Option<Endpoint>,
    pub carried: Carried,
    pub environment: Environment,
}

impl Bench {
    /// A user with the programs of agents and `rg` on PATH and a few variables.
    pub fn new(kind: AgentKind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for program in ["opencode", "claude", "codex", "gemini", "qwen", "rg"] {
            let path = folder.path().join(program);
            std::fs::write(&path, "#!/bin/sh\n").expect("writable");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("ours");
        }
        let environment = [
            ("HOME", "/home/user"),
            ("ANTHROPIC_API_KEY", "anthropic-key-1"),
            ("OPENAI_API_KEY", "openai-key-1"),
            ("GEMINI_API_KEY", "gemini-key-1"),
            ("EXTRA_TOKEN", "extra-token-1"),
            ("HTTPS_PROXY", "http://proxy:1"),
            ("OPENCODE_CONFIG", "/x"),
        ];
        let mut environment: Environment = environment
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        environment.insert("PATH".into(), folder.path().into());
        Self {
            agent: AgentSpec {
                kind,
                command: kind.program().unwrap_or("opencode").to_owned(),
                args: Vec::new(),
                env: AgentEnv::default(),
                pass_env: vec!["EXTRA_TOKEN".to_owned()],
                sandbox: Default::default(),
                wrapper: Default::default(),
            },
            model: ModelSpec {
                agent: "opencode".into(),
                id: "anthropic/claude-opus-4-5".to_owned(),
                variant: None,
                family: None,
                price: None,
                context: None,
            },
            profile: Profile::Reader,
            is_closed: true,
            vars: BTreeMap::from([("TIPSTAFF_CALL".to_owned(), "plan.propose-2".to_owned())]),
            endpoint: None,
            carried: Carried::default(),
            environment,
            folder,
        }
    }

    /// The same in a rehearsal.
    pub fn rehearsing(mut self) -> Self {
        self.endpoint = Some(Endpoint {
            base_url: "http://127.0.0.1:4711/v1".to_owned(),
            key: "rehearsal".to_owned(),
        });
        self
    }

    /// The same for a user who has no key, and has signed in with the agent itself; this is the home.
    pub fn signed_in(mut self, home: &Path) -> Self {
        let path = self.environment.remove(OsStr::new("PATH"));
        self.environment = [("HOME".into(), home.into())].into();
        self.environment
            .extend(path.map(|path| ("PATH".into(), path)));
        let adapter = super::of(self.agent.kind);
        let file = adapter.sign_in_file(&self.environment).expect("a place");
        let (part, time) = file.expiry.rsplit_once('/').expect("a pointer");
        let mut content = json!({});
        let mut at = &mut content;
        for key in part.split('/').skip(1) {
            at = &mut at[key];
        }
        *at = json!({ "tokens": { "access_token": "access-1", "account_id": "me" } });
        at[time] = json!("2026-11-28T00:00:00Z");
        std::fs::create_dir_all(file.path.parent().expect("a folder")).expect("ours");
        std::fs::write(&file.path, content.to_string()).expect("ours");
        self.carried.look_for(&self.environment, [file].into_iter());
        self
    }

    pub fn private(&self) -> PathBuf {
        self.folder.path().join("private")
    }

    pub fn launch(&self) -> Result<Launch, super::LaunchError> {
        (super::of(self.agent.kind).launch)(&Assignment {
            agent: &self.agent,
            model: &self.model,
            profile: self.profile,
            workspace: std::path::Path::new("/project"),
            private: &self.private(),
            prompt: "Plan it.",
            is_closed: self.is_closed,
            title: "plan.propose-2",
            vars: &self.vars,
            endpoint: self.endpoint.as_ref(),
            carried: &self.carried,
            environment: &self.environment,
        })
    }
}

/// A variable of a launch.
pub(super) fn var<'a>(launch: &'a Launch, name: &str) -> Option<&'a str> {
    launch.env.get(std::ffi::OsStr::new(name))?.to_str()
}

/// The content of a file of a launch.
#[track_caller]
pub(super) fn seeded<'a>(launch: &'a Launch, name: &str) -> &'a str {
    let file = launch.files.iter().find(|file| file.path.ends_with(name));
    match file.map(|file| &file.seed) {
        Some(Seed::File { content, .. } | Seed::Secret { content }) => content,
        other => panic!("{name}: {other:?}"),
    }
}

/// The same as JSON.
#[track_caller]
pub(super) fn seeded_json(launch: &Launch, name: &str) -> Value {
    serde_json::from_str(seeded(launch, name)).expect("JSON")
}
