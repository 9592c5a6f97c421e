//! The Gemini CLI: `gemini -o stream-json`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that depends on it;
//! recorded streams are in `fixtures/transcripts/gemini`.

mod account;
mod decode;
mod launch;
mod settings;

pub(super) use self::settings::quiet;

use self::account::Account;
use super::{Adapter, Product, SignIn};

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

pub(super) static ADAPTER: Adapter = Adapter {
    product: Some(&PRODUCT),
    signed_in: |_, carried, environment| match Account::of(environment, carried) {
        Some(account) if *account == account::PERSONAL => SignIn::Refreshed,
        Some(account) => SignIn::Key(account.signed_in_by.to_owned()),
        None => SignIn::None,
    },
    own_sign_in: Some(&account::OWN),
    ..Adapter::of(launch::launch, |_, _| Box::<decode::Lines>::default())
};
