//! OpenCode 1 and 2: `opencode run`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that
//! depends on it; recorded streams are in `fixtures/transcripts/opencode`.

mod config;
mod decode;
mod generation;
mod launch;
mod profile;
mod stderr;

use crate::model::{ExitStatus, Failure};

pub(super) use self::config::installed;
pub(super) use self::launch::SWITCHES;

use self::generation::Generation;
use super::providers::provider_of;
use super::{Adapter, AgentError, Carried, Decoder, Environment, Product, SignIn, Signal, sign_in};

pub(super) const PRODUCT: Product = Product {
    name: "OpenCode",
    tested: "1.18.33",
    // Before it `run --format json` and the permission rules were different.
    oldest: (1, 0),
    newest: Some(2),
    of_another_major: "; its adapter follows the documentation of OpenCode 2 and was never tried with the real \
                       program: `scripts/probe-opencode2` does",
    install: "npm install -g opencode-ai",
    sign_in: "opencode auth login",
    provider: None,
    models: "`opencode models PROVIDER` lists the models that the provider knows",
};

pub(super) static ADAPTER: Adapter = Adapter {
    product: Some(&PRODUCT),
    signed_in,
    providers: |carried| carried.own_providers().cloned().collect(),
    models_beside: |model, carried| {
        let provider = provider_of(model)?;
        let models = carried.models_of(provider)?;
        Some(models.iter().map(|id| format!("{provider}/{id}")).collect())
    },
    ..Adapter::of(launch::launch, |_, carried| {
        Box::new(Lines(Generation::of(carried)))
    })
};

fn signed_in(model: &str, carried: &Carried, environment: &Environment) -> SignIn {
    let found = provider_of(model).map_or(SignIn::None, |provider| {
        sign_in::signed_in(carried, provider, environment)
    });
    match (Generation::of(carried), found) {
        // OpenCode 2 would refresh the token and keep the new one to itself.
        (Generation::Two, SignIn::Refreshed) => SignIn::None,
        (_, found) => found,
    }
}

/// Every line says all of what it says.
#[derive(Debug)]
struct Lines(Generation);

impl Decoder for Lines {
    fn line(&mut self, line: &str) -> Vec<Signal> {
        decode::decode(line)
    }

    fn stderr_line(&mut self, line: &str) -> Option<AgentError> {
        stderr::decode(line)
    }

    fn end_may_be_missing(&self) -> bool {
        self.0 == Generation::Two
    }

    fn explain(&self, stderr_tail: &str, _exit: Option<ExitStatus>) -> Option<Failure> {
        stderr::explain(stderr_tail)
    }
}
