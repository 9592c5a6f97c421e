//! Qwen Code: `qwen --output-format stream-json`, headless, one process a call. Recorded streams are in
//! `fixtures/transcripts/qwen`.

mod launch;

pub(super) use self::launch::quiet;

use super::sign_in_file::SignInPlace;
use super::stream_json::StreamJson;
use super::{Adapter, Product, sign_in};

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

/// Keys, each with the server that it is for where none is named.
const KEYS: [(&str, Option<&str>); 2] = [
    ("OPENAI_API_KEY", None),
    (
        "DASHSCOPE_API_KEY",
        Some("https://dashscope.aliyuncs.com/compatible-mode/v1"),
    ),
];

static OWN: SignInPlace = SignInPlace {
    at: &[
        ("QWEN_HOME", "oauth_creds.json"),
        ("HOME", ".qwen/oauth_creds.json"),
    ],
    below: "config/oauth_creds.json",
    expiry: "/expiry_date",
    later: 0,
};

pub(super) static ADAPTER: Adapter = Adapter {
    product: Some(&PRODUCT),
    signed_in: |_, carried, environment| {
        sign_in::by_key(KEYS.map(|(name, _)| name), &OWN, (carried, environment))
    },
    own_sign_in: Some(&OWN),
    ..Adapter::of(launch::launch, |_, _| Box::new(StreamJson::of_qwen()))
};

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
