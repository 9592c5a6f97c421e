//! Claude Code: `claude --print`, headless, one process a call. Recorded streams are in
//! `fixtures/transcripts/claude`.

mod launch;
mod place;

use crate::plan::AgentSpec;

use super::stream_json::StreamJson;
use super::{
    Adapter, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product, SignIn,
    SignInFile,
};

const PRODUCT: Product = Product {
    name: "Claude Code",
    tested: "2.1.332",
    // Before it the mode `dontAsk` and `--tools` were not there.
    oldest: (2, 1),
    newest: None,
    of_another_major: "",
    install: "npm install -g @anthropic-ai/claude-code",
    sign_in: "claude auth login",
    provider: Some("anthropic"),
    models: "an alias (`opus`, `sonnet`, `haiku`) is always the newest model of its line",
};

pub(super) struct Claude;

impl Adapter for Claude {
    fn product(&self) -> Option<&'static Product> {
        Some(&PRODUCT)
    }

    fn launch(&self, assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
        launch::launch(assignment)
    }

    fn decoder(&self, _agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
        Box::new(StreamJson::default())
    }

    fn sign_in_file(&self, environment: &Environment) -> Option<SignInFile> {
        place::sign_in_file(environment)
    }

    fn signed_in(&self, model: &str, carried: &Carried, environment: &Environment) -> SignIn {
        place::of(model, environment)
            .0
            .signed_in(carried, environment)
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
