//! Work that blocks: git, copies, checkouts. Never in the loop's own thread, where signals, the clocks of
//! the attempts and the display would stand still meanwhile.

use tokio::task::spawn_blocking;

use crate::model::Failure;
use crate::process::Cancel;

use super::tasks::mistake;

/// Does the work on another thread. When this is dropped, the work is told to give up; the end of the
/// `tokio` runtime waits until it has.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let cancel = CancelOnDrop(Cancel::default());
    let handle = cancel.0.clone();
    let done = spawn_blocking(move || handle.during(work)).await;
    done.unwrap_or_else(|error| Err(mistake(error)))
}

/// The same for work that may not be left half done: when `told` comes, the work is told to give up, and
/// what it then came to is waited for.
pub async fn blocking_to_its_end<T: Send + 'static>(
    told: impl Future,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let cancel = Cancel::default();
    let handle = cancel.clone();
    let mut work = spawn_blocking(move || handle.during(work));
    let done = tokio::select! {
        done = &mut work => done,
        _ = told => {
            cancel.cancel();
            work.await
        }
    };
    done.unwrap_or_else(|error| Err(mistake(error)))
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
