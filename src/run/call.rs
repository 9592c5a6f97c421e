//! What is known of a call and its attempts.

use std::sync::Arc;

use crate::model::{
    AgentName, Answer, CallId, CallResult, CallSpec, Failure, FailureKind, Judgement, Millis,
    ModelName, Remedy, Timestamp, Usage,
};

use super::{CallEvent, Placed};

/// So much is known of what an attempt did; a run may have thousands of them.
const MOST_REMEMBERED: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub struct CallState {
    /// The call, as it was created last.
    pub spec: Arc<CallSpec>,
    /// When it was created, or created once more.
    pub created: Timestamp,
    /// The finished call whose result it takes.
    pub reused: Option<CallId>,
    /// Its attempts, oldest first; attempt N is at N - 1.
    pub attempts: Vec<Attempt>,
    /// Attempts before this position do not count for retries (the run was resumed since).
    pub counted_from: usize,
    pub not_before: Option<Timestamp>,
    pub status: CallStatus,
    /// Whether a person ended it: no attempt follows.
    pub ended_by_person: bool,
    /// Whether the engine goes on as if it were not there: it is created once more when its work is wanted.
    pub superseded: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CallStatus {
    /// Between attempts, or before the first one.
    Open,
    /// The last attempt is under way.
    Running,
    Done(Arc<CallResult>),
    /// Ended for good without a result.
    Failed(Failure),
}

/// One try of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub model: ModelName,
    pub agent: AgentName,
    /// Until when it was put off after a failure, if it was.
    pub put_off: Option<Timestamp>,
    /// When it was ordered.
    pub started: Timestamp,
    /// When its process was alive.
    pub spawned: Option<Timestamp>,
    /// Where, if not on the supervisor's machine.
    pub placed: Option<Box<Placed>>,
    /// Estimated tokens of its prompt, once its process is alive.
    pub prompt_tokens: Option<u64>,
    /// What it used, so far or in all.
    pub usage: Usage,
    /// What the agent last said it does.
    pub doing: String,
    /// The newest of what it did, oldest first.
    pub did: Vec<(Timestamp, String)>,
    pub end: Option<(AttemptEnd, Timestamp)>,
    /// How long nobody worked on the run since it was ordered: its supervisor was gone.
    pub away: Millis,
    /// Whether its account was parked for it: it says nothing about the call.
    pub excused: bool,
    /// Whether another run paid for it, so that it counts for no limit of this one.
    pub taken_over: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEnd {
    Succeeded,
    /// At its checkpoint, with so many tokens of context; another call goes on.
    Stopped(u64),
    Failed(Failure),
    /// Nobody was there to see it: its supervisor was gone.
    Lost,
}

/// What calls used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    pub attempts: u64,
    pub usage: Usage,
}

impl Spent {
    pub(super) fn by<'a>(attempts: impl Iterator<Item = &'a Attempt>) -> Self {
        attempts.fold(Self::default(), |sum, attempt| Self {
            attempts: sum.attempts + 1,
            usage: sum.usage + attempt.usage,
        })
    }
}

impl std::ops::Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            attempts: self.attempts + other.attempts,
            usage: self.usage + other.usage,
        }
    }
}

impl Attempt {
    pub fn end(&self) -> Option<&AttemptEnd> {
        self.end.as_ref().map(|(end, _)| end)
    }

    pub fn ended(&self) -> Option<Timestamp> {
        self.end.as_ref().map(|(_, at)| *at)
    }

    /// Whether it ended with a result.
    pub fn came_to_something(&self) -> bool {
        matches!(
            self.end(),
            Some(AttemptEnd::Succeeded | AttemptEnd::Stopped(_))
        )
    }

    /// Whether it was cancelled while it waited for its turn: it was never sent.
    pub fn was_never_sent(&self) -> bool {
        let has_begun = self.spawned.is_some() || self.usage != Usage::default();
        matches!(self.end(), Some(AttemptEnd::Failed(failure)) if !has_begun && failure.kind == FailureKind::Cancelled)
    }

    fn does(&mut self, at: Timestamp, doing: &str) {
        if doing != self.doing {
            if self.did.len() == MOST_REMEMBERED {
                self.did.remove(0);
            }
            self.did.push((at, doing.to_owned()));
            doing.clone_into(&mut self.doing);
        }
    }

    /// How long it took, or takes so far, while somebody worked on the run.
    pub fn time(&self, now: Timestamp) -> Millis {
        let all = self.ended().unwrap_or(now).since(self.started);
        Millis(all.0.saturating_sub(self.away.0))
    }
}

impl CallState {
    /// The verdict that it gave over proposals, in the phase's letters.
    pub fn judgement(&self) -> Option<Judgement> {
        let Answer::Judgement(judgement) = &self.result()?.answer else {
            return None;
        };
        Some(self.spec.unblinded(judgement))
    }

    pub(super) fn new(
        created: Timestamp,
        spec: &Arc<CallSpec>,
        reused: Option<CallId>,
        status: CallStatus,
    ) -> Self {
        Self {
            spec: spec.clone(),
            created,
            reused,
            attempts: Vec::new(),
            counted_from: 0,
            not_before: None,
            status,
            ended_by_person: false,
            superseded: false,
        }
    }

    pub(super) fn apply(
        &mut self,
        at: Timestamp,
        event: &CallEvent,
        is_parked: impl Fn(&ModelName) -> bool,
    ) {
        match event {
            CallEvent::AttemptStarted { model, agent, .. } => self.start(at, model, agent),
            CallEvent::AttemptSpawned {
                attempt,
                prompt_tokens,
                on,
                ..
            } => {
                if let Some(attempt) = self.attempt(*attempt) {
                    attempt.placed.clone_from(on);
                    attempt.prompt_tokens = Some(*prompt_tokens);
                    attempt.spawned = Some(at);
                    attempt.doing.clear();
                }
            }
            CallEvent::AttemptProgressed {
                attempt,
                usage,
                doing,
            } => {
                if let Some(attempt) = self.attempt(*attempt) {
                    attempt.usage = *usage;
                    attempt.does(at, doing);
                }
            }
            CallEvent::AttemptSucceeded { attempt, result } => {
                let stopped = result.stopped().map(|stopped| stopped.context);
                let end = stopped.map_or(AttemptEnd::Succeeded, AttemptEnd::Stopped);
                self.end(*attempt, at, end, result.usage);
                self.status = CallStatus::Done(result.clone());
            }
            CallEvent::AttemptFailed {
                attempt,
                failure,
                usage,
            } => {
                let end = AttemptEnd::Failed(failure.clone());
                self.end(*attempt, at, end, *usage);
                self.status = CallStatus::Open;
                let refused = matches!(failure.kind, FailureKind::Quota | FailureKind::RateLimit);
                if let Some(attempt) = self.attempt(*attempt) {
                    attempt.excused = refused && is_parked(&attempt.model);
                }
            }
            CallEvent::EndedByPerson { .. } => self.ended_by_person = true,
            CallEvent::RetryScheduled { until } => self.not_before = Some(*until),
            CallEvent::Failed { failure } => self.status = CallStatus::Failed(failure.clone()),
        }
    }

    fn start(&mut self, at: Timestamp, model: &ModelName, agent: &AgentName) {
        // Nearly all calls need one attempt.
        self.attempts.reserve_exact(1);
        self.attempts.push(Attempt {
            model: model.clone(),
            agent: agent.clone(),
            put_off: self.not_before.take(),
            started: at,
            spawned: None,
            placed: None,
            prompt_tokens: None,
            usage: Usage::default(),
            doing: String::new(),
            did: Vec::new(),
            end: None,
            away: Millis::default(),
            excused: false,
            taken_over: false,
        });
        self.status = CallStatus::Running;
    }

    fn end(&mut self, attempt: u32, at: Timestamp, end: AttemptEnd, usage: Usage) {
        if let Some(attempt) = self.attempt(attempt) {
            attempt.usage = usage;
            attempt.doing = String::new();
            attempt.end = Some((end, at));
        }
    }

    fn attempt(&mut self, number: u32) -> Option<&mut Attempt> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.attempts.get_mut(index)
    }

    /// Nobody has worked on the run for so long.
    pub(super) fn left_alone(&mut self, away: Millis) {
        for attempt in self.attempts.iter_mut().filter(|one| one.end.is_none()) {
            attempt.away = Millis(attempt.away.0.saturating_add(away.0));
        }
    }

    /// Its supervisor is gone: what was under way is lost, and what is open goes on later.
    pub(super) fn abandon(&mut self, at: Timestamp) {
        for attempt in self.attempts.iter_mut().filter(|one| one.end.is_none()) {
            attempt.end = Some((AttemptEnd::Lost, at));
        }
        self.not_before = None;
        self.ended_by_person = false;
        if self.status == CallStatus::Running {
            self.status = CallStatus::Open;
        }
    }

    /// Its attempts that this run paid for.
    pub(super) fn own_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| !attempt.taken_over)
    }

    /// What its last attempt had used when it was last heard of.
    pub fn usage_so_far(&self) -> Usage {
        let last = self.attempts.last().map(|attempt| attempt.usage);
        last.unwrap_or_default()
    }

    pub fn result(&self) -> Option<&CallResult> {
        match &self.status {
            CallStatus::Done(result) => Some(result),
            CallStatus::Open | CallStatus::Running | CallStatus::Failed(_) => None,
        }
    }

    /// Whether it ended for good, one way or the other.
    pub fn is_over(&self) -> bool {
        matches!(self.status, CallStatus::Done(_) | CallStatus::Failed(_))
    }

    /// Why it ended without a result: it failed, or tipstaff cancelled its last attempt, which none
    /// has followed yet.
    pub fn failure(&self) -> Option<&Failure> {
        match (&self.status, self.attempts.last().and_then(Attempt::end)) {
            (CallStatus::Failed(failure), _) => Some(failure),
            (CallStatus::Open, Some(AttemptEnd::Failed(failure))) => {
                Some(failure).filter(|failure| failure.kind == FailureKind::Cancelled)
            }
            _ => None,
        }
    }

    /// The number of the last attempt; 0 before the first.
    pub fn last_attempt(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }

    /// The model of the attempt that finished it, or of its last attempt.
    pub fn model(&self) -> Option<&ModelName> {
        self.attempts.last().map(|attempt| &attempt.model)
    }

    /// How many attempts in a row were lost since the run was last taken up.
    pub fn lost_in_a_row(&self) -> usize {
        let since = self.attempts.get(self.counted_from..).unwrap_or_default();
        let is_lost = |attempt: &&Attempt| matches!(attempt.end(), Some(AttemptEnd::Failed(failure)) if failure.kind == FailureKind::Lost);
        since.iter().rev().take_while(is_lost).count()
    }

    /// The failures that count for retries, oldest first, each with its model. That an attempt was cancelled or lost
    /// says nothing about it.
    pub fn counted_failures(&self) -> impl Iterator<Item = (&ModelName, &Failure)> {
        let counted = self.attempts.get(self.counted_from..).unwrap_or_default();
        let counted = counted.iter().filter(|attempt| !attempt.excused);
        counted.filter_map(|attempt| match attempt.end() {
            Some(AttemptEnd::Failed(failure)) => {
                let counts = failure.kind.rule().remedy != Remedy::Uncounted;
                counts.then_some((&attempt.model, failure))
            }
            _ => None,
        })
    }
}
