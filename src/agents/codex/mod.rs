//! Codex: `codex exec`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that depends on it;
//! recorded streams are in `fixtures/transcripts/codex`.

mod decode;
mod launch;

use std::path::{Path, PathBuf};

use crate::plan::AgentSpec;

use super::environment::value;
use super::{
    Adapter, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product, SignIn,
    SignInFile,
};

const PRODUCT: Product = Product {
    name: "Codex",
    tested: "0.171.0",
    // Before it there were no permission profiles.
    oldest: (0, 160),
    newest: Some(0),
    of_another_major: "",
    install: "npm install -g @openai/codex",
    sign_in: "codex login",
    provider: Some("openai"),
    models: "`/model` within `codex` lists the models of the account",
};

pub(super) struct Codex;

impl Adapter for Codex {
    fn product(&self) -> Option<&'static Product> {
        Some(&PRODUCT)
    }

    fn launch(&self, assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
        launch::launch(assignment)
    }

    fn decoder(&self, _agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
        Box::<decode::Lines>::default()
    }

    fn signed_in(&self, _model: &str, carried: &Carried, environment: &Environment) -> SignIn {
        let is_there = |file| carried.has(&file);
        match launch::key(environment) {
            Some((name, _)) => SignIn::Key(name.to_owned()),
            None if self.sign_in_file(environment).is_some_and(is_there) => SignIn::Refreshed,
            None => SignIn::None,
        }
    }

    fn sign_in_file(&self, environment: &Environment) -> Option<SignInFile> {
        let folder = value(environment, "CODEX_HOME").map(PathBuf::from);
        let folder = folder.or_else(|| Some(Path::new(value(environment, "HOME")?).join(".codex")));
        Some(SignInFile {
            path: folder?.join("auth.json"),
            below: "codex/auth.json".into(),
            expiry: "/last_refresh".to_owned(),
            // Codex refreshes after eight days.
            later: 8 * 24,
        })
    }
}
