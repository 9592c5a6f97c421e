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

/// The same for work that may not be left half done: when `stop` comes, the work is told to give up, and
/// what it then came to is waited for. `stop` gives nothing: a borrowed control would be held meanwhile, and
/// who sends the next one would wait for it in the loop's own thread.
pub async fn blocking_to_its_end<T: Send + 'static>(
    stop: impl Future<Output = ()>,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let cancel = Cancel::default();
    let handle = cancel.clone();
    let mut work = spawn_blocking(move || handle.during(work));
    let done = tokio::select! {
        done = &mut work => done,
        () = stop => {
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

#[cfg(test)]
mod tests {
    use tokio::sync::watch;
    use tokio::task::yield_now;

    use super::*;

    /// The second word comes from the thread that waits for the work.
    #[tokio::test(flavor = "current_thread")]
    async fn who_stops_twice_does_not_wait_for_the_work() {
        let (stops, mut stop) = watch::channel(0);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = blocking_to_its_end(
            async move {
                let _ = stop.wait_for(|word| *word > 0).await;
            },
            move || Ok(finished.recv().is_ok()),
        );
        let stopping = async move {
            for word in 1..=2 {
                stops.send_replace(word);
                yield_now().await;
            }
            finish.send(()).is_ok()
        };
        let (done, sent) = tokio::join!(work, stopping);
        assert_eq!(done.ok(), Some(true));
        assert!(sent);
    }
}
