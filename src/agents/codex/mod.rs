//! Codex: `codex exec`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that depends on it;
//! recorded streams are in `fixtures/transcripts/codex`.

mod decode;
mod launch;

use crate::plan::AgentSpec;

use super::{
    Adapter, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product, SignIn,
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

    fn signed_in(&self, _model: &str, _carried: &Carried, environment: &Environment) -> SignIn {
        launch::key(environment).map_or(SignIn::None, |(name, _)| SignIn::Key(name.to_owned()))
    }
}
