//! What becomes of a panic: one line for the user, the details for whoever mends it.

use std::any::Any;
use std::backtrace::Backtrace;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::failure::{Exit, Failure};
use crate::files;

/// A hook is one for the whole process, and so is what it needs.
static STATE: Mutex<State> = Mutex::new(State {
    log: None,
    last: String::new(),
});

struct State {
    log: Option<PathBuf>,
    last: String,
}

/// Keeps panics off the terminal from now on. Those that end the work itself are its failure.
pub fn caught(work: impl FnOnce() -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    set_hook(Box::new(|info| note(&info.to_string())));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_: Box<dyn Any + Send>| {
        let last = with(|state| state.last.replace('\n', " "));
        Err(Failure::said(
            Exit::Failed,
            &format!("tipstaff made a mistake: {last}"),
            Some("this is a bug, please report it; a run under way goes on with `tipstaff resume`"),
        ))
    })
}

/// Where the details are put from now on.
pub fn log_to(path: PathBuf) {
    with(|state| state.log = Some(path));
}

fn note(info: &str) {
    let details = format!("{info}\n{}\n", Backtrace::force_capture());
    with(|state| {
        info.clone_into(&mut state.last);
        let file = state.log.as_ref().map(|path| files::append(path));
        // Without its details the failure is told all the same.
        if let Some(Ok(mut file)) = file {
            let _ = file.write_all(details.as_bytes());
        }
    });
}

fn with<T>(change: impl FnOnce(&mut State) -> T) -> T {
    change(&mut STATE.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::process::Command;

    use super::super::print;
    use super::*;

    const CHILD: &str = "TIPSTAFF_TEST_PANICS";

    /// The hook is one for the whole process, so this test starts itself once more and panics there.
    #[test]
    fn panic_is_told_in_one_line_and_its_details_are_kept() {
        if let Some(log) = std::env::var_os(CHILD) {
            return panics(log.into());
        }
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("panics.log");
        let name = "cli::panics::tests::panic_is_told_in_one_line_and_its_details_are_kept";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, &log)
            .output()
            .unwrap();
        assert!(child.status.success(), "{child:?}");
        let told = String::from_utf8(child.stderr).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        let [error, hint] = lines.as_slice() else {
            panic!("{told}");
        };
        assert!(
            error.starts_with("error: tipstaff made a mistake: "),
            "{told}"
        );
        assert!(error.ends_with(" one line and another"), "{told}");
        assert!(hint.starts_with("hint: this is a bug"), "{told}");
        let kept = std::fs::read_to_string(log).unwrap();
        for words in [
            "of a thread",
            "one line\nand another",
            "cli::panics::tests::panics",
        ] {
            assert!(kept.contains(words), "{kept}");
        }
    }

    fn panics(log: PathBuf) {
        log_to(log);
        let done = caught(|| {
            let thread = std::thread::spawn(|| panic!("of a thread"));
            assert!(thread.join().is_err());
            panic!("one line\nand another")
        });
        let failure = done.unwrap_err();
        assert_eq!(failure.exit(), Exit::Failed);
        print::failure(&failure);
    }
}
