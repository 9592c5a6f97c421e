//! Following an attempt that is carried out elsewhere, from the job to the report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::engine::Input;
use crate::executors::{self, JobEnd, JobState, Seen};
use crate::model::{CallId, Failure, FailureKind, RunId, Usage};
use crate::plan::{ExecutorKind, ExecutorSpec, Plan};
use crate::run::{CallEvent, CallState, Placed, RunState};
use crate::workspace::{Project, remove_tree};

use super::super::RunContext;
use super::super::attempt::{Attempt, Control, unless_stopped};
use super::super::blocking::blocking;
use super::super::failure::{at_path, cancelled};
use super::order::{Done, Report};
use super::queue::Word;
use super::send::project_key;
use super::stream::{Stream, read_from};
use super::{JobFolder, Queue};

/// Between two looks at what a node says, which grow with the time that it has said nothing: of many calls, most are silent.
const SOONEST: Duration = Duration::from_millis(400);
const LATEST: Duration = Duration::from_secs(4);
/// So many looks are in as long as a silence lasts.
const LOOKS: u32 = 16;
/// What a node wrote may be seen this much later.
const SETTLES: Duration = Duration::from_secs(15);
/// How long a node that was asked to end may take, before its job is cancelled.
const GRACE: Duration = Duration::from_secs(20);
/// A shared folder that cannot be read for so long is gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// Calls under way that go on, or are done, on other machines. Blocks.
pub fn elsewhere(context: &RunContext, state: &RunState) -> Vec<CallId> {
    let jobs = jobs(&context.plan, &context.project, state);
    jobs.into_iter().map(|(call, _, _)| call.clone()).collect()
}

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
        let turn = match was_there {
            true => None,
            false => unless_stopped(control, may_start).await?,
        };
        // What a supervisor that died handed in is paid for.
        let mut known = match was_there {
            true => match Queue::ask(executor.kind, &job.name).await {
                Err(_) if job.is_claimed() => None,
                known => known?,
            },
            false => None,
        };
        if known.is_none() && !(was_there && job.is_claimed()) {
            let laid_out = self.lay_out_job((name, executor), was_there);
            let program = unless_stopped(control, laid_out).await?;
            let (whose, spec) = (Arc::clone(self), executor.clone());
            // Whatever is wanted meanwhile: nobody would know of a job that is half handed in.
            let handed_in = blocking(move || whose.submit(&spec, &program)).await;
            if handed_in.is_err() {
                let _ = remove_tree(job.root());
            }
            known = Some(Seen {
                id: handed_in?,
                state: JobState::Waits(String::new()),
                node: String::new(),
            });
        }
        let scratch = self.context.scratch_of(&self.call, self.number);
        let _ = fs::create_dir_all(scratch.root());
        let copies = [
            ("events.jsonl", scratch.events()),
            ("stderr.log", scratch.errors()),
        ];
        let mut following = Following {
            attempt: self,
            executor: (name, executor),
            heard: Instant::now(),
            waits_for: None,
            usage: Usage::default(),
            arrived: None,
            gone: None,
            asked: None,
            unreadable: None,
        };
        let ended = following
            .follow((&job, known), Reader::new(&job, copies), control)
            .await;
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

/// Removes what was laid out for a job. Kept by a node that still writes to it, it goes later.
pub async fn clear(job: &JobFolder) {
    let gone = job.clone();
    let removed = blocking(move || {
        let _ = remove_tree(gone.root());
        Ok(())
    });
    let _ = removed.await;
}

/// Removes what was laid out for jobs of a run that nothing is left of. Blocks.
pub fn clear_jobs(plan: &Plan, project: &Project, run: &RunId) {
    for executor in plan.executors.named.values() {
        let jobs = Path::new(&executor.shared).join("jobs");
        let _ = remove_tree(&jobs.join(project_key(project)).join(run));
    }
}

/// What is known of a job while it is followed.
struct Following<'a> {
    attempt: &'a Arc<Attempt>,
    executor: (&'a str, &'a ExecutorSpec),
    /// When its node last said something, or was told something.
    heard: Instant,
    /// The scheduler's last word on why it does not run yet.
    waits_for: Option<String>,
    /// What it had used when it was last heard of: that is paid for, whatever becomes of it.
    usage: Usage,
    /// Its node, once its job has begun.
    arrived: Option<String>,
    /// Since when the scheduler says that it has ended, or knows nothing of it.
    gone: Option<(Instant, Option<JobEnd>)>,
    /// Since when it is asked to end.
    asked: Option<Instant>,
    unreadable: Option<Instant>,
}

impl Following<'_> {
    async fn follow(
        &mut self,
        (job, mut seen): (&JobFolder, Option<Seen>),
        mut reader: Reader,
        control: &mut watch::Receiver<Control>,
    ) -> Result<CallEvent, Failure> {
        let mut told = Control::Run;
        loop {
            let (back, news) = blocking(move || {
                let news = reader.read();
                Ok((reader, news))
            })
            .await?;
            reader = back;
            if let Some(done) = self.hear(news, (job, seen.as_ref()))? {
                let (whose, job) = (Arc::clone(self.attempt), job.clone());
                return blocking(move || whose.take(&job, done)).await;
            }
            let wanted = *control.borrow_and_update();
            if wanted > told {
                told = wanted;
                self.heard = Instant::now();
                let _ = job.set_control(wanted);
            }
            if told >= Control::Stop {
                let since = *self.asked.get_or_insert_with(Instant::now);
                let is_over = told == Control::Kill || self.arrived.is_none();
                if is_over || since.elapsed() > GRACE || self.gone.is_some() {
                    self.cancel(job, seen).await;
                    return Err(cancelled());
                }
            }
            let (_, executor) = self.executor;
            match self
                .attempt
                .context
                .jobs
                .look(executor.kind, &job.name)
                .await
            {
                Word::Nothing => {}
                Word::Unknown => self.is_gone(None, "")?,
                Word::Known(now) => {
                    let judged = self.judge(&now);
                    seen = Some(now);
                    if let Err(failure) = judged {
                        self.cancel(job, seen).await;
                        return Err(failure);
                    }
                }
            }
            tokio::select! {
                Ok(()) = control.changed() => {}
                () = sleep((self.heard.elapsed() / LOOKS).clamp(SOONEST, LATEST)) => {}
            }
        }
    }

    /// Takes in what its node said; what it came to, if that is there.
    fn hear(
        &mut self,
        news: io::Result<News>,
        (job, seen): (&JobFolder, Option<&Seen>),
    ) -> Result<Option<Done>, Failure> {
        let news = match news {
            Ok(news) => news,
            Err(error) => {
                let since = *self.unreadable.get_or_insert_with(Instant::now);
                return match since.elapsed() > PATIENCE {
                    true => Err(at_path(Path::new(&self.executor.1.shared), &error)),
                    false => Ok(None),
                };
            }
        };
        self.unreadable = None;
        for report in news.reports {
            self.heard = Instant::now();
            match report {
                Report::Arrived { node, .. } => {
                    self.tell(format!("starts on {node}"));
                    self.arrived = Some(node);
                }
                Report::Happened(CallEvent::AttemptSpawned {
                    attempt,
                    pid,
                    prompt_tokens,
                    ..
                }) => {
                    let on = Placed {
                        executor: self.executor.0.to_owned(),
                        node: self.arrived.clone().unwrap_or_default(),
                        job: seen.map(|seen| seen.id.clone()).unwrap_or_default(),
                        waited_ms: job.waited(),
                    };
                    self.attempt.tell(CallEvent::AttemptSpawned {
                        attempt,
                        pid,
                        prompt_tokens,
                        on: Some(on.into()),
                    });
                }
                Report::Happened(event) => {
                    if let CallEvent::AttemptProgressed { usage, .. } = &event {
                        self.usage = *usage;
                    }
                    self.attempt.tell(event);
                }
            }
        }
        Ok(news.done)
    }

    /// What it does before its agent says something.
    fn tell(&self, doing: String) {
        self.attempt.tell(CallEvent::AttemptProgressed {
            attempt: self.attempt.number,
            usage: Usage::default(),
            doing,
        });
    }

    /// What the scheduler's word means.
    fn judge(&mut self, seen: &Seen) -> Result<(), Failure> {
        match &seen.state {
            JobState::Waits(why) => {
                self.gone = None;
                if self.waits_for.as_ref() != Some(why) {
                    self.waits_for = Some(why.clone());
                    let why = match why.as_str() {
                        "" => String::new(),
                        why => format!(" ({why})"),
                    };
                    self.tell(format!("waits in the queue of {}{why}", self.executor.0));
                }
                Ok(())
            }
            JobState::NeverRuns(why) => {
                let name = self.executor.0;
                let message = format!("the executor `{name}` will never start its job: {why}");
                Err(Failure::new(FailureKind::JobRefused, message))
            }
            JobState::Runs => {
                self.gone = None;
                Ok(())
            }
            JobState::Ended(end) => self.is_gone(Some(*end), &seen.node),
        }
    }

    /// It has ended, and what it left may be on its way.
    fn is_gone(&mut self, end: Option<JobEnd>, given: &str) -> Result<(), Failure> {
        let (since, _) = *self.gone.get_or_insert_with(|| (Instant::now(), end));
        if since.elapsed() < SETTLES {
            return Ok(());
        }
        let node = self.arrived.as_deref();
        let on = node.map_or_else(String::new, |node| format!(" on {node}"));
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
            Some(JobEnd::Cancelled) if node.is_none() && !given.is_empty() => (
                FailureKind::Lost,
                format!("its job was cancelled before it began on {given}"),
            ),
            Some(JobEnd::Cancelled) => (
                FailureKind::JobRefused,
                format!("somebody cancelled its job{on}"),
            ),
            Some(JobEnd::Done) => (
                FailureKind::Lost,
                format!("its job ended{on} and left nothing"),
            ),
            None => (
                FailureKind::Lost,
                format!("the scheduler does not know its job any more{on}"),
            ),
        };
        Err(Failure::new(kind, message))
    }

    /// Cancels its job, as far as the scheduler can be reached.
    async fn cancel(&self, job: &JobFolder, seen: Option<Seen>) {
        let (kind, name) = (self.executor.1.kind, job.name.clone());
        let _ = blocking(move || cancel(kind, &[name], seen)).await;
    }
}

fn cancel(kind: ExecutorKind, names: &[String], seen: Option<Seen>) -> Result<(), Failure> {
    let scheduler = executors::of(kind);
    let ids = match seen {
        Some(seen) => vec![seen.id],
        None => (scheduler.look)(names)?
            .into_values()
            .map(|seen| seen.id)
            .collect(),
    };
    (scheduler.cancel)(&ids)
}

/// Cancels the jobs of a run that nobody works on; how many there were. Blocks.
///
/// # Errors
/// A scheduler does not answer.
pub fn cancel_jobs(plan: &Plan, project: &Project, state: &RunState) -> Result<usize, Failure> {
    let jobs = jobs(plan, project, state);
    for (_, executor, job) in &jobs {
        cancel(executor.kind, std::slice::from_ref(&job.name), None)?;
        let _ = remove_tree(job.root());
    }
    Ok(jobs.len())
}

/// The jobs of attempts under way.
fn jobs<'a>(
    plan: &'a Plan,
    project: &Project,
    state: &'a RunState,
) -> Vec<(&'a CallId, &'a ExecutorSpec, JobFolder)> {
    let of_call = |(call, number): (&'a CallState, u32)| {
        let (_, executor) = plan.executor(&call.spec.phase, call.model()?)?;
        let (shared, id) = (Path::new(&executor.shared), &call.spec.id);
        let job = JobFolder::of(
            shared,
            &project_key(project),
            state.id.as_ref()?,
            id,
            number,
        );
        job.is_there().then_some((id, executor, job))
    };
    state.running().filter_map(of_call).collect()
}

/// What a look at a job's folder brought.
#[derive(Default)]
struct News {
    reports: Vec<Report>,
    done: Option<Done>,
}

/// Reads what a node writes.
struct Reader {
    job: JobFolder,
    /// How far the reports are read.
    read: u64,
    streams: Vec<Stream>,
}

impl Reader {
    fn new(job: &JobFolder, copies: [(&str, PathBuf); 2]) -> Self {
        let streams = copies.into_iter().map(|(name, to)| {
            // A supervisor before may have copied some of it.
            let _ = fs::remove_file(&to);
            Stream::new(job.path(name), to)
        });
        Self {
            streams: streams.collect(),
            job: job.clone(),
            read: 0,
        }
    }

    fn read(&mut self) -> io::Result<News> {
        // What is there by now is complete in what is read after that.
        let done = self.job.read("result.json")?;
        for stream in &mut self.streams {
            stream.copy()?;
        }
        let new = read_from(&self.job.path("reports.jsonl"), self.read)?;
        let end = new.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        self.read += whole as u64;
        let lines = new.get(..whole).unwrap_or_default();
        let lines = lines.split(|byte| *byte == b'\n');
        let reports = lines.filter_map(|line| serde_json::from_slice(line).ok());
        Ok(News {
            reports: reports.collect(),
            done,
        })
    }
}
