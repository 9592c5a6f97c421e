//! The tasks of a run. All are started here, so that each one's end reaches the loop, also by a panic: a
//! loop that waits for a task which is gone would wait for ever.

use std::any::Any;

use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_local};

use crate::engine::Input;
use crate::model::{Failure, FailureKind};

pub struct Tasks {
    pub reports: mpsc::UnboundedSender<Input>,
}

impl Tasks {
    /// Starts a task and reports what it comes to; if it panics, what `lost` makes of that. Then, with
    /// nobody waiting, comes what `after` makes of the report.
    pub fn start<F: Future<Output = ()> + 'static>(
        &self,
        work: impl Future<Output = Option<Input>> + 'static,
        lost: impl FnOnce(Failure) -> Input + 'static,
        after: impl FnOnce(Option<Input>) -> F + 'static,
    ) {
        let reports = self.reports.clone();
        let work = spawn_local(work);
        spawn_local(async move {
            let report = match work.await {
                Ok(report) => report,
                Err(error) => Some(lost(mistake(error))),
            };
            if let Some(report) = &report {
                // The loop may be gone, then nobody needs to know.
                let _ = reports.send(report.clone());
            }
            after(report).await;
        });
    }
}

/// The failure of a task that panicked. What the panic hook knows is in the run folder.
pub fn mistake(error: JoinError) -> Failure {
    let message = match error.try_into_panic() {
        Ok(payload) => format!("tipstaff made a mistake: {}", words(payload.as_ref())),
        Err(error) => format!("a task of tipstaff was lost: {error}"),
    };
    Failure::new(FailureKind::Machine, message)
        .hint("this is a bug; `panics.log` in the run's folder says where")
}

/// What a panic says of itself.
fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::task::LocalSet;

    use super::super::blocking::blocking;
    use super::*;
    use crate::run::{CallEvent, Event};

    fn lost(failure: Failure) -> Input {
        let usage = crate::model::Usage::default();
        let failed = CallEvent::AttemptFailed {
            attempt: 1,
            failure,
            usage,
        };
        Input::Happened(failed.of("plan.propose-1"))
    }

    #[tokio::test]
    async fn panicking_task_is_reported_as_failure_of_its_attempt() {
        let (reports, mut inbox) = mpsc::unbounded_channel();
        let local = LocalSet::new();
        local.spawn_local(async move {
            let tasks = Tasks { reports };
            tasks.start(async { panic!("one") }, lost, |_| ready(()));
            let inner =
                async { blocking(|| -> Result<Option<Input>, Failure> { panic!("two") }).await };
            let inner = async { inner.await.unwrap_or_else(|failure| Some(lost(failure))) };
            tasks.start(inner, lost, |_| ready(()));
            // What comes after the report may fail as it likes.
            tasks.start(async { Some(Input::Tick) }, lost, |_| async {
                panic!("three")
            });
        });
        local.await;
        let mut told = Vec::new();
        while let Ok(input) = inbox.try_recv() {
            told.push(match input {
                Input::Happened(Event::Call {
                    event: CallEvent::AttemptFailed { failure, .. },
                    ..
                }) => failure.message,
                other => format!("{other:?}"),
            });
        }
        told.sort_unstable();
        let mistake = |words| format!("tipstaff made a mistake: {words}");
        assert_eq!(told, ["Tick".to_owned(), mistake("one"), mistake("two")]);
    }
}
