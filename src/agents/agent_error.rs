//! An error as an agent tells it, and what kind of failure that is.

use super::Product;
use super::wait::wait_in;
use crate::model::{Failure, FailureKind, Millis};

/// Longest message kept of an agent error, in bytes.
const MESSAGE_LIMIT: usize = 2000;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentError {
    /// The agent's word for it (`APIError`, `billing_error` …); may be empty.
    pub name: String,
    /// What happened, in the agent's or the provider's words.
    pub message: String,
    /// The provider's body, where known; it often holds the machine-readable code.
    pub body: String,
    /// The HTTP status, if the provider answered.
    pub status: Option<u16>,
    /// Its kind, where it is known without status and words.
    pub known: Option<FailureKind>,
    /// How long the provider asked to wait.
    pub retry_after: Option<Millis>,
}

impl AgentError {
    /// An agent error with long texts cut.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: shorten(&message.into(), MESSAGE_LIMIT),
            ..Self::default()
        }
    }

    /// The provider's body, cut.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.body = shorten(body, MESSAGE_LIMIT);
        self
    }

    /// Its kind, from the name, the status and the words, in this order.
    pub fn kind(&self) -> FailureKind {
        if let Some(kind) = self.known {
            return kind;
        }
        match self.name.as_str() {
            "ContextOverflowError" => return FailureKind::ContextOverflow,
            "ProviderModelNotFoundError" | "provider.no-route" | "model_not_found" => {
                return FailureKind::UnknownModel;
            }
            "ContentFilterError" | "provider.content-filter" | "refusal" => {
                return FailureKind::ContentRefused;
            }
            "MessageOutputLengthError" | "max_output_tokens" => return FailureKind::Truncated,
            "PermissionRefused" | "permission.rejected" => return FailureKind::PermissionRefused,
            "provider.quota" | "billing_error" | "usage_limit_reached" => {
                return FailureKind::Quota;
            }
            "provider.rate-limit" => return FailureKind::RateLimit,
            "provider.transport" | "provider.timeout" => return FailureKind::Network,
            "provider.internal" | "provider.invalid-output" => return FailureKind::Provider,
            "error_max_turns" => return FailureKind::Loop,
            _ => {}
        }
        let words = format!("{} {}", self.message, self.body).to_lowercase();
        let auth = match speaks_of(&words, EXPIRED) {
            true => FailureKind::SignInExpired,
            false => FailureKind::Auth,
        };
        if let "ProviderAuthError" | "provider.auth" | "authentication_failed" = &*self.name {
            return auth;
        }
        match self.status {
            Some(402) => FailureKind::Quota,
            Some(429) if speaks_of(&words, QUOTA) => FailureKind::Quota,
            Some(429) => FailureKind::RateLimit,
            Some(401) => auth,
            // Some providers answer an exhausted account with 403 or 400.
            Some(400 | 403) if speaks_of(&words, QUOTA) => FailureKind::Quota,
            Some(403) => auth,
            Some(404) => FailureKind::UnknownModel,
            Some(400 | 413) if speaks_of(&words, OVERFLOW) => FailureKind::ContextOverflow,
            Some(400) if speaks_of(&words, NO_MODEL) => FailureKind::UnknownModel,
            Some(400) if speaks_of(&words, EXPIRED) || speaks_of(&words, BAD_KEY) => auth,
            Some(400) if speaks_of(&words, FILTER) => FailureKind::ContentRefused,
            Some(408) => FailureKind::Network,
            Some(400..=499) => FailureKind::Rejected,
            Some(529) => FailureKind::Overloaded,
            Some(_) if speaks_of(&words, FULL) => FailureKind::Overloaded,
            Some(_) => FailureKind::Provider,
            None => by_words(&words),
        }
    }

    /// The same as a failure for the user of this product.
    pub fn failure(&self, product: Option<&Product>) -> Failure {
        let kind = self.kind();
        let message = match self.status {
            Some(status) => format!("{} (HTTP {status})", self.message),
            None => self.message.clone(),
        };
        let mut failure = Failure::new(kind, message);
        failure.retry_after = self.retry_after.or_else(|| wait_in(&self.message));
        let sign_in = product.map(|product| product.sign_in);
        match (kind, sign_in, product) {
            (FailureKind::Auth, Some(command), _) => failure.hint(format!(
                "sign in with `{command}`, or set the provider's key variable"
            )),
            (FailureKind::SignInExpired, Some(command), _) => {
                failure.hint(format!("sign in again with `{command}`"))
            }
            (FailureKind::UnknownModel, _, Some(product)) => failure.hint(product.models),
            _ => failure,
        }
    }
}

const QUOTA: &[&str] = &[
    "insufficient_quota",
    "insufficient quota",
    "exceeded your current quota",
    "quota exceeded",
    "credit balance",
    "insufficient credit",
    "insufficient balance",
    "billing",
    "payment required",
    "usage limit",
    "exhausted your daily quota",
    "exhausted your capacity",
];
const RATE: &[&str] = &[
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many requests",
    "429",
];
const FULL: &[&str] = &["overloaded", "at capacity", "server is busy", "529"];
const EXPIRED: &[&str] = &[
    "token has expired",
    "token is expired",
    "expired token",
    "sign-in has expired",
    "session has expired",
    "login has expired",
    "invalid_grant",
    "refresh token",
    "token has been revoked",
    "token_expired",
    "token_revoked",
    "sign in again",
    "log in again",
    "login again",
];
const FILTER: &[&str] = &[
    "content_filter",
    "content filter",
    "content management policy",
];
const OVERFLOW: &[&str] = &[
    "context length",
    "context_length",
    "context window",
    "prompt is too long",
    "input is too long",
    "maximum number of tokens",
    "too many tokens",
];
const NO_MODEL: &[&str] = &[
    "model_not_found",
    "model not found",
    "modelnotfound",
    "unknown model",
    "does not exist",
    "invalid model",
    "model unavailable",
    "is not found for",
];
const BAD_KEY: &[&str] = &[
    "api key",
    "api_key",
    "apikey",
    "unauthorized",
    "authentication",
    "401",
    "403",
    "forbidden",
];
const NETWORK: &[&str] = &[
    "cannot connect",
    "unable to connect",
    "connection was closed",
    "connection refused",
    "connection failed",
    "stream disconnected",
    "connection reset",
    "econn",
    "enotfound",
    "etimedout",
    "timed out",
    "fetch failed",
    "socket",
    "certificate",
];
const MACHINE: &[&str] = &[
    "enospc",
    "no space left",
    "failed to execute statement",
    "disk i/o",
];

/// The kind of an error that has words only. The order matters: a quota text is also a 429.
fn by_words(words: &str) -> FailureKind {
    if speaks_of(words, MACHINE) {
        FailureKind::Machine
    } else if speaks_of(words, NETWORK) {
        FailureKind::Network
    } else if speaks_of(words, QUOTA) {
        FailureKind::Quota
    } else if speaks_of(words, FULL) {
        FailureKind::Overloaded
    } else if speaks_of(words, RATE) {
        FailureKind::RateLimit
    } else if speaks_of(words, OVERFLOW) {
        FailureKind::ContextOverflow
    } else if speaks_of(words, NO_MODEL) {
        FailureKind::UnknownModel
    } else if speaks_of(words, EXPIRED) {
        FailureKind::SignInExpired
    } else if speaks_of(words, BAD_KEY) {
        FailureKind::Auth
    } else {
        FailureKind::Provider
    }
}

/// A number counts only by itself: it may be a part of a request's name.
fn speaks_of(words: &str, list: &[&str]) -> bool {
    let is_there = |number: &str| {
        let mut parts = words.split(|c: char| !c.is_alphanumeric());
        parts.any(|part| part == number)
    };
    list.iter().any(
        |word| match word.starts_with(|c: char| c.is_ascii_digit()) {
            true => is_there(word),
            false => words.contains(word),
        },
    )
}

/// The first `limit` bytes of a text, at a character's border.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let border = (0..=limit).rev().find(|&at| text.is_char_boundary(at));
    let mut cut = text[..border.unwrap_or(0)].to_owned();
    cut.push('…');
    cut
}

/// A text without ANSI colours.
pub(super) fn plain(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' && characters.peek() == Some(&'[') {
            characters.next();
            // Parameters end with a letter.
            for parameter in characters.by_ref() {
                if parameter.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            clean.push(character);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(status: u16, message: &str) -> AgentError {
        AgentError {
            status: Some(status),
            ..AgentError::new("APIError", message)
        }
    }

    #[test]
    fn a_status_decides_the_kind() {
        let cases = [
            (api(401, "Incorrect API key provided"), FailureKind::Auth),
            (api(403, "<html>Forbidden</html>"), FailureKind::Auth),
            (api(429, "slow down"), FailureKind::RateLimit),
            (
                api(429, "You exceeded your current quota"),
                FailureKind::Quota,
            ),
            (api(402, "pay"), FailureKind::Quota),
            (
                api(400, "Your credit balance is too low"),
                FailureKind::Quota,
            ),
            (api(404, "not here"), FailureKind::UnknownModel),
            (
                api(400, "prompt is too long: 9 > 8"),
                FailureKind::ContextOverflow,
            ),
            (api(400, "temperature out of range"), FailureKind::Rejected),
            (api(422, "no"), FailureKind::Rejected),
            (api(500, "oops"), FailureKind::Provider),
            (api(529, "x"), FailureKind::Overloaded),
            (
                api(503, "The model is overloaded."),
                FailureKind::Overloaded,
            ),
            (api(503, "x"), FailureKind::Provider),
            (
                api(401, "OAuth token has expired."),
                FailureKind::SignInExpired,
            ),
            (api(400, "invalid_grant"), FailureKind::SignInExpired),
            (
                api(
                    400,
                    "The response was filtered due to the content management policy",
                ),
                FailureKind::ContentRefused,
            ),
        ];
        for (agent_error, kind) in cases {
            assert_eq!(agent_error.kind(), kind, "{agent_error:?}");
        }
    }

    #[test]
    fn without_a_status_the_words_decide() {
        let cases = [
            (
                "Cannot connect to API: Unable to connect. Is the computer able to access the url?",
                FailureKind::Network,
            ),
            (
                "Provider response headers timed out after 180000ms",
                FailureKind::Network,
            ),
            (
                "The socket connection was closed unexpectedly",
                FailureKind::Network,
            ),
            ("Rate limit reached", FailureKind::RateLimit),
            ("You exceeded your current quota", FailureKind::Quota),
            ("Failed to execute statement", FailureKind::Machine),
            ("The server is overloaded", FailureKind::Overloaded),
            (
                "Your refresh token was already used. Please log out and sign in again.",
                FailureKind::SignInExpired,
            ),
            ("JSON parsing failed", FailureKind::Provider),
            ("API Error: 401 from the gateway", FailureKind::Auth),
            ("HTTP/1.1 429: wait", FailureKind::RateLimit),
            (
                "bad gateway, request req_011CV401x, 14293 tokens",
                FailureKind::Provider,
            ),
        ];
        for (words, kind) in cases {
            assert_eq!(
                AgentError::new("UnknownError", words).kind(),
                kind,
                "{words}"
            );
        }
    }

    #[test]
    fn the_body_counts_as_words() {
        let agent_error = api(429, "Too many").body(r#"{"error":{"code":"insufficient_quota"}}"#);
        assert_eq!(agent_error.kind(), FailureKind::Quota);
        assert!(agent_error.failure(None).hint.is_some());
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let agent_error = AgentError::new("", "ä".repeat(5000));
        assert!(agent_error.message.len() <= MESSAGE_LIMIT + '…'.len_utf8());
        assert!(agent_error.message.ends_with('…'));
    }
}
