//! The Gemini CLI: `gemini -o stream-json`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that depends on it;
//! recorded streams are in `fixtures/transcripts/gemini`.

mod account;
mod decode;
mod launch;
mod settings;

use crate::plan::AgentSpec;

use self::account::Account;
use super::{
    Adapter, Assignment, Carried, Decoder, Environment, Launch, LaunchError, Product, SignIn,
    SignInFile,
};

const PRODUCT: Product = Product {
    name: "Gemini CLI",
    tested: "0.61.0",
    // Before it there was no `--policy`.
    oldest: (0, 50),
    newest: Some(0),
    of_another_major: "",
    install: "npm install -g @google/gemini-cli",
    sign_in: "gemini",
    provider: Some("google"),
    models: "`/model` within `gemini` lists the models of the account",
};

pub(super) struct Gemini;

impl Adapter for Gemini {
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
        match Account::of(environment, carried) {
            Some(Account::Personal) => SignIn::Refreshed,
            Some(account) => SignIn::Key(account.signed_in_by().to_owned()),
            None => SignIn::None,
        }
    }

    fn sign_in_file(&self, environment: &Environment) -> Option<SignInFile> {
        account::sign_in_file(environment)
    }
}
