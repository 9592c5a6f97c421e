//! Following an attempt that is carried out elsewhere, from the job to the report.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::engine::Input;
use crate::executors::{self, JobEnd, JobState, Seen};
use crate::model::{Failure, FailureKind, Usage};
use crate::plan::ExecutorSpec;
use crate::run::{CallEvent, Placed};
use crate::workspace::remove_tree;

use super::super::attempt::{Attempt, Control, unless_stopped};
use super::super::blocking::blocking;
use super::super::failure::{at_path, cancelled};
use super::jobs::{cancel, clear};
use super::order::{Done, Report};
use super::queue::Answer;
use super::streams::{News, Reader};
use super::{JobFolder, SIGN_OF_LIFE};

/// Between two looks at what a node says, which grow with the time that it has said nothing: of many calls, most are silent.
const SOONEST: Duration = Duration::from_millis(400);
const LATEST: Duration = Duration::from_secs(4);
/// So many looks are in as long as a silence lasts.
const LOOKS: u32 = 16;
/// What a node wrote may be seen this much later.
const SETTLES: Duration = SIGN_OF_LIFE.saturating_mul(3);
/// How long a node that was asked to end may take, before its job is cancelled.
const GRACE: Duration = Duration::from_secs(20);
/// A shared folder that cannot be read for so long is gone.
const PATIENCE: Duration = Duration::from_secs(120);
/// And so is a node that gives no sign of life for so long, where the scheduler does not answer either.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

impl Attempt {
    /// Has it carried out by an executor, and says how it ended.
    pub(in super::super) async fn carry_out_elsewhere(
        self: &Arc<Self>,
        (name, executor): (&str, &ExecutorSpec),
        control: &mut watch::Receiver<Control>,
    ) -> Result<Input, Failure> {
        let job = self.job(executor);
        let was_there = job.is_there();
        let may_start = async {
            let turn = self.turn().await?;
            self.money().await.map(|()| turn)
        };
        // What a supervisor that died handed in is paid for.
        let turn = match was_there {
            true => None,
            false => unless_stopped(control, may_start).await?,
        };
        let seen = self.hand_in((name, executor), was_there, control).await?;
        let scratch = self.context.scratch_of(&self.call, self.number);
        let _ = fs::create_dir_all(scratch.root());
        let copies = [
            ("events.jsonl", scratch.events()),
            ("stderr.log", scratch.errors()),
        ];
        let mut following = Following {
            attempt: self,
            executor: (name, executor),
            job: &job,
            seen,
            node: None,
            usage: Usage::default(),
            heard: Instant::now(),
            alive: (None, Instant::now()),
            gone: None,
            unreadable: None,
        };
        let ended = following.follow(Reader::new(&job, copies), control).await;
        self.context.jobs.forget(&job.name).await;
        drop(turn);
        if ended.is_err() {
            // A node that still works on it ends when it sees that. What it came to otherwise is not in the journal yet.
            clear(&job).await;
        }
        Ok(match ended {
            Ok(event) => Input::Happened(event.of(self.call.id.clone())),
            Err(failure) => self.failed(failure, following.usage),
        })
    }
}

impl Attempt {
    /// Hands its job in, unless that was done; what is known of it then. A scheduler that does not answer is waited for.
    async fn hand_in(
        self: &Arc<Self>,
        (name, executor): (&str, &ExecutorSpec),
        was_there: bool,
        control: &mut watch::Receiver<Control>,
    ) -> Result<Option<Seen>, Failure> {
        let (began, job) = (Instant::now(), self.job(executor));
        let mut may_be_known = was_there;
        loop {
            let found = match may_be_known {
                true => find(executor, &job).await,
                false => Ok(None),
            };
            if job.is_claimed() || found.as_ref().is_ok_and(Option::is_some) {
                return Ok(found.unwrap_or_default());
            }
            let handed_in = match found {
                Ok(_) => {
                    let laid_out = self.lay_out_job((name, executor), may_be_known);
                    let program = unless_stopped(control, laid_out).await?;
                    let (whose, spec) = (Arc::clone(self), executor.clone());
                    // Whatever is wanted meanwhile: nobody would know of a job that is half handed in.
                    blocking(move || whose.submit(&spec, &program)).await
                }
                Err(failure) => Err(failure),
            };
            let failure = match handed_in {
                Ok(id) => return Ok(Some(Seen::new(id))),
                Err(failure) => failure,
            };
            let later = failure.retry_after;
            let Some(later) = later.filter(|_| began.elapsed() < LONGEST_SILENCE) else {
                let _ = remove_tree(job.root());
                return Err(failure);
            };
            may_be_known = true;
            self.does(format!("waits for the scheduler of {name}"));
            let waited = async {
                sleep(Duration::from_millis(later.0)).await;
                Ok(())
            };
            unless_stopped(control, waited).await?;
        }
    }

    /// Tells what it does before its agent says something.
    fn does(&self, doing: String) {
        self.tell(CallEvent::AttemptProgressed {
            attempt: self.number,
            usage: Usage::default(),
            doing,
        });
    }
}

async fn find(executor: &ExecutorSpec, job: &JobFolder) -> Result<Option<Seen>, Failure> {
    let (kind, name) = (executor.kind, job.name.clone());
    let seen = blocking(move || (executors::of(kind).poll)(&[name])).await?;
    Ok(seen.into_values().next())
}

/// What is known of a job while it is followed.
struct Following<'a> {
    attempt: &'a Arc<Attempt>,
    executor: (&'a str, &'a ExecutorSpec),
    job: &'a JobFolder,
    /// The scheduler's last word.
    seen: Option<Seen>,
    /// Its node, once its job has begun.
    node: Option<String>,
    /// What it had used when it was last heard of: that is paid for, whatever becomes of it.
    usage: Usage,
    /// When its node last said something, or was told something.
    heard: Instant,
    /// The last sign of life by the node's clock, and when it was seen.
    alive: (Option<SystemTime>, Instant),
    /// Since when the scheduler says that it has ended, or knows nothing of it.
    gone: Option<Instant>,
    unreadable: Option<Instant>,
}

impl Following<'_> {
    async fn follow(
        &mut self,
        mut reader: Reader,
        control: &mut watch::Receiver<Control>,
    ) -> Result<CallEvent, Failure> {
        let (mut sent, mut asked_to_end) = (Control::Run, None);
        if let Some(JobState::Waits(why)) = self.seen.as_ref().map(|seen| &seen.state) {
            self.waits(why);
        }
        loop {
            let (back, news) = blocking(move || {
                let news = reader.read();
                Ok((reader, news))
            })
            .await?;
            reader = back;
            if let Some(done) = self.on_news(news)? {
                let (whose, job) = (Arc::clone(self.attempt), self.job.clone());
                return blocking(move || whose.take(&job, done)).await;
            }
            let wanted = *control.borrow_and_update();
            if wanted > sent {
                sent = wanted;
                self.heard = Instant::now();
                let _ = self.job.set_control(wanted);
            }
            if sent >= Control::Stop {
                let since = *asked_to_end.get_or_insert_with(Instant::now);
                let is_over = sent == Control::Kill || self.node.is_none() || self.gone.is_some();
                if is_over || since.elapsed() > GRACE {
                    self.cancel().await;
                    return Err(cancelled());
                }
            }
            let queue = &self.attempt.context.jobs;
            let answer = queue.poll(self.executor.1.kind, &self.job.name).await;
            if let Err(failure) = self.on_answer(answer) {
                self.cancel().await;
                return Err(failure);
            }
            tokio::select! {
                Ok(()) = control.changed() => {}
                () = sleep((self.heard.elapsed() / LOOKS).clamp(SOONEST, LATEST)) => {}
            }
        }
    }

    /// Takes in what its node said; what it came to, if that is there.
    fn on_news(&mut self, news: io::Result<News>) -> Result<Option<Done>, Failure> {
        let now = Instant::now();
        let news = match news {
            Ok(news) => news,
            Err(error) => {
                let since = *self.unreadable.get_or_insert(now);
                return match since.elapsed() > PATIENCE {
                    true => Err(at_path(Path::new(&self.executor.1.shared), &error)),
                    false => Ok(None),
                };
            }
        };
        self.unreadable = None;
        if news.alive != self.alive.0 {
            self.alive = (news.alive, now);
        }
        for report in news.reports {
            self.heard = now;
            match report {
                Report::Arrived { node, .. } => {
                    self.attempt.does(format!("starts on {node}"));
                    self.node = Some(node);
                }
                Report::Happened(mut event) => {
                    match &mut event {
                        CallEvent::AttemptSpawned { on, .. } => {
                            *on = Some(self.placed().into());
                        }
                        CallEvent::AttemptProgressed { usage, .. } => self.usage = *usage,
                        _ => {}
                    }
                    self.attempt.tell(event);
                }
            }
        }
        Ok(news.done)
    }

    fn placed(&self) -> Placed {
        let id = self.seen.as_ref().map(|seen| seen.id.clone());
        Placed {
            executor: self.executor.0.to_owned(),
            node: self.node.clone().unwrap_or_default(),
            job: id.unwrap_or_default(),
            waited_ms: self.job.waited(),
        }
    }

    fn waits(&self, why: &str) {
        let why = match why {
            "" => String::new(),
            why => format!(" ({why})"),
        };
        let executor = self.executor.0;
        self.attempt
            .does(format!("waits in the queue of {executor}{why}"));
    }

    /// Takes in what the scheduler says.
    fn on_answer(&mut self, answer: Answer) -> Result<(), Failure> {
        let now = match answer {
            Answer::NotAsked => return Ok(()),
            Answer::None if self.alive.1.elapsed() > LONGEST_SILENCE && self.node.is_some() => {
                let message = "neither its node nor the scheduler gives a sign of life";
                return Err(Failure::new(FailureKind::Lost, message));
            }
            Answer::None => return Ok(()),
            Answer::Unknown => return self.on_gone(None),
            Answer::Known(now) => now,
        };
        let before = match self.seen.replace(now.clone()).map(|seen| seen.state) {
            Some(JobState::Waits(why)) => why,
            _ => String::new(),
        };
        match now.state {
            JobState::Ended(end) => return self.on_gone(Some(end)),
            JobState::NeverRuns(why) => {
                let name = self.executor.0;
                let message = format!("the executor `{name}` will never start its job: {why}");
                return Err(Failure::new(FailureKind::JobRefused, message));
            }
            // It was handed in again, and would find that it has begun already.
            JobState::Waits(_) if self.node.is_some() => {
                return self.on_gone(Some(JobEnd::Preempted));
            }
            JobState::Waits(why) if before != why => self.waits(&why),
            JobState::Waits(_) | JobState::Runs => {}
        }
        self.gone = None;
        Ok(())
    }

    /// It has ended, and what it left may be on its way; or its node knows better.
    fn on_gone(&mut self, end: Option<JobEnd>) -> Result<(), Failure> {
        let since = *self.gone.get_or_insert_with(Instant::now);
        // A controller that lost its records calls jobs cancelled that go on, and its word may be older than the sign.
        let since = match end {
            None | Some(JobEnd::Cancelled | JobEnd::Preempted) => since.max(self.alive.1),
            Some(_) => since,
        };
        if since.elapsed() < SETTLES {
            self.job.refresh();
            return Ok(());
        }
        let on = self.node.as_deref();
        let on = on.map_or_else(String::new, |node| format!(" on {node}"));
        let given = self.seen.as_ref().map_or("", |seen| &seen.node);
        let (kind, message) = match end {
            Some(JobEnd::NodeFailed) => (FailureKind::Lost, format!("its node failed{on}")),
            Some(JobEnd::Preempted) => (FailureKind::Lost, format!("its job was preempted{on}")),
            Some(JobEnd::OutOfMemory) => (
                FailureKind::OutOfMemory,
                format!("its job used more memory than it may{on}"),
            ),
            Some(JobEnd::TookTooLong) => (
                FailureKind::Timeout,
                format!("its job came to the scheduler's time limit{on}"),
            ),
            // The scheduler does so, too, if a node does not answer when it is told to begin.
            Some(JobEnd::Cancelled) if self.node.is_none() && !given.is_empty() => (
                FailureKind::Lost,
                format!("its job was cancelled before it began on {given}"),
            ),
            Some(JobEnd::Cancelled) => (
                FailureKind::JobRefused,
                format!("somebody cancelled its job{on}"),
            ),
            Some(JobEnd::Done) if self.node.is_some() => (
                FailureKind::Crash,
                format!("its job ended{on} and left nothing"),
            ),
            // On another node it may do better where this one did not even say why.
            Some(JobEnd::Done) => match self.job.last_words() {
                Ok(words) => (FailureKind::JobRefused, words),
                Err(nothing) => (FailureKind::Lost, nothing),
            },
            None => (
                FailureKind::Lost,
                format!("the scheduler does not know its job any more{on}"),
            ),
        };
        Err(Failure::new(kind, message))
    }

    /// Cancels its job, as far as the scheduler can be reached.
    async fn cancel(&self) {
        let (kind, job) = (self.executor.1.kind, self.job.clone());
        let id = self.seen.as_ref().map(|seen| seen.id.clone());
        let _ = blocking(move || cancel(kind, &job, id)).await;
    }
}
