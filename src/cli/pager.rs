//! Text of any length at a terminal: by the user's pager, as git finds it.

use super::failure::Failure;
use super::interruptible::Interruptible;
use super::print;
use crate::report::{Screen, Sgr, visible};

/// Prints text whose colours are ours: to the pager where somebody looks at it, else as it is.
/// That signals are heard means that a Ctrl-C, which is the pager's business, does not end this process under it.
pub fn page(_heard: &Interruptible, text: &str) -> Result<(), Failure> {
    let pager = usual().filter(|pager| !matches!(pager.as_str(), "" | "cat"));
    if let Some(pager) = pager.filter(|_| Screen::Stdout.is_terminal()) {
        let unless_set = |name: &str, value: &str| match std::env::var_os(name) {
            Some(set) => set,
            None => value.into(),
        };
        let paged = duct::cmd!("sh", "-c", &pager)
            .env("LESS", unless_set("LESS", "FRX"))
            .env("LV", unless_set("LV", "-c"))
            .stdin_bytes(visible(text, Sgr::Keep).as_bytes())
            .unchecked()
            .run();
        // What the shell does not find, it says; then the text has not been seen.
        if paged.is_ok_and(|done| !matches!(done.status.code(), Some(126 | 127))) {
            return Ok(());
        }
    }
    print::painted(text)
}

/// `GIT_PAGER`, `core.pager` of the user's own configuration, `PAGER`, `less`. Not of the project's: it would start a
/// program.
fn usual() -> Option<String> {
    let git = duct::cmd!("git", "var", "GIT_PAGER")
        .dir("/")
        .env_remove("GIT_DIR")
        .stderr_null();
    Some(git.read().ok()?.trim().to_owned())
}
