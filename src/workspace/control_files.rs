//! Files by which agent CLIs are configured from the folder they start in. They run code before the
//! model speaks (hooks, MCP servers, plugins) or set variables, so a workspace leaves them out.
//!
//! Instruction files (`AGENTS.md`, `CLAUDE.md`, `GEMINI.md`) are ordinary files: they run nothing.

use std::ffi::OsStr;
use std::path::Path;

use crate::risk::{AGENT_CONFIGURATION, is_name};

/// Whether the agents' control files of the project come into a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlFiles {
    Drop,
    /// They come along like any other file, because the configuration says so.
    Keep,
}

/// Endings of `.env.…` files that document variables rather than set them.
const ENV_SAMPLES: [&str; 6] = [
    "example", "sample", "template", "dist", "defaults", "schema",
];

/// Whether a path (relative to the project) is, or lies in, an agent's control file or folder.
pub fn is_control_file(path: &Path) -> bool {
    path.components()
        .any(|part| is_control_name(part.as_os_str()))
        || path == Path::new(".github/copilot-instructions.md")
}

/// Whether a file or folder of that name is one, wherever it lies: agents look for them upwards and downwards.
pub(super) fn is_control_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    is_name(&name, AGENT_CONFIGURATION) || is_env_file(&name)
}

/// Agents built on Bun or Node load `.env`, `.env.local` … of the folder they start in.
fn is_env_file(name: &str) -> bool {
    match name.strip_prefix(".env") {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|kind| !ENV_SAMPLES.iter().any(|sample| kind.ends_with(sample))),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_control_files_from_ordinary_ones() {
        let control = [
            ".claude/settings.json",
            "sub/.mcp.json",
            "opencode.jsonc",
            ".github/copilot-instructions.md",
            ".env",
            "web/.env.local",
            ".Claude/settings.json",
            "sub/OPENCO~1.JSO",
        ];
        let ordinary = [
            "CLAUDE.md",
            "AGENTS.md",
            ".github/workflows/ci.yml",
            "docs/copilot-instructions.md",
            ".env.example",
            ".envrc",
            "environment",
        ];
        for path in control {
            assert!(is_control_file(Path::new(path)), "{path}");
        }
        for path in ordinary {
            assert!(!is_control_file(Path::new(path)), "{path}");
        }
    }
}
