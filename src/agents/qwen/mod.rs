//! Qwen Code: `qwen --output-format stream-json`, headless, one process a call. Recorded streams are in
//! `fixtures/transcripts/qwen`.

mod account;
mod launch;

use crate::plan::AgentSpec;

use super::stream_json::StreamJson;
use super::{
    Adapter, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product, SignIn,
    SignInFile,
};

const PRODUCT: Product = Product {
    name: "Qwen Code",
    tested: "0.24.4",
    // Before it there were no levels of skills to leave out.
    oldest: (0, 20),
    newest: Some(0),
    of_another_major: "",
    install: "npm install -g @qwen-code/qwen-code",
    sign_in: "qwen",
    provider: Some("alibaba"),
    models: "the server at `OPENAI_BASE_URL` has to know the model",
};

pub(super) struct Qwen;

impl Adapter for Qwen {
    fn product(&self) -> Option<&'static Product> {
        Some(&PRODUCT)
    }

    fn launch(&self, assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
        launch::launch(assignment)
    }

    fn decoder(&self, _agent: &AgentSpec, _carried: &Carried) -> Box<dyn Decoder> {
        Box::new(StreamJson::of_qwen())
    }

    fn sign_in_file(&self, environment: &Environment) -> Option<SignInFile> {
        account::sign_in_file(environment)
    }

    fn signed_in(&self, _model: &str, carried: &Carried, environment: &Environment) -> SignIn {
        match account::key(environment) {
            Some((name, _)) => SignIn::Key(name.to_owned()),
            None if account::sign_in_file(environment).is_some_and(|file| carried.has(&file)) => {
                SignIn::Refreshed
            }
            None => SignIn::None,
        }
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
