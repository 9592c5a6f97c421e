//! Claude Code: `claude --print`, headless, one process a call. Recorded streams are in
//! `fixtures/transcripts/claude`.

mod launch;
mod place;

use super::stream_json::StreamJson;
use super::{Adapter, Product};

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

pub(super) static ADAPTER: Adapter = Adapter {
    product: Some(&PRODUCT),
    signed_in: place::signed_in,
    own_sign_in: Some(&place::OWN),
    ..Adapter::of(launch::launch, |_, _| Box::<StreamJson>::default())
};

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
