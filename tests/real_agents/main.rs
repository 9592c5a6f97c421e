//! The decisive promises against the other real agents: Claude Code, Codex, Gemini CLI, Qwen Code, through
//! the real binary, with scripted models on loopback instead of paid ones.
//!
//! They are looked for in `fixtures/agents`, where `scripts/agents --all` puts them. Without them these tests
//! fail: a promise that was not tried is not kept.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use other parts of it"
)]
#[path = "../promises/support/mod.rs"]
mod support;

#[expect(dead_code, reason = "shared with the tests of OpenCode")]
#[path = "../real_opencode/stand.rs"]
mod stand;

mod all_are_installed;
mod claude;
mod codex;
mod gemini;
mod mixed;
mod qwen;
mod trial;
