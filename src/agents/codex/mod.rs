//! Codex: `codex exec`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that depends on it;
//! recorded streams are in `fixtures/transcripts/codex`.

mod decode;
mod launch;

use super::sign_in_file::SignInPlace;
use super::{Adapter, Product, sign_in};

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

/// Keys that sign in, the first that is set.
const KEYS: [&str; 2] = ["CODEX_API_KEY", "OPENAI_API_KEY"];

static OWN: SignInPlace = SignInPlace {
    at: &[("CODEX_HOME", "auth.json"), ("HOME", ".codex/auth.json")],
    below: "codex/auth.json",
    expiry: "/last_refresh",
    // Codex refreshes after eight days.
    later: 8 * 24,
};

pub(super) static ADAPTER: Adapter = Adapter {
    product: Some(&PRODUCT),
    signed_in: |_, carried, environment| sign_in::by_key(KEYS, &OWN, (carried, environment)),
    own_sign_in: Some(&OWN),
    ..Adapter::of(launch::launch, |_, _| Box::<decode::Lines>::default())
};
