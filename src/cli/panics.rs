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
