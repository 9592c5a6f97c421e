//! How Qwen Code is signed in: a key for a server that speaks chat completions, or its own sign-in.

use std::path::{Path, PathBuf};

use crate::agents::environment::value;
use crate::agents::{Environment, SignInFile};

/// Keys, each with the server that it is for where none is named.
const KEYS: [(&str, Option<&str>); 2] = [
    ("OPENAI_API_KEY", None),
    (
        "DASHSCOPE_API_KEY",
        Some("https://dashscope.aliyuncs.com/compatible-mode/v1"),
    ),
];

/// The variable that holds the key, and the server that goes with it by itself.
pub(super) fn key(environment: &Environment) -> Option<(&'static str, Option<&'static str>)> {
    KEYS.into_iter()
        .find(|(name, _)| value(environment, name).is_some())
}

/// Where Qwen Code keeps its own sign-in.
pub(super) fn sign_in_file(environment: &Environment) -> Option<SignInFile> {
    let folder = value(environment, "QWEN_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(value(environment, "HOME")?).join(".qwen")));
    Some(SignInFile {
        path: folder?.join("oauth_creds.json"),
        below: "config/oauth_creds.json".into(),
        expiry: "/expiry_date".to_owned(),
        later: 0,
    })
}
