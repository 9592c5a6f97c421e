//! Text of any length at a terminal: by the user's pager and editor, as git finds them.

use std::path::Path;

use super::failure::Failure;
use super::interruptible::Interruptible;
use super::print;
use crate::files;
use crate::report::{Screen, Sgr, visible};

/// Prints text whose colours are ours: to the pager where somebody looks at it, else as it is.
/// That signals are heard means that a Ctrl-C, which is the pager's business, does not end this process under it.
pub fn page(_heard: &Interruptible, text: &str) -> Result<(), Failure> {
    match is_paged(text) {
        true => Ok(()),
        false => print::painted(text),
    }
}

/// Shows a file to who is asked about it. Signals are heard while somebody is asked.
pub fn view(path: &Path) {
    match files::read(path, files::RECORD) {
        Ok(bytes) => {
            let text = visible(&String::from_utf8_lossy(&bytes), Sgr::Escape).into_owned();
            if !is_paged(&text) {
                print::as_it_is(&text, Sgr::Escape);
            }
        }
        Err(error) => print::note(&format!("failed to read `{}`: {error}", path.display())),
    }
}

/// Has who is asked change a file.
pub fn edit(path: &Path) {
    let editor = var("GIT_EDITOR").unwrap_or_default();
    let edited = duct::cmd!("sh", "-c", format!("{editor} \"$1\""), "sh", path)
        .unchecked()
        .run();
    if !edited.is_ok_and(|done| done.status.success()) {
        print::note(&format!(
            "`{editor}` failed; nothing is known to be changed"
        ));
    }
}

/// Whether the user's pager showed it.
fn is_paged(text: &str) -> bool {
    let pager = var("GIT_PAGER").filter(|pager| !matches!(pager.as_str(), "" | "cat"));
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
        return paged.is_ok_and(|done| !matches!(done.status.code(), Some(126 | 127)));
    }
    false
}

/// `GIT_PAGER`, `core.pager` of the user's own configuration, `PAGER`, `less`; the same of the editor. Not of the
/// project's: it would start a program.
fn var(name: &str) -> Option<String> {
    let git = duct::cmd!("git", "var", name)
        .dir("/")
        .env_remove("GIT_DIR")
        .stderr_null();
    Some(git.read().ok()?.trim().to_owned())
}
