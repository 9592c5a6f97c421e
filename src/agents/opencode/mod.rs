//! OpenCode: `opencode run`, headless, one process a call.
//!
//! What is known of it (measured with the version in `fixtures/agents`) is beside the code that
//! depends on it; recorded streams are in `fixtures/opencode`.

pub(super) mod config;
pub(super) mod decode;
pub(super) mod launch;
pub(super) mod profile;
pub(super) mod stderr;
pub(super) mod version;
