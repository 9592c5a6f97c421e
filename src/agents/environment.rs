//! Which of the user's variables a program gets; everything else is dropped.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::model::{AgentEnv, names_a_secret};
use crate::plan::VerifyRules;

pub type Environment = BTreeMap<OsString, OsString>;

/// Variables that any program may need and that carry no secret.
const ALLOWED: &[&str] = &[
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
];
/// Proxies; not handed on in a rehearsal, which stays on loopback.
const PROXIES: &[&str] = &["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// The variables on the allow list, with a dumb terminal. `rehearsal` leaves out the proxies.
pub(super) fn allowed(environment: &Environment, rehearsal: bool) -> Environment {
    let mut allowed: Environment = environment
        .iter()
        .filter(|(name, _)| {
            name.to_str().is_some_and(|name| {
                ALLOWED.contains(&name) || name.starts_with("LC_") || (!rehearsal && is_proxy(name))
            })
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    allowed.insert("TERM".into(), "dumb".into());
    allowed.insert("NO_COLOR".into(), "1".into());
    allowed
}

fn is_proxy(name: &str) -> bool {
    PROXIES.iter().any(|proxy| name.eq_ignore_ascii_case(proxy))
}

/// What of the user's variables a command gets that verifies changes, and what `rules` set for it; in a
/// rehearsal no keys.
pub fn of_verification(user: &Environment, rules: &VerifyRules, rehearsal: bool) -> Environment {
    let mut env = allowed(user, rehearsal);
    if !rehearsal {
        copy(user, &mut env, rules.pass_env.iter().map(String::as_str));
    }
    configure(&mut env, &rules.env, rehearsal);
    env
}

/// A variable's value, unless it is empty.
pub(super) fn value<'a>(environment: &'a Environment, name: &str) -> Option<&'a OsStr> {
    environment
        .get(OsStr::new(name))
        .map(OsString::as_os_str)
        .filter(|value| !value.is_empty())
}

/// Copies the named variables that are set.
pub(super) fn copy<'a>(
    from: &Environment,
    to: &mut Environment,
    names: impl IntoIterator<Item = &'a str>,
) {
    for name in names {
        if let Some(value) = value(from, name) {
            to.insert(name.into(), value.to_owned());
        }
    }
}

/// Sets an agent's own variables; in a rehearsal those that look like secrets are left out.
pub(super) fn configure(env: &mut Environment, own: &AgentEnv, rehearsal: bool) {
    for (name, value) in own.iter() {
        if !rehearsal || !names_a_secret(name) {
            env.insert(name.into(), value.expose().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let user = environment(&[
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("TERM", "xterm-256color"),
            ("HTTPS_PROXY", "http://proxy:1"),
            ("OPENCODE_CONFIG", "/x"),
            ("AWS_SECRET_ACCESS_KEY", "abcdefgh1"),
            ("SSH_AUTH_SOCK", "/s"),
        ]);
        let names = |env: &Environment| -> Vec<String> {
            env.keys()
                .map(|name| name.to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(
            names(&allowed(&user, false)),
            ["HTTPS_PROXY", "LC_ALL", "NO_COLOR", "PATH", "TERM"]
        );
        assert_eq!(
            names(&allowed(&user, true)),
            ["LC_ALL", "NO_COLOR", "PATH", "TERM"]
        );
        assert_eq!(
            allowed(&user, true).get(OsStr::new("TERM")),
            Some(&"dumb".into())
        );
    }
}
